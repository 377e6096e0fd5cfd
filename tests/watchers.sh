# Strangers watch: three cities, each with a log and a monitor that watches the
# others' logs; then a log that shows two faces, found out by talking. For
# tests/demo.sh and tests/watchers_test.sh, which set VIDIMUS, VIDIMUS_LOG,
# DOCTOR and STARTED.

readonly CITIES=(helsinki helsingborg malmo)

watchers_fail() {
  printf '\nThe watchers FAILED: %s\n' "$*" >&2
  return 1
}

# watchers_wait SECONDS WHAT COMMAND...: until it succeeds.
watchers_wait() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= until)); then
      watchers_fail "waited in vain for: $what"
      return 1
    fi
    sleep 0.1
  done
}

# watchers_start NAME COMMAND...: starts what says `ready`; its words are in
# WATCH/NAME.out and .err, its process id in PID.
watchers_start() {
  local name=$1
  shift
  : >"$WATCH/$name.out"
  "$@" >"$WATCH/$name.out" 2>>"$WATCH/$name.err" &
  PID=$!
  STARTED+=("$PID")
  if ! watchers_wait 30 "$name to be ready" grep -qx ready "$WATCH/$name.out"; then
    tail -n 5 "$WATCH/$name.err" >&2
    return 1
  fi
}

watchers_stop() { kill "$1" && wait "$1"; }

# The port of a door that NAME opened.
watchers_port() { sed -n "s#^listening $2://.*:##p" "$WATCH/$1.out"; }

# Starts the log of a city; at its old port, if it had one.
serve_city() {
  local city=$1 port=0
  [[ ! -s $WATCH/$city.out ]] || port=$(watchers_port "$city" http)
  watchers_start "$city" "$VIDIMUS_LOG" serve --dir "$WATCH/$city" \
    --http "127.0.0.1:$port" --grpc 127.0.0.1:0 || return 1
  CITY_PID[$city]=$PID
}

# Starts the monitor of a city, and writes its ports into its config, so that a
# later start has the same.
serve_monitor() {
  local name=$1-monitor config=$WATCH/$1-monitor/config.textproto
  watchers_start "$name" "$VIDIMUS" monitor serve --dir "$WATCH/$name" || return 1
  MONITOR_PID[$1]=$PID
  sed -i "s#127.0.0.1:0\" *\# https#127.0.0.1:$(watchers_port "$name" https)\"  \# https#
    s#127.0.0.1:0\" *\# gossip#127.0.0.1:$(watchers_port "$name" grpcs)\"  \# gossip#" "$config"
}

