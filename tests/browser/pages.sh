#!/usr/bin/env bash
# Opens the page of a run, of a table's run, of a study and of a reproduction in Chromium.
#
# Usage: tests/browser/pages.sh AE [SCREENSHOTS]
#
# AE is the program. SCREENSHOTS is a folder for a picture of every page; without it none are taken.
# Needs Node. Playwright is installed into target/tools/browser; Chromium is the system's ($CHROMIUM), or
# Playwright's own.
set -euo pipefail
ae=$(realpath "$1")
shots=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$here/../../target/tools/browser

install_playwright() {
    mkdir -p "$tools"
    if ! cmp --silent "$here/package.json" "$tools/package.json" || [ ! -d "$tools/node_modules" ]; then
        cp "$here/package.json" "$tools/package.json"
        PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --prefix "$tools" --silent --no-audit --no-fund
    fi
}

# The path of a browser: the one that was named, the system's, or one that Playwright installs.
find_chromium() {
    local name
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name"; then
            return
        fi
    done
    "$tools/node_modules/.bin/playwright-core" install --with-deps chromium >&2
}

if ! install_playwright; then
    echo "SKIPPED: pages in a browser: npm cannot install Playwright"
    exit 0
fi
CHROMIUM=$(find_chromium)
export CHROMIUM
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
quietly() { "$ae" "$@" --quiet --offline >/dev/null || [ $? = 3 ]; }
quietly reproduce --data digits --only regular --only denoising --only dimensionality --epochs 2 --out runs
quietly train --data "$here/../fixtures/tables/headerless_class.csv" --label-column 5 --epochs 20 --out table
quietly report runs -o again.html
cp "$here/pages.mjs" "$tools/pages.mjs"
node "$tools/pages.mjs" "${shots:-none}" runs/report.html runs/regular/report.html \
    runs/denoising/report.html runs/dimensionality/report.html table/report.html again.html
