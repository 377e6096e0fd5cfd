#!/usr/bin/env bash
#
# Torchwood (Go) reads our policy and accepts our monitor's two cosignatures.
#
# An access log, a monitor that witnesses it and reads it, and a policy that wants
# both. What the log shows as cosigned must content Torchwood's own reader of
# policies and checkpoints; with a spoilt line, or without one, it must not.
set -euo pipefail
source "$ROOT/tests/lib.sh"

readonly TORCHWOOD_VERSION=v0.10.0

need_go
need curl python3
judge=$CACHE/torchwood-$TORCHWOOD_VERSION/judge
if [[ ! $judge -nt $ROOT/tests/strangers/torchwood/main.go ]]; then
  mkdir -p "$WORK/judge" "${judge%/*}"
  cp "$ROOT/tests/strangers/torchwood/main.go" "$WORK/judge"
  # It wants a newer Go than most have, which Go fetches by itself.
  (cd "$WORK/judge" && export GOTOOLCHAIN=auto GOFLAGS=-modcacherw &&
    go mod init judge && go get "filippo.io/torchwood@$TORCHWOOD_VERSION" &&
    go build -o "$judge" .) >"$WORK/go.log" 2>&1 ||
    skip "Torchwood could not be built (is there a network?)"
fi

"$VIDIMUS_LOG" init --dir "$WORK/log" --origin log.example/torchwood >/dev/null ||
  fail "vidimus log init"
"$VIDIMUS" monitor init --dir "$WORK/monitor" --name monitor.example/strangers >/dev/null ||
  fail "vidimus monitor init"
port=$(free_port) grpc=$(free_port) https=$(free_port)
URL=http://127.0.0.1:$port
{
  printf 'log %s\n' "$(<"$WORK/log/log.vkey")"
  printf 'witness seen %s https://127.0.0.1:%s/witness\n' "$(<"$WORK/monitor/witness.vkey")" "$https"
  printf 'witness read %s https://127.0.0.1:%s/monitor\n' "$(<"$WORK/monitor/monitor.vkey")" "$https"
  printf 'group monitors any read\ngroup both all seen monitors\nquorum both\n'
} >"$WORK/log/policy"
cp "$WORK/monitor/tls/ca.crt" "$WORK/log/cosigners.pem"
sed -i 's/^  # policy: "policy" .*/  policy: "policy"/; s/^  # ca: "cosigners.pem" .*/  ca: "cosigners.pem"/' \
  "$WORK/log/settings.textproto"
sed -i "s|# https: \"127.0.0.1:8446\" .*|https: \"127.0.0.1:$https\"|
  s|# http: \"127.0.0.1:8447\" .*|http: \"127.0.0.1:$(free_port)\"|
  s|# gossip: \"127.0.0.1:8448\" .*|gossip: \"127.0.0.1:$(free_port)\"|" \
  "$WORK/monitor/config.textproto"
"$VIDIMUS" monitor follow --dir "$WORK/monitor" --vkey "$WORK/log/log.vkey" "$URL" >/dev/null ||
  fail "vidimus monitor follow"
start log "$VIDIMUS_LOG" serve --dir "$WORK/log" --http "127.0.0.1:$port" --grpc "127.0.0.1:$grpc"
wait_for 10 curl -fsS "$URL/checkpoint" || fail "vidimus log does not answer"
start monitor "$VIDIMUS" monitor serve --dir "$WORK/monitor"
wait_for 20 curl -fsS "$URL/cosigned/checkpoint" || fail "nothing is cosigned: $(tail -n 3 "$WORK/monitor.log")"

curl -fsS "$URL/cosigned/checkpoint" >"$WORK/whole"
# The last line is the monitor's; one bit of its signature, or all of it.
sed '$d' "$WORK/whole" >"$WORK/unread"
python3 - "$WORK/whole" "$WORK/spoilt" <<'PYTHON'
import base64, sys
*lines, last = open(sys.argv[1]).read().splitlines()
head, name, line = last.split(" ")
line = bytearray(base64.b64decode(line))
line[-1] ^= 1
open(sys.argv[2], "w").write("\n".join(lines + [f"{head} {name} {base64.b64encode(line).decode()}"]) + "\n")
PYTHON
size=$(sed -n 2p "$WORK/whole")
said=$("$judge" "$WORK/log/policy" "$WORK/whole" "$WORK/unread" "$WORK/spoilt") || fail "$said"
readarray -t said <<<"$said"
[[ ${said[0]} == "accepted $size by 3" ]] || fail "the cosigned head: ${said[0]}"
[[ ${said[1]} == refused:* ]] || fail "a head that nobody has read: ${said[1]}"
[[ ${said[2]} == refused:* ]] || fail "a spoilt line: ${said[2]}"
echo "policy read, $size leaves accepted by the log's and both our lines, neither less nor a spoilt one"
