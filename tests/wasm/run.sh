#!/usr/bin/env bash
#
# Builds verifier/ for wasm32 with Debian's clang and wasi-libc, and runs the
# vectors in node as a browser would. Ends with "N passed, N failed, N skipped".
#
#   tests/wasm/run.sh [MODULE]    where to leave the module; default: nowhere
#
# Only three files of BoringSSL are in it (docs/building.md). SHA files want
# -O3: smaller settings make them ten times slower.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

readonly BORINGSSL=${BORINGSSL:-.deps/boringssl}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

readonly FLAGS=(--target=wasm32-wasi -I. -I"$BORINGSSL" -isystem
  "$BORINGSSL/src/include" -DOPENSSL_SMALL -DOPENSSL_NO_ASM -DNDEBUG
  -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED
  -fvisibility=hidden -ffunction-sections -fdata-sections)

compile() {  # compile SOURCE OBJECT FLAGS...
  local source=$1 object=$2
  shift 2
  if [[ $source == *.c ]]; then
    clang-14 "${FLAGS[@]}" -std=c11 "$@" -c "$source" -o "$object"
  else
    clang++-14 "${FLAGS[@]}" -std=c++17 -fno-exceptions -fno-rtti -Wall "$@" \
      -c "$source" -o "$object"
  fi
}

objects=()
add() {
  local object=$out/${#objects[@]}.o
  compile "$1" "$object" "${@:2}"
  objects+=("$object")
}

for source in verifier/*.cc; do
  case $source in
    *_test.cc | *_fuzz.cc | verifier/small_log.cc | \
      verifier/crypto_es256.cc | \
      verifier/crypto_signing.cc | verifier/crypto_vrf_proving.cc) ;;
    *) add "$source" -O2 ;;
  esac
done
add tests/vectors/json.cc -Os
add tests/vectors/cases.cc -Os
add tests/wasm/vectors_wasm.cc -Os
add tests/wasm/shims.c -O2
add "$BORINGSSL/src/crypto/curve25519/curve25519.c" -Os
add "$BORINGSSL/src/crypto/fipsmodule/sha/sha256.c" -O3
add "$BORINGSSL/src/crypto/fipsmodule/sha/sha512.c" -O3

# A library: without the export, each call would end as a program does, closing
# files that a module without imports does not have.
readonly MODULE=${1:-$out/vectors.wasm}
clang++-14 --target=wasm32-wasi -nostartfiles -fno-exceptions \
  -Wl,--no-entry -Wl,--export=__wasm_call_ctors \
  -Wl,--gc-sections -Wl,--strip-all \
  "${objects[@]}" -o "$MODULE"
echo "module of $(stat -c %s "$MODULE") bytes, $(gzip -9c "$MODULE" | wc -c) gzipped"
node tests/wasm/vectors.js "$MODULE" tests/vectors/*.json
