# ./vidimus demo [--stay | --only_stay] [DIR]
#
# The main job, start to end: a city opens a log, four of its administrations
# submit 200,000 audit records at once, the server and one of them are killed in
# the middle, a stranger checks that nothing was lost, a resident that nothing
# about them is missing, and both see what a forgery looks like; then the
# resident consents, takes it back, and sees which access was allowed; at last
# three cities watch one another, and convict a log that shows two faces. About
# a minute.
# The folder DIR (or a new one) stays for a look.
#
# --stay: afterwards a city is left running whose residents can sign in and see
# for themselves, in a browser; Ctrl-C stops it. --only_stay: that alone.

readonly RECORDS_EACH=${VIDIMUS_DEMO_RECORDS:-50000}
readonly SERVICES=(social-case-service school-registry home-care-visits
  employment-guidance)
readonly NAMES=("Social administration" "School and leisure" "Care and welfare"
  "Labour market")
readonly SAMPLE=$ROOT/tests/testdata/resilient_logger
readonly ORIGIN=log.example/demo/2026h2
source "$ROOT/tests/story.sh"
source "$ROOT/tests/watchers.sh"
source "$ROOT/tests/city.sh"
STARTED=()

tell() { printf '%s\n' "$*"; }
chapter() { printf '\n%s\n' "$*"; }

# What a reader may run after us, shown before it is run.
show() { printf '    $ %s\n' "$*"; }

stop_all() {
  local process
  for process in ${STARTED[@]+"${STARTED[@]}"}; do
    kill -9 "$process" 2>/dev/null || true
  done
}

fail() {
  printf '\nThe demo FAILED: %s\nIts folder stays: %s\n' "$*" "$DIR" >&2
  exit 1
}

grouped() { printf '%s' "$1" | rev | sed 's/[0-9]\{3\}/&,/g; s/,$//' | rev; }

now_ms() { local us=${EPOCHREALTIME/[.,]/}; printf '%s' $((us / 1000)); }

