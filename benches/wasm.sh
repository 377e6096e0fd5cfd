#!/usr/bin/env bash
#
# The verifier as WebAssembly in node, beside the same source natively.
#
# Single steps, and whole bundles of 100 and 10,000 accesses.
set -euo pipefail
source "$ROOT/tests/lib.sh"

need node
[[ -n ${WASM_OPS_BENCH:-} && -n ${MAKE_CITY:-} ]] || skip "wasm_ops or make_city is missing"
export OBJECTS=$WORK/objects
mkdir "$OBJECTS"
bash "$ROOT/verifier/wasm/build.sh" "$WORK/vidimus.wasm" >/dev/null ||
  skip "no clang and wasi-libc for vidimus.wasm"
bash "$ROOT/verifier/wasm/build.sh" "$WORK/ops.wasm" benches/wasm_ops.cc >/dev/null
folders=()
for accesses in 100 10000; do
  folders+=("$WORK/city-$accesses")
  mkdir "$WORK/city-$accesses"
  "$MAKE_CITY" "$WORK/city-$accesses" "$accesses"
done
"$WASM_OPS_BENCH" "${folders[@]}" >"$WORK/native"
node "$ROOT/benches/wasm.mjs" "$WORK/ops.wasm" "$WORK/vidimus.wasm" \
  "$WORK/native" "${folders[@]}"
