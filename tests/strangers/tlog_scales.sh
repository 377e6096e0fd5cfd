#!/usr/bin/env bash
#
# tlog-scales (Python, PyPI): its proofs from our tiles, judged by our verifier.
#
# It fetches tiles, checks inclusion itself, and writes a c2sp.org/tlog-proof that
# `vidimus verify` must find true, and false for another entry.
set -euo pipefail
source "$ROOT/tests/lib.sh"

readonly VERSION=0.0.3
readonly ENTRIES=70000  # beyond 65,536, so that tiles of level 2 exist

need python3
TOOL=$CACHE/tlog-scales-$VERSION/bin/tlog-tiles
if [[ ! -x $TOOL ]]; then
  { python3 -m venv "$CACHE/tlog-scales-$VERSION" &&
    "$CACHE/tlog-scales-$VERSION/bin/pip" install "tlog-scales==$VERSION"; } \
    >"$WORK/pip.log" 2>&1 || skip "tlog-scales could not be installed (Python >= 3.11, venv, network)"
fi

verify() {  # verify ENTRY PROOF: our verifier's exit code
  local status=0
  "$VIDIMUS" verify --vkey "$WORK/log/log.vkey" --entry "$1" "$2" \
    >"$WORK/verify.log" 2>&1 || status=$?
  echo "$status"
}

serve_opaque log example.com/scales
python3 "$ROOT/tests/strangers/tiles.py" fill "$URL" "$ENTRIES"
for index in 0 1 255 256 257 65535 65536 65537 69999; do
  "$TOOL" get-leaf --check "$URL" "$index" >"$WORK/$index.entry" 2>"$WORK/tool.log" ||
    fail "tlog-scales did not accept leaf $index"
  "$TOOL" gen-proof "$URL" "$index" >"$WORK/$index.proof"
  [[ $(verify "$WORK/$index.entry" "$WORK/$index.proof") == 0 ]] ||
    fail "we did not accept its proof of leaf $index: $(<"$WORK/verify.log")"
done
[[ $(verify "$WORK/1.entry" "$WORK/0.proof") == 1 ]] ||
  fail "we accepted a proof of another entry"
echo "9 leaves accepted by both sides, a wrong one by none"