# Numbers below are from the machine this runs on.
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# documents SERVICE: RECORDS_EACH accesses to the data of 10,000 invented
# residents, whom all services know, made of the sample's documents, the same
# each time.
documents() {
  awk -v want="$RECORDS_EACH" '
    { sample[NR] = $0 }
    END {
      while (made < want) {
        for (i = 1; i <= NR && made < want; i++) {
          line = sample[i]
          row++
          if (match(line, /"source_pk": /)) {
            line = substr(line, 1, RSTART + RLENGTH - 1) row "}}}"
          }
          if (match(line, /"user_id": "00000000-0000-4000-8[0-9a-f]+-/)) {
            line = substr(line, 1, RSTART + RLENGTH - 5) "000-" \
              sprintf("%012x", (row * 7919) % 10000) \
              substr(line, RSTART + RLENGTH + 12)
            made++
          }
          print line
        }
      }
    }' "$SAMPLE/sample/$1.jsonl"
}

# serve PORT...: starts the log at these ports (0: a free one) and waits until
# it is ready. Sets SERVER, HTTP_PORT, GRPC_PORT and HTTPS_PORT, a free one.
serve() {
  local until=$((SECONDS + 30))
  : >"$DIR/server.out"  # What the last one said.
  "$VIDIMUS_LOG" serve --dir "$DIR/log" --http "127.0.0.1:$1" \
    --grpc "127.0.0.1:$2" --https 127.0.0.1:0 >"$DIR/server.out" 2>>"$DIR/server.err" &
  SERVER=$!
  STARTED+=("$SERVER")
  until grep -qx ready "$DIR/server.out"; do
    kill -0 "$SERVER" 2>/dev/null || fail "the server did not start: $(tail -n 3 "$DIR/server.err")"
    ((SECONDS < until)) || fail "the server is not ready after 30 s"
    sleep 0.02
  done
  HTTPS_PORT=$(sed -n 's#^listening https://.*:##p' "$DIR/server.out")
  HTTP_PORT=$(sed -n 's#^listening http://.*:##p' "$DIR/server.out")
  GRPC_PORT=$(sed -n 's#^listening grpcs\{0,1\}://.*:##p' "$DIR/server.out")
}

# submit NUMBER: one administration at work, in the background.
submit() {
  "$VIDIMUS" submit --log "127.0.0.1:$GRPC_PORT" --vkey "$DIR/log/log.vkey" \
    --ca "$DIR/log/tls/ca.crt" --as "$DIR/log/administrations/$1" \
    --outbox "$DIR/$1/outbox" --map "$SAMPLE/mapping.textproto" \
    --receipts "$DIR/$1/receipts" --receipts_every 100 --print \
    "$DIR/$1/audit.jsonl" >>"$DIR/$1/printed" 2>>"$DIR/$1/said" &
  SUBMITTER[$1]=$!
  STARTED+=($!)
}

printed() { cat "$DIR"/[0-3]/printed | wc -l; }

# wait_for_receipts N
wait_for_receipts() {
  local until=$((SECONDS + 120))
  while (($(printed) < $1)); do
    ((SECONDS < until)) || fail "no $1 receipts after 120 s: $(tail -n 1 "$DIR"/[0-3]/said)"
    kill -0 "$SERVER" 2>/dev/null || fail "the server stopped: $(tail -n 3 "$DIR/server.err")"
    sleep 0.2
  done
}

# flip FILE OFFSET: turns one bit of it over.
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  printf "$(printf '\\%03o' $((byte ^ 1)))" |
    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# expect CODE COMMAND...: runs it, shows what it says, insists on the exit code.
expect() {
  local want=$1 got=0 said
  shift
  said=$("$@" 2>&1) || got=$?
  sed 's/^/    /' <<<"$said"
  ((got == want)) || fail "expected exit code $want, got $got: $*"
}

# serve_doctored KIND: a log that lies in this way, in DIR/doctored/KIND. Sets
# DOCTORED (its folder), DOCTORED_HTTP, DOCTORED_HTTPS and DOCTORED_SERVER.
serve_doctored() {
  local until=$((SECONDS + 10))
  DOCTORED=$DIR/doctored/$1
  mkdir -p "$DOCTORED"
  : >"$DOCTORED/out"
  "$DOCTOR" "$1" "$DOCTORED" >"$DOCTORED/out" 2>&1 &
  DOCTORED_SERVER=$!
  STARTED+=("$DOCTORED_SERVER")
  until grep -qx ready "$DOCTORED/out"; do
    ((SECONDS < until)) || fail "the log with $1 does not answer"
    sleep 0.02
  done
  DOCTORED_HTTP=$(sed -n 's#^listening http:#http:#p' "$DOCTORED/out")
  DOCTORED_HTTPS=$(sed -n 's#^listening https:#https:#p' "$DOCTORED/out")
}

stop_doctored() {
  kill "$DOCTORED_SERVER"
  wait "$DOCTORED_SERVER" 2>/dev/null || true
}

# A second process, which knows nothing but the log's key.
expect_convicted() {
  local conviction
  for conviction in "$DOCTORED"/*.conviction "$DOCTORED"/evidence/*.conviction; do
    [[ -f $conviction ]] || continue
    expect 0 "$VIDIMUS" verify --vkey "$DOCTORED/log.vkey" "$conviction"
    return
  done
  fail "nothing convicts the log: $DOCTORED"
}

# Logs that lie, each in one way.
doctored() {
  local kind seer words older got said
  while IFS=$'\t' read -r kind seer words; do
    [[ $seer == fsck ]] || continue
    serve_doctored "$kind"
    tell "   - $words:"
    older=()
    if [[ -f $DOCTORED/other.checkpoint ]]; then older=(--older "$DOCTORED/other.checkpoint"); fi
    expect 1 "$VIDIMUS" fsck "$DOCTORED_HTTP" --vkey "$DOCTORED/log.vkey" \
      --evidence "$DOCTORED/evidence" ${older[@]+"${older[@]}"}
    expect_convicted
    stop_doctored
  done < <("$DOCTOR" --list)

  tell "   ... and others only the resident they lie to. What the log has not signed is"
  tell "   an alarm; a hole it has signed, and only the resident may show the file."
  while IFS=$'\t' read -r kind seer words; do
    [[ $seer == resident ]] || continue
    serve_doctored "$kind"
    tell "   - $words:"
    expect 0 "$VIDIMUS" fsck "$DOCTORED_HTTP" --vkey "$DOCTORED/log.vkey"
    got=0
    said=$("$VIDIMUS" resident check --server "$DOCTORED_HTTPS" \
      --ca "$DOCTORED/ca.crt" --token-file "$DOCTORED/token" \
      --vkey "$DOCTORED/log.vkey" --evidence "$DOCTORED/mine.conviction" 2>&1) || got=$?
    grep -E 'NOT SHOWN|FORGED|onvict' <<<"$said" | sed 's/^ */    /'
    ((got == 1)) || fail "expected exit code 1, got $got: the resident's check of $kind: $said"
    if [[ $kind == hole ]]; then expect_convicted; fi
    stop_doctored
  done < <("$DOCTOR" --list)
}

# What a browser is told to believe: the hash of a certificate's key.
key_hash() {
  openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform der |
    openssl dgst -sha256 -binary | base64
}

# stay DIR MODULE: opens the city there, says where it is, and waits until
# Ctrl-C or until one of its programs ends.
stay() {
  local dir=$1 module=$2 asked='' got=0
  chapter "A city to look around in."
  city "$dir" "$module" || fail "the city"
  tell "   A log, a monitor that cosigns it, an identity provider, and three residents."
  tell ""
  tell "   The residents' page   $CITY_URL/"
  tell "     resident            passphrase"
  tell "     ${CITY_RESIDENTS[0]}  $(city_passphrase 1)   has a wallet elsewhere; consented, took it back, and was not heard"
  tell "     ${CITY_RESIDENTS[1]}  $(city_passphrase 2)   has no key yet; one access that nothing allows"
  tell "     ${CITY_RESIDENTS[2]}  $(city_passphrase 3)   nobody ever looked"
  tell "   The operator's page   $CITY_OPERATOR"
  tell "   The monitor's page    http://127.0.0.1:$(watchers_port monitor http)/"
  tell ""
  tell "   The certificates are of this city's own making. A browser that takes them, and no others:"
  show "chromium --user-data-dir=\$(mktemp -d) --ignore-certificate-errors-spki-list=$(
    key_hash "$WATCH/log/tls/server.crt"),$(key_hash "$WATCH/provider/server.crt") $CITY_URL/"
  tell ""
  tell "   An access more, against the wish of the first resident; look again afterwards:"
  show "vidimus submit ${CITY_DOOR[*]} --as $WATCH/log/administrations/$CITY_BOARD --outbox $WATCH/outbox.$CITY_BOARD --format record $WATCH/again"
  city_access 1 pd:Contact PublicServiceProvision 212000-1157 '{"basis": "A6-1-a"}' \
    '"actorKind": "HUMAN", "unitName": "Counter 4"' >"$WATCH/again"
  tell ""
  tell "   Ctrl-C stops all of it. Everything is in $dir."
  trap 'asked=yes' INT TERM
  wait -n "${CITY_PROCESSES[@]}" || got=$?
  trap '' INT TERM
  [[ -n $asked ]] || fail "a program of the city ended ($got): $(tail -qn 2 "$WATCH"/*.err)"
  tell ""
  city_stop || fail "stopping the city: $(tail -qn 2 "$WATCH"/*.err)"
  tell "   All of it has stopped."
}

