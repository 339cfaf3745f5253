"""Fails if two arrays differ by more than 1e-5 of a column's range, or of 1 if that is larger: compare.py NAME found.npy expected.npy"""
import sys

import numpy as np

name, *arrays = sys.argv[1], *(np.load(path).astype(float) for path in sys.argv[2:4])
found, expected = (array.reshape(len(array), -1) for array in arrays)
difference = np.max(np.abs(found - expected) / np.maximum(np.ptp(expected, axis=0), 1))
print(f"{name}: {len(expected)} rows, largest difference {difference:.1e}")
sys.exit(not difference <= 1e-5)
