#!/usr/bin/env bash
#
# POST /add over HTTP, 1 KiB entries: ours beside Tessera's posix log.
#
# Ours answers when the entry is durable, signed and public. Tessera's
# conformance server answers when it has integrated the entry, before a
# checkpoint covers it; "tessera, covered" is the same library tuned for speed,
# answering once a checkpoint does. Each round loads one server after the other.
set -euo pipefail
source "$ROOT/benches/lib.sh"

need wrk curl python3
serve_opaque vidimus example.com/bench
vidimus_url=$URL vidimus=$PID
if (need_go && tessera cmd/conformance/posix) >"$WORK/peer"; then
  serve_tessera tessera example.com/bench
  tessera_url=$URL tessera=$PID
  serve_tuned_tessera covered example.com/bench
  covered_url=$URL covered=$PID
else
  cat "$WORK/peer"
fi

for _ in $(seq "$ROUNDS"); do
  note_fsync_rate
  for connections in 1024 32 1; do
    load_server vidimus "$vidimus" add "$vidimus_url" "$connections"
  done
  [[ -n ${tessera-} ]] || continue
  # Fewer connections wait for its batch timer of one second.
  load_server tessera "$tessera" add "$tessera_url" 1024
  load_server "tessera, covered" "$covered" add "$covered_url" 1024
done
print_table
