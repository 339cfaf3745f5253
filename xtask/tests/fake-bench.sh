#!/bin/sh
# Stands in for `ae` and for the example `throughput` in the tests of `bench`.
set -eu
case "$1" in
train)
    echo "epoch 1/3: loss 3" >&2
    echo "epoch 2/3: loss 2" >&2
    sleep 0.05
    echo "epoch 3/3: loss 1" >&2
    echo '{"weights_sha256": "5e1f"}'
    ;;
resume) echo '{"weights_sha256": "5e1f"}' ;;
data) echo "data" ;;
inference) echo '{"single_image_us": 3, "images_per_second_256": 2000000}' ;;
noise) echo '{"noise_seconds": 0.5}' ;;
*) exit 2 ;;
esac
