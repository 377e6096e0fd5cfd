#!/usr/bin/env bash
#
# Builds verifier/ for wasm32 with Debian's clang, wasi-libc and binaryen: a
# module that imports nothing, the same bytes wherever and whenever it is built.
#
#   verifier/wasm/build.sh MODULE             c_api.h, for browsers and others
#   verifier/wasm/build.sh MODULE SOURCE...   with more sources
#
# OBJECTS, if set, is a folder where compiled files are kept for a second module.
# Only three files of BoringSSL are in it (docs/building.md). SHA-256 wants
# -O3: smaller settings make it ten times slower.
set -euo pipefail
readonly ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
readonly MODULE=$(realpath -m "${1:?where to write the module}")
shift
cd "$ROOT"

readonly BORINGSSL=${BORINGSSL:-.deps/boringssl}
if [[ -n ${OBJECTS:-} ]]; then
  out=$(realpath "$OBJECTS")
else
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi

# Since the linker sees all of our code, it leaves out what nobody calls; that
# and -Oz are worth a quarter of the size. BoringSSL's it would only blow up.
readonly FLAGS=(--target=wasm32-wasi -mbulk-memory -msign-ext
  -I. -I"$BORINGSSL" -isystem "$BORINGSSL/src/include"
  -DOPENSSL_SMALL -DOPENSSL_NO_ASM -DNDEBUG
  -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED
  -ffile-prefix-map="$PWD"=. -fno-ident
  -fvisibility=hidden -ffunction-sections -fdata-sections)

objects=()
add() {  # add SOURCE FLAGS...
  local source=$1 object
  object=$out/$(tr / _ <<<"$source").o
  shift
  objects+=("$object")
  [[ ! -e $object ]] || return 0
  if [[ $source == *.c ]]; then
    clang-14 "${FLAGS[@]}" -std=c11 "$@" -c "$source" -o "$object"
  else
    clang++-14 "${FLAGS[@]}" -flto -std=c++17 -fno-exceptions -fno-rtti \
      -fno-threadsafe-statics -Wall "$@" -c "$source" -o "$object"
  fi
}

for source in verifier/*.cc; do
  case $source in
    *_test.cc | *_fuzz.cc | verifier/small_log.cc | \
      verifier/crypto_es256.cc | verifier/c_api_es256.cc | \
      verifier/crypto_signing.cc | verifier/crypto_vrf_proving.cc) ;;
    *) add "$source" -Oz ;;
  esac
done
for source in "$@"; do add "$source" -Oz; done
add verifier/wasm/shims.c -O2
add "$BORINGSSL/src/crypto/curve25519/curve25519.c" -Os
add "$BORINGSSL/src/crypto/fipsmodule/sha/sha256.c" -O3
add "$BORINGSSL/src/crypto/fipsmodule/sha/sha512.c" -Os

# A library: without the export, each call would end as a program does, closing
# files that a module without imports does not have. A stack that overflows
# traps, for it lies below everything else.
clang++-14 --target=wasm32-wasi -nostartfiles -fno-exceptions -flto \
  -Wl,--lto-O2 -Wl,--no-entry -Wl,--export=__wasm_call_ctors \
  -Wl,-z,stack-size=1048576 -Wl,--stack-first \
  -Wl,--gc-sections -Wl,--strip-all "${objects[@]}" -o "$out/linked.wasm"
# Finds what is the same in functions made from templates, and packs locals.
wasm-opt -Oz --enable-bulk-memory --enable-sign-ext "$out/linked.wasm" \
  -o "$MODULE"
printf '%s bytes, %s gzipped, sha256 %s\n' "$(stat -c %s "$MODULE")" \
  "$(gzip -9nc "$MODULE" | wc -c)" "$(sha256sum <"$MODULE" | cut -d' ' -f1)"
