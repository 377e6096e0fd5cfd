#!/usr/bin/env bash
#
# Ten minutes of POST /add on 32 connections: does it keep its pace?
#
# One row a minute; MINUTES may be set. The last minute should be at least 0.8 of
# the second, and no answer should take more than a second.
set -euo pipefail
source "$ROOT/benches/lib.sh"

BENCH_SECONDS=60
need wrk curl python3
serve_opaque log example.com/bench
for minute in $(seq "${MINUTES:-10}"); do
  note_fsync_rate
  load_server "minute $minute" "$PID" add "$URL" 32
done
print_table
awk -F'\t' '{ rate[NR] = $3; if ($6 > slowest) slowest = $6 } END {
  printf "last minute: %.2f of the second; slowest answer %.0f ms\n",
    rate[NR] / rate[2], slowest }' "$WORK/rows"
printf 'entries: %s; resident memory at the end: %s MiB\n' "$(log_size "$URL")" \
  $(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$PID/status") / 1024))
