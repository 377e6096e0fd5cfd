# Helpers for the scripts here, on top of tests/lib.sh. A bench writes rows of
# TAB-separated figures; benches/table.py makes medians and ranges of them.

source "$ROOT/tests/lib.sh"

readonly ROUNDS=${ROUNDS:-3}
BENCH_SECONDS=${BENCH_SECONDS:-10}  # of load for each figure

# Processor time of process $1 and all its threads so far, in microseconds.
cpu_us() {
  local stat
  stat=$(<"/proc/$1/stat")
  set -- ${stat##*) }  # state is $1 now, utime ${12}, stime ${13}
  echo $(((${12} + ${13}) * 1000000 / $(getconf CLK_TCK)))
}

# Appends of 4 KiB, each followed by fdatasync, in WORK: "rate p50_ms". A figure
# about writes means nothing without it.
fsync_rate() {
  python3 - "$WORK/fsync" <<'PYTHON'
import os, sys, time
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
times, end = [], time.monotonic() + 1
while time.monotonic() < end:
    start = time.monotonic()
    os.write(fd, os.urandom(4096))
    os.fdatasync(fd)
    times.append(time.monotonic() - start)
os.unlink(sys.argv[1])
print(f"{len(times)} {sorted(times)[len(times) // 2] * 1e3:.2f}")
PYTHON
}

# serve_tuned_tessera NAME ORIGIN: benches/peers/tessera_covered.go in WORK/NAME,
# at URL by PID; built once into our cache folder.
serve_tuned_tessera() {
  local build=$CACHE/tessera-$TESSERA_VERSION/covered source port
  source=$ROOT/benches/peers/tessera_covered.go
  if [[ ! -x $build/server || $source -nt $build/server ]]; then
    mkdir -p "$build"
    cp "$source" "$build/main.go"
    (cd "$build" && rm -f go.mod && go mod init covered && go get "$TESSERA@$TESSERA_VERSION" &&
      go mod tidy && go build -o server .) >"$WORK/go.log" 2>&1 ||
      skip "Tessera could not be built (is there a network?)"
  fi
  note_key "$1" "$2"
  port=$(free_port)
  URL=http://127.0.0.1:$port
  start "$1" "$build/server" --storage_dir "$WORK/$1" --listen "127.0.0.1:$port" \
    --private_key "$WORK/$1.skey"
  wait_for 10 curl -fsS "$URL/checkpoint" || fail "Tessera does not answer"
}

# load SCRIPT URL CONNECTIONS: one wrk run with a script of benches/wrk. Makes
# REQUESTS, RATE, P50_MS, P99_MS, MAX_MS, ERRORS and LOADER_US (its processor
# time per request).
load() {
  local threads=2 times
  (($3 > 1)) || threads=1
  TIMEFORMAT='%U %S'
  times=$({ time wrk --threads "$threads" --connections "$3" --timeout 10s \
    --duration "${BENCH_SECONDS}s" --script "$ROOT/benches/wrk/$1.lua" "$2" \
    >"$WORK/wrk.out" 2>"$WORK/wrk.err"; } 2>&1) || fail "wrk: $(<"$WORK/wrk.err")"
  read -r REQUESTS RATE P50_MS P99_MS MAX_MS ERRORS < <(sed -n 's/^RESULT //p' "$WORK/wrk.out")
  LOADER_US=$(awk -v n="$REQUESTS" '{ printf "%.1f", ($1 + $2) * 1e6 / (n ? n : 1) }' <<<"$times")
}

# add_row PEER CONNECTIONS SERVER_US: what the last load measured, as a row of
# WORK/rows; SERVER_US is all the server's processor time.
add_row() {
  local server_us
  server_us=$(awk -v n="$REQUESTS" -v t="$3" 'BEGIN { printf "%.1f", t / (n ? n : 1) }')
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$RATE" "$P50_MS" \
    "$P99_MS" "$MAX_MS" "$server_us" "$LOADER_US" "$ERRORS" >>"$WORK/rows"
  printf '  %s, %s connections: %s/s, p50 %s ms\n' "$1" "$2" "$RATE" "$P50_MS" >&2
}

# load_server PEER PID SCRIPT URL CONNECTIONS: a load of the server PID, as a row.
load_server() {
  local before
  before=$(cpu_us "$2")
  load "$3" "$4" "$5"
  add_row "$1" "$5" $(($(cpu_us "$2") - before))
}

# Names the rounds' conditions, then the table. The rows stay in the folder
# BENCH_ROWS, if there is one, for benches/wanted.py.
print_table() {
  if [[ -n ${BENCH_ROWS-} ]]; then
    cp "$WORK/rows" "$BENCH_ROWS/$(basename "$0" .sh).tsv"
    cp "$WORK/fsyncs" "$BENCH_ROWS/$(basename "$0" .sh).fsyncs"
  fi
  printf '%s, %s rounds of %s s; %s, %s cores; commit %s\n' "$(date -u +%F)" \
    "$ROUNDS" "$BENCH_SECONDS" \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)"
  python3 "$ROOT/benches/table.py" <"$WORK/rows"
  printf '4 KiB append + fdatasync, each round: %s\n' "$(paste -sd';' "$WORK/fsyncs" | sed 's/;/; /g')"
}

# note_fsync_rate: one more sample for print_table.
note_fsync_rate() {
  fsync_rate | awk '{ print $1 "/s, p50 " $2 " ms" }' >>"$WORK/fsyncs"
}
