"""Runs an exported model or a part of it: run_onnx.py model.onnx input.npy output.npy [BATCH]"""
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1])
given = np.load(sys.argv[2])
batch = int(sys.argv[4]) if len(sys.argv) > 4 else len(given)
chunks = [given[start : start + batch] for start in range(0, len(given), batch)]
results = [session.run(None, {session.get_inputs()[0].name: chunk})[0] for chunk in chunks]
np.save(sys.argv[3], np.concatenate(results))
