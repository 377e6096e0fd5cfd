#!/usr/bin/env bash
#
# Accesses in chains over gRPC, mTLS: all new, seen before (Zipf, uniform).
#
# SUBJECTS residents (20,000) by ADMINISTRATIONS (7, a `vidimus load` each) and
# requests of 256 signed records of RECORD_BYTES (512). Loaders run on the same
# processors; with CHECKS=all (the default) they judge every receipt and that
# every chain is dense, with CHECKS=sample every 16th receipt alone. They run at
# niceness LOADERS_NICE (10), since what they judge is other machines' work, for
# which nobody else waits.
#
# First pairs that are all new: those that the streams later will draw, by the
# same seed, so that a million residents take minutes and not hours; with few
# residents these are all pairs. Beside it one more loader, with a request of 16
# entries of seen pairs every 50 ms, shows whether the others' answers wait:
# alone, then during. Then the pairs that all have been seen, for BENCH_SECONDS
# each: by Zipf's law (s = 1) and uniformly; and an opaque log with entries of
# as many bytes as an access takes on the wire. Rates are summed over the
# loaders. Ends with what is wanted of each, met or MISSED.
set -euo pipefail
source "$ROOT/benches/lib.sh"

SUBJECTS=${SUBJECTS:-20000}
ADMINISTRATIONS=${ADMINISTRATIONS:-7}  # the eighth is the bystander
RECORD_BYTES=${RECORD_BYTES:-512}
IN_FLIGHT=${IN_FLIGHT:-16}
CHECKS=${CHECKS:-all}
LOADERS_NICE=${LOADERS_NICE:-10}
# An entry's id, its two salts, its actor, and what protobuf puts between.
readonly WIRE_BYTES=$((RECORD_BYTES + 68))
# What a stream draws at most: more than any machine of two cores takes.
readonly DRAWS=$((120000 * BENCH_SECONDS / ADMINISTRATIONS))
readonly BYSTANDER_DRAWS=20000

metric() { curl -fsS "$URL/metrics" | sed -n "s/^$1{[^}]*} //p"; }

# loader NAME ADMINISTRATION NICENESS FLAG...: in the background, its report in WORK/NAME.
loader() {
  local name=$1 a=$2 nice=$3 checks=()
  shift 3
  if [[ $CHECKS == all ]]; then checks=(--check all --chains "$WORK/chains.$a"); fi
  nice -n "$nice" "$VIDIMUS" load --log "localhost:$grpc" --vkey "$WORK/access/log.vkey" \
    --ca "$WORK/access/tls/ca.crt" --as "$WORK/access/administrations/$a" \
    --size "$RECORD_BYTES" --subjects "$SUBJECTS" "${checks[@]}" "$@" >"$WORK/$name" 2>&1 &
  LOADERS+=($!)
}

bystander() {
  loader "$1" 7 0 --batch 16 --in_flight 8 --spread zipf --seed 7 --count "$BYSTANDER_DRAWS" "${@:2}"
}

finish() {
  local pid
  for pid in "${LOADERS[@]}"; do
    wait "$pid" || fail "vidimus load: $(cat "$WORK"/load.* "$WORK"/by.* 2>/dev/null)"
  done
  LOADERS=()
}

# report NAME: what the loaders of WORK/load.* saw, as a line; the rate in RATE.
report() {
  cat "$WORK"/load.* | tr -d , | awk -v name="$1" '
    /^entries/ { n += $2; if ($4 > s) s = $4 } /^to receipt/ { if ($7 > p99) p99 = $7; p50 += $4; k++ }
    /^own CPU/ { cpu += $3 } /^pushbacks/ { back += $2 } /^checked/ { checked += $2 }
    END { printf "%-26s %7d a second (%d in %.1f s), p50 %.0f ms, p99 %.0f ms at most, loaders %.1f us an entry, %d pushbacks, %d checked\n",
      name, n / s, n, s, p50 / k, p99, cpu * 1e6 / n, back, checked }' | tee "$WORK/report"
  RATE=$(awk '{ sub(/ a second.*/, ""); print $NF }' "$WORK/report")
  rm "$WORK"/load.*
}

