#!/usr/bin/env bash
#
# One monitor, with the real programs: what it refuses to start from, what logs
# that lie, hang or talk nonsense do to it and to the logs beside them, and what
# it says to scripts.
set -euo pipefail

VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
DOCTOR=$PWD/tests/doctored/doctored
source tests/watchers.sh

export GRPC_VERBOSITY=NONE
WATCH=$TEST_TMPDIR/monitor
mkdir -p "$WATCH"
cd "$WATCH"
STARTED=()
trap 'for pid in ${STARTED[@]+"${STARTED[@]}"}; do kill -9 "$pid" 2>/dev/null || true; done' EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n 5 "$WATCH"/*.err >&2
  exit 1
}

# expect CODE WORDS COMMAND...: its exit code, and what it must say.
expect() {
  local want=$1 words=$2 got=0 said
  shift 2
  said=$("$@" 2>&1 </dev/null) || got=$?
  if ((got != want)) || [[ $said != *"$words"* ]]; then
    fail "exit code $got, expected $want and \"$words\": $*
$said"
  fi
}

# says WORDS: whether they are in the input, which is read to its end.
says() { grep -c -e "$1" >/dev/null; }

# make NAME: a monitor's folder, with free ports and a quick pace.
make() {
  "$VIDIMUS" monitor init --dir "$1" --name "monitor.example/$1" >/dev/null
  sed -i 's|# https: "127.0.0.1:8446" .*|https: "127.0.0.1:0"  # https|
    s|# http: "127.0.0.1:8447" .*|http: "127.0.0.1:0"|
    s|# gossip: "127.0.0.1:8448" .*|gossip: "127.0.0.1:0"  # gossip|
    s|# silent_s: 60 .*|silent_s: 3|
    s|# drain_timeout_ms: 5000|drain_timeout_ms: 2000|
    s|# period_ms: 1000 .*|period_ms: 100|
    s|# verify_timeout_ms: 4000 .*|verify_timeout_ms: 2000|
    s|# gossip_period_ms: 10000 .*|gossip_period_ms: 500|
    s|# unasked_s: 60 .*|unasked_s: 1|' "$1/config.textproto"
}

# serve NAME FLAG...: its monitor; from the second time at the same ports.
serve() {
  watchers_start "$1" "$VIDIMUS" monitor serve --dir "$1" "${@:2}" || fail "serve $1"
  sed -i "s#127.0.0.1:0\" *\# https#127.0.0.1:$(watchers_port "$1" https)\"  \# https#
    s#127.0.0.1:0\" *\# gossip#127.0.0.1:$(watchers_port "$1" grpcs)\"  \# gossip#" \
    "$1/config.textproto"
}

serve_log() {
  local port=0
  [[ ! -s log.out ]] || port=$(watchers_port log http)
  watchers_start log "$VIDIMUS_LOG" serve --dir log --http "127.0.0.1:$port" \
    --grpc 127.0.0.1:0 || fail "the log"
  LOG=$PID
}

# One more access, so that the log grows.
access() {
  printf '{"access": {"controllerId": "212000-1157", "subject": "%s",
    "occurredAtMs": "%s", "operation": "READ", "dataCategory": ["pd:Contact"],
    "purpose": "PublicServiceProvision", "actorKind": "HUMAN", "unitName": "Counter 4",
    "legalBasis": [{"basis": "A6-1-a"}]}, "actor": {"id": "handler-12"}}' \
    "$(printf '\00100000000-0000-4000-8000-000000000042' | base64 -w0)" \
    "$(date +%s%3N)" | tr -d '\n' |
    "$VIDIMUS" submit --log "127.0.0.1:$(watchers_port log grpcs)" \
      --ca log/tls/ca.crt --vkey log/log.vkey --as log/administrations/2 \
      --outbox outbox --format record - >/dev/null 2>submit.err || fail "submit: $(cat submit.err)"
}

sha256() { printf %s "$1" | sha256sum | cut -d' ' -f1; }

log_size() { curl -fsS "http://127.0.0.1:$(watchers_port log http)/checkpoint" | sed -n 2p; }
cosigned() {
  [[ $(curl -fsS "http://127.0.0.1:$(watchers_port log http)/cosigned/checkpoint" | sed -n 2p) == "$(log_size)" ]]
}

echo "what it says before it runs"
expect 2 "vidimus monitor init" "$VIDIMUS" monitor serve --dir nowhere
make uni
expect 2 "follows no log" "$VIDIMUS" monitor serve --dir uni
expect 2 "has run" "$VIDIMUS" monitor status --dir uni
expect 64 "there is no verb" "$VIDIMUS" monitor fly
expect 64 "give --dir or --url" "$VIDIMUS" monitor status

echo "a log that it vouches for"
"$VIDIMUS_LOG" init --dir log --origin log.example/watched/2026h2 >/dev/null
serve_log
expect 0 "is followed" "$VIDIMUS" monitor follow --dir uni --vkey log/log.vkey \
  "http://127.0.0.1:$(watchers_port log http)"
serve uni
MONITOR=$PID
url=https://127.0.0.1:$(watchers_port uni https)
# By the monitor's own word, before the log asks for it.
unasked() {
  [[ $(curl -fsS --cacert uni/tls/ca.crt "$url/monitor/$(sha256 log.example/watched/2026h2)/checkpoint" |
    sed -n 2p) == "$(log_size)" ]]
}
watchers_wait 20 "a head that nobody asked for" unasked || fail "the monitor waits to be asked"
cat >log/policy <<POLICY
witness uni-witness $(cat uni/witness.vkey) $url/witness
witness uni-monitor $(cat uni/monitor.vkey) $url/monitor
group monitors any uni-monitor
group both all uni-witness monitors
quorum both
POLICY
cp uni/tls/ca.crt log/cosigners.pem
sed -i 's|# policy: "policy" .*|policy: "policy"|
  s|# ca: "cosigners.pem" .*|ca: "cosigners.pem"|
  s|# period_ms: 1000 .*|period_ms: 100|' log/settings.textproto
watchers_stop "$LOG"
serve_log
watchers_wait 20 "a cosigned head" cosigned || fail "no cosigned head"
watchers_wait 20 "status 0" "$VIDIMUS" monitor status --dir uni || fail "not fine"
expect 0 "Nothing wrong: all" "$VIDIMUS" monitor status --url "$url" --ca uni/tls/ca.crt
expect 0 '"standing":"FINE"' "$VIDIMUS" monitor status --dir uni --json

echo "its pages"
operator=$(cat uni/state/operator_url)
curl -fsS "$operator/metrics" | says '^vidimus_monitor_verified_size' || fail "no metrics"
[[ $(curl -s -o /dev/null -w '%{http_code}' --cacert uni/tls/ca.crt "$url/metrics") == 404 ]] ||
  fail "/metrics is public"
curl -fsS --cacert uni/tls/ca.crt "$url/" | says "Nothing wrong" || fail "no page"
curl -fsS "$operator/feed.atom" | says "<feed" || fail "no feed"

echo "an older state is refused"
watchers_stop "$MONITOR"
cp -r uni old
serve uni
MONITOR=$PID
access
watchers_wait 20 "the larger head to be cosigned" cosigned || fail "not cosigned"
watchers_stop "$MONITOR"
cp -r uni new
back() { rm -rf "uni/$1" && cp -r "$2/$1" "uni/$1"; }

back state old
expect 2 "an older state was brought back" "$VIDIMUS" monitor serve --dir uni
expect 2 "an older state was brought back" "$VIDIMUS" monitor serve --dir uni --accept_fresh_state
# With its lock as old as itself, the log still knows better.
back locks old
expect 2 "shows a head of" "$VIDIMUS" monitor serve --dir uni
# Nothing left at all.
rm -r uni/state uni/locks
mkdir uni/locks
expect 2 "--accept_fresh_state" "$VIDIMUS" monitor serve --dir uni
expect 2 "shows a head of" "$VIDIMUS" monitor serve --dir uni --accept_fresh_state
expect 2 "--accept_fresh_state" "$VIDIMUS" monitor serve --dir uni  # no lock was left behind

echo "... by what a peer holds, when the log is gone"
# A peer that can't read the log keeps what it can't compare.
rm -r uni/state uni/locks
cp -r new/state new/locks uni/
make peer
"$VIDIMUS" monitor follow --dir peer --vkey log/log.vkey http://127.0.0.1:9 >/dev/null
serve peer
PEER=$PID
introduce_peer() {
  cat >>uni/config.textproto <<CONFIG
peer {
  grpc: "127.0.0.1:$(watchers_port peer grpcs)"
  ca: "../peer/tls/ca.crt"
  vkey: "$(cat peer/monitor.vkey)"
}
CONFIG
  cat >>peer/config.textproto <<CONFIG
peer {
  grpc: "127.0.0.1:$(watchers_port uni grpcs)"
  ca: "../uni/tls/ca.crt"
  vkey: "$(cat uni/monitor.vkey)"
}
CONFIG
}
introduce_peer
watchers_stop "$PEER"
serve peer
PEER=$PID
serve uni
MONITOR=$PID
access
watchers_wait 20 "the larger head to be cosigned" cosigned || fail "not cosigned"
sleep 2
watchers_stop "$MONITOR"
watchers_stop "$LOG"
rm -r uni/state uni/locks
cp -r old/state old/locks uni/
expect 2 "shows a head of" "$VIDIMUS" monitor serve --dir uni

echo "... and when both are gone at the start, as soon as the log is there again"
watchers_stop "$PEER"
serve uni
MONITOR=$PID
serve_log
frozen() {
  "$VIDIMUS" monitor status --dir uni >status || true
  grep -q "an older state was brought back" status
}
watchers_wait 30 "the monitor to see that it is old" frozen || fail "not seen"
expect 2 "alarm: " "$VIDIMUS" monitor status --dir uni
cosigned_before=$(curl -fsS "http://127.0.0.1:$(watchers_port log http)/cosigned/checkpoint" | sed -n 2p)
access
sleep 1
[[ $(curl -fsS "http://127.0.0.1:$(watchers_port log http)/cosigned/checkpoint" | sed -n 2p) == "$cosigned_before" ]] ||
  fail "a monitor from yesterday cosigns"
watchers_stop "$MONITOR"
watchers_stop "$LOG"
rm -r uni/state uni/locks
mkdir uni/locks
echo "... with neither, only after --accept_fresh_state"
sed -i '/^peer {/,/^}/d' uni/config.textproto
expect 2 "--accept_fresh_state" "$VIDIMUS" monitor serve --dir uni
serve uni --accept_fresh_state
watchers_stop "$PID"
serve uni  # once is enough
watchers_stop "$PID"

echo "logs that hang, flood and lie harm no other"
cat >hostile.py <<'PYTHON'
import socket, sys, threading, time

def serve(behave):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(64)
    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=talk, args=(connection,), daemon=True).start()
    def talk(connection):
        try:
            behave(connection)
        except OSError:
            pass
        connection.close()
    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]

def silent(c):
    time.sleep(3600)

def endless(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        c.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

def slow(c):
    c.recv(4096)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"y" * 100000:
        c.sendall(bytes([byte]))
        time.sleep(0.5)

def huge(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n")
    time.sleep(3600)

def nonsense(c):
    c.recv(4096)
    c.sendall(b"\x00\xff" * 1000)

def headers(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        c.sendall(b"X-Header: " + b"z" * 1000 + b"\r\n")

def elsewhere(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")

def binary(c):
    while c.recv(4096):
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\x00\x01\x02\x03\x04\x05")

for kind in (silent, endless, slow, huge, nonsense, headers, elsewhere, binary):
    print(kind.__name__, serve(kind), flush=True)
print("ready", flush=True)
time.sleep(3600)
PYTHON
watchers_start hostile python3 hostile.py
make press
serve_log
"$VIDIMUS" monitor follow --dir press --vkey log/log.vkey \
  "http://127.0.0.1:$(watchers_port log http)" >/dev/null
while read -r kind port; do
  [[ -n $port ]] || continue
  "$VIDIMUS_LOG" init --dir "hostile-$kind" --origin "log.example/$kind" --opaque >/dev/null
  "$VIDIMUS" monitor follow --dir press --vkey "hostile-$kind/log.vkey" "http://127.0.0.1:$port" >/dev/null
done <hostile.out
# And one whose certificate nobody vouches for.
"$VIDIMUS_LOG" init --dir hostile-tls --origin log.example/tls --opaque >/dev/null
"$VIDIMUS" monitor follow --dir press --vkey hostile-tls/log.vkey "$url" >/dev/null
serve press
MONITOR=$PID
fine() {
  "$VIDIMUS" monitor status --dir press >status || true
  grep -q "log.example/watched/2026h2: Nothing wrong" status
}
watchers_wait 20 "the honest log to be verified" fine || fail "an honest log suffers"
sed -i "s#^witness uni-witness.*#witness uni-witness $(cat press/witness.vkey) https://127.0.0.1:$(watchers_port press https)/witness#
  s#^witness uni-monitor.*#witness uni-monitor $(cat press/monitor.vkey) https://127.0.0.1:$(watchers_port press https)/monitor#" log/policy
cp press/tls/ca.crt log/cosigners.pem
watchers_stop "$LOG"
serve_log
for _ in 1 2 3; do
  access
  watchers_wait 20 "the honest log to be cosigned" cosigned || fail "not cosigned"
done
alarms() { (($(curl -fsS "$(cat press/state/operator_url)/metrics" | grep -c '^vidimus_monitor_alarm{alarm="silent".* 1$') == 9)); }
watchers_wait 60 "nine alarms" alarms || fail "$("$VIDIMUS" monitor status --dir press)"
fine || fail "an honest log suffers"
expect 2 "9 logs raise an alarm" "$VIDIMUS" monitor status --dir press
# What was not answered, in the monitor's own words.
"$VIDIMUS" monitor status --dir press --json >status || true
path=$(grep -o 'unanswered/[0-9a-f]*/silent' status | sed -n 1p)
curl -fsS "$(cat press/state/operator_url)/$path" | says "^asked checkpoint$" || fail "no statement"
watchers_stop "$MONITOR"
watchers_stop "$LOG"

