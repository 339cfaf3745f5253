#!/usr/bin/env bash
# Reads the event file of `ae train --tensorboard` by TensorBoard's own reader and compares it with the run's curve and
# weights, also after a resume.
#
#   docs/interop/tensorboard.sh AE [FOLDER]
#
# AE is the program `ae`. TensorBoard is installed into a virtual environment in FOLDER, which is kept for the next time
# [default: target/tools/python-tensorboard of this repository].
#
# Exit status: 0 if all agrees. What was skipped is said in capital letters.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ae=$(realpath "$1")
tools=${2:-$here/../../target/tools/python-tensorboard}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skipped() { printf 'SKIPPED: %s\n' "$*"; }

python=$tools/bin/python
if ! "$python" -c 'import tensorboard' 2>/dev/null; then
    if ! python3 -m venv "$tools" >"$scratch/venv.log" 2>&1; then
        skipped "TensorBoard's reader: python3 cannot make a virtual environment"
        exit 0
    fi
    if ! "$tools/bin/pip" install --quiet --disable-pip-version-check \
        --requirement "$here/requirements-tensorboard.txt" >"$scratch/pip.log" 2>&1; then
        skipped "TensorBoard's reader: pip cannot install $(paste -sd' ' "$here/requirements-tensorboard.txt")"
        exit 0
    fi
fi

cd "$scratch"
quiet=(--quiet --offline)
"$python" -c 'import numpy; numpy.save("images.npy", numpy.random.default_rng(1).integers(0, 256, (300, 12, 12), "u1"))'
train=(train --data images.npy --widths 16 --tensorboard --set checkpoints.every=2 "${quiet[@]}")
"$ae" "${train[@]}" --epochs 4 --out whole >whole.log
"$ae" "${train[@]}" --epochs 3 --out resumed >resumed.log
"$ae" resume resumed --epochs 4 "${quiet[@]}" >>resumed.log
"$python" "$here/read_tensorboard.py" whole 2 4
cmp whole/tensorboard/events.out.tfevents.0.ae resumed/tensorboard/events.out.tfevents.0.ae
# A row of a table is a picture of one line.
"$python" -c 'print("a,b,c"); [print(i % 7, i % 5, i % 3, sep=",") for i in range(100)]' >rows.csv
"$ae" train --data rows.csv --widths 2 --epochs 2 --tensorboard --out rows "${quiet[@]}" >rows.log
"$python" "$here/read_tensorboard.py" rows 1 2
echo "tensorboard: event files are read as they were written"
