# For the tests in a browser: installs Playwright and finds Chromium.
#
# Sourced with $here, the folder of the tests. Sets $tools, where Playwright is, and $CHROMIUM.
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
