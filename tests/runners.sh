# For scripts that run checks in other languages and count what these say; to be
# sourced. `out` is the script's folder. What is missing on this machine is named
# and skipped.

passed=0 failed=0 skipped=0

# holds NAME COMMAND...: one case.
holds() {
  local name=$1
  shift
  if "$@"; then ((++passed)); else ((++failed)); echo "FAILED: $name"; fi
}

# runner PROGRAM COMMAND...: the cases of a command that ends with the line
# "WHO: N passed, N failed"; skipped without the program.
runner() {
  local line
  if ! command -v "$1" >/dev/null; then
    echo "skipped: $1 is missing"
    ((++skipped))
    return
  fi
  "${@:2}" 2>&1 | tee "$out/said" || true
  line=$(grep -E '^[a-z]+: [0-9]+ passed, [0-9]+ failed' "$out/said" | tail -n 1) || true
  if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]; then
    ((passed += BASH_REMATCH[1], failed += BASH_REMATCH[2], skipped += ${BASH_REMATCH[4]:-0})) || true
  else
    # Where it says nothing of the kind, it has failed.
    ((++failed))
  fi
}

# The last line of the script.
tell() { echo "$passed passed, $failed failed, $skipped skipped"; }
