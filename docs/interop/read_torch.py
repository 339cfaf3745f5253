"""Reconstructs images with a trained model: read_torch.py model.safetensors images.npy reconstructions.npy"""
import sys

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 784), nn.Sigmoid())
places = {"encoder.0": "0", "decoder.0": "2"}
weights = load_file(sys.argv[1])
model.load_state_dict({places[name[:9]] + name[9:]: value for name, value in weights.items() if name[:9] in places})
images = torch.from_numpy(np.load(sys.argv[2]).reshape(-1, 784)) / 255
np.save(sys.argv[3], model(images).detach().numpy())
