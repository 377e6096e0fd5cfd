#!/usr/bin/env bash
#
# A chain of 10 entries proven complete: ours beside the key directory akd.
#
# Both hold 100,000 labels, of which one has ten entries (versions). Ours is
# what a resident needs to see that there are ten and no eleventh, without and
# with the eight probes; theirs is a history proof. Needs cargo for the peer.
set -euo pipefail
source "$ROOT/benches/lib.sh"

# akd_peer: makes TOOL the peer's path, built once into our cache folder.
akd_peer() {
  local source=$ROOT/benches/peers/akd build=$CACHE/akd-peer
  TOOL=$build/target/release/akd-peer
  [[ -x $TOOL && ! $source/src/main.rs -nt $TOOL ]] && return
  need cargo
  mkdir -p "$build"
  cp -r "$source/." "$build"
  (cd "$build" && cargo build --release) >"$WORK/cargo.log" 2>&1 ||
    skip "akd could not be built (is there a network?)"
}

if (akd_peer) >"$WORK/peer"; then
  akd_peer
else
  cat "$WORK/peer"
  TOOL=
fi

for _ in $(seq "$ROUNDS"); do
  "$CHAIN_PROOF_BENCH" | paste -d'\t' <(printf '%s\n' vidimus 'vidimus, 8 probes') - >>"$WORK/rows"
  [[ -z $TOOL ]] ||
    "$TOOL" | awk -F'\t' -v OFS='\t' '{ print "akd", $1, $2, $4 }' >>"$WORK/rows"
done
printf '%s, %s rounds; commit %s\n' "$(date -u +%F)" "$ROUNDS" \
  "$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)"
python3 - "$WORK/rows" <<'PYTHON'
import collections, statistics, sys
rounds = collections.defaultdict(list)
for line in open(sys.argv[1]):
    peer, *figures = line.rstrip("\n").split("\t")
    rounds[peer].append([float(figure) for figure in figures])
print(f"{'':20}{'labels/s':>12}{'bytes':>10}{'judged in ms':>24}")
for peer, rows in rounds.items():
    rate, size, ms = zip(*rows)
    print(f"{peer:20}{statistics.median(rate):12.0f}{size[0]:10.0f}"
          f"{statistics.median(ms):10.3f} [{min(ms):.3f}-{max(ms):.3f}]")
PYTHON
