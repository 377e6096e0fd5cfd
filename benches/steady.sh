#!/usr/bin/env bash
#
# Ten minutes of POST /add on 32 connections: does it keep its pace?
#
# One row a minute; MINUTES and CONNECTIONS may be set. The last minute should be
# at least 0.8 of the second, no answer should take more than a second, and memory
# should stay flat.
set -euo pipefail
ROUNDS=${MINUTES:-10}
source "$ROOT/benches/lib.sh"

BENCH_SECONDS=60
CONNECTIONS=${CONNECTIONS:-32}
need wrk curl python3
serve_opaque log example.com/bench
for minute in $(seq "$ROUNDS"); do
  note_fsync_rate
  load_server "minute $minute" "$PID" add "$URL" "$CONNECTIONS"
  resident=$(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$PID/status") / 1024))
  echo "$resident MiB at $(log_size "$URL")" >>"$WORK/resident"
done
print_table
awk -F'\t' '{ rate[NR] = $3; if ($6 > slowest) slowest = $6 } END {
  printf "last minute: %.2f of the second; slowest answer %.0f ms\n",
    rate[NR] / rate[2], slowest }' "$WORK/rows"
printf 'resident, each minute: %s entries\n' "$(paste -sd';' "$WORK/resident" | sed 's/;/; /g')"