echo "logs that lie are seen through, and the monitor's key signs none of them"
for kind in omission order wrong_run; do
  mkdir "$kind"
  watchers_start "doctored-$kind" "$DOCTOR" "$kind" "$WATCH/$kind"
  doctored=$PID
  make "$kind-monitor"
  http=http://127.0.0.1:$(watchers_port "doctored-$kind" http)
  "$VIDIMUS" monitor follow --dir "$kind-monitor" --vkey "$kind/log.vkey" "$http" >/dev/null
  serve "$kind-monitor"
  MONITOR=$PID
  seen_through() {
    local got=0
    "$VIDIMUS" monitor status --dir "$kind-monitor" >status || got=$?
    ((got == 1)) && grep -q convicted: status
  }
  watchers_wait 20 "$kind to be seen through" seen_through || fail "$kind: $(cat status)"
  operator=$(cat "$kind-monitor/state/operator_url")
  curl -fsS -o "$kind.conviction" "$operator/$(sed -n 's/.*convicted: .* (\(conv.*\))$/\1/p' status | sed -n 1p)"
  expect 0 "it convicts" "$VIDIMUS" verify --vkey "$kind/log.vkey" "$kind.conviction"
  { printf 'old 0\n\n'; curl -fsS "$http/checkpoint"; } >request
  [[ $(curl -s -o answer -w '%{http_code}' --data-binary @request "$operator/witness/add-checkpoint") == 200 ]] ||
    fail "the witness refuses what extends: $(cat answer)"
  [[ $(curl -s -o answer -w '%{http_code}' --data-binary @request "$operator/monitor/add-checkpoint") == 503 ]] ||
    fail "the monitor signs a log that lies: $(cat answer)"
  watchers_stop "$MONITOR"
  # Nor after a restart.
  serve "$kind-monitor"
  MONITOR=$PID
  operator=$(cat "$kind-monitor/state/operator_url")
  [[ $(curl -s -o answer -w '%{http_code}' --data-binary @request "$operator/monitor/add-checkpoint") == 503 ]] ||
    fail "the monitor signs a log that lies: $(cat answer)"
  watchers_wait 20 "$kind to stand there again" seen_through || fail "$kind is forgotten"
  watchers_stop "$MONITOR"
  kill "$doctored"
done
echo "all as it should be"
