"""JAX alone: one jitted step, Adam written out."""

import time
from functools import partial

import common
import jax
import jax.numpy as jnp

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": lambda logits: logits}


def parameters(key):
    sizes, glorot = common.widths(), jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, len(sizes) - 1)
    return [(glorot(key, (a, b)), jnp.zeros(b)) for key, a, b in zip(keys, sizes, sizes[1:])]


def loss(layers, inputs, targets):
    x = inputs
    for (weight, bias), activation in zip(layers, common.activations()):
        x = ACTIVATIONS[activation](x @ weight + bias)
    return jnp.mean(jnp.maximum(x, 0) - x * targets + jnp.log1p(jnp.exp(-jnp.abs(x))))


def noisy(key, images):
    return jnp.clip(images + common.FACTOR * jax.random.normal(key, images.shape), 0, 1)


@partial(jax.jit, donate_argnums=0)
def step(state, images, rows, key):
    layers, mean, variance, count = state
    batch = images[rows]
    inputs = noisy(key, batch) if common.WORK == "denoising-fresh" else batch
    value, gradient = jax.value_and_grad(loss)(layers, inputs, batch)
    count += 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
    variance = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, variance, gradient)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    update = lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7)
    return (jax.tree.map(update, layers, mean, variance), mean, variance, count), value


def train():
    images, test = map(jnp.asarray, common.load())
    layers = parameters(jax.random.key(0))
    zeros = lambda: jax.tree.map(jnp.zeros_like, layers)
    state = (layers, zeros(), zeros(), jnp.array(0))
    test_inputs = noisy(jax.random.key(1), test) if common.WORK == "denoising-fresh" else test
    validate = jax.jit(loss)
    seconds = []
    for epoch in range(common.EPOCHS):
        start, losses = time.perf_counter(), []
        key = jax.random.key(epoch)
        order = jax.random.permutation(key, len(images))
        for i in range(0, len(images), common.BATCH):
            state, value = step(state, images, order[i : i + common.BATCH], jax.random.fold_in(key, i))
            losses.append(value)
        val_loss = float(validate(state[0], test_inputs, test))
        seconds.append(time.perf_counter() - start)
    return {"epoch_seconds": seconds, "loss": float(sum(losses)) / len(losses), "val_loss": val_loss}


if common.WORK not in ("tutorial", "process", "denoising-fresh", "deep", "wide"):
    common.refuse()
common.report({"jax": jax.__version__}, **train())
