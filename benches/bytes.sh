#!/usr/bin/env bash
#
# Bytes that an entry of 1 KiB costs: written to disk, kept on disk, in memory.
#
# A new log for each number of connections. "written" is what the kernel sent to
# the disk for the server (write_bytes in /proc/PID/io); "kept" the folder's size
# after a stop and a start, which lets LevelDB tidy up; memory is the most that
# was resident.
set -euo pipefail
source "$ROOT/benches/lib.sh"

written() { sed -n 's/^write_bytes: //p' "/proc/$1/io"; }

need wrk curl python3
printf '%-6s %10s %12s %12s %12s\n' conns entries written kept 'memory MiB'
for connections in 1 32 1024; do
  serve_opaque "log$connections" example.com/bench
  before=$(written "$PID")
  load add "$URL" "$connections"
  sync
  bytes=$(($(written "$PID") - before))
  memory=$(($(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$PID/status") / 1024))
  entries=$(log_size "$URL")
  stop "$PID"
  start again "$VIDIMUS_LOG" serve --dir "$WORK/log$connections" --http 127.0.0.1:0
  wait_for 30 grep -qx ready "$WORK/again.log" || fail "it did not start again"
  sleep 2
  kept=$(du -s --block-size=1 "$WORK/log$connections" | cut -f1)
  stop "$PID"
  printf '%-6s %10s %12s %12s %12s\n' "$connections" "$entries" \
    $((bytes / entries)) $((kept / entries)) "$memory"
  rm -rf "$WORK/log$connections"
done
