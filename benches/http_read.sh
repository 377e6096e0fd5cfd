#!/usr/bin/env bash
#
# Reading tiles over HTTP: ours beside Tessera's file server.
#
# Random full tiles (8 KiB) and entry bundles (256 entries of 1 KiB) of a log of
# about 100,000 entries, 64 connections; ours once more while 20,000 entries a
# second are written to it over gRPC.
set -euo pipefail
source "$ROOT/benches/lib.sh"

readonly ENTRIES=100000
readonly CONNECTIONS=64

# fill URL: by POST /add until ENTRIES stand under the checkpoint.
fill() {
  until (($(log_size "$1") >= ENTRIES)); do
    BENCH_SECONDS=2 load add "$1" 1024
  done
}

# Sends 10,000 entries each half second until it is ended; wrk has no rate.
write_steadily() {
  while true; do
    "$VIDIMUS" load --opaque --vkey "$WORK/vidimus/log.vkey" --log "$1" \
      --count 10000 --check none >>"$WORK/written.log" 2>&1 &
    sleep 0.5
    wait "$!" || return 1
  done
}

need wrk curl python3
grpc=127.0.0.1:$(free_port)
serve_opaque vidimus example.com/bench --grpc_plaintext "$grpc"
vidimus_url=$URL vidimus=$PID
fill "$vidimus_url"
if (need_go && tessera cmd/conformance/posix) >"$WORK/peer"; then
  serve_tessera tessera example.com/bench
  tessera_url=$URL tessera=$PID
  fill "$tessera_url"
else
  cat "$WORK/peer"
fi

export SIZE=$ENTRIES KIND
for _ in $(seq "$ROUNDS"); do
  note_fsync_rate
  for KIND in 0 entries; do
    load_server "vidimus $KIND" "$vidimus" read "$vidimus_url" "$CONNECTIONS"
    [[ -z ${tessera-} ]] ||
      load_server "tessera $KIND" "$tessera" read "$tessera_url" "$CONNECTIONS"
  done
  before=$(log_size "$vidimus_url")
  write_steadily "$grpc" &
  writer=$!
  KIND=0 load_server "vidimus 0, writing" "$vidimus" read "$vidimus_url" "$CONNECTIONS"
  stop "$writer"
  echo "$((($(log_size "$vidimus_url") - before) / BENCH_SECONDS))" >>"$WORK/written"
done
print_table
printf 'entries written per second meanwhile: %s\n' "$(paste -sd' ' "$WORK/written")"