main() {
  local demo=yes stay='' module
  while [[ ${1:-} == -* ]]; do
    case $1 in
      --stay) stay=yes ;;
      --only_stay) stay=yes demo='' ;;
      -h | --help)
        sed -n '1,/^$/s/^# \{0,1\}//p' "$ROOT/tests/demo.sh"
        return
        ;;
      *) die "demo knows --stay and --only_stay; see --help" ;;
    esac
    shift
  done
  local packages=("${BUILD_PACKAGES[@]}" curl openssl)
  [[ -z $stay ]] || packages+=(clang-14 lld-14 python3 "${WASM_PACKAGES[@]}")
  setup "${packages[@]}"
  program //log:vidimus-log
  VIDIMUS_LOG=$PROGRAM
  program //client:vidimus
  VIDIMUS=$PROGRAM
  if [[ -n $stay ]]; then
    program //tests/provider:provider
    PROVIDER=$PROGRAM
  fi
  DIR=${1:-$(mktemp -d "${TMPDIR:-/tmp}/vidimus-demo.XXXXXX")}
  mkdir -p "$DIR"
  [[ -z $(ls -A "$DIR") ]] || die "$DIR is not empty"
  trap stop_all EXIT
  if [[ -n $demo ]]; then demo; fi
  if [[ -n $stay ]]; then
    mkdir "$DIR/city"
    module=$DIR/city/vidimus.wasm
    "$ROOT/verifier/wasm/build.sh" "$module" >/dev/null || fail "building the page's verifier"
    stay "$DIR/city" "$module"
  fi
}

