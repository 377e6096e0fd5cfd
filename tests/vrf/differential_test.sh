#!/usr/bin/env bash
# Our VRF and the one of differential.py say the same.
set -euo pipefail
exec python3 "$@"
