#!/usr/bin/env bash
#
# A resident's page in Chromium: the whole way, every tampering, axe, speed.
#
# Playwright and axe-core, pinned, by npm; Debian's chromium; the real log, a
# monitor, an identity provider and a proxy that tampers. SCREENSHOTS=DIR keeps
# pictures of the main views there. What each part does is on top of it, in
# page/. The figures at the end of the last line are to be read, not failed on: a
# busy machine is slow.
set -euo pipefail
source "$ROOT/tests/lib.sh"

readonly PLAYWRIGHT=1.65.1 AXE=4.14.1
PAGE_TOOLS=$CACHE/page-tools-$PLAYWRIGHT-$AXE

need node npm python3 chromium
[[ -n ${PROVIDER:-} && -n ${MAKE_CITY:-} ]] || skip "PROVIDER or MAKE_CITY is missing"
if [[ ! -d $PAGE_TOOLS/node_modules/axe-core ]]; then
  mkdir -p "$PAGE_TOOLS"
  (cd "$PAGE_TOOLS" && echo '{"private": true}' >package.json &&
    timeout 300 npm install --no-audit --no-fund --ignore-scripts \
      "playwright-core@$PLAYWRIGHT" "axe-core@$AXE" >npm.log 2>&1) ||
    skip "npm has no playwright-core@$PLAYWRIGHT and axe-core@$AXE"
fi
WASM=$WORK/vidimus.wasm
CHROMIUM=$(command -v chromium)
export PAGE_TOOLS WASM CHROMIUM
bash "$ROOT/verifier/wasm/build.sh" "$WASM" >/dev/null ||
  skip "no clang and wasi-libc for vidimus.wasm"

# part NAME: one of page/*.mjs in a folder of its own; its words, and its last
# line in SAID.
SAID=
part() {
  local folder=$WORK/$1 status=0
  mkdir "$folder"
  "$VIDIMUS_LOG" init --dir "$folder/log" --origin log.example/page/2026h2 \
    --register "$ROOT/docs/sample_register" --try_out_issuer >/dev/null
  NODE_EXTRA_CA_CERTS=$folder/log/tls/ca.crt timeout 1500 node --no-warnings \
    "$ROOT/tests/strangers/page/$1.mjs" "$folder" >"$WORK/$1.said" 2>&1 || status=$?
  cat "$WORK/$1.said"
  ((status == 0)) || fail "$1: exit code $status"
  SAID+="${SAID:+; }$(tail -n 1 "$WORK/$1.said")"
}

part walk
part tampering
part looks
echo "$SAID; $(grep ' ms' "$WORK/looks.said" | paste -sd ';' | sed 's/;/; /g')"