demo() {
  program //tests/doctored:doctored
  DOCTOR=$PROGRAM
  local SUBMITTER=() began total number
  total=$((RECORDS_EACH * 4))
  began=$(now_ms)

  chapter "1. A city opens a log for who reads what about whom."
  "$VIDIMUS_LOG" init --dir "$DIR/log" --origin "$ORIGIN" \
    --try_out_issuer >/dev/null
  tell "   Its register names four administrations, each with its own keys:"
  tell "   ${NAMES[0]}, ${NAMES[1]}, ${NAMES[2]}, ${NAMES[3]}."
  serve 0 0
  tell "   The log is up: anyone may read it at http://127.0.0.1:$HTTP_PORT"

  local making=()
  for number in 0 1 2 3; do
    mkdir -p "$DIR/$number"
    documents "${SERVICES[number]}" >"$DIR/$number/audit.jsonl" &
    making+=($!)
    : >"$DIR/$number/printed"
  done
  wait "${making[@]}"

  chapter "2. They submit what their services logged: $(grouped "$total") accesses, all at once."
  tell "   The input is what the City of Helsinki's audit logger writes today. The log"
  tell "   sees none of it in the open: it publishes 65 bytes an access, a hash with salts."
  local submitting
  submitting=$(now_ms)
  for number in 0 1 2 3; do submit "$number"; done

  wait_for_receipts $((total / 4))
  # A reader keeps what the log has signed so far.
  "$VIDIMUS" fsck "http://127.0.0.1:$HTTP_PORT" --vkey "$DIR/log/log.vkey" \
    --save "$DIR/before" >"$DIR/before.said" 2>&1 || fail "$(cat "$DIR/before.said")"
  wait_for_receipts $((total * 2 / 5))
  chapter "3. At $(grouped "$(printed)") receipts, somebody trips over the cable."
  kill -9 "$SERVER" "${SUBMITTER[2]}" 2>/dev/null || true  # One may be done.
  wait "$SERVER" "${SUBMITTER[2]}" 2>/dev/null || true
  tell "   kill -9: the server, and ${NAMES[2]}'s submitter."
  local restarting
  restarting=$(now_ms)
  serve "$HTTP_PORT" "$GRPC_PORT"
  tell "   The log verified what it has and is back after $(seconds_since "$restarting")."
  submit 2
  tell "   ${NAMES[2]} starts over with the same file; what has a receipt is known."

  for number in 0 1 2 3; do
    wait "${SUBMITTER[number]}" ||
      fail "${NAMES[number]}: $(tail -n 2 "$DIR/$number/said")"
    tell "   ${NAMES[number]}: $(tail -n 1 "$DIR/$number/said")"
  done
  tell "   All together: $(seconds_since "$submitting"), crash included."

  chapter "4. Was anything lost, or recorded twice?"
  local entries leaves
  entries=$(sed 's/.*"entry_id": "\([0-9a-f]*\)".*/\1/' "$DIR"/[0-3]/printed | sort -u | wc -l)
  leaves=$(sed 's/.*"leaf_index": \([0-9]*\).*/\1/' "$DIR"/[0-3]/printed | sort -u | wc -l)
  tell "   $(grouped "$entries") different entries have a receipt, at $(grouped "$leaves") different leaves."
  ((entries == total && leaves == total)) || fail "expected $total of each"
  local personal
  personal=$(find "$DIR"/[0-3]/outbox -name '*.request' -o -name '*.erase' | wc -l)
  ((personal == 0)) || fail "$personal requests are still in the outboxes"
  tell "   The outboxes are empty: what was personal in them is overwritten."

  chapter "5. A stranger with nothing but the log's public key checks a receipt ..."
  local receipts receipt
  for number in 0 1 2 3; do
    receipts=("$DIR/$number"/receipts/*.tlog-proof)
    receipt=${receipts[${#receipts[@]} / 2]}
    ((number > 0)) || show "vidimus verify --vkey log/log.vkey $number/receipts/${receipt##*/}"
    expect 0 "$VIDIMUS" verify --vkey "$DIR/log/log.vkey" "$receipt"
  done
  tell "   ... and reads the whole log: every leaf, tile, batch and register document,"
  tell "   and that it still holds all that was signed before the crash."
  show "vidimus fsck http://127.0.0.1:$HTTP_PORT --vkey log/log.vkey --older before/checkpoint"
  expect 0 "$VIDIMUS" fsck "http://127.0.0.1:$HTTP_PORT" --vkey "$DIR/log/log.vkey" \
    --older "$DIR/before/checkpoint" --older "$receipt" --save "$DIR/copy"

  chapter "6. A resident asks: is that all they have on me?"
  tell "   Their token names them; the log shows what it has. It is judged here: every"
  tell "   number of the register, also those that never touched them, and no gap."
  local resident checking
  resident=$(grep -o '"user_id": "00000000-0000-4000-8[^"]*"' "$DIR/0/audit.jsonl" |
    sed -n '7s/.*"user_id": "\([^"]*\)"/\1/p')
  (umask 077; "$VIDIMUS_LOG" token --dir "$DIR/log" --subject "$resident" >"$DIR/token")
  checking=$(now_ms)
  show "vidimus resident check --server https://127.0.0.1:$HTTPS_PORT --token-file token ..."
  expect 0 "$VIDIMUS" resident check --server "https://127.0.0.1:$HTTPS_PORT" \
    --ca "$DIR/log/tls/ca.crt" --token-file "$DIR/token" \
    --vkey "$DIR/log/log.vkey" --state "$DIR/resident" --save "$DIR/mine.chains"
  tell "   That took $(seconds_since "$checking"). What they keep, anybody can check without a network:"
  show "vidimus verify --vkey log/log.vkey mine.chains"
  "$VIDIMUS" verify --vkey "$DIR/log/log.vkey" "$DIR/mine.chains" \
    >"$DIR/mine.said" || fail "$(cat "$DIR/mine.said")"
  sed -n '1s/^/    /p' "$DIR/mine.said"

  chapter "7. Somebody turns one bit over in a copy of the log ..."
  cp -r "$DIR/copy" "$DIR/forged"
  # Some leaf's commitment: bundle 0, entry 59, byte 45 of 65.
  flip "$DIR/forged/tile/entries/000" $((59 * 67 + 2 + 45))
  show "vidimus fsck forged --vkey log/log.vkey"
  expect 1 "$VIDIMUS" fsck "$DIR/forged" --vkey "$DIR/log/log.vkey"
  tell "   ... and one in a receipt."
  cp "$receipt" "$DIR/forged.tlog-proof"
  cp -p "${receipt%.tlog-proof}.secret" "$DIR/forged.secret"
  flip "$DIR/forged.secret" 40
  show "vidimus verify --vkey log/log.vkey forged.tlog-proof"
  expect 1 "$VIDIMUS" verify --vkey "$DIR/log/log.vkey" "$DIR/forged.tlog-proof"
  tell "   ... and one in what the resident kept."
  cp -p "$DIR/mine.chains" "$DIR/forged.chains"
  flip "$DIR/forged.chains" $(($(stat -c %s "$DIR/forged.chains") / 2))
  show "vidimus verify --vkey log/log.vkey forged.chains"
  ! "$VIDIMUS" verify --vkey "$DIR/log/log.vkey" "$DIR/forged.chains" \
    >"$DIR/forged.said" 2>&1 || fail "a forged bundle passes"
  sed -n '1s/^/    /p' "$DIR/forged.said"

  chapter "8. And logs that lie? Some are seen through by anybody who reads every leaf ..."
  doctored

  chapter "9. Yes, no longer, never: what a resident says, and what it does to the next access."
  mkdir -p "$DIR/story"
  story "$DIR/story" || fail "the story of chapter 9"

  chapter "10. And who watches? Three cities, one another."
  mkdir -p "$DIR/watchers"
  watchers "$DIR/watchers" || fail "the watchers of chapter 10"

  kill -TERM "$SERVER"
  wait "$SERVER" || fail "the server did not stop in order: $(tail -n 3 "$DIR/server.err")"
  chapter "That was all, in $(seconds_since "$began"). Everything is in $DIR:"
  tell "   log/          the log (start it: vidimus log serve --dir $DIR/log --http 127.0.0.1:8080)"
  tell "   copy/         a copy of its public paths, which fsck takes as well; forged/ has one bit wrong"
  tell "   doctored/     what each lying log left, with the file that convicts it"
  tell "   0/ to 3/      each administration's audit.jsonl, outbox and receipts"
  tell "   story/        chapter 9: a log of its own, the resident's wallet, the board's gateway"
  tell "   watchers/     chapter 10: three cities' logs and monitors, and what convicts the fourth"
  tell "   mine.chains   what the log showed the resident; whoever has it can follow their chains"
  tell "   Words in docs/submitting.md, docs/receipts.md, docs/completeness.md, docs/verifying.md,"
  tell "   docs/monitor.md."
}
