#!/usr/bin/env bash
# Watches trainings in Chromium: curves that grow, the button that stops, the end, and a run of another process.
#
# Usage: tests/browser/live.sh AE [SCREENSHOTS]
#
# AE is the program. SCREENSHOTS is a folder for pictures of the pages; without it none are taken.
# Needs Node. Playwright is installed into target/tools/browser; Chromium is the system's ($CHROMIUM), or
# Playwright's own.
set -euo pipefail
ae=$(realpath "$1")
shots=${2:-none}
[ "$shots" = none ] || shots=$(realpath -m "$shots")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/browser.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
node "$tools/live.mjs" "$ae" "$shots"
