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
. "$here/browser.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
quietly() { "$ae" "$@" --quiet --offline >/dev/null || [ $? = 3 ]; }
quietly reproduce --data digits --only regular --only denoising --only dimensionality --epochs 2 --out runs
quietly train --data "$here/../fixtures/tables/headerless_class.csv" --label-column 5 --epochs 20 --out table
quietly report runs -o again.html
node "$tools/pages.mjs" "${shots:-none}" runs/report.html runs/regular/report.html \
    runs/denoising/report.html runs/dimensionality/report.html table/report.html again.html
