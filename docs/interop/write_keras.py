"""Saves weights for `ae import`, and what they make of images: write_keras.py images.npy weights.npz expected.npy"""
import sys

import keras
import numpy as np
from keras.layers import Dense

model = keras.Sequential([keras.Input((784,)), Dense(32, activation="relu"), Dense(784, activation="sigmoid")])
np.savez(sys.argv[2], *model.get_weights())
np.save(sys.argv[3], model.predict(np.load(sys.argv[1]).reshape(-1, 784) / np.float32(255), verbose=0))
