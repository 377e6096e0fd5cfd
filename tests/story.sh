# Yes, no longer, never: what a resident says, and what it does to the next
# access. For tests/demo.sh and tests/story_test.sh, which set VIDIMUS,
# VIDIMUS_LOG and ROOT. A log of its own in a folder of its own, opened with the
# sample register; administration 2 is a social services board.

readonly STORY_RESIDENT=00000000-0000-4000-8000-000000000042
readonly STORY_BOARD=2

story_fail() {
  printf '\nThe story FAILED: %s\n' "$*" >&2
  return 1
}

# story_expect CODE WORDS COMMAND...: its exit code, and what it must say.
story_expect() {
  local want=$1 words=$2 got=0
  shift 2
  STORY_SAID=$("$@" 2>&1) || got=$?
  if ((got != want)) || [[ $STORY_SAID != *"$words"* ]]; then
    story_fail "exit code $got (expected $want, and \"$words\"): $*
$STORY_SAID"
    return 1
  fi
}

# story_serve DIR: starts the log there; sets STORY_PID, STORY_GRPC and
# STORY_HTTPS.
story_serve() {
  local until=$((SECONDS + 30))
  : >"$1/out"
  "$VIDIMUS_LOG" serve --dir "$1/log" --grpc 127.0.0.1:0 --https 127.0.0.1:0 \
    >"$1/out" 2>>"$1/err" &
  STORY_PID=$!
  STARTED+=("$STORY_PID")
  until grep -qx ready "$1/out"; do
    if ((SECONDS >= until)) || ! kill -0 "$STORY_PID" 2>/dev/null; then
      story_fail "the log did not start: $(tail -n 3 "$1/err")"
      return 1
    fi
    sleep 0.02
  done
  STORY_GRPC=$(sed -n 's#^listening grpcs\{0,1\}://.*:##p' "$1/out")
  STORY_HTTPS=$(sed -n 's#^listening https://.*:##p' "$1/out")
}

# story_access BASIS: an access of the board as one line of JSON.
story_access() {
  local subject
  subject=$(printf '\001%s' "$STORY_RESIDENT" | base64)
  printf '{"access": {"controllerId": "212000-1157", "subject": "%s", ' "$subject"
  printf '"operation": "READ", "dataCategory": ["pd:Contact"], '
  printf '"purpose": "PublicServiceProvision", "actorKind": "HUMAN", '
  printf '"unitName": "Counter 4", "legalBasis": [%s]}, ' "$1"
  printf '"actor": {"id": "handler-12"}}\n'
}
readonly STORY_CONSENT='{"basis": "A6-1-a"}'
readonly STORY_LAW='{"basis": "A6-1-e-official-authority", "provision": 2}'

