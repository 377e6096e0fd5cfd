#!/usr/bin/env bash
#
# Tessera's fsck on our log, on a copy of its files, and on a spoilt copy.
#
# It exits 0 whatever it finds, so we read its words; and it hangs if more tiles
# differ than it has workers, so the spoilt byte lies in the last bundle.
set -euo pipefail
source "$ROOT/tests/lib.sh"

readonly ENTRIES=70000  # beyond 65,536, so that tiles of level 2 exist

# Says whether fsck finds the log at URL $1 in order.
in_order() {
  timeout 120 "$FSCK" --storage_url="$1" --public_key="$WORK/log/log.vkey" \
    --ui=false --N=8 >"$WORK/fsck.log" 2>&1 || fail "fsck's exit code is $?"
  ! grep -qi 'fsck failed' "$WORK/fsck.log"
}

need_go
need python3
tessera cmd/fsck
FSCK=$TOOL
serve_opaque log example.com/fsck
python3 "$ROOT/tests/strangers/tiles.py" fill "$URL" "$ENTRIES"
in_order "$URL" || fail "fsck of the served log"
python3 "$ROOT/tests/strangers/tiles.py" copy "$URL" "$WORK/copy"
in_order "file://$WORK/copy/" || fail "fsck of the copy"
last=$(find "$WORK"/copy/tile/entries/*.p -type f)
truncate --size=-1 "$last"
printf '\377' >>"$last"
! in_order "file://$WORK/copy/" || fail "fsck did not see the spoilt byte"
echo "$(log_size "$URL") entries in order, served and copied; the spoilt copy was caught"
