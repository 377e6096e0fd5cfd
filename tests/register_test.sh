#!/usr/bin/env bash
#
# The register while a log runs: it opens with the sample, takes documents as
# their publisher signs them and no others, shows and proves them, and has them
# still after it was killed; a resident's check judges accesses by it, a stranger
# reads it.
set -euo pipefail

VIDIMUS=$PWD/client/vidimus
VIDIMUS_LOG=$PWD/log/vidimus-log
SAMPLE=$PWD/docs/sample_register
cd "$TEST_TMPDIR"

# expect CODE WORD COMMAND...: its exit code, and a word of what it says.
expect() {
  local want=$1 word=$2 said got=0
  shift 2
  said=$("$@" 2>&1 </dev/null) || got=$?
  printf '%s\n' "$said"
  if ((got != want)) || [[ $said != *"$word"* ]]; then
    printf 'exit code %d, expected %d and "%s": %s\n' "$got" "$want" "$word" "$*"
    exit 1
  fi
}

serve() {
  : >server.out  # What the last one said.
  "$VIDIMUS_LOG" serve --dir log --http 127.0.0.1:0 --https 127.0.0.1:0 \
    --grpc 127.0.0.1:0 >server.out 2>server.err &
  server=$!
  for _ in {1..300}; do
    ! grep -qx ready server.out || break
    kill -0 "$server" || { cat server.err; exit 1; }
    sleep 0.1
  done
  http=$(sed -n 's#^listening \(http://.*\)#\1#p' server.out)
  grpc=$(sed -n 's#^listening grpcs\{0,1\}://##p' server.out)
  https=$(sed -n 's#^listening \(https://.*\)#\1#p' server.out)
}

register() { "$VIDIMUS_LOG" register "$@"; }

"$VIDIMUS_LOG" init --dir log --origin log.example/cities/2026h2 \
  --try_out_issuer --register "$SAMPLE"
serve
trap 'kill -9 "$server" 2>/dev/null || true' EXIT

echo "list"
expect 0 "Skollag (2010:800), 3 kap. 7 § (unverified)" register list --dir log
expect 0 "identity_service" register list --dir log
expect 1 "" register list --dir nowhere

echo "sign and put"
cat >provision.7.textproto <<'TEXT'
basis: "A6-1-c"
citation: "An act of tomorrow"
name { language: "en" text: "An act of tomorrow" }
administration: 0
purpose: "PublicServiceProvision"
data_category: "pd:Contact"
TEXT
sed 's/tomorrow/the day after/' provision.7.textproto >provision.7.1.textproto
mkdir signed other
expect 0 "signed provision 7 version 0" register sign --dir log --out signed \
  provision.7.textproto provision.7.1.textproto
expect 1 "the next would be provision 7 version 0" register put --dir log \
  signed/provision.7.1
expect 0 "would be entered" register put --dir log --dry_run signed/provision.7
expect 0 "entered as leaf" register put --dir log signed/provision.7
expect 0 "stands already as leaf" register put --dir log signed/provision.7
expect 0 "provision 7 version 1 entered as leaf" register put \
  signed/provision.7.1 --dir log
# By another publisher than the one that config names.
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >other.key
chmod 600 other.key
sed 's/tomorrow/somebody/' provision.7.textproto >provision.8.textproto
expect 0 "signed" register sign --key other.key --out other \
  --origin log.example/cities/2026h2 provision.8.textproto
expect 2 "not signed by its publisher" register put --dir log other/provision.8
sed 's/name/no_such_name/' provision.8.textproto >provision.9.textproto
expect 2 "line 3" register sign --dir log --out other provision.9.textproto

echo "killed"
kill -9 "$server"
wait "$server" 2>/dev/null || true
serve
expect 0 "An act of the day after" register show --dir log provision 7
expect 0 "An act of tomorrow" register show --dir log provision 7 0
expect 1 "there is no provision 8" register show --dir log provision 8
# It counts when its notice of seven days is over.
expect 0 "counts from" register list --dir log
expect 0 "stands already as leaf" register put --dir log signed/provision.7

echo "prove"
for number in 7 8; do
  expect 0 "made" register prove --dir log --out "proof.$number" \
    provision "$number"
done
verify=("$VIDIMUS" verify --vkey log/log.vkey)
expect 0 "true: version 1 is the newest of provision 7" "${verify[@]}" proof.7
expect 0 "true: there is no provision 8" "${verify[@]}" proof.8
head -c -1 proof.7 >cut
expect 2 "unusable" "${verify[@]}" cut

echo "accesses under an old law and a new one"
cat >mapping <<'TEXT'
controller_id: "0201256-6"
subject { scheme: 1 path: "audit_event.target.user_id" }
rule {
  target_type: "Old"
  record_operation: READ
  purpose: "SocialWelfareEligibilityAssessment"
  legal_basis { basis: "A6-1-c" provision: 0 }
  data_category: "pd:Income"
}
rule {
  target_type: "New"
  record_operation: READ
  purpose: "PublicServiceProvision"
  legal_basis { basis: "A6-1-c" provision: 7 }
  data_category: "pd:Contact"
}
TEXT
subject=00000000-0000-4000-8000-000000000007
for type in Old New; do
  printf '{"audit_event": {"actor": {"uuid": "%s"}, "date_time": "%s", "operation": "READ", "target": {"type": "%s", "user_id": "%s"}}}\n' \
    00000000-0000-4000-8a00-000000000001 "$(date -u +%FT%T.000Z)" "$type" "$subject"
done >audit.jsonl
expect 0 "2 receipts verified" "$VIDIMUS" submit --log "$grpc" \
  --vkey log/log.vkey --ca log/tls/ca.crt --as log/administrations/0 \
  --outbox outbox --map mapping audit.jsonl

echo "a resident and a stranger"
"$VIDIMUS_LOG" token --dir log --subject "$subject" >token
chmod 600 token
expect 0 "bytes read" "$VIDIMUS" resident check --server "$https" \
  --ca log/tls/ca.crt --token-file token --vkey log/log.vkey --save chains
ls -l chains
# The law that the log opened with covers; the one that was put did not yet.
expect 0 "[under law]" "${verify[@]}" chains
expect 0 "[violation" "${verify[@]}" chains
expect 0 "sound" "$VIDIMUS" fsck "$http" --vkey log/log.vkey

kill "$server"
wait "$server"
