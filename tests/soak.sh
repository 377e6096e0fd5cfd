# ./vidimus soak [--table] [NAME...]
#
# The long tests, from tests/soak.list. Each item is a number of chunks; what is
# done is kept under .soak by what runs, a hash of the program: it can be stopped
# at any time and goes on where it was, also on a commit that left this program
# as it was. --table only shows how far it is. NAME may end in *.

# --- What a line of soak.list may run -----------------------------------------

# run LABEL ARGS...: builds a program and runs it, in a folder of its own.
run() {
  local folder status=0
  folder=$(mktemp -d)
  TEST_TMPDIR=$folder "$KEPT" "${@:2}" || status=$?
  rm -rf "$folder"
  return "$status"
}

# retest LABEL ARGS...: a test once more, with these arguments.
retest() {
  local label=$1
  shift
  run_bazel test --nocache_test_results --test_output=all --test_timeout=3600 \
    "${@/#/--test_arg=}" "$label"
}

# sanitize CONFIG: all tests under asan_ubsan or tsan; Bazel knows which of them
# have passed already.
sanitize() { "$ROOT/vidimus" test "--config=$1" "${EVERYTHING[@]}"; }

# planted_race: a race that tsan must find, and its repair that it must let be.
planted_race() { "$KEPT" guarded && ! "$KEPT"; }

# fuzz LABEL SECONDS: libFuzzer on one target, with its corpus and its own finds.
fuzz() {
  local name=${1##*:} folder=${1#//}
  folder=$ROOT/${folder%%:*}
  mkdir -p "$SOAK/finds/$name" "$SOAK/crashes"
  "$KEPT" -max_total_time="$2" -rss_limit_mb=2048 -timeout=25 -print_final_stats=1 \
    -artifact_prefix="$SOAK/crashes/$name-" \
    "$SOAK/finds/$name" "$folder/${name%_fuzz}_corpus"
}

# --- The driver -----------------------------------------------------------------

# prepare COMMAND: builds what it runs. Makes KEPT a copy of the program and
# CONTENT a hash of it, of debug information aside, and of the programs it
# starts. All tests under a sanitizer are known by the commit.
prepare() {
  local config='' label file
  KEPT='' CONTENT=$COMMIT
  case $1 in
    sanitize) return ;;
    planted_race) config=tsan label=//tests/sanitizers:planted_race ;;
    fuzz) config=fuzz label=$2 ;;
    *) label=$2 ;;
  esac
  build ${config:+"--config=$config"} "$label" >&2 || return 1
  file=$(built_file "$label")
  KEPT=$SOAK/bin/${config:-plain}/${label##*:}
  mkdir -p "${KEPT%/*}"
  cp -f "$file" "$KEPT"
  CONTENT=$(find -L "$file" "$file.runfiles" -type f -executable 2>/dev/null | sort |
    while read -r file; do
      objcopy --strip-debug --remove-section=.note.gnu.build-id "$file" "$SOAK/stripped" 2>/dev/null ||
        cp "$file" "$SOAK/stripped"
      sha256sum <"$SOAK/stripped"
    done | sha256sum | cut -c1-12)
}

# The commit, and a hash of what differs from it.
version() {
  local commit change
  commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
  change=$(git -C "$ROOT" diff HEAD 2>/dev/null | sha256sum | cut -c1-8)
  [[ $change == e3b0c442 ]] && echo "$commit" || echo "$commit+$change"
}

fuzz_targets() {
  run_bazel query "filter('_fuzz$', set(${EVERYTHING[*]}))" 2>/dev/null ||
    die "bazel query failed"
}

