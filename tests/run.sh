# ./vidimus test [--config=asan_ubsan|tsan] [TARGET...]
#
# Builds and runs the tests, then the checks that Bazel does not make, and ends
# with one line: N passed, N failed, N skipped. Named targets run alone.

# record NAME PASSED FAILED SKIPPED: one row for the table at the end.
record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$RESULTS/checks"; }

# check NAME COMMAND...: one test case that passes if the command does.
check() {
  local name=$1
  shift
  say "checking $name"
  if "$@"; then record "$name" 1 0 0; else record "$name" 0 1 0; fi
}

check_format() {
  (cd "$ROOT" && find verifier proto log client tests benches \
    \( -name '*.h' -o -name '*.cc' \) -print0 |
    xargs -0 clang-format-14 --dry-run --Werror)
}

# take NAME FILE: a row out of what a script said that ends with a line like ours.
take() {
  local line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$2" | tail -n 1) || true
  if [[ -z $line || $line != *" 0 failed"* ]]; then cat "$2" >&2; fi
  if [[ -n $line ]]; then
    record "$1" $(tr -dc '0-9 ' <<<"$line")
  else
    record "$1" 0 1 0
  fi
}

# check_in NAME LABEL...: a row out of what tests/NAME/run.sh says, with what
# Bazel builds of the labels and, once there is one, vidimus.wasm.
check_in() {
  local name=$1 out=$RESULTS/$1.out built=$RESULTS/$1 label module=()
  shift
  say "running tests/$name"
  mkdir "$built"
  if build "$@" >"$out" 2>&1 </dev/null; then
    for label in "$@"; do cp "$(built_file "$label")" "$built"; done
    [[ ! -e $RESULTS/vidimus.wasm ]] || module=("$RESULTS/vidimus.wasm")
    KEEP=$RESULTS/vidimus.wasm bash "$ROOT/tests/$name/run.sh" "$built" \
      ${module[@]+"${module[@]}"} >"$out" 2>&1 </dev/null || true
  fi
  take "tests/$name" "$out"
}

# What operators look at, against the real programs and a real Prometheus.
check_dashboards() {
  need_prometheus &&
    python3 "$ROOT/tests/dashboards.py" "$(built_file //client:vidimus)" \
      "$(built_file //log:vidimus-log)" "$DEPS/prometheus/usr/bin"
}

main() {
  local options=() targets=() word status=0
  for word in "$@"; do
    case $word in
      -h | --help) sed -n '1,/^$/s/^# \{0,1\}//p' "$ROOT/tests/run.sh"; return ;;
      -*) options+=("$word") ;;
      *) targets+=("$word") ;;
    esac
  done
  local packages=("${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${WASM_PACKAGES[@]}")
  command -v node >/dev/null || packages+=(nodejs)
  command -v chromium >/dev/null || packages+=(chromium)
  [[ ${options[*]-} != *--config=* ]] || packages+=("${SANITIZER_PACKAGES[@]}")
  setup "${packages[@]}"

  RESULTS=$(mktemp -d)
  trap 'rm -rf "$RESULTS"' EXIT
  say "building and testing"
  run_bazel test --keep_going --ui_event_filters=-info --test_summary=none \
    --test_output=summary --build_event_json_file="$RESULTS/events" \
    ${options[@]+"${options[@]}"} -- "${targets[@]:-${EVERYTHING[@]}}" >/dev/null || status=$?
  if ((!${#targets[@]})); then
    # Debian's node has WebCrypto, but not as a global of modules. What newer ones
    # guess of a module must not be needed.
    if [[ $(node --version 2>/dev/null) == v18.* ]]; then
      export NODE_OPTIONS=--experimental-global-webcrypto
    elif node --no-experimental-detect-module -e 0 2>/dev/null; then
      export NODE_OPTIONS=--no-experimental-detect-module
    fi
    check "clang-format" check_format
    check "links" python3 "$ROOT/tests/check_links.py" "$ROOT"
    check "dashboards" check_dashboards
    # The verifier in other languages, which leaves its module behind; the
    # resident's check in JavaScript; the resident's page.
    check_in wasm //tests/api:calls //tests/api:make_city \
      //tests/wasm:libvectors.so //tests/wasm:small_door //verifier:libvidimus.so
    check_in resident //client:vidimus //log:vidimus-log //tests/doctored:doctored
    check_in page //tests/api:make_city //client:vidimus
  fi
  python3 "$ROOT/tests/summary.py" "$RESULTS" "$status"
}
