#!/usr/bin/env bash
#
# Accesses in chains over gRPC, mTLS: all new, seen before (Zipf, uniform).
#
# SUBJECTS residents (20,000) by ADMINISTRATIONS (7, a `vidimus load` each) and
# requests of 256 signed records of RECORD_BYTES (512). First every pair once,
# so all are new; beside it one more loader, with a request of 16 entries of seen
# pairs every 50 ms, shows whether the others' answers wait: alone, then during.
# Then the pairs that all have been seen, for BENCH_SECONDS each: by Zipf's law
# (s = 1) and uniformly; and an opaque log with entries of the same size. Rates
# are summed over the loaders, which run on the same processors and check every
# 16th receipt.
set -euo pipefail
source "$ROOT/benches/lib.sh"

SUBJECTS=${SUBJECTS:-20000}
ADMINISTRATIONS=${ADMINISTRATIONS:-7}  # the eighth is the bystander
RECORD_BYTES=${RECORD_BYTES:-512}
IN_FLIGHT=${IN_FLIGHT:-16}

metric() { curl -fsS "$URL/metrics" | sed -n "s/^$1{[^}]*} //p"; }

# loader NAME ADMINISTRATION FLAG...: in the background, its report in WORK/NAME.
loader() {
  local name=$1 a=$2
  shift 2
  "$VIDIMUS" load --log "localhost:$grpc" --vkey "$WORK/access/log.vkey" \
    --ca "$WORK/access/tls/ca.crt" --as "$WORK/access/administrations/$a" \
    --size "$RECORD_BYTES" --subjects "$SUBJECTS" "$@" >"$WORK/$name" 2>&1 &
  LOADERS+=($!)
}

bystander() {
  loader "$1" 7 --batch 16 --in_flight 8 --pause_ms 50 --spread zipf "${@:2}"
}

finish() {
  local pid
  for pid in "${LOADERS[@]}"; do
    wait "$pid" || fail "vidimus load: $(cat "$WORK"/load.* "$WORK"/by.* 2>/dev/null)"
  done
  LOADERS=()
}

# report NAME: what the loaders of WORK/load.* saw, as a line.
report() {
  cat "$WORK"/load.* | tr -d , | awk -v name="$1" '
    /^entries/ { n += $2; if ($4 > s) s = $4 } /^to receipt/ { if ($7 > p99) p99 = $7; p50 += $4; k++ }
    /^own CPU/ { cpu += $3 } /^pushbacks/ { back += $2 } /^checked/ { checked += $2 }
    END { printf "%-26s %7d a second (%d in %.1f s), p50 %.0f ms, p99 %.0f ms at most, loaders %.1f us an entry, %d pushbacks, %d checked\n",
      name, n / s, n, s, p50 / k, p99, cpu * 1e6 / n, back, checked }'
  rm "$WORK"/load.*
}

server_us() { awk -v a="$1" -v b="$(cpu_us "$access")" -v n="$2" 'BEGIN { printf "%.1f", (b - a) / n }'; }
entries() { metric vidimus_entries_total | cut -d. -f1; }

# measure NAME FLAG...: one loader for each administration.
measure() {
  local name=$1 a cpu before
  shift
  cpu=$(cpu_us "$access") before=$(entries)
  for ((a = 0; a < ADMINISTRATIONS; ++a)); do
    loader "load.$a" "$a" --in_flight "$IN_FLIGHT" "$@"
  done
  finish
  report "$name"
  printf '%-26s %s us an entry\n' "  the server's processors" \
    "$(server_us "$cpu" "$(($(entries) - before))")"
}

need curl python3
LOADERS=()
grpc=$(free_port) http=$(free_port)
"$VIDIMUS_LOG" init --dir "$WORK/access" --origin example.com/labels \
  --administrations 8 >/dev/null || fail "vidimus log init"
start access "$VIDIMUS_LOG" serve --dir "$WORK/access" --grpc "127.0.0.1:$grpc" \
  --http "127.0.0.1:$http"
access=$PID
URL=http://127.0.0.1:$http
wait_for 10 curl -fsS "$URL/readyz" || fail "the log does not answer"

by() { tr -d , <"$WORK/$1" | sed -n 's/^to receipt *//p'; }
# The bystander's own pairs first, then its answers alone.
loader by.seed 7 --spread each --count "$SUBJECTS" --in_flight 8
finish
bystander by.alone --seconds 5
finish
printf 'a bystander, alone         %s\n' "$(by by.alone)"

bystander by.new --seconds 5
measure "all pairs new" --spread each --count "$SUBJECTS"
printf 'a bystander, meanwhile     %s\n' "$(by by.new)"

measure "seen before, Zipf s = 1" --spread zipf --seconds "$BENCH_SECONDS"
measure "seen before, uniform" --spread uniform --seconds "$BENCH_SECONDS"
printf 'cache: %s hits, %s misses; server %s\n' "$(metric vidimus_chain_cache_hits_total)" \
  "$(metric vidimus_chain_cache_misses_total)" \
  "$(awk '/^VmHWM/ { print int($2 / 1024) " MiB at most" }' "/proc/$access/status")"

grpc=$(free_port)
serve_opaque opaque example.com/bench --grpc "127.0.0.1:$grpc"
"$VIDIMUS" load --opaque --log "localhost:$grpc" --vkey "$WORK/opaque/log.vkey" \
  --ca "$WORK/opaque/tls/ca.crt" --as "$WORK/opaque/administrations/0" \
  --size "$RECORD_BYTES" --in_flight 64 --seconds "$BENCH_SECONDS" >"$WORK/load.opaque" 2>&1 ||
  fail "vidimus load: $(<"$WORK/load.opaque")"
report "an opaque log, same size"
