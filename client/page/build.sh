#!/usr/bin/env bash
#
# Puts the resident's page into a folder that any web server can serve: page,
# verifier, settings and a content security policy made of them. No bundler, no
# network; the same input gives the same bytes.
#
#   client/page/build.sh OUT CONFIG          builds vidimus.wasm
#   client/page/build.sh OUT CONFIG MODULE   takes this one
#
# OUT is a new folder, or one that this made. CONFIG is the settings as JSON
# (docs/app.md). Prints what each part weighs, and refuses a page of which one
# resident, in one language, loads more than 120 KiB gzipped without the module.
set -euo pipefail
readonly HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
readonly OUT=${1:?the folder to write} CONFIG=${2:?the settings, JSON}
readonly MODULE=${3:-}
readonly GZIP_MAX=122880
readonly MADE=.vidimus-page

if [[ -e $OUT && ! -e $OUT/$MADE && -n $(ls -A "$OUT") ]]; then
  echo "build.sh: $OUT is not empty, and none of mine" >&2
  exit 1
fi
mkdir -p "$OUT/views" "$OUT/words"
touch "$OUT/$MADE"

# What the settings say, checked; prints the theme and the policy, one a line.
mapfile -t said < <(python3 - "$CONFIG" <<'PYTHON'
import json, re, sys
from urllib.parse import urlsplit

with open(sys.argv[1], encoding="utf-8") as stream:
    config = json.load(stream)
theme = config.get("theme", "helsinki")
if not re.fullmatch(r"[a-z-]{1,40}", theme):
    sys.exit("theme: not a name")
origins = ["'self'"]
if not config.get("logs"):
    sys.exit("logs: there is none")
for log in config["logs"]:
    url = urlsplit(log["url"])
    if url.scheme not in ("https", "http") or not url.hostname:
        sys.exit("logs: url: not an address")
    # Nothing but host and port may get into the policy.
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-f:]+\](:[0-9]{1,5})?",
                        url.netloc):
        sys.exit("logs: url: not a host and a port")
    if url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        sys.exit("logs: url: http is for one's own machine")
    if "+" not in log["vkey"]:
        sys.exit("logs: vkey: not a verifier key")
    origin = f"{url.scheme}://{url.netloc}"
    if origin not in origins:
        origins.append(origin)
print(theme)
print("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
      "worker-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
      f"connect-src {' '.join(origins)}; base-uri 'none'; form-action 'self'")
PYTHON
)
((${#said[@]} == 2)) || exit 1
readonly THEME=$HERE/theme-${said[0]}.css
export POLICY=${said[1]}
[[ -e $THEME ]] || { echo "build.sh: no theme ${said[0]}" >&2; exit 1; }

if [[ -n $MODULE ]]; then
  cp "$MODULE" "$OUT/vidimus.wasm"
else
  "$HERE/../../verifier/wasm/build.sh" "$OUT/vidimus.wasm" >/dev/null
fi
cp "$CONFIG" "$OUT/config.json"
cp "$HERE"/*.js "$OUT"
cp "$HERE"/../js/*.js "$OUT"
cp "$HERE"/views/*.js "$OUT/views"
cp "$HERE"/words/*.json "$OUT/words"
cp "$HERE/style.css" "$HERE/favicon.svg" "$OUT"
cp "$THEME" "$OUT/theme.css"
{
  echo "/* hds-core 5.2.2, https://github.com/City-of-Helsinki/helsinki-design-system"
  cat "$HERE/hds/LICENSE"
  echo "*/"
  cat "$HERE"/hds/{base,button,status-label}.min.css
} >"$OUT/hds.css"
python3 - "$HERE/index.html" "$OUT/index.html" <<'PYTHON'
import html, os, sys

with open(sys.argv[1], encoding="utf-8") as stream:
    page = stream.read()
place = "<!-- content-security-policy -->"
assert page.count(place) == 1
page = page.replace(place, '<meta http-equiv="Content-Security-Policy" content="%s">' %
                    html.escape(os.environ["POLICY"], quote=True).replace("&#x27;", "'"))
with open(sys.argv[2], "w", encoding="utf-8") as stream:
    stream.write(page)
PYTHON

total=0
weigh() {  # weigh NAME FILE...: raw and gzipped
  local name=$1 raw=0 packed=0 file
  shift
  for file in "$@"; do
    ((raw += $(stat -c %s "$file"), packed += $(gzip -9nc "$file" | wc -c))) || true
  done
  printf '%-28s %8d bytes %8d gzipped\n' "$name" "$raw" "$packed"
  [[ $name == vidimus.wasm || $name == *"other two" ]] || ((total += packed)) || true
}
cd "$OUT"
shopt -s nullglob
weigh "page" index.html favicon.svg config.json
weigh "styles" hds.css style.css theme.css
weigh "words, the longest" words/fi.json
weigh "words, the other two" words/sv.json words/en.json
ours=()
for file in "$HERE"/*.js; do ours+=("${file##*/}"); done
weigh "views and model" "${ours[@]}" views/*.js
theirs=()
for file in "$HERE"/../js/*.js; do theirs+=("${file##*/}"); done
weigh "log, wallet, statements" "${theirs[@]}"
weigh "vidimus.wasm" vidimus.wasm
printf '%-28s %23d gzipped, in one language, without the module\n' "all" "$total"
if ((total > GZIP_MAX)); then
  echo "build.sh: the page has grown beyond $GZIP_MAX bytes" >&2
  exit 1
fi
