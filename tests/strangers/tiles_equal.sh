#!/usr/bin/env bash
#
# The same entries in the same order through Tessera: the same tiles.
#
# Entries go into our log at once from many clients; what order they got is read
# back and given to Tessera's posix log. Every file that it writes must be ours,
# byte for byte, and the tree heads must be equal.
set -euo pipefail
source "$ROOT/tests/lib.sh"

readonly ENTRIES=70000  # beyond 65,536, so that tiles of level 2 exist

need_go
need python3
tessera cmd/examples/posix-oneshot
serve_opaque log example.com/equal
python3 "$ROOT/tests/strangers/tiles.py" fill "$URL" "$ENTRIES"
python3 "$ROOT/tests/strangers/tiles.py" copy "$URL" "$WORK/copy"
python3 "$ROOT/tests/strangers/tiles.py" entries "$WORK/copy" "$WORK/entries"
note_key tessera example.com/equal
"$TOOL" --storage_dir="$WORK/tessera" --private_key="$WORK/tessera.skey" \
  --entries="$WORK/entries/*" >"$WORK/tessera.log" 2>&1 || fail "posix-oneshot"
python3 "$ROOT/tests/strangers/tiles.py" compare "$WORK/tessera" "$WORK/copy"
