# ./vidimus bench [NAME]
#
# Measures one thing, or lists what can be measured. A script in benches runs
# with peers beside us where their tools are present; a missing one is named and
# skipped. ROUNDS=3 and BENCH_SECONDS=10 may be set for the scripts.

BENCH_PACKAGES=(curl libbenchmark-dev openssl)

list_benches() {
  local file
  for file in "$ROOT"/benches/*.sh; do
    [[ $file == */run.sh || $file == */lib.sh ]] ||
      printf '  %-16s %s\n' "$(basename "$file" .sh)" "$(sed -n '3s/^# //p' "$file")"
  done
  sed -nE 's/^ *name = "([a-z_0-9]+)",.*/  \1/p' "$ROOT/benches/BUILD"
}

run_script() {
  local status=0
  setup "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}"
  program //log:vidimus-log && VIDIMUS_LOG=$PROGRAM
  program //client:vidimus && VIDIMUS=$PROGRAM
  program //benches:storage && STORAGE_BENCH=$PROGRAM
  program //benches:chain_proof && CHAIN_PROOF_BENCH=$PROGRAM
  program //benches:wasm_ops && WASM_OPS_BENCH=$PROGRAM
  program //tests/api:make_city && MAKE_CITY=$PROGRAM
  export ROOT CACHE VIDIMUS_LOG VIDIMUS STORAGE_BENCH CHAIN_PROOF_BENCH
  export WASM_OPS_BENCH MAKE_CITY
  bash "$1" || status=$?
  ((status == 77)) || return "$status"
}

main() {
  local name=${1:-}
  if [[ -z $name || $name == -h || $name == --help ]]; then
    sed -n '1,/^$/s/^# \{0,1\}//p' "$ROOT/benches/run.sh"
    list_benches
  elif [[ -f $ROOT/benches/$name.sh && $name != run && $name != lib ]]; then
    run_script "$ROOT/benches/$name.sh"
  else
    setup "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}" libgtest-dev libgmock-dev
    build "//benches:$name" || die "there is no bench called $name: ./vidimus bench"
    exec "$(built_file "//benches:$name")" "${@:2}"
  fi
}
