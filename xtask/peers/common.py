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

FACTOR = 0.5  # of the tutorial's Gaussian noise, which is clipped
SIGMA = 25 / 255  # of the denoiser's, which is not
VALIDATION_BATCH = 1000  # whole test sets of feature maps would not fit into memory


def dense(width, activation="relu"):
    return "dense", width, activation


def conv(channels, activation="relu", padding="same"):
    """A convolution of 3 x 3; `same` keeps height and width."""
    return "conv", channels, activation, padding


POOL = ("pool",)  # 2 x 2, an odd side is padded at its end
UPSAMPLE = ("upsample",)  # 2 x 2, nearest neighbour
SAMPLE = ("sample",)  # means and log-variances to a Gaussian code


def stack(*encoder):
    """Dense layers of these widths, and their mirror image."""
    return [*map(dense, (*encoder, *encoder[-2::-1])), dense(784, "sigmoid")]


TUTORIAL = stack(32)
# The networks of the Keras blog's "Building Autoencoders in Keras".
KERAS_CONV = [
    *(conv(16), POOL, conv(8), POOL, conv(8), POOL),
    *(conv(8), UPSAMPLE, conv(8), UPSAMPLE, conv(16, padding="valid"), UPSAMPLE, conv(1, "sigmoid")),
]
KERAS_DENOISER = [*(conv(32), POOL) * 2, *(conv(32), UPSAMPLE) * 2, conv(1, "sigmoid")]
VARIATIONAL = [dense(400), dense(40, "linear"), SAMPLE, dense(400), dense(784, "sigmoid")]

NETWORKS = {
    "tutorial": TUTORIAL,
    "process": TUTORIAL,
    "denoising-fresh": TUTORIAL,
    "deep": stack(128, 64, 32),
    "wide": stack(1000, 500, 250, 30),
    "conv": KERAS_CONV,
    "denoiser": [*(conv(64),) * 5, conv(1, "linear")],
    "vae": VARIATIONAL,
    "inference": TUTORIAL,
    "inference-conv": KERAS_CONV,
    "inference-conv-denoiser": KERAS_DENOISER,
}
INFERENCE = {"inference", "inference-conv", "inference-conv-denoiser"}
TRAINING = NETWORKS.keys() - INFERENCE
NETWORK = NETWORKS[WORK]
BATCH = {"conv": 128, "vae": 128, "denoiser": 64}.get(WORK, 256)
CONVOLUTIONAL = NETWORK[0][0] == "conv"
RESIDUAL = WORK == "denoiser"  # the network computes what is added to its input
NOISY = WORK in ("denoising-fresh", "denoiser")  # drawn in every epoch


def read(stem):
    """An IDX file, raw or .gz."""
    path = os.path.join(DATA, stem)
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz") as file:
            return file.read()
    with open(path, "rb") as file:
        return file.read()


def load(layout="rows"):
    """Training and test images as float32 in [0, 1]: `rows` (n, pixels), `nchw` or `nhwc`."""
    halves = []
    for stem in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"):
        file = read(stem)
        count, height, width = np.frombuffer(file, ">u4", 3, 4).tolist()
        shapes = {"rows": (-1,), "nchw": (1, height, width), "nhwc": (height, width, 1)}
        pixels = np.frombuffer(file, np.uint8, offset=16).reshape(count, *shapes[layout])
        halves.append(pixels.astype(np.float32) / 255)
    return halves


def test_images(layout="rows"):
    """What inference is measured with: for convolutions ten batches."""
    images = load(layout)[1]
    return images[:2560] if CONVOLUTIONAL else images


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

    larger = {} if CONVOLUTIONAL else {"images_per_second_10000": all_of(10_000)}
    return {
        "images_per_second_256": all_of(256),
        **larger,
        "single_image_us": median_seconds(singles) / calls * 1e6,
    }


def report(versions, **results):
    """Prints the line that `cargo xtask bench` reads."""
    versions = {"python": sys.version.split()[0], "numpy": np.__version__, **versions}
    print(json.dumps({**results, "versions": versions}), flush=True)


def check(known):
    """Ends the program unless it knows the work."""
    if WORK not in known:
        sys.exit(f"this peer does not know the work {WORK}")
