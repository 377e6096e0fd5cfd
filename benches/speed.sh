#!/usr/bin/env bash
#
# All of the server's speed in a row, and what of it was wanted: 20 minutes.
#
# Run it on a machine with nothing else to do. It builds first, then runs the
# other benches one after the other, so that each has the machine for itself, and
# prints after each what was wanted. All that they print is kept in OUT
# (speed.txt under ~/.cache/vidimus). STEADY=no leaves out the ten minutes of
# load, STARTUP=no the start of a log of ten million entries. Exits with 1 if one
# of them failed; a figure that was missed is said, and is no failure.
set -euo pipefail

OUT=${OUT:-$CACHE/speed.txt}
BENCH_ROWS=$(mktemp -d)
trap 'rm -rf "$BENCH_ROWS"' EXIT
export ROUNDS=${ROUNDS:-3} BENCH_SECONDS=${BENCH_SECONDS:-4} BENCH_ROWS

# run NAME ARGS...: one bench; one that fails or is skipped stops no other.
run() {
  printf '\n== %s\n' "$*"
  if ! "$ROOT/vidimus" bench "$@" 2>&1; then
    printf '%s: FAILED\n' "$1"
    FAILED+=" $1"
  fi
  python3 "$ROOT/benches/wanted.py" "$1" "$BENCH_ROWS"
}

FAILED=
{
  printf 'load before: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
  (source "$ROOT/tests/lib.sh" && need_go && tessera cmd/conformance/posix) || true
  for one in //benches:merkle //benches:startup; do
    [[ $one == *startup && ${STARTUP-} == no ]] ||
      (cd "$ROOT" && bazel build --noshow_progress --disk_cache="$CACHE/bazel" "$one" 2>&1 |
        sed -n '/^ERROR/p')
  done
  run http_add
  run postgres_audit
  run grpc_stream
  BENCH_SECONDS=2 run http_read
  run bytes
  run merkle --benchmark_filter='/30$'
  [[ ${STEADY-} == no ]] || run steady
  [[ ${STARTUP-} == no ]] || run startup
  printf '\nload after: %s; all of this is in %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)" "$OUT"
  [[ -z $FAILED ]] || { printf 'failed:%s\n' "$FAILED" && exit 1; }
} | tee "$OUT"
