# A city that stays up: a log that serves its residents' page, an identity
# provider with an identity service, a monitor that cosigns, and three residents
# about whom something is recorded. For tests/demo.sh (--stay) and
# tests/city_test.sh, which set ROOT, VIDIMUS, VIDIMUS_LOG, PROVIDER and STARTED
# and may replace city_make_page. Wants tests/watchers.sh.

readonly CITY_ORIGIN=log.example/city/2026h2
readonly CITY_CLIENT=page.log.example
readonly CITY_RESIDENTS=(
  00000000-0000-4000-8000-000000000001
  00000000-0000-4000-8000-000000000002
  00000000-0000-4000-8000-000000000003)
# The board that one of them consents to, and takes it back from.
readonly CITY_BOARD=2

city_fail() {
  printf '\nThe city FAILED: %s\n' "$*" >&2
  return 1
}

# city_expect COMMAND...: runs it, keeps its words in CITY_SAID.
city_expect() {
  CITY_SAID=$("$@" 2>&1) || {
    city_fail "$*: $CITY_SAID"
    return 1
  }
}

# city_make_page OUT CONFIG MODULE
city_make_page() { "$ROOT/client/page/build.sh" "$@" >/dev/null; }

# city_passphrase NUMBER: for trying out, so the same each time.
city_passphrase() { printf 'resident-%d' "$1"; }

# city_log_serve FLAGS...: at its old ports, if it had some.
city_log_serve() {
  local http=0 https=0 grpc=0
  if [[ -s $WATCH/log.out ]]; then
    http=$(watchers_port log http)
    https=$(watchers_port log https)
    grpc=$(watchers_port log grpcs)
  fi
  watchers_start log "$VIDIMUS_LOG" serve --dir "$WATCH/log" \
    --http "127.0.0.1:$http" --https "127.0.0.1:$https" \
    --grpc "127.0.0.1:$grpc" "$@" || return 1
  CITY_LOG=$PID
  # By name for browsers, whose passkeys want one; by address for our programs,
  # as a bare machine knows no names.
  CITY_URL=https://localhost:$(watchers_port log https)
  CITY_SERVER=https://127.0.0.1:$(watchers_port log https)
  CITY_OPERATOR=http://127.0.0.1:$(watchers_port log http)/operator
}

# The monitor: it reads every leaf, and cosigns. In earnest it is somebody
# else's, and not alone.
city_watch() {
  "$VIDIMUS" monitor init --dir "$WATCH/monitor" --name monitor.example/city \
    >/dev/null || return 1
  sed -i 's|# https: "127.0.0.1:8446" .*|https: "127.0.0.1:0"|
    s|# http: "127.0.0.1:8447" .*|http: "127.0.0.1:0"|
    s|# period_ms: 1000 .*|period_ms: 500|' "$WATCH/monitor/config.textproto"
  "$VIDIMUS" monitor follow --dir "$WATCH/monitor" --vkey "$WATCH/log/log.vkey" \
    "http://127.0.0.1:$(watchers_port log http)" >/dev/null || return 1
  watchers_start monitor "$VIDIMUS" monitor serve --dir "$WATCH/monitor" || return 1
  CITY_MONITOR=$PID
  local url
  url=https://127.0.0.1:$(watchers_port monitor https)
  {
    printf 'log %s\n' "$(cat "$WATCH/log/log.vkey")"
    printf 'witness city-witness %s %s/witness\n' "$(cat "$WATCH/monitor/witness.vkey")" "$url"
    printf 'witness city-monitor %s %s/monitor\n' "$(cat "$WATCH/monitor/monitor.vkey")" "$url"
    printf 'group witnesses 1 city-witness\ngroup monitors 1 city-monitor\n'
    printf 'group outside all witnesses monitors\nquorum outside\n'
  } >"$WATCH/log/policy"
  cp "$WATCH/monitor/tls/ca.crt" "$WATCH/log/cosigners.pem"
  sed -i 's|# policy: "policy" .*|policy: "policy"|
    s|# ca: "cosigners.pem" .*|ca: "cosigners.pem"|' "$WATCH/log/settings.textproto"
}

