#!/usr/bin/env bash
# Runs the scripts of docs/interop.md and compares their numbers with those of `ae`, to 1e-5 of a column's range.
#
#   docs/interop/check.sh AE [--tract]
#
# AE is the program `ae`. The scripts need Python with numpy, safetensors and onnxruntime, which are installed into a
# temporary folder. PyTorch and Keras are used where they are installed: $TORCH_PYTHON and $KERAS_PYTHON, or else python3.
# With --tract, the runtime tract is compiled (some minutes) and checked too.
#
# Exit status: 0 if all numbers that could be compared agree. What was skipped is said in capital letters.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ae=$(realpath "$1")
with_tract=${2:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

skipped() { printf 'SKIPPED: %s\n' "$*"; }

if ! python3 -m venv venv >venv.log 2>&1; then
    skipped "all scripts of docs/interop.md: python3 cannot make a virtual environment"
    exit 0
fi
if ! venv/bin/pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >pip.log 2>&1; then
    skipped "all scripts of docs/interop.md: pip cannot install $(paste -sd' ' "$here/requirements.txt")"
    exit 0
fi
python=venv/bin/python
compare() { "$python" "$here/compare.py" "$@"; }

# A model of images and one of a table, and something to give to them.
"$python" - <<'PYTHON'
import numpy as np

random = np.random.default_rng(1)
np.save("images.npy", random.integers(0, 256, (300, 28, 28), dtype="uint8"))
np.save("pixels.npy", np.load("images.npy").reshape(300, 784) / np.float32(255))
# The time in seconds since 1970, which f32 cannot hold; a column that depends on another; and a constant.
time = 1.7e9 + np.arange(300)
values = random.normal(20, 3, 300)
rows = np.stack([time, values, values * 2 + random.normal(0, 0.1, 300), np.full(300, 3.5)], axis=1)
np.save("rows.npy", rows)
np.savetxt("rows.csv", rows, fmt="%.17g", delimiter=",", header="time,a,b,constant", comments="")
PYTHON
quiet=(--quiet --offline --force)
"$ae" train --data digits --epochs 1 --out run "${quiet[@]}" >/dev/null
"$ae" train --data rows.csv --widths 3,2 --epochs 20 --out table "${quiet[@]}" >/dev/null
"$ae" reconstruct run images.npy -o expected.npy "${quiet[@]}"
"$ae" encode run images.npy -o codes.npy "${quiet[@]}"
"$ae" decode run codes.npy -o decoded.npy "${quiet[@]}"
"$ae" reconstruct table rows.csv -o table.csv "${quiet[@]}"
"$ae" encode table rows.csv -o table_codes.npy "${quiet[@]}"
"$python" -c 'import numpy as np; np.save("table.npy", np.genfromtxt("table.csv", delimiter=",", skip_header=1))'

# From here to there.
"$python" "$here/read_numpy.py" run/model.safetensors images.npy found.npy
compare "a model in NumPy" found.npy expected.npy

# From there to here: weights, `ae import`, and `ae reconstruct` with what came out.
imported() {
    "$ae" import "$2" -o "$1.safetensors" "${quiet[@]}"
    "$ae" reconstruct "$1.safetensors" images.npy -o found.npy "${quiet[@]}"
    compare "weights of $1" found.npy theirs.npy
}
"$python" "$here/write_numpy.py" images.npy weights.safetensors theirs.npy
imported NumPy weights.safetensors

torch=${TORCH_PYTHON:-python3}
if "$torch" -c 'import numpy, torch, safetensors' 2>/dev/null; then
    "$torch" "$here/read_torch.py" run/model.safetensors images.npy found.npy
    compare "a model in PyTorch" found.npy expected.npy
    "$torch" "$here/write_torch.py" images.npy torch.safetensors theirs.npy
    imported PyTorch torch.safetensors
else
    skipped "read_torch.py, write_torch.py: $torch has no PyTorch with numpy and safetensors (its wheel takes 5 GB)"
fi
keras=${KERAS_PYTHON:-python3}
if "$keras" -c 'import keras' 2>/dev/null; then
    "$keras" "$here/write_keras.py" images.npy keras.npz theirs.npy
    imported Keras keras.npz
else
    skipped "write_keras.py: $keras has no Keras with a backend"
fi

# ONNX: the model, the encoder and the decoder, of images and of a table.
checked() { # NAME, GRAPH, INPUT, EXPECTED
    for batch in 1 7 256; do
        "$python" "$here/run_onnx.py" "$2" "$3" found.npy "$batch"
        compare "onnxruntime, $1, batches of $batch" found.npy "$4"
    done
    if [ "$with_tract" = --tract ]; then
        "$python" -c 'import sys, numpy; [numpy.load(name).tofile(name + ".raw") for name in sys.argv[1:]]' "$3" "$4"
        "${TRACT_TARGET:-$scratch/tract}/debug/check-onnx" "$1" "$2" "$3.raw" "$4.raw"
    fi
}
if [ "$with_tract" = --tract ]; then
    CARGO_TARGET_DIR=${TRACT_TARGET:-$scratch/tract} cargo build --quiet --locked --manifest-path "$here/tract/Cargo.toml"
else
    skipped "tract (give --tract)"
fi
for part in model encoder decoder; do
    "$ae" export run --onnx --part "$part" -o "$part.onnx" "${quiet[@]}"
    "$ae" export table --onnx --part "$part" -o "table_$part.onnx" "${quiet[@]}"
done
checked "model" model.onnx pixels.npy expected.npy
checked "encoder" encoder.onnx pixels.npy codes.npy
checked "decoder" decoder.onnx codes.npy decoded.npy
checked "model of a table" table_model.onnx rows.npy table.npy
checked "encoder of a table" table_encoder.onnx rows.npy table_codes.npy
checked "decoder of a table" table_decoder.onnx table_codes.npy table.npy
# A network with every kind of layer, its weights random.
if command -v cargo >/dev/null; then
    # With the features of the whole workspace, as its tests compile it.
    built=$(cargo build --quiet --locked --manifest-path "$here/../../Cargo.toml" --workspace --example every_layer \
        --message-format=json | "$python" -c 'import json, sys
for line in sys.stdin:
    print(json.loads(line).get("executable") or "", end="")')
    "$built" layers.safetensors
    "$ae" reconstruct layers.safetensors images.npy -o layers.npy "${quiet[@]}"
    "$ae" encode layers.safetensors images.npy -o layers_codes.npy "${quiet[@]}"
    for part in model encoder; do
        "$ae" export layers.safetensors --onnx --part "$part" -o "layers_$part.onnx" "${quiet[@]}"
    done
    checked "model of every layer" layers_model.onnx pixels.npy layers.npy
    checked "encoder of every layer" layers_encoder.onnx pixels.npy layers_codes.npy
else
    skipped "a network with every kind of layer: there is no cargo"
fi
echo "interop: all that was compared agrees to 1e-5"
