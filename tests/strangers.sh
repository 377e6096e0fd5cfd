# ./vidimus strangers [NAME...]
#
# Runs other people's clients against our server: each file in tests/strangers
# is one, and one test case. A client whose tools this machine lacks is named
# and counted as skipped.

main() {
  local item name status passed=0 failed=0 skipped=0 start log
  case ${1:-} in
    -h | --help)
      sed -n '1,/^$/s/^# \{0,1\}//p' "$ROOT/tests/strangers.sh"
      for item in "$ROOT"/tests/strangers/*.sh; do
        printf '  %-14s %s\n' "$(basename "$item" .sh)" "$(sed -n '3s/^# //p' "$item")"
      done
      return ;;
  esac
  need_packages curl openssl
  program //log:vidimus-log && VIDIMUS_LOG=$PROGRAM
  program //client:vidimus && VIDIMUS=$PROGRAM
  program //tests/provider:provider && PROVIDER=$PROGRAM
  program //tests/api:make_city && MAKE_CITY=$PROGRAM
  export ROOT CACHE VIDIMUS_LOG VIDIMUS PROVIDER MAKE_CITY
  log=$(mktemp)
  for item in "$ROOT"/tests/strangers/*.sh; do
    name=$(basename "$item" .sh)
    (($# == 0)) || [[ " $* " == *" $name "* ]] || continue
    start=$SECONDS status=0
    bash "$item" >"$log" 2>&1 </dev/null || status=$?
    case $status in
      0) ((++passed)); printf 'passed   ' ;;
      77) ((++skipped)); printf 'skipped  ' ;;
      *) ((++failed)); printf 'FAILED   ' ;;
    esac
    printf '%-14s %4d s  %s\n' "$name" $((SECONDS - start)) "$(tail -n 1 "$log")"
    case $status in 0 | 77) ;; *) cat "$log" >&2 ;; esac
  done
  rm -f "$log"
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  ((failed == 0 && passed + skipped > 0))
}
