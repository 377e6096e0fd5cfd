#!/usr/bin/env bash
#
# The city of `./vidimus demo --stay`: a resident signs in at a real provider,
# and by the cookie alone reads their chains and has a key enrolled; who is
# somebody else, or comes from elsewhere, gets nothing. The page here is one of
# three files: the log knows nothing of what it serves.
set -euo pipefail

ROOT=$PWD
VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
PROVIDER=$PWD/tests/provider/provider
STARTED=()
source tests/watchers.sh
source tests/city.sh

export GRPC_VERBOSITY=NONE
DIR=$TEST_TMPDIR/city
mkdir -p "$DIR"
stop_all() {
  local process
  for process in ${STARTED[@]+"${STARTED[@]}"}; do
    kill -9 "$process" 2>/dev/null || true
  done
}
trap stop_all EXIT

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

city_make_page() {
  mkdir -p "$1"
  printf '<!DOCTYPE html><html lang="en"><title>A page</title>\n' >"$1/index.html"
  cp "$2" "$1/config.json"
  cp "$3" "$1/vidimus.wasm"
}
printf '\0asm\1\0\0\0' >"$DIR/module.wasm"
city "$DIR" "$DIR/module.wasm"

# get CODE PATH FLAGS...: the answer's headers and body in OUT.
get() {
  local want=$1 path=$2 code
  shift 2
  code=$(curl -sS --cacert "$DIR/ca.pem" -D "$DIR/headers" -o "$DIR/body" \
    -w '%{http_code}' "$@" "$CITY_URL$path") || fail "curl $path"
  OUT=$(tr -d '\r' <"$DIR/headers"; cat "$DIR/body" | tr -d '\0')
  [[ $code == "$want" ]] || fail "$path: $code, expected $want: $OUT"
}
has() { [[ $OUT == *"$1"* ]] || fail "no \"$1\" in: $OUT"; }
has_not() { [[ $OUT != *"$1"* ]] || fail "\"$1\" in: $OUT"; }

echo "the page, and the log's own paths beside it"
get 200 /
has "<title>A page</title>"
has "Content-Security-Policy: frame-ancestors 'none'"
has "X-Content-Type-Options: nosniff"
has "Cross-Origin-Opener-Policy: same-origin"
get 200 "/?sign-in=failed&reason=denied"
get 200 /vidimus.wasm
has "Content-Type: application/wasm"
tag=$(sed -n 's/^ETag: //p' <<<"$OUT")
get 304 /vidimus.wasm -H "If-None-Match: $tag"
get 200 /checkpoint
has "$CITY_ORIGIN"
get 200 /city/2026h2/cosigned/checkpoint
get 404 /%2e%2e/log/settings.textproto --path-as-is
get 404 /../log/settings.textproto --path-as-is
get 404 /..%2flog%2fsettings.textproto --path-as-is
get 404 /metrics
get 404 /operator

echo "the hash of the page's verifier stands in the register"
"$VIDIMUS_LOG" register show --dir "$DIR/log" config 0 >"$DIR/config.0"
grep -q '^wasm_sha256: ' "$DIR/config.0" || fail "no hash in config"
printf '\0asm\1\0\0\0new' >"$DIR/new.wasm"
"$VIDIMUS_LOG" register wasm --dir "$DIR/log" --out "$DIR" "$DIR/new.wasm"
"$VIDIMUS_LOG" register put --dir "$DIR/log" "$DIR/config.0.1"
"$VIDIMUS_LOG" register wasm --dir "$DIR/log" --out "$DIR" "$DIR/new.wasm" |
  grep -q 'version 1 names these modules already' || fail "it is signed twice"
! "$VIDIMUS_LOG" register wasm --dir "$DIR/log" --out "$DIR" "$DIR/config.0" \
  2>/dev/null || fail "text is taken for a module"