# The provider, and the log's settings that name it.
city_identify() {
  local number url
  mkdir -p "$WATCH/provider"
  for number in 1 2 3; do
    printf '%s %s\n' "${CITY_RESIDENTS[number - 1]}" "$(city_passphrase "$number")"
  done >"$WATCH/provider/residents"
  watchers_start provider "$PROVIDER" --dir "$WATCH/provider" \
    --client_id "$CITY_CLIENT" --redirect_url "$CITY_URL/sign-in/callback" \
    --residents "$WATCH/provider/residents" --family log.example/city \
    --service_key "$WATCH/log/identity_services/0/service.key" \
    --service_number 0 || return 1
  CITY_PROVIDER=$PID
  url=https://127.0.0.1:$(watchers_port provider https)
  cat "$WATCH/provider/ca.crt" "$WATCH/log/tls/ca.crt" >"$WATCH/ca.pem"
  cp "$WATCH/provider/ca.crt" "$WATCH/log/provider.pem"
  mkdir -p "$WATCH/log/oidc"
  curl -fsS --cacert "$WATCH/ca.pem" -o "$WATCH/log/oidc/jwks.json" "$url/jwks" || return 1
  chmod 644 "$WATCH/log/oidc/jwks.json"
  cat >>"$WATCH/log/settings.textproto" <<SETTINGS
token_issuer {
  issuer: "$url"
  audience: "$CITY_CLIENT"
  id_scheme: 1
}
sign_in {
  issuer: "$url"
  client_id: "$CITY_CLIENT"
  authorization_endpoint: "$url/authorize"
  token_endpoint: "$url/token"
  redirect_url: "$CITY_URL/sign-in/callback"
  ca: "provider.pem"
  identity_service_url: "$url/enrol"
}
SETTINGS
}

city_config() {
  cat <<CONFIG
{"name": {"sv": "Provstaden", "fi": "Koekaupunki", "en": "Try-out city"},
 "theme": "helsinki",
 "help": {"url": "https://example.org/help", "email": "help@example.org"},
 "logs": [{"url": "$CITY_URL", "vkey": "$(cat "$WATCH/log/log.vkey")",
           "policy": "$(sed ':a;N;$!ba;s/\n/\\n/g' "$WATCH/log/policy")\n"}],
 "identity_services": [0],
 "sign_in": true}
CONFIG
}

# city_sign_in NUMBER: as a browser would; the cookies are in NUMBER.jar, the
# token alone in NUMBER.token.
city_sign_in() {
  local number=$1 to again=(curl -fsS --cacert "$WATCH/ca.pem" -o /dev/null)
  local jar=(-b "$WATCH/$number.jar" -c "$WATCH/$number.jar")
  local where='%{redirect_url}'
  (umask 077 && : >"$WATCH/$number.jar" && : >"$WATCH/$number.token")
  to=$("${again[@]}" "${jar[@]}" -w "$where" "$CITY_URL/sign-in") &&
    to=$("${again[@]}" -w "$where" --data-urlencode "resident=${CITY_RESIDENTS[number - 1]}" \
      --data-urlencode "passphrase=$(city_passphrase "$number")" "$to") &&
    to=$("${again[@]}" "${jar[@]}" -w "$where" "$to") || {
    city_fail "signing in"
    return 1
  }
  [[ $to == "$CITY_URL/" ]] || {
    city_fail "signing in led to ${to#"$CITY_URL"}"
    return 1
  }
  awk '$6 == "__Host-vidimus" { print $7 }' "$WATCH/$number.jar" >"$WATCH/$number.token"
}

# city_access NUMBER CATEGORY PURPOSE ORGANISATION BASIS MORE: one line of JSON.
city_access() {
  local subject
  subject=$(printf '\001%s' "${CITY_RESIDENTS[$1 - 1]}" | base64 -w 0)
  printf '{"access": {"occurredAtMs": "%s", "controllerId": "%s", "subject": "%s", ' \
    "$(date +%s%3N)" "$4" "$subject"
  printf '"operation": "READ", "dataCategory": ["%s"], "purpose": "%s", ' "$2" "$3"
  printf '"legalBasis": [%s], %s}, "actor": {"id": "handler-12"}}\n' "$5" "$6"
}

# city_submit ADMINISTRATION: the lines of standard input.
city_submit() {
  cat >"$WATCH/records" || return 1
  city_expect "$VIDIMUS" submit "${CITY_DOOR[@]}" \
    --as "$WATCH/log/administrations/$1" --outbox "$WATCH/outbox.$1" \
    --format record "$WATCH/records"
}

