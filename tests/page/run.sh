#!/usr/bin/env bash
#
# The resident's page: words, model and exports in node, every view in headless
# Chromium. Ends with "N passed, N failed, N skipped".
#
#   tests/page/run.sh FOLDER [MODULE]    what Bazel built: make_city, vidimus;
#                                       vidimus.wasm, if it is built already
#
# What is missing on this machine (node, chromium) is skipped and named.
set -euo pipefail
folder=$(realpath "${1:?the folder with what Bazel built}")
module=${2:+$(realpath "$2")}
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
page=$out/page city=$out/city
mkdir "$city"

source tests/runners.sh

umask 077
"$folder/make_city" "$city"
# take_away BUNDLE STATUS: all exports of it, and how the program ends.
take_away() {
  local language format status
  for language in sv fi en; do
    for format in json csv; do
      status=0
      "$folder/vidimus" resident export --chains "$city/$1" --vkey "$city/log.vkey" \
        --policy "$city/policy" --language="$language" --format="$format" \
        --out "$city/export.$1.$language.$format" >/dev/null || status=$?
      ((status == $2))
    done
  done
}
take_away bundle 0
take_away unread 1  # Nobody can read who one of them was.

cat >"$out/config.json" <<CONFIG
{"name": {"sv": "Provstad", "fi": "Koekaupunki", "en": "Test City"},
 "theme": "helsinki", "help": {"url": "https://city.example/help", "email": "help@city.example"},
 "logs": [{"url": "https://log.example:8443", "vkey": "$(<"$city/log.vkey")", "policy": ""}],
 "identity_services": [0], "sign_in": true}
CONFIG
# A folder of somebody else's, an address that would get into the policy, and a
# theme that is a path are refused; each theme there is is taken.
build() { client/page/build.sh "$@" >"$out/sizes" 2>/dev/null; }
fails() { ! "$@"; }
refuses() {  # refuses SED-EXPRESSION
  sed "$1" "$out/config.json" >"$out/bad.json"
  holds "build.sh refuses $1" fails build "$out/bad" "$out/bad.json" /dev/null
}
refuses 's/https:..log.example:8443/https:\/\/x; script-src */'
refuses 's/https:..log.example:8443/http:\/\/log.example/'
refuses 's/"helsinki"/"..\/x"/'
refuses 's/"helsinki"/"atlantis"/'
refuses 's/"logs": \[.*\],/"logs": [],/'
mkdir "$out/mine" && touch "$out/mine/file"
holds "build.sh leaves a folder of somebody else's alone" \
  fails build "$out/mine" "$out/config.json" /dev/null
sed 's/"helsinki"/"helsingborg"/' "$out/config.json" >"$out/other.json"
for config in other config; do
  holds "build.sh takes $config" \
    build "$page" "$out/$config.json" ${module:+"$module"}
  module=$page/vidimus.wasm.kept
  [[ -e $module ]] || cp "$page/vidimus.wasm" "$module"
done
cat "$out/sizes"

# For node, which must be told that these are ES modules; a browser knows.
cp client/js/package.json "$out"
runner node node tests/page/check.mjs "$page" "$city" .
cp -r "$city" "$page/city"
cp tests/page/{page.html,browser.mjs,fixture.js,sample_report.mjs} "$page"
sed 's/main\.js/fixture.js/' "$page/index.html" >"$page/fixture.html"
cp -r "$page" "$out/broken" && rm "$out/broken/config.json" && mv "$out/broken" "$page"
runner chromium python3 tests/wasm/chromium.py "$page"
tell
