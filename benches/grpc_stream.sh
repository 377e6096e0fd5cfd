#!/usr/bin/env bash
#
# Entries over a gRPC stream, mTLS: ours beside bare LevelDB; the access log.
#
# Requests of 256 entries of 1 KiB, IN_FLIGHT of them under way on one stream
# (`vidimus load`). In each round: an opaque log with mTLS, the same without,
# LevelDB alone in synced batches of the size that the log's had just then
# (//benches:storage), and an access log with mTLS, signed requests and vault,
# about 2,000 residents whose chains are open (what a new chain costs is `bench
# labels`). A time is one request's to its receipt; of LevelDB, one batch's.
set -euo pipefail
source "$ROOT/benches/lib.sh"

IN_FLIGHT=${IN_FLIGHT:-16}
ACCESS_IN_FLIGHT=${ACCESS_IN_FLIGHT:-64}  # its batches begin every 100 ms

# The server's sum of metric $1 so far.
metric() { curl -fsS "$URL/metrics" | sed -n "s/^$1{[^}]*} //p"; }

# stream FLAG...: a load over gRPC; makes what `load` of lib.sh makes.
stream() {
  "$VIDIMUS" load --seconds "$BENCH_SECONDS" "$@" >"$WORK/stream.out" 2>&1 ||
    fail "vidimus load: $(<"$WORK/stream.out")"
  read -r REQUESTS RATE P50_MS P99_MS MAX_MS LOADER_US ERRORS < <(
    tr -d , <"$WORK/stream.out" | awk '/^entries/ { n = $2 } /^rate/ { r = $2 }
      /^to receipt/ { t = $4 " " $7 " " $10 } /^own CPU/ { c = $5 }
      /^pushbacks/ { print n, r, t, c, $2 }')
}

# stream_server PEER PID REQUESTS_IN_FLIGHT FLAG...: as a row.
stream_server() {
  local peer=$1 server=$2 in_flight=$3 before
  shift 3
  before=$(cpu_us "$server")
  stream --in_flight "$in_flight" "$@"
  add_row "$peer" "$in_flight" $(($(cpu_us "$server") - before))
}

# bare_leveldb ENTRIES BATCH: as a row.
bare_leveldb() {
  local times
  TIMEFORMAT='%U %S'
  times=$({ time "$STORAGE_BENCH" "$1" "$2" "$WORK" bare >"$WORK/bare.out"; } 2>&1) ||
    fail "//benches:storage: $times"
  read -r RATE P50_MS P99_MS MAX_MS < <(sed -nE \
    's/^bare LevelDB: +([0-9]+) .* p50 ([0-9.]+) ms, p99 ([0-9.]+) ms, slowest ([0-9]+) .*/\1 \2 \3 \4/p' \
    "$WORK/bare.out")
  REQUESTS=$1 ERRORS=0 LOADER_US=0
  add_row "bare LevelDB" 1 "$(awk '{ printf "%d", ($1 + $2) * 1e6 }' <<<"$times")"
}

resident() { awk '/^VmHWM/ { print int($2 / 1024) " MiB" }' "/proc/$1/status"; }

need curl python3
access_grpc=127.0.0.1:$(free_port)
grpc=$(free_port) plaintext=$(free_port)
"$VIDIMUS_LOG" init --dir "$WORK/access" --origin example.com/access >/dev/null ||
  fail "vidimus log init"
start access "$VIDIMUS_LOG" serve --dir "$WORK/access" --grpc "$access_grpc"
access=$PID
serve_opaque opaque example.com/bench --grpc "127.0.0.1:$grpc" \
  --grpc_plaintext "127.0.0.1:$plaintext"
opaque=$PID

to_opaque=(--opaque --vkey "$WORK/opaque/log.vkey")
mtls=(--ca "$WORK/opaque/tls/ca.crt" --as "$WORK/opaque/administrations/0")
to_access=(--log "localhost:${access_grpc#*:}" --vkey "$WORK/access/log.vkey"
  --ca "$WORK/access/tls/ca.crt" --as "$WORK/access/administrations/0" --subjects 2000)
"$VIDIMUS" load "${to_access[@]}" --spread each --count 2000 >"$WORK/load.out" 2>&1 ||
  fail "vidimus load: $(<"$WORK/load.out")"
for _ in $(seq "$ROUNDS"); do
  note_fsync_rate
  batches=$(metric vidimus_batches_total) entries=$(metric vidimus_batch_entries_sum)
  stream_server "opaque, mTLS" "$opaque" "$IN_FLIGHT" --log "localhost:$grpc" \
    "${to_opaque[@]}" "${mtls[@]}"
  ours=$RATE
  batch=$((($(metric vidimus_batch_entries_sum) - entries) /
    ($(metric vidimus_batches_total) - batches)))
  bare_leveldb "$((REQUESTS > 400000 ? REQUESTS : 400000))" "$batch"
  awk -v ours="$ours" -v bare="$RATE" -v batch="$batch" \
    'BEGIN { printf "%.2f (batches of %d)\n", ours / bare, batch }' >>"$WORK/ratios"
  stream_server "opaque, plaintext" "$opaque" "$IN_FLIGHT" \
    --log "localhost:$plaintext" "${to_opaque[@]}"
  stream_server "access, mTLS" "$access" "$ACCESS_IN_FLIGHT" "${to_access[@]}"
done
print_table
printf 'mTLS over bare LevelDB, each round: %s\n' "$(paste -sd';' "$WORK/ratios" | sed 's/;/; /g')"
printf 'resident at most: opaque %s, access %s\n' "$(resident "$opaque")" "$(resident "$access")"
