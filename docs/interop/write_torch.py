"""Saves weights for `ae import`, and what they make of images: write_torch.py images.npy weights.safetensors expected.npy"""
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 784), nn.Sigmoid())
save_file(model.state_dict(), sys.argv[2])
images = torch.from_numpy(np.load(sys.argv[1]).reshape(-1, 784)) / 255
np.save(sys.argv[3], model(images).detach().numpy())