# What befalls the residents: law and AI, consent and its withdrawal, and two
# accesses that nothing allows.
city_live() {
  local wallet number
  local human='"actorKind": "HUMAN", "unitName": "Counter 4"'
  local ai='"actorKind": "AI_ASSISTED", "unitName": "Intake", "aiSystemId": "example-need-screening", "oversight": "HumanInvolvementForDecision"'
  local helsinki=0201256-6 helsingborg=212000-1157
  CITY_DOOR=(--log "127.0.0.1:$(watchers_port log grpcs)" --ca "$WATCH/log/tls/ca.crt"
    --vkey "$WATCH/log/log.vkey")
  for number in 1 2; do
    city_access "$number" pd:Income SocialWelfareEligibilityAssessment "$helsinki" \
      '{"basis": "A6-1-c", "provision": 0}' "$human"
    city_access "$number" pd:Family SocialWelfareEligibilityAssessment "$helsinki" \
      '{"basis": "A6-1-c", "provision": 0}' "$ai"
  done | city_submit 0 || return 1
  city_access 2 pd:School EducationProvision "$helsinki" \
    '{"basis": "A6-1-c", "provision": 4}' "$human" | city_submit 1 || return 1
  # Nobody consented to this.
  city_access 2 pd:Contact PublicServiceProvision "$helsingborg" \
    '{"basis": "A6-1-a"}' "$human" | city_submit "$CITY_BOARD" || return 1

  # The first resident has a key already, on a machine of their own.
  city_sign_in 1 || return 1
  wallet=(--wallet "$WATCH/wallet" --server "$CITY_SERVER" --ca "$WATCH/log/tls/ca.crt"
    --token-file "$WATCH/1.token" --vkey "$WATCH/log/log.vkey")
  (umask 077 && printf '1 %s\n' "${CITY_RESIDENTS[0]}" >"$WATCH/1.me")
  city_expect "$VIDIMUS" wallet init --wallet "$WATCH/wallet" \
    --vkey "$WATCH/log/log.vkey" --subject_file "$WATCH/1.me" \
    --administration "$CITY_BOARD" --request "$WATCH/1.request" || return 1
  city_enrol 1 || return 1
  city_expect "$VIDIMUS" wallet file "$WATCH/1.statements" "${wallet[@]}" || return 1
  city_expect "$VIDIMUS" consent grant "${wallet[@]}" --yes \
    --administration "$CITY_BOARD" --purpose PublicServiceProvision \
    --category pd:Contact || return 1
  # The gateway asks first, and says on what the access rests.
  city_access 1 pd:Contact PublicServiceProvision "$helsingborg" \
    '{"basis": "A6-1-a"}' "$human" |
    sed 's/"occurredAtMs": "[0-9]*", //' >"$WATCH/records" || return 1
  city_expect "$VIDIMUS" access "${CITY_DOOR[@]}" \
    --as "$WATCH/log/administrations/$CITY_BOARD" --gateway "$WATCH/gateway" \
    <"$WATCH/records" || return 1
  city_expect "$VIDIMUS" consent withdraw --everything "${wallet[@]}" --yes || return 1
  city_access 1 pd:Contact PublicServiceProvision "$helsingborg" \
    '{"basis": "A6-1-a"}' "$human" | city_submit "$CITY_BOARD" || return 1
}

# city_enrol NUMBER: a wallet's request through the door to the identity
# service, as the page does it.
city_enrol() {
  (umask 077 && : >"$WATCH/$1.statements")
  curl -fsS --cacert "$WATCH/ca.pem" -b "$WATCH/$1.jar" \
    -H 'Content-Type: application/json' -H 'Sec-Fetch-Site: same-origin' \
    --data-binary "@$WATCH/$1.request" -o "$WATCH/$1.statements" \
    "$CITY_URL/enrol" || city_fail "enrolling a key"
}

# Stops it all; a terminal's Ctrl-C may have begun it. Each must end in order.
city_stop() {
  local process
  kill "${CITY_PROCESSES[@]}" 2>/dev/null || true
  for process in "${CITY_PROCESSES[@]}"; do
    wait "$process" || return 1
  done
}

# city DIR MODULE: opens it all in a new folder, with the verifier that the page
# serves. Sets WATCH, CITY_URL, CITY_SERVER, CITY_OPERATOR, CITY_PROCESSES.
city() {
  WATCH=$1
  local module=$2
  "$VIDIMUS_LOG" init --dir "$WATCH/log" --origin "$CITY_ORIGIN" \
    --register "$ROOT/docs/sample_register" --wasm "$module" >/dev/null || return 1
  city_log_serve || return 1
  city_watch || return 1
  city_identify || return 1
  city_config >"$WATCH/page.json"
  city_make_page "$WATCH/page" "$WATCH/page.json" "$module" || {
    city_fail "making the page"
    return 1
  }
  watchers_stop "$CITY_LOG" || return 1
  city_log_serve --page "$WATCH/page" || return 1
  CITY_PROCESSES=("$CITY_LOG" "$CITY_MONITOR" "$CITY_PROVIDER")
  watchers_wait 30 "a head with a quorum" curl -fsS --cacert "$WATCH/ca.pem" \
    "$CITY_URL/cosigned/checkpoint" || return 1
  city_live
}
