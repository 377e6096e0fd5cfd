# Helpers for scripts that run our server and other people's programs beside
# each other. The launcher's verbs set ROOT and CACHE, VIDIMUS (the client) and
# VIDIMUS_LOG (the server). A script that sources this gets a folder of its own,
# WORK, which goes when it ends, with all that it started.

readonly TESSERA=github.com/transparency-dev/tessera
readonly TESSERA_VERSION=v1.0.4
readonly SKIPPED=77  # exit code: a tool is missing, its name was printed

WORK=$(mktemp -d "${TMPDIR:-/tmp}/vidimus.XXXXXX")
STARTED=()
trap clean_up EXIT

clean_up() {
  local status=$?
  stop ${STARTED[@]+"${STARTED[@]}"}
  if ((status != 0 && status != SKIPPED)); then
    tail -n 20 "$WORK"/*.log >&2 2>/dev/null || true
  fi
  rm -rf "$WORK"
}

stop() {
  local process
  for process in "$@"; do
    kill "$process" 2>/dev/null || continue
    wait "$process" 2>/dev/null || true
    # One that a child of ours started can only be watched.
    wait_for 20 gone "$process" || kill -9 "$process" 2>/dev/null || true
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

skip() {
  printf 'skipped: %s\n' "$*"
  exit "$SKIPPED"
}

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || skip "$tool is missing"
  done
}

need_go() {
  local version
  need go
  version=$(go env GOVERSION)
  printf 'go1.24\n%s\n' "$version" | sort --version-sort --check=quiet ||
    skip "go >= 1.24 is missing (this is $version)"
}

# A port that was free a moment ago, below those that the kernel hands out.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || return 1
    sleep 0.1
  done
}

# start NAME COMMAND...: runs it in the background, its words in WORK/NAME.log,
# its process id in PID.
start() {
  local name=$1
  shift
  : >"$WORK/$name.log"  # What an earlier one said.
  "$@" >"$WORK/$name.log" 2>&1 &
  PID=$!
  STARTED+=("$PID")
}

# serve_opaque NAME ORIGIN FLAG...: a new opaque log of ours in WORK/NAME, served
# at URL by PID; its verifier key is in WORK/NAME/log.vkey.
serve_opaque() {
  local name=$1 origin=$2 port
  shift 2
  "$VIDIMUS_LOG" init --dir "$WORK/$name" --origin "$origin" --opaque >/dev/null ||
    fail "vidimus log init"
  port=$(free_port)
  URL=http://127.0.0.1:$port
  start "$name" "$VIDIMUS_LOG" serve --dir "$WORK/$name" \
    --http "127.0.0.1:$port" "$@"
  wait_for 10 curl -fsS "$URL/checkpoint" || fail "vidimus log does not answer"
}

# tessera PACKAGE: makes TOOL the path of one of Tessera's programs, built once
# into our cache folder.
tessera() {
  local bin=$CACHE/tessera-$TESSERA_VERSION
  TOOL=$bin/${1##*/}
  [[ -x $TOOL ]] && return
  GOBIN=$bin GOFLAGS=-modcacherw go install "$TESSERA/$1@$TESSERA_VERSION" \
    >"$WORK/go.log" 2>&1 || skip "$1 could not be built (is there a network?)"
}

# note_key NAME ORIGIN: a new Ed25519 note key, as Go's sumdb/note writes it:
# WORK/NAME.skey and WORK/NAME.vkey.
note_key() {
  need openssl python3
  openssl genpkey -algorithm ed25519 -outform DER -out "$WORK/$1.der"
  openssl pkey -inform DER -in "$WORK/$1.der" -pubout -outform DER -out "$WORK/$1.pub"
  python3 - "$WORK/$1" "$2" <<'PYTHON'
import base64, hashlib, sys
path, origin = sys.argv[1:]
seed = open(path + ".der", "rb").read()[-32:]
public = open(path + ".pub", "rb").read()[-32:]
ident = hashlib.sha256(origin.encode() + b"\n\x01" + public).hexdigest()[:8]
for name, prefix, key in (("skey", "PRIVATE+KEY+", seed), ("vkey", "", public)):
    text = base64.b64encode(b"\x01" + key).decode()
    open(f"{path}.{name}", "w").write(f"{prefix}{origin}+{ident}+{text}")
PYTHON
}

# serve_tessera NAME ORIGIN: Tessera's posix log behind its conformance server,
# in WORK/NAME, at URL by PID.
serve_tessera() {
  local port
  tessera cmd/conformance/posix
  note_key "$1" "$2"
  port=$(free_port)
  URL=http://127.0.0.1:$port
  start "$1" "$TOOL" --storage_dir "$WORK/$1" --listen "127.0.0.1:$port" \
    --private_key "$WORK/$1.skey"
  wait_for 10 curl -fsS "$URL/checkpoint" || fail "Tessera does not answer"
}

# log_size URL: of the published checkpoint.
log_size() { curl -fsS "$1/checkpoint" | sed -n 2p; }
