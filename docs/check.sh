#!/usr/bin/env bash
# Runs every `ae` command that the README and the docs print, page by page, in a folder that holds a copy of docs/sample.
#
# usage: docs/check.sh [--update] AE
#   AE        the program, such as target/release/ae
#   --update  copies the tutorial's figures into docs/pictures/tutorial instead of comparing them
#
# Trainings that do not say how long they are get one epoch. The tutorial runs as printed, and its figures must be the
# committed ones, byte for byte.
set -euo pipefail
update=no
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
ae=$(realpath "${1:?usage: docs/check.sh [--update] AE}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
figures=docs/pictures/tutorial
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
ln -s "$ae" "$scratch/bin/ae"
export PATH="$scratch/bin:$PATH" HF_ENDPOINT=http://127.0.0.1:1 XDG_CACHE_HOME="$scratch/cache"
unset AE_DATA

# The commands of a page: lines of its `sh` blocks that begin with `ae`.
commands() {
    awk '/^```/ { inside = ($0 == "```sh") && !inside; next } inside && /^ae /' "$1"
}

# A command as it is run: short where the page does not say how long.
shortened() {
    case $1 in
        *--epochs* | *--set\ training.epochs*) printf '%s\n' "$1" ;;
        "ae train"* | "ae reproduce"*) printf '%s\n' "$1" | sed -E 's/^(ae [a-z]+)/\1 --epochs 1/' ;;
        *) printf '%s\n' "$1" ;;
    esac
}

# A folder with the first 3000 training and 1000 test images of the procedural digits.
few_digits() {
    ae data export digits --out "$scratch/digits" --force >/dev/null
    mkdir "$1"
    cut_idx train-images-idx3-ubyte 16 784 '\x0b\xb8' 3000 "$1"
    cut_idx train-labels-idx1-ubyte 8 1 '\x0b\xb8' 3000 "$1"
    cut_idx t10k-images-idx3-ubyte 16 784 '\x03\xe8' 1000 "$1"
    cut_idx t10k-labels-idx1-ubyte 8 1 '\x03\xe8' 1000 "$1"
}

# The first items of an IDX file: name, bytes of its header, bytes of an item, the count as two bytes and as a number.
cut_idx() {
    local file=$scratch/digits/$1 header=$2 item=$3 bytes=$4 count=$5 folder=$6
    {
        head -c 4 "$file"
        printf "\\x00\\x00$bytes"
        head -c $((header + count * item)) "$file" | tail -c +9
    } >"$folder/$1"
}

# A folder of photographs as a study takes it, with procedural pictures.
few_photographs() {
    local part
    ae data export leaves --size 48x48 --out "$scratch/leaves" --force >/dev/null
    for part in train400 bsd68; do
        mkdir -p "$1/$part"
        cp "$scratch"/leaves/test/0000[1-9].png "$1/$part"
    done
}

run_page() {
    local page=$1 place=$scratch/page count=0 line
    rm -rf "$place"
    cp -r docs/sample "$place"
    if commands "$page" | grep -q -- '--data DIR'; then
        few_digits "$place/DIR"
    fi
    if commands "$page" | grep -q -- '--photographs PHOTOS'; then
        few_photographs "$place/PHOTOS"
    fi
    if commands "$page" | grep -q -- '--target photos-clean/'; then
        cp -r "$place/photos" "$place/photos-clean"
    fi
    while IFS= read -r line; do
        line=$(shortened "$line")
        if ! (cd "$place" && bash -c "$line") >"$scratch/output" 2>&1 </dev/null; then
            printf 'error: %s: this command fails:\n%s\n' "$page" "$line" >&2
            tail -n 20 "$scratch/output" >&2
            return 1
        fi
        count=$((count + 1))
    done < <(commands "$page")
    echo "$page: $count commands"
}

# A figure of the tutorial, as the listings wrote it and as it is committed.
figure() {
    local made=$scratch/page/$1 kept=$figures/$2
    if [ "$update" = yes ]; then
        mkdir -p "$figures"
        cp "$made" "$kept"
    elif ! cmp -s "$made" "$kept"; then
        echo "error: docs/tutorial.md: its listings draw another $kept; look at both, then run docs/check.sh --update" >&2
        return 1
    fi
}

for page in README.md docs/*.md docs/reference/*.md; do
    [ "$page" = docs/tutorial.md ] || run_page "$page"
done
run_page docs/tutorial.md
figure runs/regular/reconstructions.png reconstructions.png
figure runs/denoising/reconstructions.png denoised.png
cd "$root"
echo "every command of the documentation runs"
