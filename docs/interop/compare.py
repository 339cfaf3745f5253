"""Fails if two arrays differ by more than 1e-5 of the larger magnitude, or of 1: compare.py NAME found.npy expected.npy"""
import sys

import numpy as np

name, found, expected = sys.argv[1], *(np.load(path).astype(float) for path in sys.argv[2:4])
found = found.reshape(expected.shape)
difference = np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 1))
print(f"{name}: {len(expected)} rows, largest difference {difference:.1e}")
sys.exit(not difference <= 1e-5)
