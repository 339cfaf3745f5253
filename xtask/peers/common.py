"""What the Python peers share: the command line, the data, the networks, the clock, the line of results.

Every peer is run as `PEER.py WORK DATA EPOCHS THREADS` and prints one line of JSON, its last. This module is
imported before the peer's own library, because threads have to be limited before that starts them.
"""

import gzip
import json
import os
import statistics
import sys
import time

WORK, DATA, EPOCHS, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

if hasattr(os, "sched_setaffinity"):
    # The one limit that every library keeps, XLA's pool of threads too.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import numpy as np  # noqa: E402: after the limits

PIXELS = 784
BATCH = 256
FACTOR = 0.5  # of the Gaussian noise

# The widths from the image to the code; decoders mirror them.
ENCODERS = {
    "tutorial": [32],
    "process": [32],
    "denoising-fresh": [32],
    "inference": [32],
    "deep": [128, 64, 32],
    "wide": [1000, 500, 250, 30],
}


def widths():
    """All widths of this work's network, such as [784, 32, 784]."""
    encoder = ENCODERS[WORK]
    return [PIXELS, *encoder, *encoder[-2::-1], PIXELS]


def activations():
    """One for each layer: ReLU, at the end a sigmoid."""
    return ["relu"] * (len(widths()) - 2) + ["sigmoid"]


def read(stem):
    """An IDX file, raw or .gz."""
    path = os.path.join(DATA, stem)
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz") as file:
            return file.read()
    with open(path, "rb") as file:
        return file.read()


def load():
    """Training and test images as float32 in [0, 1], of shape (n, 784)."""
    files = map(read, ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"))
    pixels = (np.frombuffer(file, np.uint8)[16:].reshape(-1, PIXELS) for file in files)
    return [images.astype(np.float32) / 255 for images in pixels]


def median_seconds(repeat, seconds=1.0, least=5):
    """The median time of `repeat()`, which is called for about so many seconds after a warm-up."""
    repeat()
    times = []
    while len(times) < least or sum(times) < seconds:
        start = time.perf_counter()
        repeat()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def inference_results(images, apply):
    """Images a second in batches, and the latency of one image, of `apply(batch)`."""
    def all_of(size):
        batches = [images[i : i + size] for i in range(0, len(images), size)]
        seconds = median_seconds(lambda: [apply(batch) for batch in batches])
        return len(images) / seconds

    one = images[:1]
    calls = 200

    def singles():
        for _ in range(calls):
            apply(one)

    return {
        "images_per_second_256": all_of(256),
        "images_per_second_10000": all_of(10_000),
        "single_image_us": median_seconds(singles) / calls * 1e6,
    }


def report(versions, **results):
    """Prints the line that `cargo xtask bench` reads."""
    versions = {"python": sys.version.split()[0], "numpy": np.__version__, **versions}
    print(json.dumps({**results, "versions": versions}), flush=True)


def refuse():
    sys.exit(f"this peer does not know the work {WORK}")
