#!/usr/bin/env bash
#
# Three cities that watch one another, with the real programs: each head with a
# quorum from outside; then a log with two faces, convicted by gossip alone over
# a third monitor, and nobody accused who is honest.
set -euo pipefail

VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
DOCTOR=$PWD/tests/doctored/doctored
source tests/watchers.sh

export GRPC_VERBOSITY=NONE
DIR=$TEST_TMPDIR/watchers
mkdir -p "$DIR"
STARTED=()
trap 'for pid in ${STARTED[@]+"${STARTED[@]}"}; do kill -9 "$pid" 2>/dev/null || true; done' EXIT
watchers "$DIR"