echo "a session by cookie"
get 200 /session
has '{"signed_in": false}'
city_sign_in 2
grep -q '#HttpOnly_localhost.*TRUE.*__Host-vidimus' "$DIR/2.jar" || fail "the cookie's kind"
! grep -q '__Host-vidimus-sign-in' "$DIR/2.jar" || fail "the attempt's cookie stays"
cookie=(-b "$DIR/2.jar")
ours=(-H 'Sec-Fetch-Site: same-origin')
json=(-H 'Content-Type: application/json')
get 200 /session "${cookie[@]}"
has '{"signed_in": true, "expires_s": 1'
has_not "${CITY_RESIDENTS[1]}"

echo "chains by cookie, for our own origin alone"
chain=(--data "{\"administration\": $CITY_BOARD}")
get 200 /v1/chain "${cookie[@]}" "${ours[@]}" "${json[@]}" "${chain[@]}"
has '"entries"'
has 'Cache-Control: no-store'
get 403 /v1/chain "${cookie[@]}" "${json[@]}" "${chain[@]}"
get 403 /v1/chain "${cookie[@]}" "${json[@]}" "${chain[@]}" -H 'Sec-Fetch-Site: same-site'
get 403 /v1/chain "${cookie[@]}" "${json[@]}" "${chain[@]}" -H 'Sec-Fetch-Site: cross-site'
get 400 /v1/chain "${cookie[@]}" "${ours[@]}" "${chain[@]}"
get 400 /v1/chain "${cookie[@]}" "${ours[@]}" "${json[@]}" "${chain[@]}" \
  -H "Authorization: Bearer $(cat "$DIR/2.token")"
get 401 /v1/chain "${ours[@]}" "${json[@]}" "${chain[@]}"
get 401 /v1/chain -H 'Cookie: __Host-vidimus=a.b.c' "${ours[@]}" "${json[@]}" "${chain[@]}"
get 400 /v1/chain "${cookie[@]}" "${ours[@]}" "${json[@]}" "${chain[@]}" \
  --cert "$DIR/log/administrations/0/client.crt" --key "$DIR/log/administrations/0/client.key"
# The token itself is as good as any.
get 200 /v1/chain -H "Authorization: Bearer $(cat "$DIR/2.token")" "${json[@]}" "${chain[@]}"

echo "what the resident sees, judged on their own machine"
"$VIDIMUS" resident timeline --language en --server "$CITY_SERVER" \
  --ca "$DIR/log/tls/ca.crt" --token-file "$DIR/2.token" \
  --vkey "$DIR/log/log.vkey" --policy "$DIR/log/policy" >"$DIR/2.said" ||
  fail "$(cat "$DIR/2.said")"
grep -q '1 of 4 accesses to your data were not as they should be: violation 1' "$DIR/2.said" ||
  fail "$(cat "$DIR/2.said")"
"$VIDIMUS" resident timeline --language en --server "$CITY_SERVER" \
  --ca "$DIR/log/tls/ca.crt" --token-file "$DIR/1.token" \
  --vkey "$DIR/log/log.vkey" >"$DIR/1.said" || fail "$(cat "$DIR/1.said")"
for words in "[under your consent]" "[violation: you had withdrawn your consent]"; do
  grep -qF "$words" "$DIR/1.said" || fail "no \"$words\": $(cat "$DIR/1.said")"
done

echo "a key, by the page's way"
(umask 077 && printf '1 %s\n' "${CITY_RESIDENTS[1]}" >"$DIR/2.me")
"$VIDIMUS" wallet init --wallet "$DIR/wallet.2" --vkey "$DIR/log/log.vkey" \
  --subject_file "$DIR/2.me" --administration "$CITY_BOARD" \
  --request "$DIR/2.request" >/dev/null
