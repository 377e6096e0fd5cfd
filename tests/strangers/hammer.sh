#!/usr/bin/env bash
#
# Tessera's hammer: 256 writers put 100,000 leaves while readers verify.
#
# One entry in ten is sent twice. The hammer checks that what it reads back
# stands at the index it was given, and that checkpoints stay consistent.
set -euo pipefail
source "$ROOT/tests/lib.sh"

need_go
tessera internal/hammer
serve_opaque log example.com/hammer
"$TOOL" --log_public_key="$(<"$WORK/log/log.vkey")" --log_url="$URL" \
  --num_writers=256 --max_write_ops=50000 --leaf_write_goal=100000 \
  --dup_chance=0.1 --leaf_min_size=300 --max_runtime=5m --show_ui=false \
  >"$WORK/hammer.log" 2>&1 || fail "the hammer's exit code is $?"
! grep -E '^[EF][0-9]{4} ' "$WORK/hammer.log" || fail "the hammer saw errors"
grep -o 'Reached tree size goal of.*' "$WORK/hammer.log"
