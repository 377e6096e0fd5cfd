#!/usr/bin/env bash
#
# Ten minutes of POST /add on 32 connections: does it keep its pace?
#
# One row a minute; MINUTES and CONNECTIONS may be set. The last minute should be
# at least 0.8 of the second, no answer should take more than a second, and memory
# should stay flat and below 512 MiB, also at ENTRIES (10 million), to which the
# log is filled by 1,024 connections if ten minutes did not. Takes 1.2 KiB of disk
# for each entry, 20 to 30 GB.
set -euo pipefail
ROUNDS=${MINUTES:-10}
source "$ROOT/benches/lib.sh"

BENCH_SECONDS=60
CONNECTIONS=${CONNECTIONS:-32}
ENTRIES=${ENTRIES:-10000000}

status_mib() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$PID/status" | awk '{ print int($1 / 1024) }'; }

need wrk curl python3
serve_opaque log example.com/bench
for minute in $(seq "$ROUNDS"); do
  note_fsync_rate
  load_server "minute $minute" "$PID" add "$URL" "$CONNECTIONS"
  echo "$(status_mib VmRSS) MiB at $(log_size "$URL")" >>"$WORK/resident"
done
print_table
awk -F'\t' '{ rate[NR] = $3; if ($6 > slowest) slowest = $6 } END {
  printf "last minute: %.2f of the second (wanted: 0.8); slowest answer %.0f ms (wanted: 1000)\n",
    rate[NR] / rate[NR < 2 ? 1 : 2], slowest }' "$WORK/rows"
while (($(log_size "$URL") < ENTRIES)); do
  BENCH_SECONDS=10 load add "$URL" 1024
  echo "$(status_mib VmRSS) MiB at $(log_size "$URL")" >>"$WORK/resident"
done
printf 'resident: %s entries\n' "$(paste -sd';' "$WORK/resident" | sed 's/;/; /g')"
printf 'resident at most: %s MiB (wanted: 512)\n' "$(status_mib VmHWM)"
