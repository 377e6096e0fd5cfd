#!/usr/bin/env bash
#
# The resident's check in JavaScript against a real log, beside the client's,
# and behind a proxy that tampers; in a worker of headless Chromium, too. Ends
# with "N passed, N failed, N skipped".
#
#   tests/page/run.sh FOLDER            what Bazel built: vidimus, vidimus-log,
#                                       doctored; builds the module
#   tests/page/run.sh FOLDER MODULE     takes this module
#
# What is missing on this machine (node, chromium) is skipped and named.
set -euo pipefail
built=$(realpath "${1:?the folder with what Bazel built}")
module=${2:+$(realpath "$2")}
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

if ! command -v node >/dev/null; then
  echo "skipped: node is missing"
  echo "0 passed, 0 failed, 1 skipped"
  exit
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cp -L "$built"/{vidimus,vidimus-log,doctored} "$out"
if [[ -n $module ]]; then
  cp "$module" "$out/vidimus.wasm"
else
  verifier/wasm/build.sh "$out/vidimus.wasm" >/dev/null
fi
"$out/vidimus-log" init --dir "$out/log" --origin log.example/page/2026h2 \
  --register docs/sample_register --try_out_issuer >/dev/null

NODE_EXTRA_CA_CERTS=$out/log/tls/ca.crt timeout 600 \
  node tests/page/check.mjs "$out" 2>&1 | tee "$out/said" || true
# Where it says nothing of the kind, it has failed.
sed -nE 's/^node: ([0-9]+ passed, [0-9]+ failed, [0-9]+ skipped)$/\1/p' "$out/said" |
  grep . || echo "0 passed, 1 failed, 0 skipped"
