"""Reconstructs images with a trained model: read_numpy.py model.safetensors images.npy reconstructions.npy"""
import sys

import numpy as np
from safetensors.numpy import load_file

weights = load_file(sys.argv[1])
x = np.load(sys.argv[2]).reshape(-1, 784) / np.float32(255)
for part in "encoder", "decoder":
    depth = sum(name.startswith(part) and name.endswith(".weight") for name in weights)
    for layer in range(depth):
        x = x @ weights[f"{part}.{layer}.weight"].T + weights[f"{part}.{layer}.bias"]
        is_output = part == "decoder" and layer == depth - 1
        x = 1 / (1 + np.exp(-x)) if is_output else np.maximum(x, 0)
np.save(sys.argv[3], x)