server_us() { awk -v a="$1" -v b="$(cpu_us "$access")" -v n="$2" 'BEGIN { printf "%.1f", (b - a) / n }'; }
entries() { metric vidimus_entries_total | cut -d. -f1; }

# measure NAME SEED FLAG...: one loader for each administration.
measure() {
  local name=$1 seed=$2 a cpu before made
  shift 2
  cpu=$(cpu_us "$access") before=$(entries) made=$(metric vidimus_chain_cache_misses_total)
  for ((a = 0; a < ADMINISTRATIONS; ++a)); do
    loader "load.$a" "$a" "$LOADERS_NICE" --in_flight "$IN_FLIGHT" --count "$DRAWS" --seed "$((seed + a))" "$@"
  done
  finish
  report "$name"
  printf '%-26s %s us an entry; %d chains were not remembered\n' "  the server's processors" \
    "$(server_us "$cpu" "$(($(entries) - before))")" \
    "$(($(metric vidimus_chain_cache_misses_total) - made))"
}

# wanted WHAT CAME least|most LIMIT
wanted() {
  awk -v what="$1" -v came="$2" -v how="$3" -v limit="$4" 'BEGIN {
    met = how == "least" ? came >= limit : came <= limit
    printf "  %-6s %-44s %10.2f (at %s %s)\n", met ? "met" : "MISSED", what, came, how, limit }'
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
p99() { tr -d , <"$WORK/$1" | awk '/^to receipt/ { print $7 }'; }
# The bystander's own pairs first, then its answers alone.
bystander by.seed --once
finish
bystander by.alone --seconds 5 --pause_ms 50
finish
printf 'a bystander, alone         %s\n' "$(by by.alone)"

bystander by.new --seconds 5 --pause_ms 50
measure "all pairs new" 100 --spread uniform --once
new=$RATE
printf 'a bystander, meanwhile     %s\n' "$(by by.new)"
measure "the rest of Zipf's pairs" 200 --spread zipf --once

measure "seen before, Zipf s = 1" 200 --spread zipf --seconds "$BENCH_SECONDS"
zipf=$RATE
measure "seen before, uniform" 100 --spread uniform --seconds "$BENCH_SECONDS"
uniform=$RATE
printf 'cache: %s hits, %s misses; server %s\n' "$(metric vidimus_chain_cache_hits_total)" \
  "$(metric vidimus_chain_cache_misses_total)" \
  "$(awk '/^VmHWM/ { print int($2 / 1024) " MiB at most" }' "/proc/$access/status")"

grpc=$(free_port)
serve_opaque opaque example.com/bench --grpc "127.0.0.1:$grpc"
"$VIDIMUS" load --opaque --log "localhost:$grpc" --vkey "$WORK/opaque/log.vkey" \
  --ca "$WORK/opaque/tls/ca.crt" --as "$WORK/opaque/administrations/0" \
  --size "$WIRE_BYTES" --in_flight 64 --seconds "$BENCH_SECONDS" >"$WORK/load.opaque" 2>&1 ||
  fail "vidimus load: $(<"$WORK/load.opaque")"
report "an opaque log, same bytes"

echo "wanted:"
wanted "seen before, Zipf, a second" "$zipf" least 50000
wanted "seen before, Zipf, over the opaque log's" "$(awk "BEGIN { print $zipf / $RATE }")" least 0.5
wanted "seen before, uniform, a second" "$uniform" least 25000
wanted "all new, a second" "$new" least 6000
wanted "the bystander's p99, meanwhile over alone" \
  "$(awk "BEGIN { print $(p99 by.new) / $(p99 by.alone) }")" most 1.2