# watchers DIR: the whole of it, told as it goes.
watchers() {
  WATCH=$1
  declare -gA CITY_PID=() MONITOR_PID=()
  local city other began

  for city in "${CITIES[@]}"; do
    "$VIDIMUS_LOG" init --dir "$WATCH/$city" --origin "log.example/$city/2026h2" \
      --try_out_issuer >/dev/null || return 1
    "$VIDIMUS" monitor init --dir "$WATCH/$city-monitor" \
      --name "monitor.example/$city" >/dev/null || return 1
    # Free ports, a quick pace.
    sed -i 's|# https: "127.0.0.1:8446" .*|https: "127.0.0.1:0"  # https|
      s|# http: "127.0.0.1:8447" .*|http: "127.0.0.1:0"|
      s|# gossip: "127.0.0.1:8448" .*|gossip: "127.0.0.1:0"  # gossip|
      s|# period_ms: 1000 .*|period_ms: 200|
      s|# gossip_period_ms: 10000 .*|gossip_period_ms: 1000|' \
      "$WATCH/$city-monitor/config.textproto"
    serve_city "$city" || return 1
  done
  printf '   Three cities, each with a log and a monitor that follows the others'"'"' logs.\n'
  for city in "${CITIES[@]}"; do
    for other in "${CITIES[@]}"; do
      [[ $other != "$city" ]] || continue
      "$VIDIMUS" monitor follow --dir "$WATCH/$city-monitor" \
        --vkey "$WATCH/$other/log.vkey" \
        "http://127.0.0.1:$(watchers_port "$other" http)" >/dev/null || return 1
    done
    serve_monitor "$city" || return 1
  done

  printf '   The policy of each: both other cities have seen its head, and a monitor of one of\n'
  printf '   them has read every leaf below it.\n'
  for city in "${CITIES[@]}"; do
    city_policy "$city" >"$WATCH/$city/policy" || return 1
    cat "$WATCH"/*-monitor/tls/ca.crt >"$WATCH/$city/cosigners.pem"
    sed -i 's|# policy: "policy" .*|policy: "policy"|
      s|# ca: "cosigners.pem" .*|ca: "cosigners.pem"|' "$WATCH/$city/settings.textproto"
    watchers_stop "${CITY_PID[$city]}" || return 1
    serve_city "$city" || return 1
  done
  for city in "${CITIES[@]}"; do
    watchers_wait 30 "the cosigned head of $city" curl -fsS -o "$WATCH/$city.cosigned" \
      "http://127.0.0.1:$(watchers_port "$city" http)/cosigned/checkpoint" || return 1
  done
  printf '   What Helsinki'"'"'s residents go by now:\n\n'
  sed 's/^\(— [^ ]* .\{20\}\).*/\1.../; s/^/      /' "$WATCH/helsinki.cosigned"
  printf '\n'
  for city in "${CITIES[@]}"; do
    watchers_wait 20 "$city's monitor to find nothing wrong" \
      "$VIDIMUS" monitor status --dir "$WATCH/$city-monitor" || return 1
  done
  "$VIDIMUS" monitor status --dir "$WATCH/malmo-monitor" | sed -n '1p;2p;4p' | sed 's/^/    /'

  printf '\n   Now a fourth log shows one history to Helsinki and Helsingborg, and another to\n'
  printf '   Malmö. Each is sound in itself; nobody who looks at one can see it.\n'
  for other in one two; do
    mkdir -p "$WATCH/face-$other"
    # Its seals have the time of its start: two starts, two histories.
    watchers_start "face-$other" "$DOCTOR" honest "$WATCH/face-$other" || return 1
    sleep 1.1
  done
  cmp -s "$WATCH/face-one/log.vkey" "$WATCH/face-two/log.vkey" ||
    watchers_fail "two faces, two keys" || return 1
  for city in "${CITIES[@]}"; do
    watchers_stop "${MONITOR_PID[$city]}" || return 1
    other=one
    [[ $city != malmo ]] || other=two
    "$VIDIMUS" monitor follow --dir "$WATCH/$city-monitor" \
      --vkey "$WATCH/face-$other/log.vkey" \
      "http://127.0.0.1:$(watchers_port "face-$other" http)" >/dev/null || return 1
    serve_monitor "$city" || return 1
  done
  # Two monitors that were never introduced to each other see nothing.
  for city in helsinki malmo; do
    watchers_wait 20 "$city's monitor to read it" \
      "$VIDIMUS" monitor status --dir "$WATCH/$city-monitor" || return 1
  done
  printf '   Then Helsinki and Malmö both begin to talk to Helsingborg.\n'
  for city in helsinki malmo; do
    watchers_stop "${MONITOR_PID[$city]}" || return 1
    introduce "$city" helsingborg
    serve_monitor "$city" || return 1
  done
  began=$SECONDS
  for city in "${CITIES[@]}"; do
    watchers_wait 30 "$city's monitor to convict" watchers_convicted "$city" || return 1
  done
  printf '   Within %d s all three know:\n' $((SECONDS - began + 1))
  sed -n 's/^ *\(convicted: .*\) (conv.*/    \1/p' "$WATCH/helsinki.status"

  # A second process, which knows nothing but the log's key.
  for city in "${CITIES[@]}"; do
    curl -fsS -o "$WATCH/$city.fork.conviction" \
      "$(cat "$WATCH/$city-monitor/state/operator_url")/$(
        sed -n 's/.*convicted: .* (\(conv.*\))$/\1/p' "$WATCH/$city.status")" || return 1
    "$VIDIMUS" verify --vkey "$WATCH/face-one/log.vkey" \
      "$WATCH/$city.fork.conviction" >"$WATCH/$city.verified" || {
      watchers_fail "the conviction of $city's monitor does not verify"
      return 1
    }
  done
  printf '    $ vidimus verify --vkey log.vkey fork.conviction\n'
  sed 's/^/    /' "$WATCH/malmo.verified"
  printf '   The cities'"'"' own logs are still fine, and cosigned as before.\n'
  for city in "${CITIES[@]}"; do
    "$VIDIMUS" monitor status --dir "$WATCH/$city-monitor" >"$WATCH/$city.status" || true
    (($(grep -c 'Nothing wrong: all' "$WATCH/$city.status") == 2)) || {
      watchers_fail "a log of a city is not fine: $(cat "$WATCH/$city.status")"
      return 1
    }
  done
  for city in "${CITIES[@]}"; do
    watchers_stop "${MONITOR_PID[$city]}" || return 1
    watchers_stop "${CITY_PID[$city]}" || return 1
  done
}

# The policy of a city's log (docs/policy.md): who watches it from outside.
city_policy() {
  local city=$1 other url witnesses=() monitors=()
  printf 'log %s\n' "$(cat "$WATCH/$city/log.vkey")"
  for other in "${CITIES[@]}"; do
    [[ $other != "$city" ]] || continue
    url=https://127.0.0.1:$(watchers_port "$other-monitor" https)
    printf 'witness %s-witness %s %s/witness\n' "$other" \
      "$(cat "$WATCH/$other-monitor/witness.vkey")" "$url"
    printf 'witness %s-monitor %s %s/monitor\n' "$other" \
      "$(cat "$WATCH/$other-monitor/monitor.vkey")" "$url"
    witnesses+=("$other-witness")
    monitors+=("$other-monitor")
  done
  # Two outside the city saw it grow, and one of them read it.
  printf 'group witnesses 2 %s\n' "${witnesses[*]}"
  printf 'group monitors 1 %s\n' "${monitors[*]}"
  printf 'group outside all witnesses monitors\nquorum outside\n'
}

watchers_convicted() {
  local got=0
  "$VIDIMUS" monitor status --dir "$WATCH/$1-monitor" >"$WATCH/$1.status" || got=$?
  ((got == 1)) && grep -q convicted: "$WATCH/$1.status"
}

# introduce CITY OTHER: CITY's monitor calls OTHER's, whose keys it knows.
introduce() {
  cat >>"$WATCH/$1-monitor/config.textproto" <<PEER
peer {
  grpc: "127.0.0.1:$(watchers_port "$2-monitor" grpcs)"
  ca: "../$2-monitor/tls/ca.crt"
  vkey: "$(cat "$WATCH/$2-monitor/witness.vkey")"
  vkey: "$(cat "$WATCH/$2-monitor/monitor.vkey")"
}
PEER
}
