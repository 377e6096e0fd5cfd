#!/usr/bin/env bash
#
# Negates each condition of the verdict in turn, and demands that the test which
# its list names then fails.
#
#   mutants_test.sh PROGRAM LIST FIRST [LIST FIRST]...
#
# PROGRAM is a test program of gtest, made from sources that instrument.py has
# changed; a line of a LIST is "Suite.Test | condition", its conditions are
# counted from FIRST. "= reason | condition" says why no test can fail.
set -euo pipefail

program=$1
shift
# Where Bazel wants the result of this test, not those of the negated ones.
unset XML_OUTPUT_FILE GTEST_OUTPUT

"$program" >/dev/null || { echo "the tests fail though nothing is negated"; exit 1; }

# passes NUMBER TEST: in a shell of its own, which is silent about crashes.
passes() {
  (NEGATED=$1 timeout 60 "$program" --gtest_filter="$2" >/dev/null 2>&1 && exit 0; exit 1) 2>/dev/null
}

killed=0 equal=0 bad=0
while (($#)); do
  number=$2
  while IFS= read -r line; do
    [[ -n $line && $line != \#* ]] || continue
    name=${line%% | *} condition=${line#* | }
    if [[ $name == "= "* ]]; then
      equal=$((equal + 1))
    elif ! "$program" --gtest_filter="$name" 2>/dev/null | grep -q '^\[  PASSED  \] 1 test\.$'; then
      echo "$1: no test is called $name"
      bad=$((bad + 1))
    elif passes "$number" "$name"; then
      echo "$1: $name passes though this is negated: $condition"
      bad=$((bad + 1))
    else
      killed=$((killed + 1))
    fi
    number=$((number + 1))
  done <"$1"
  shift 2
done
echo "$killed conditions negated and caught, $equal that make no difference, $bad not caught"
((bad == 0 && killed > 0))
