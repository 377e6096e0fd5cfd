#!/usr/bin/env bash
#
# The demo, smaller: the same script with the programs that Bazel built. It
# stops at the first thing that is not as it tells.
set -euo pipefail

ROOT=$PWD
program() {
  PROGRAM=$PWD/${1#//}
  PROGRAM=${PROGRAM/://}
}
setup() { :; }  # all is there
die() {
  echo "$*" >&2
  exit 1
}

export VIDIMUS_DEMO_RECORDS=3000
source tests/demo.sh
main "$TEST_TMPDIR/demo"
