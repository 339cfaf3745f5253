"""Keras as its tutorial uses it, on the backend that is installed beside it."""

import importlib.util
import os
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import common
import numpy as np

if importlib.util.find_spec("tensorflow"):
    import tensorflow

    os.environ["KERAS_BACKEND"] = "tensorflow"
    tensorflow.config.threading.set_intra_op_parallelism_threads(common.THREADS)
    backend = {"tensorflow-cpu": tensorflow.__version__}
else:
    import jax

    os.environ["KERAS_BACKEND"] = "jax"
    backend = {"jax": jax.__version__}
import keras
from keras import ops

LAYOUT = "nhwc" if common.CONVOLUTIONAL else "rows"


class Clock(keras.callbacks.Callback):
    """Seconds of every epoch with its validation."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


class Sample(keras.layers.Layer):
    """A sample of a variational code; its KL divergence for each value of an image is a loss."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, parameters):
        mean, log_variance = ops.split(parameters, 2, axis=1)
        divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        self.add_loss(ops.mean(ops.sum(divergence, axis=1)) / 784)
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.seeds)


def noisy(images):
    noise = np.random.default_rng().standard_normal(images.shape, dtype=np.float32)
    if common.RESIDUAL:
        return images + common.SIGMA * noise
    return np.clip(images + common.FACTOR * noise, 0, 1)


def model(shape):
    kinds = {
        "dense": lambda width, activation: keras.layers.Dense(width, activation=activation),
        "conv": lambda channels, activation, padding: keras.layers.Conv2D(
            channels, 3, activation=activation, padding=padding
        ),
        "pool": lambda: keras.layers.MaxPooling2D(2, padding="same"),
        "upsample": lambda: keras.layers.UpSampling2D(2),
        "sample": Sample,
    }
    image = keras.Input(shape)
    # The noise of the residual network is drawn within it for every batch, in training alone.
    layer = inputs = keras.layers.GaussianNoise(common.SIGMA)(image) if common.RESIDUAL else image
    for kind, *arguments in common.NETWORK:
        layer = kinds[kind](*arguments)(layer)
    autoencoder = keras.Model(image, keras.layers.Add()([inputs, layer]) if common.RESIDUAL else layer)
    loss = "mean_squared_error" if common.RESIDUAL else "binary_crossentropy"
    # XLA's convolutions are slower than TensorFlow's own, which are oneDNN's.
    compiling = {"jit_compile": False} if common.CONVOLUTIONAL and "tensorflow-cpu" in backend else {}
    autoencoder.compile(optimizer="adam", loss=loss, **compiling)
    return autoencoder


def train():
    images, test = common.load(LAYOUT)
    autoencoder = model(images.shape[1:])
    test_inputs = noisy(test) if common.NOISY else test
    options = {"batch_size": common.BATCH, "shuffle": True, "verbose": 0}
    if common.WORK != "denoising-fresh":
        clock = Clock()
        validation = (test_inputs, test)
        history = autoencoder.fit(
            images, images, epochs=common.EPOCHS, validation_data=validation, callbacks=[clock], **options
        )
        return clock.seconds, history
    seconds = []
    for _ in range(common.EPOCHS):
        start = time.perf_counter()
        history = autoencoder.fit(noisy(images), images, epochs=1, validation_data=(test_inputs, test), **options)
        seconds.append(time.perf_counter() - start)
    return seconds, history


common.check(common.TRAINING)
seconds, history = train()
common.report(
    {"keras": keras.__version__, **backend},
    epoch_seconds=seconds,
    loss=history.history["loss"][-1],
    val_loss=history.history["val_loss"][-1],
)
