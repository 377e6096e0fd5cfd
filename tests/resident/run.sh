#!/usr/bin/env bash
#
# The resident's check in JavaScript against a real log, beside the client's,
# and behind a proxy that tampers; in a worker of headless Chromium, too. Ends
# with "N passed, N failed, N skipped".
#
#   tests/resident/run.sh FOLDER            what Bazel built: vidimus, vidimus-log,
#                                       doctored; builds the module
#   tests/resident/run.sh FOLDER MODULE     takes this module
#
# What is missing on this machine (node, chromium) is skipped and named.
set -euo pipefail
built=$(realpath "${1:?the folder with what Bazel built}")
module=${2:+$(realpath "$2")}
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
source tests/runners.sh
cp -L "$built"/{vidimus,vidimus-log,doctored} "$out"
if [[ -n $module ]]; then
  cp "$module" "$out/vidimus.wasm"
else
  verifier/wasm/build.sh "$out/vidimus.wasm" >/dev/null
fi
"$out/vidimus-log" init --dir "$out/log" --origin log.example/page/2026h2 \
  --register docs/sample_register --try_out_issuer >/dev/null

NODE_EXTRA_CA_CERTS=$out/log/tls/ca.crt \
  runner node timeout 600 node tests/resident/check.mjs "$out"
tell
