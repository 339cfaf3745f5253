#!/usr/bin/env bash
# Watches trainings in Chromium: curves that grow, the button that stops, the end, and a run of another process.
#
# Usage: tests/browser/live.sh AE [SCREENSHOTS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/browser.sh"
node "$tools/live.mjs" "$ae" "$shots"
