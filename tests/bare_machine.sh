#!/usr/bin/env bash
#
# What a newcomer's first hour is like: makes a bare Debian 12 (debootstrap's
# minbase with /proc mounted and nothing else), copies a fresh clone into it and
# runs the README's two commands there, or the ones given. Prints for each the
# wall time and the megabytes it added; fails if one of them fails.
#
#   tests/bare_machine.sh [--keep] [COMMAND...]
#
# Needs root, debootstrap and git. The packages come from this machine's own
# mirror. --keep leaves the folder for a look.
set -euo pipefail

readonly ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
readonly DIR=$(mktemp -d /var/tmp/bare_machine.XXXXXX)
readonly WORLD=$DIR/root

# The repository that this machine installs Debian 12 from.
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Codename: bookworm' 'Component: main' | head -n 1
}

megabytes() { du -sxm --exclude="$WORLD/proc" "$WORLD" | cut -f1; }

# What apt keeps of its downloads, and BoringSSL's tarball.
downloaded() {
  { find "$WORLD/var/cache/apt/archives" -name '*.deb' -printf '%s\n'
    find "$WORLD/root/.cache/vidimus" -name '*.tar.xz' -printf '%s\n' 2>/dev/null
  } | awk '{ sum += $1 } END { printf "%d\n", sum / 1e6 }'
}

# Ends what still runs inside (Bazel's server), by process id.
end_processes() {
  local process
  for process in /proc/[0-9]*; do
    [[ $(readlink "$process/root" 2>/dev/null) == "$WORLD" ]] || continue
    kill -9 "${process#/proc/}" 2>/dev/null || true
  done
}

finish() {
  end_processes
  for _ in 1 2 3 4 5; do
    umount "$WORLD/proc" 2>/dev/null && break
    mountpoint -q "$WORLD/proc" || break
    sleep 1
  done
  if [[ $KEEP ]]; then
    echo "kept: $WORLD"
  elif ! mountpoint -q "$WORLD/proc"; then
    rm -rf --one-file-system "$DIR"
  fi
}

inside() {
  chroot "$WORLD" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    ${http_proxy:+http_proxy="$http_proxy"} \
    ${https_proxy:+https_proxy="$https_proxy"} \
    sh -c "cd /vidimus && $1"
}

KEEP=
[[ ${1:-} != --keep ]] || { KEEP=1 && shift; }
(($#)) || set -- './vidimus demo' './vidimus test'
trap finish EXIT

mkdir -p "$WORLD"
debootstrap --variant=minbase bookworm "$WORLD" "$(mirror)" >"$DIR/debootstrap.log" ||
  { tail "$DIR/debootstrap.log"; exit 1; }
apt-config dump | grep -E '^Acquire::(https?::|Retries)' \
  >"$WORLD/etc/apt/apt.conf.d/90machine" || true
git clone -q --no-hardlinks "$ROOT" "$WORLD/vidimus"
mount -t proc proc "$WORLD/proc"
echo "bare Debian 12: $(megabytes) MB; commit $(git -C "$ROOT" rev-parse --short HEAD)"

table='' status=0
for command in "$@"; do
  echo "\$ $command"
  size=$(megabytes) start=$(date +%s) result=ok
  inside "$command" || result="FAILED ($?)" status=1
  table+=$(printf '%-24s %6d s %6d MB on disk %6d MB downloaded so far  %s' \
    "$command" $(($(date +%s) - start)) $(($(megabytes) - size)) \
    "$(downloaded)" "$result")$'\n'
done
printf '\n%s' "$table"
exit "$status"
