#!/usr/bin/env bash
# The sample world knows nothing of those who judge it: of the targets that
# verdicts are made by it depends on none. Arguments: what Bazel found among the
# world's dependencies, and among those of somebody who does judge.
set -euo pipefail

if [[ -s $1 ]]; then
  echo "the sample world depends on:"
  cat "$1"
  exit 1
fi
grep -qx //verifier:verdict "$2" || {
  echo "the question is asked wrongly: a judge should depend on the engine"
  exit 1
}
