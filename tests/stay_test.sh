#!/usr/bin/env bash
#
# `./vidimus demo --stay`, its last part: what it prints leads somewhere, and
# Ctrl-C stops all of it.
set -euo pipefail

ROOT=$PWD
VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
PROVIDER=$PWD/tests/provider/provider
export GRPC_VERBOSITY=NONE

fail_test() {
  printf 'FAILED: %s\n' "$*"
  cat "$TEST_TMPDIR/said"
  exit 1
}

DIR=$TEST_TMPDIR/stay
mkdir -p "$DIR"
printf '\0asm\1\0\0\0' >"$DIR/vidimus.wasm"

# As a terminal starts it: a group of its own, and signals that can be caught.
set -m
(
  source tests/demo.sh
  trap stop_all EXIT
  city_make_page() {
    mkdir -p "$1"
    printf '<!DOCTYPE html><html lang="en"><title>A page</title>\n' >"$1/index.html"
  }
  stay "$DIR" "$DIR/vidimus.wasm"
) >"$TEST_TMPDIR/said" 2>&1 &
stay=$!
trap 'kill -9 -- "-$stay" 2>/dev/null || true' EXIT

for _ in {1..600}; do
  ! grep -q 'Ctrl-C stops' "$TEST_TMPDIR/said" || break
  kill -0 "$stay" 2>/dev/null || fail_test "it ended"
  sleep 0.1
done
page=$(sed -n "s/^ *The residents' page *//p" "$TEST_TMPDIR/said")
operator=$(sed -n "s/^ *The operator's page *//p" "$TEST_TMPDIR/said")
monitor=$(sed -n "s/^ *The monitor's page *//p" "$TEST_TMPDIR/said")
[[ -n $page && -n $operator && -n $monitor ]] || fail_test "no address"
curl -fsS --cacert "$DIR/ca.pem" "$page" | grep -q '<title>A page' || fail_test "the page"
curl -fsS --cacert "$DIR/ca.pem" "${page}session" | grep -q '"signed_in": false' || fail_test "the session"
curl -fsS "$operator" | grep '<h1>Vidimus: ' >/dev/null || fail_test "the operator's page"
curl -fsS "$monitor" | grep '<h1>' >/dev/null || fail_test "the monitor's page"
# The login that it prints.
read -r resident passphrase _ < <(grep resident-2 "$TEST_TMPDIR/said")
form=$(curl -fsS --cacert "$DIR/ca.pem" -o /dev/null -w '%{redirect_url}' "${page}sign-in")
curl -fsS --cacert "$DIR/ca.pem" -o /dev/null -w '%{redirect_url}' \
  --data-urlencode "resident=$resident" --data-urlencode "passphrase=$passphrase" "$form" |
  grep -q "^${page}sign-in/callback?code=" || fail_test "the login"
# The access that it shows how to submit.
read -ra submit < <(sed -n 's/^ *\$ vidimus \(submit .*\)/\1/p' "$TEST_TMPDIR/said")
"$VIDIMUS" "${submit[@]}" >"$TEST_TMPDIR/submitted" 2>&1 || fail_test "$(cat "$TEST_TMPDIR/submitted")"
grep -q '1 receipts verified' "$TEST_TMPDIR/submitted" || fail_test "$(cat "$TEST_TMPDIR/submitted")"

kill -INT -- "-$stay"
got=0
wait "$stay" || got=$?
((got == 0)) || fail_test "exit code $got"
grep -q 'All of it has stopped' "$TEST_TMPDIR/said" || fail_test "it did not say so"
! curl -sS --max-time 2 --cacert "$DIR/ca.pem" "$page" >/dev/null 2>&1 || fail_test "it still answers"
