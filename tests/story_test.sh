#!/usr/bin/env bash
#
# Consent, an access under it, withdrawal, the next access a violation, the one
# that asked first refused; a duty laid down by law against a prohibition; an
# emergency. Real server, real wallet, real gateway.
set -euo pipefail

ROOT=$PWD
VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
source tests/story.sh

export GRPC_VERBOSITY=NONE
DIR=$TEST_TMPDIR/story
mkdir -p "$DIR"
STORY_PID=
trap '[[ -z $STORY_PID ]] || kill -9 "$STORY_PID" 2>/dev/null || true' EXIT
story "$DIR"
