#!/usr/bin/env bash
#
# Torchwood's litewitness cosigns our log while it is written to.
#
# A witness that others run in public, with its key in an SSH agent. Our log
# knows it by its policy alone; every head that it shows as cosigned must carry
# the witness's line, sizes only grow, and the last head is cosigned, too.
set -euo pipefail
source "$ROOT/tests/lib.sh"

readonly TORCHWOOD=filippo.io/torchwood
readonly TORCHWOOD_VERSION=v0.10.0
readonly ORIGIN=example.com/litewitness
readonly NAME=witness.example/lite

need_go
need ssh-agent ssh-add ssh-keygen python3
litewitness=$CACHE/torchwood-$TORCHWOOD_VERSION/litewitness
# It wants a newer Go than most have, which Go fetches by itself.
[[ -x $litewitness ]] ||
  GOTOOLCHAIN=auto GOBIN=${litewitness%/*} GOFLAGS=-modcacherw \
    go install "$TORCHWOOD/cmd/litewitness@$TORCHWOOD_VERSION" >"$WORK/go.log" 2>&1 ||
  skip "litewitness could not be built (is there a network?)"

ssh-keygen -q -t ed25519 -N '' -C '' -f "$WORK/witness"
start agent ssh-agent -D -a "$WORK/agent"
wait_for 10 test -S "$WORK/agent" || fail "ssh-agent does not answer"
SSH_AUTH_SOCK=$WORK/agent ssh-add -q "$WORK/witness"
witness=127.0.0.1:$(free_port)
start litewitness "$litewitness" -db "$WORK/witness.db" -name "$NAME" \
  -key "$(ssh-keygen -lf "$WORK/witness.pub" | cut -d' ' -f2)" \
  -ssh-agent "$WORK/agent" -listen "$witness"
wait_for 10 curl -fsS "http://$witness/" || fail "litewitness does not answer"
vkey=$(python3 - "$WORK/witness.pub" "$NAME" <<'PYTHON'
import base64, hashlib, sys
path, name = sys.argv[1:]
key = b"\x04" + base64.b64decode(open(path).read().split()[1])[-32:]
ident = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
print(f"{name}+{ident}+{base64.b64encode(key).decode()}")
PYTHON
)

"$VIDIMUS_LOG" init --dir "$WORK/log" --origin "$ORIGIN" --opaque >/dev/null ||
  fail "vidimus log init"
printf 'witness lite %s http://%s\nquorum lite\n' "$vkey" "$witness" >"$WORK/log/policy"
sed -i 's/^  # policy: "policy" .*/  policy: "policy"/; s/^  # period_ms: 1000.*/  period_ms: 100/' \
  "$WORK/log/settings.textproto"
# What its operator would tell it.
python3 - "$WORK/witness.db" "$ORIGIN" "$(<"$WORK/log/log.vkey")" <<'PYTHON'
import base64, hashlib, sqlite3, sys
path, origin, vkey = sys.argv[1:]
with sqlite3.connect(path) as db:
    empty = base64.b64encode(hashlib.sha256().digest()).decode()
    db.execute("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", (origin, empty))
    db.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (origin, vkey))
PYTHON
port=$(free_port)
grpc=$(free_port)
URL=http://127.0.0.1:$port
start log "$VIDIMUS_LOG" serve --dir "$WORK/log" --http "127.0.0.1:$port" \
  --grpc_plaintext "127.0.0.1:$grpc"
wait_for 10 curl -fsS "$URL/checkpoint" || fail "vidimus log does not answer"

start load "$VIDIMUS" load --log "127.0.0.1:$grpc" --vkey "$WORK/log/log.vkey" \
  --opaque --batch 16 --size 300 --seconds 10
load=$PID
heads=0 size=0
while kill -0 "$load" 2>/dev/null; do
  if curl -fsS "$URL/cosigned/checkpoint" >"$WORK/cosigned" 2>/dev/null; then
    grep -q "^— $NAME " "$WORK/cosigned" || fail "a cosigned head without the witness's line"
    now=$(sed -n 2p "$WORK/cosigned")
    ((now >= size)) || fail "the cosigned head fell from $size to $now"
    ((now == size)) || heads=$((heads + 1))
    size=$now
  fi
  sleep 0.05
done
wait "$load" || fail "vidimus load: $(tail -n 3 "$WORK/load.log")"
last=$(curl -fsS "$URL/checkpoint" | sed -n 2p)
is_cosigned() { [[ $(curl -fsS "$URL/cosigned/checkpoint" | sed -n 2p) == "$last" ]]; }
wait_for 10 is_cosigned || fail "the last head, of $last leaves, is not cosigned"
((heads >= 10)) || fail "only $heads heads were cosigned under load"
echo "$heads heads cosigned while the log grew to $last leaves, the last one too"
