#!/usr/bin/env bash
#
# The client's verbs against a real opaque log: load over both doors with every
# receipt checked, lines submitted and verified one by one, the log read as a
# stranger and from a copy; and what each says when the log is gone or another.
set -euo pipefail

VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
cd "$TEST_TMPDIR"

# expect CODE WORD COMMAND...: its exit code, and a word of what it says.
expect() {
  local want=$1 word=$2 said got=0
  shift 2
  said=$("$@" 2>&1 </dev/null) || got=$?
  printf '%s\n' "$said"
  if ((got != want)) || [[ $said != *"$word"* ]]; then
    printf 'exit code %d, expected %d and "%s": %s\n' "$got" "$want" "$word" "$*"
    exit 1
  fi
}

"$VIDIMUS_LOG" init --dir log --origin log.example/opaque --opaque
"$VIDIMUS_LOG" init --dir other --origin log.example/opaque --opaque
"$VIDIMUS_LOG" serve --dir log --http 127.0.0.1:0 --grpc_plaintext 127.0.0.1:0 \
  >server.out 2>server.err &
server=$!
trap 'kill -9 "$server" 2>/dev/null || true' EXIT
for _ in {1..300}; do
  ! grep -qx ready server.out || break
  kill -0 "$server" || { cat server.err; exit 1; }
  sleep 0.1
done
http=$(sed -n 's#^listening \(http://.*\)#\1#p' server.out)
grpc=$(sed -n 's#^listening grpc://##p' server.out)

echo "load"
expect 0 "3,000 entries, true" "$VIDIMUS" load --vkey log/log.vkey --opaque \
  --log "$grpc" --count 3000 --batch 100 --size 200 --connections 2 --check all
expect 0 "300 entries, true" "$VIDIMUS" load --vkey log/log.vkey --url "$http" \
  --count 300 --size 50 --connections 4 --check all
expect 3 "checkpoint" "$VIDIMUS" load --vkey other/log.vkey --opaque \
  --log "$grpc" --count 10 --check all

echo "submit"
for ((i = 0; i < 500; i++)); do echo "line $i"; done >lines
submit=("$VIDIMUS" submit --log "$grpc" --vkey log/log.vkey --opaque
  --format opaque --outbox outbox)
expect 0 "500 receipts verified" "${submit[@]}" --receipts receipts lines
expect 0 "500 known already" "${submit[@]}" lines
expect 3 "no signature by a known key" "$VIDIMUS" submit --log "$grpc" \
  --vkey other/log.vkey --opaque --format opaque --outbox outbox2 lines

echo "verify"
proof=receipts/3300.tlog-proof
entry=$("$VIDIMUS" fsck "$http" --vkey log/log.vkey --save copy >/dev/null &&
  grep -ao 'line [0-9]*' copy/tile/entries/012 | head -n 1)
printf '%s' "$entry" >entry
expect 0 "true: the entry is leaf 3300" "$VIDIMUS" verify --vkey log/log.vkey \
  --entry entry "$proof"
expect 1 "false:" "$VIDIMUS" verify --vkey log/log.vkey --entry lines "$proof"
expect 1 "false:" "$VIDIMUS" verify --vkey other/log.vkey --entry entry "$proof"

echo "fsck"
expect 0 "it extends 1 older checkpoint" "$VIDIMUS" fsck "$http" \
  --vkey log/log.vkey --older "$proof"
expect 0 "sound: 3,8" "$VIDIMUS" fsck copy --vkey log/log.vkey
expect 1 "NOT SOUND: checkpoint" "$VIDIMUS" fsck copy --vkey other/log.vkey
expect 1 "NOT SOUND" "$VIDIMUS" fsck copy --vkey log/log.vkey --face access
printf x | dd of=copy/tile/entries/007 bs=1 seek=1000 conv=notrunc status=none
expect 1 "tile/entries/007" "$VIDIMUS" fsck copy --vkey log/log.vkey
rm copy/tile/0/003
expect 2 "tile/0/003" "$VIDIMUS" fsck copy --vkey log/log.vkey

echo "the log is gone"
kill -9 "$server"
wait "$server" 2>/dev/null || true
expect 2 "refused" "$VIDIMUS" load --vkey log/log.vkey --url "$http" --count 5
expect 2 "failed to connect" "${submit[@]}" --give_up_s 1 lines
expect 2 "not checked" "$VIDIMUS" fsck "$http" --vkey log/log.vkey
echo "all as promised"
