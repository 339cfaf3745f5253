"""Keras as its tutorial uses it; the backend is chosen by KERAS_BACKEND."""

import os
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import common
import numpy as np

if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(common.THREADS)
    backend = {"tensorflow-cpu": tensorflow.__version__}
else:
    import jax

    backend = {"jax": jax.__version__}
import keras


class Clock(keras.callbacks.Callback):
    """Seconds of every epoch with its validation."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def noisy(images):
    noise = np.random.default_rng().standard_normal(images.shape, dtype=np.float32)
    return np.clip(images + common.FACTOR * noise, 0, 1)


def model():
    image = keras.Input(shape=(common.PIXELS,))
    layer = image
    for width, activation in zip(common.widths()[1:], common.activations()):
        layer = keras.layers.Dense(width, activation=activation)(layer)
    autoencoder = keras.Model(image, layer)
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    return autoencoder


def train():
    images, test = common.load()
    autoencoder = model()
    options = {"batch_size": common.BATCH, "shuffle": True, "verbose": 0}
    if common.WORK != "denoising-fresh":
        clock = Clock()
        history = autoencoder.fit(
            images, images, epochs=common.EPOCHS, validation_data=(test, test), callbacks=[clock], **options
        )
        return clock.seconds, history
    seconds, noisy_test = [], noisy(test)
    for _ in range(common.EPOCHS):
        start = time.perf_counter()
        history = autoencoder.fit(noisy(images), images, epochs=1, validation_data=(noisy_test, test), **options)
        seconds.append(time.perf_counter() - start)
    return seconds, history


if common.WORK not in ("tutorial", "process", "denoising-fresh", "deep", "wide"):
    common.refuse()
seconds, history = train()
common.report(
    {"keras": keras.__version__, **backend},
    epoch_seconds=seconds,
    loss=history.history["loss"][-1],
    val_loss=history.history["val_loss"][-1],
)
