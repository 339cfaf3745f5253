"""Saves weights for `ae import`, and what they make of images: write_numpy.py images.npy weights.safetensors expected.npy"""
import sys

import numpy as np
from safetensors.numpy import save_file

random = np.random.default_rng(0)
weights = {
    "encoder.0.weight": random.normal(0, 0.05, (32, 784)).astype("float32"),
    "encoder.0.bias": np.zeros(32, "float32"),
    "decoder.0.weight": random.normal(0, 0.05, (784, 32)).astype("float32"),
    "decoder.0.bias": np.zeros(784, "float32"),
}
save_file(weights, sys.argv[2])
x = np.load(sys.argv[1]).reshape(-1, 784) / np.float32(255)
code = np.maximum(x @ weights["encoder.0.weight"].T + weights["encoder.0.bias"], 0)
np.save(sys.argv[3], 1 / (1 + np.exp(-(code @ weights["decoder.0.weight"].T + weights["decoder.0.bias"]))))
