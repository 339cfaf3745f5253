"""Reconstructs images with a trained model: read_torch.py model.safetensors images.npy reconstructions.npy"""
import sys

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 784), nn.Sigmoid())
weights = load_file(sys.argv[1])
names = {"0": "encoder.0", "2": "decoder.0"}
model.load_state_dict({key: weights[names[key[0]] + key[1:]] for key in model.state_dict()})
images = torch.from_numpy(np.load(sys.argv[2]).reshape(-1, 784)) / 255
np.save(sys.argv[3], model(images).detach().numpy())