# story DIR: the whole of it, told as it goes.
story() {
  local dir=$1 at door
  "$VIDIMUS_LOG" init --dir "$dir/log" --origin log.example/story/2026h2 \
    --register "$ROOT/docs/sample_register" --try_out_issuer >/dev/null || return 1
  story_serve "$dir" || return 1
  (
    umask 077
    echo "1 $STORY_RESIDENT" >"$dir/me"
    "$VIDIMUS_LOG" token --dir "$dir/log" --subject "$STORY_RESIDENT" >"$dir/token"
  )
  at=(--server "https://127.0.0.1:$STORY_HTTPS" --ca "$dir/log/tls/ca.crt"
    --token-file "$dir/token" --vkey "$dir/log/log.vkey")
  door=(--log "127.0.0.1:$STORY_GRPC" --ca "$dir/log/tls/ca.crt"
    --vkey "$dir/log/log.vkey" --as "$dir/log/administrations/$STORY_BOARD")

  # A key, and an identity service that says whose it is.
  story_expect 0 "" "$VIDIMUS" wallet init --wallet "$dir/wallet" \
    --vkey "$dir/log/log.vkey" --subject_file "$dir/me" \
    --administration "$STORY_BOARD" --request "$dir/request" || return 1
  if ! (umask 077 && "$VIDIMUS" identity sign \
    --key "$dir/log/identity_services/0/service.key" --number 0 \
    --subject_file "$dir/me" "$dir/request" >"$dir/statements" 2>>"$dir/err"); then
    story_fail "the identity service did not sign: $(tail -n 3 "$dir/err")"
    return 1
  fi
  story_expect 0 "" "$VIDIMUS" wallet file "$dir/statements" \
    --wallet "$dir/wallet" "${at[@]}" || return 1

  story_consent() {
    story_expect 0 "" "$VIDIMUS" consent "$@" --wallet "$dir/wallet" --yes "${at[@]}"
  }
  story_ask() {  # CODE WORDS BASIS FLAGS...
    local want=$1 words=$2 basis=$3
    shift 3
    story_expect "$want" "$words" "$VIDIMUS" access "${door[@]}" \
      --gateway "$dir/gateway" "$@" < <(story_access "$basis") || return 1
    printf '   the board asks first: %s\n' "$STORY_SAID"
  }

  printf '   The resident consents: contact data, for public services.\n'
  story_consent grant --administration "$STORY_BOARD" \
    --purpose PublicServiceProvision --category pd:Contact || return 1
  story_ask 0 "released: under consent" "$STORY_CONSENT" || return 1

  printf '   The resident takes it back.\n'
  story_consent withdraw --everything || return 1
  story_ask 1 "refused: this access would be shown to the resident as: violation (withdrawn)" \
    "$STORY_CONSENT" || return 1
  story_access "$STORY_CONSENT" |
    sed "s/{\"access\": {/&\"occurredAtMs\": \"$(date +%s%3N)\", /" >"$dir/unasked"
  story_expect 0 "1 receipts verified" "$VIDIMUS" submit "${door[@]}" \
    --outbox "$dir/outbox" --format record "$dir/unasked" || return 1
  printf '   another clerk does not ask, and it is recorded all the same.\n'

  printf '   The resident forbids it; a duty laid down by law goes above that, and shows.\n'
  story_consent prohibit --administration "$STORY_BOARD" \
    --purpose PublicServiceProvision || return 1
  story_ask 1 "against" "$STORY_LAW" || return 1
  story_ask 0 "released: against" "$STORY_LAW" --allow "against your wish" || return 1
  story_ask 0 "released: break-glass" "$STORY_LAW" \
    --break-glass "Found unconscious" || return 1

  printf '   What the resident sees of it, judged on their own machine:\n'
  story_expect 0 "3 of 4 accesses to your data were not as they should be: violation 1, against your wish 2." \
    "$VIDIMUS" resident timeline --language en "${at[@]}" || return 1
  local line
  for line in "[under your consent]" "[violation: you had withdrawn your consent]" \
    "[against your wish]" "EMERGENCY" "Found unconscious" "Emergencies: 1" \
    "Lawful but unwanted: 2" "Act on personal data in the social services"; do
    if [[ $STORY_SAID != *"$line"* ]]; then
      story_fail "the timeline does not say \"$line\": $STORY_SAID"
      return 1
    fi
  done
  printf '%s\n' "$STORY_SAID" | sed -n '/^20/,/^Keys/{/^Keys/d;s/^/    /p}'

  story_expect 0 "överträdelse: du hade återkallat ditt samtycke" \
    "$VIDIMUS" resident timeline --language sv "${at[@]}" || return 1
  story_expect 0 "" "$VIDIMUS" resident export --out "$dir/evidence" "${at[@]}" || return 1
  story_expect 0 "[violation: you had withdrawn your consent]" \
    "$VIDIMUS" verify --vkey "$dir/log/log.vkey" "$dir/evidence" || return 1
  story_expect 0 '"violation","withdrawn"' "$VIDIMUS" resident export \
    --chains "$dir/evidence" --vkey "$dir/log/log.vkey" --format csv --out - || return 1
  kill "$STORY_PID" && wait "$STORY_PID"
}
