# What the tests in a browser share: arguments, a folder of their own, Playwright, Chromium.
#
# Sourced with the arguments of a test, `AE [SCREENSHOTS]`: the program, and a folder for pictures of the pages; without it
# none are taken. Sets $ae, $shots (`none` without a folder), $here (the folder of the tests), $tools (where Playwright is)
# and $CHROMIUM. Ends in a scratch folder, which is removed at the end, as are the processes in `children`.
#
# Needs Node. Playwright is installed into target/tools/browser; Chromium is the system's ($CHROMIUM), or Playwright's own.
ae=$(realpath "$1")
shots=${2:-none}
[ "$shots" = none ] || shots=$(realpath -m "$shots")
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
cp "$here"/*.mjs "$tools/"

scratch=$(mktemp -d)
children=()
finish() {
    [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
cd "$scratch"

# Runs the program without a word; an expectation that is not met (exit status 3) is no problem here.
quietly() { "$ae" "$@" --quiet --offline >/dev/null || [ $? = 3 ]; }