body=(--data-binary "@$DIR/2.request")
get 401 /enrol "${ours[@]}" "${json[@]}" "${body[@]}"
get 403 /enrol "${cookie[@]}" "${json[@]}" "${body[@]}"
get 400 /enrol "${cookie[@]}" "${ours[@]}" "${body[@]}"
# Another resident's request: the identity service looks at the token.
get 403 /enrol "${cookie[@]}" "${ours[@]}" "${json[@]}" --data-binary "@$DIR/1.request"
city_enrol 2
"$VIDIMUS" wallet file "$DIR/2.statements" --wallet "$DIR/wallet.2" \
  --server "$CITY_SERVER" --ca "$DIR/log/tls/ca.crt" --token-file "$DIR/2.token" \
  --vkey "$DIR/log/log.vkey" >/dev/null || fail "filing what the service signed"

echo "refusals of the way back"
curl -sS --cacert "$DIR/ca.pem" -o /dev/null -c "$DIR/3.jar" -w '%{redirect_url}' \
  "$CITY_URL/sign-in" >"$DIR/3.to"
back=$(curl -sS --cacert "$DIR/ca.pem" -o /dev/null -w '%{redirect_url}' \
  --data-urlencode "resident=${CITY_RESIDENTS[2]}" \
  --data-urlencode "passphrase=$(city_passphrase 3)" "$(cat "$DIR/3.to")")
back=${back#"$CITY_URL"}
# Somebody else's browser is sent there (login CSRF).
get 303 "$back"
has "Location: /?sign-in=failed&reason=expired"
curl -sS --cacert "$DIR/ca.pem" -o /dev/null -c "$DIR/other.jar" "$CITY_URL/sign-in"
get 303 "$back" -b "$DIR/other.jar"
has "Location: /?sign-in=failed&reason=mixed-up"
has_not "Set-Cookie"
get 303 "$back" -b "$DIR/3.jar"
has "Location: /"
has "Set-Cookie: __Host-vidimus="
# The code is spent.
get 303 "$back" -b "$DIR/3.jar"
has "Location: /?sign-in=failed&reason=provider"
denied=$(curl -sS --cacert "$DIR/ca.pem" -o /dev/null -w '%{redirect_url}' \
  --data deny=1 "$(cat "$DIR/3.to")")
get 303 "${denied#"$CITY_URL"}" -b "$DIR/3.jar"
has "Location: /?sign-in=failed&reason=denied"

echo "signing out"
get 403 /sign-out "${cookie[@]}" -X POST
get 204 /sign-out "${cookie[@]}" "${ours[@]}" -X POST
has "Set-Cookie: __Host-vidimus=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"

echo "the operator's page"
OUT=$(curl -fsS "$CITY_OPERATOR")
has "<h1>Vidimus: "
has "monitor.example/city/monitor: "
has "Sign-ins, since the start"
has_not "<script"
for resident in "${CITY_RESIDENTS[@]}"; do has_not "$resident"; done
OUT=$(curl -fsS "$CITY_OPERATOR.json")
has '"origin":"log.example/city/2026h2"'
has '"name":"done"'

echo "nothing of anybody in what the log says"
for words in "${CITY_RESIDENTS[@]}" "$(cat "$DIR/2.token")" "handler-12" code=; do
  ! grep -qF -e "$words" "$DIR/log.err" "$DIR/log.out" || fail "the log says it"
done
curl -fsS "${CITY_OPERATOR%operator}metrics" >"$DIR/metrics"
for resident in "${CITY_RESIDENTS[@]}"; do
  ! grep -qF -e "$resident" "$DIR/metrics" || fail "a metric names a resident"
done

echo "a page that would hide the log's paths"
mkdir "$DIR/bad" && cp "$DIR/page/index.html" "$DIR/bad" && mkdir "$DIR/bad/tile"
watchers_stop "$CITY_LOG"
! "$VIDIMUS_LOG" serve --dir "$DIR/log" --https 127.0.0.1:0 --page "$DIR/bad" \
  >"$DIR/bad.out" 2>&1 || fail "it is served"
grep -q "stands where this server serves something else" "$DIR/bad.out" || fail "$(cat "$DIR/bad.out")"
echo "all as told"