# The items as "name chunks command"; a line "fuzz:* N command" stands for every
# fuzz target, its label in LABEL.
items() {
  local name chunks command label labels
  while read -r name chunks command; do
    [[ -n $name && $name != \#* ]] || continue
    if [[ $name == 'fuzz:*' ]]; then
      labels=$(fuzz_targets) || return 1
      for label in $labels; do
        echo "fuzz:${label##*:} $chunks ${command//LABEL/$label}"
      done
    else
      echo "$name $chunks $command"
    fi
  done <"$ROOT/tests/soak.list"
}

wanted() {
  local name=$1 pattern
  shift
  (($#)) || return 0
  for pattern in "$@"; do
    [[ $name != $pattern ]] || return 0
  done
  return 1
}

# state FILE: makes DONE, SPENT (seconds), AT (the last commit that has this
# content) and RESULT of an item.
state() {
  DONE=0 SPENT=0 AT=$COMMIT RESULT=
  [[ ! -f $1 ]] || read -r DONE SPENT AT RESULT <"$1"
}

# run_item NAME CHUNKS COMMAND: what is left of it.
run_item() {
  local name=$1 chunks=$2 command=$3 words file start status
  read -ra words <<<"$command"
  if ! prepare "${words[@]}"; then
    say "$name: the build failed"
    echo "0 0 $COMMIT FAILED" >"$SOAK/$name.unbuilt.state"
    return
  fi
  rm -f "$SOAK/$name.unbuilt.state"
  file=$SOAK/$name.$CONTENT.state
  state "$file"
  echo "$DONE $SPENT $COMMIT $RESULT" >"$file"
  while ((DONE < chunks)) && [[ $RESULT != FAILED ]]; do
    say "$name: chunk $((DONE + 1)) of $chunks"
    start=$SECONDS status=0
    (CHUNK=$DONE && eval "$command") >"$SOAK/$name.log" 2>&1 </dev/null || status=$?
    SPENT=$((SPENT + SECONDS - start))
    if ((status == 0)); then
      DONE=$((DONE + 1))
    else
      RESULT=FAILED
      tail -n 40 "$SOAK/$name.log" >&2
    fi
    echo "$DONE $SPENT $COMMIT $RESULT" >"$file"
  done
}

# Prints every item by its newest state; says whether all are done and well, with
# what this commit builds.
print_table() {
  local name chunks command file content good=0
  printf '\nsoak of commit %s, %s\n' "$COMMIT" "$(date -u '+%F %H:%M UTC')"
  printf '%-26s %10s %9s  %-13s %-22s %s\n' item done minutes program 'as of commit' result
  while read -r name chunks command; do
    file=$(ls -t "$SOAK/$name".*.state 2>/dev/null | head -n 1)
    content=${file%.state}
    content=${content##*.}
    state "$file"
    if [[ $RESULT != FAILED ]]; then
      ((DONE >= chunks)) && RESULT=passed || RESULT=$( ((DONE)) && echo 'under way' || echo open)
    fi
    [[ $RESULT == passed && $AT == "$COMMIT" ]] || good=1
    printf '%-26s %10s %9.1f  %-13s %-22s %s\n' "$name" "$DONE of $chunks" \
      "$((SPENT * 10 / 60))e-1" "${content:--}" "${file:+$AT}" "$RESULT"
  done
  return "$good"
}

main() {
  local only_table='' list name chunks command
  case ${1:-} in
    -h | --help) sed -n '1,/^$/s/^# \{0,1\}//p' "$ROOT/tests/soak.sh" | head -n 20; return ;;
    --table) only_table=1 && shift ;;
  esac
  setup "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${SANITIZER_PACKAGES[@]}"
  SOAK=$ROOT/.soak COMMIT=$(version)
  mkdir -p "$SOAK"
  list=$(items | while read -r name chunks command; do
    ! wanted "$name" "$@" || echo "$name $chunks $command"
  done)
  [[ -n $list ]] || die "no item of tests/soak.list is called so"
  if [[ -z $only_table ]]; then
    trap 'print_table <<<"$list"; exit 130' INT TERM
    while read -r name chunks command <&3; do
      run_item "$name" "$chunks" "$command"
    done 3<<<"$list"
  fi
  print_table <<<"$list"
}
