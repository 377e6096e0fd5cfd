#!/usr/bin/env bash
#
# Builds verifier/ for wasm32, twice, and runs the vectors and the calls of
# tests/api in node, in Python and in headless Chromium: every answer must be
# the native one. Ends with "N passed, N failed, N skipped".
#
#   tests/wasm/run.sh FOLDER    what Bazel built: libvidimus.so, libvectors.so,
#                               calls, make_city, small_door
#
# Then the wallet in JavaScript speaks to a native log (statements.mjs).
#
# What is missing on this machine (node, chromium) is skipped and named. KEEP, if
# set, is where the module is left for another test.
set -euo pipefail
folder=$(realpath "${1:?the folder with what Bazel built}")
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

# Bytes of what a resident downloads. The aim is 60 KiB; it may only sink.
readonly WASM_GZIP_MAX=102400

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir "$out/objects" "$out/page"

source tests/runners.sh

OBJECTS=$out/objects verifier/wasm/build.sh "$out/page/vidimus.wasm"
[[ -z ${KEEP:-} ]] || cp "$out/page/vidimus.wasm" "$KEEP"
OBJECTS=$out/objects verifier/wasm/build.sh "$out/page/vectors.wasm" \
  tests/vectors/json.cc tests/vectors/cases.cc tests/wasm/vectors_module.cc
# From nothing and in another folder: the same bytes.
verifier/wasm/build.sh "$out/again.wasm"
holds "the module is reproducible" cmp "$out/page/vidimus.wasm" "$out/again.wasm"
for file in client/js/vidimus.js "$out/page/vidimus.wasm" "$folder/libvidimus.so"; do
  printf '%s: %s bytes, %s gzipped\n' "${file##*/}" "$(stat -Lc %s "$file")" \
    "$(gzip -9nc "$file" | wc -c)"
done
holds "the module is small" \
  test "$(gzip -9nc "$out/page/vidimus.wasm" | wc -c)" -le "$WASM_GZIP_MAX"

(cd verifier && "$folder/calls" {chain,checkpoint,conviction,record}_corpus \
  {register_proof,tlog_proof}_corpus) >"$out/page/calls.json"
cp tests/vectors/*.json tests/wasm/page.html tests/wasm/{page,run,vectors}.mjs \
  tests/api/calls.mjs client/js/{package.json,vidimus.js} "$out/page"
cp -L "$folder"/lib{vidimus,vectors}.so "$out/page"
(cd tests/vectors && printf '%s\n' *.json) |
  sed 's/\.json$//' | sed '1s/^/["/; $!s/$/",/; 1!s/^/"/; $s/$/"]/' >"$out/page/vectors.list"

runner node node tests/wasm/node.mjs "$out/page"
runner python3 python3 tests/wasm/python.py "$out/page" client/python
runner chromium python3 tests/wasm/chromium.py "$out/page"

mkdir "$out/js"
cp client/js/{package.json,*.js} "$out/page/vidimus.wasm" "$out/js"
runner node node --no-warnings tests/wasm/statements.mjs "$out/js" "$folder/small_door"

mkdir "$out/city"
"$folder/make_city" "$out/city"
cp "$out/page"/{vidimus.wasm,libvidimus.so} "$out/city"
runner node python3 tests/api/examples.py . "$out/city"
tell
