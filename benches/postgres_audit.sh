#!/usr/bin/env bash
#
# One durable 1 KiB entry per call: ours beside an audit table in PostgreSQL 15.
#
# What a city has today: INSERT into a table, synchronous commit on, pgbench with
# prepared statements over TCP, at 32 clients and at one. Ours: POST /add by wrk
# on as many connections, where the answer also means hashed, signed and public.
set -euo pipefail
source "$ROOT/benches/lib.sh"

readonly BIN=/usr/lib/postgresql/15/bin

# PostgreSQL refuses to run as root.
as_postgres() {
  if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi
}

serve_postgres() {
  local data=$WORK/postgres
  PORT=$(free_port)
  mkdir "$data" "$WORK/postgres_log"
  chmod 711 "$WORK"
  ((EUID != 0)) || chown postgres "$data"
  as_postgres "$BIN/initdb" -D "$data" --auth=trust -U audit >"$WORK/initdb.log" 2>&1 ||
    fail "initdb"
  start postgres as_postgres "$BIN/postgres" -D "$data" -p "$PORT" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=on -c synchronous_commit=on -c shared_buffers=512MB
  wait_for 20 sql 'SELECT 1' || fail "PostgreSQL does not answer"
  POSTMASTER=$(head -n 1 "$data/postmaster.pid")
  # First: runuser would give it two seconds, and its files are still written.
  STARTED=("$POSTMASTER" "${STARTED[@]}")
  sql 'CREATE TABLE audit (id bigserial PRIMARY KEY,
       at timestamptz NOT NULL DEFAULT now(), entry text NOT NULL)'
  cat >"$WORK/insert.sql" <<SQL
\\set number random(100000000, 999999999)
INSERT INTO audit (entry) VALUES (:number || '$(head -c 507 /dev/urandom | od -An -v -tx1 | tr -d ' \n')x');
SQL
}

sql() { psql -qAt -h 127.0.0.1 -p "$PORT" -U audit -d postgres -c "$1"; }

# Of the postmaster, of the sessions that have ended, and of those that live.
postgres_cpu_us() {
  local stat process sum
  stat=$(<"/proc/$POSTMASTER/stat")
  set -- ${stat##*) }
  sum=$(((${12} + ${13} + ${14} + ${15}) * 1000000 / $(getconf CLK_TCK)))
  for process in $(pgrep -P "$POSTMASTER"); do
    sum=$((sum + $(cpu_us "$process" 2>/dev/null || echo 0)))
  done
  echo "$sum"
}

# load_postgres CLIENTS: as a row.
load_postgres() {
  local before times threads=2
  (($1 > 1)) || threads=1
  before=$(postgres_cpu_us)
  rm -f "$WORK"/transactions*
  TIMEFORMAT='%U %S'
  times=$({ time pgbench -h 127.0.0.1 -p "$PORT" -U audit -d postgres -n \
    -M prepared -c "$1" -j "$threads" -T "$BENCH_SECONDS" -f "$WORK/insert.sql" \
    --log --log-prefix="$WORK/transactions" >"$WORK/pgbench.log" 2>&1; } 2>&1) ||
    fail "pgbench"
  read -r REQUESTS RATE P50_MS P99_MS MAX_MS < <(
    cat "$WORK"/transactions* | cut -d' ' -f3 | sort -n |
      awk -v s="$BENCH_SECONDS" '{ us[NR] = $1 } END {
        printf "%d %.0f %.3f %.3f %.1f\n", NR, NR / s, us[int(NR / 2) + 1] / 1e3,
          us[int(NR * 0.99) + 1] / 1e3, us[NR] / 1e3 }')
  ERRORS=0
  LOADER_US=$(awk -v n="$REQUESTS" '{ printf "%.1f", ($1 + $2) * 1e6 / (n ? n : 1) }' <<<"$times")
  sleep 0.2  # so that the postmaster has buried its sessions
  add_row postgresql "$1" $(($(postgres_cpu_us) - before))
}

need wrk curl python3 pgbench psql
[[ -x $BIN/initdb ]] || skip "PostgreSQL 15 is missing"
serve_opaque vidimus example.com/bench
OURS=$PID
serve_postgres
for _ in $(seq "$ROUNDS"); do
  note_fsync_rate
  for connections in 32 1; do
    load_server vidimus "$OURS" add "$URL" "$connections"
    load_postgres "$connections"
  done
done
print_table
