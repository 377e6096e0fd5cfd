#!/usr/bin/env bash
#
# What `vidimus` exits with, as scripts see it: 0 true, 1 false, 2 unusable, 64
# for a command line that makes no sense. The vectors hold a log's key and a
# proof of one of its leaves.
set -uo pipefail

VIDIMUS=$PWD/client/vidimus
VECTORS=$PWD/tests/vectors/log.json
cd "$TEST_TMPDIR" || exit 1
failures=0

# expect CODE WORD ARGS...: exit code, and a word of what is said.
expect() {
  local want=$1 word=$2 said got=0
  shift 2
  said=$("$VIDIMUS" "$@" 2>&1 </dev/null) || got=$?
  if ((got != want)) || [[ $said != *"$word"* ]]; then
    printf 'vidimus %s: exit code %d, expected %d and "%s"; it said:\n%s\n' \
      "$*" "$got" "$want" "$word" "$said"
    failures=$((failures + 1))
  fi
}

# first KEY: its value in the vectors' first inclusion case, else in the log.
first() {
  { tr -d '\n' <"$VECTORS" | sed 's/.*"inclusion"://'; cat "$VECTORS"; } |
    grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | sed 's/^[^:]*: *"//; s/"$//'
}
first vkey >log.vkey
printf '%b' "$(first tlog_proof | sed 's/\\u2014/\xe2\x80\x94/g')" >leaf.tlog-proof
printf '%b' "$(first leaf | sed 's/../\\x&/g')" >leaf

expect 64 "VERB --help"
expect 0 "vidimus submit" --help
for verb in submit verify fsck load; do
  expect 0 "Exit: 0" "$verb" --help
  expect 64 "no flag --colour" "$verb" --colour red
  expect 64 "is missing" "$verb" x
done
expect 64 "no verb prove" prove

expect 2 "No such file" verify --vkey none --entry leaf leaf.tlog-proof
expect 2 "unusable" verify --vkey leaf.tlog-proof --entry leaf leaf.tlog-proof
expect 2 "unusable" verify --vkey log.vkey --entry leaf log.vkey
expect 64 "not both" verify --vkey log.vkey --entry leaf --secret leaf leaf.tlog-proof
expect 2 "others may read" verify --vkey log.vkey --secret leaf leaf.tlog-proof
expect 0 "true: the entry is leaf 0" verify --vkey log.vkey --entry leaf leaf.tlog-proof
printf x >>leaf
expect 1 "false:" verify --vkey log.vkey --entry leaf leaf.tlog-proof

expect 0 "Exit: 0" access --help
expect 64 "is missing" access
for verb in timeline export; do
  out=$([[ $verb == timeline ]] || echo "--out -")
  expect 0 "Exit: 0" resident "$verb" --help
  expect 64 "is missing" resident "$verb"
  expect 2 "what to show" resident "$verb" --vkey log.vkey $out
  expect 64 "not a day" resident "$verb" --vkey log.vkey $out --since 2027-02-30
  expect 64 "one of forged" resident "$verb" --vkey log.vkey $out --verdict fine
  expect 2 "others may read" resident "$verb" --vkey log.vkey $out --chains leaf
done

mkdir empty
expect 2 "not checked: checkpoint" fsck empty --vkey log.vkey
expect 2 "neither a URL" fsck leaf --vkey log.vkey
expect 2 "log.vkey" fsck empty --vkey none/log.vkey
expect 2 "--url" load --vkey log.vkey --seconds 1
expect 2 "who are you?" submit --vkey log.vkey --log 127.0.0.1:1 --outbox box
expect 2 "go together" submit --vkey log.vkey --log 127.0.0.1:1 --outbox box --opaque

((failures == 0)) && echo "all exit codes are as promised"
exit "$failures"
