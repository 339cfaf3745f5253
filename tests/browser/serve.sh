#!/usr/bin/env bash
# Uses the page of `ae serve`, and the same page without a server, in Chromium.
#
# Usage: tests/browser/serve.sh AE [SCREENSHOTS]
#
# The playground is left out where no compiler for WebAssembly is installed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/browser.sh"

# Serves a model; sets `address`.
serve() {
    local told=$scratch/told-${#children[@]}
    "$ae" serve "$1" --port 0 --json --quiet --offline >"$told" &
    children+=($!)
    address_in "$told" 's/.*"url": *"\([^"]*\)".*/\1/p'
}

# Serves a folder of files; sets `address`.
serve_files() {
    local told=$scratch/told-${#children[@]}
    python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$1" >"$told" 2>"$scratch/files.log" &
    children+=($!)
    address_in "$told" 's/.*(\(http:[^)]*\)).*/\1/p'
}

# Waits for a program to write its address.
address_in() {
    local wait
    for wait in $(seq 100); do
        address=$(sed -n "$2" "$1" | head -n 1)
        [ -z "$address" ] || return 0
        sleep 0.1
    done
    echo "no address was told within 10 s" >&2
    return 1
}

quietly train --data digits --noise gaussian:0.5 --epochs 5 --out denoiser
quietly anomaly fit denoiser digits
quietly train --data "$here/../fixtures/tables/headerless_class.csv" --label-column 5 --epochs 20 --out table
serve denoiser
served=$address
serve table
pages=("serve=$served" "table=$address")

xtask() { cargo run --quiet --manifest-path "$here/../../Cargo.toml" --package xtask -- "$@"; }
if xtask playground denoiser --ae "$ae" --out playground 2>playground.log; then
    serve_files playground
    node "$tools/same.mjs" "$served" playground
    node "$tools/file.mjs" "$shots" playground
    pages+=("playground=$address")
elif grep --quiet '^error: no compiler for wasm32' playground.log; then
    echo "SKIPPED: the playground: $(sed -n 's/^error: //p' playground.log)"
else
    cat playground.log >&2
    exit 1
fi
node "$tools/serve.mjs" "$shots" "${pages[@]}"
