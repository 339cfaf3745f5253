"""onnxruntime: inference of the tutorial's network, sigmoid included."""

import common
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

if common.WORK != "inference":
    common.refuse()


def model():
    generator = np.random.default_rng(0)
    sizes, nodes, weights, x = common.widths(), [], [], "images"
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        limit = (6 / (inputs + outputs)) ** 0.5
        weight = generator.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        weights.append(numpy_helper.from_array(weight, f"weight{i}"))
        weights.append(numpy_helper.from_array(np.zeros(outputs, np.float32), f"bias{i}"))
        nodes.append(helper.make_node("Gemm", [x, f"weight{i}", f"bias{i}"], [f"sum{i}"]))
        activation = "Sigmoid" if i == len(sizes) - 2 else "Relu"
        nodes.append(helper.make_node(activation, [f"sum{i}"], [f"layer{i}"]))
        x = f"layer{i}"
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", common.PIXELS])
    graph = helper.make_graph(nodes, "autoencoder", [value("images")], [value(x)], weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = common.THREADS
session = onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"])
results = common.inference_results(common.load()[1], lambda batch: session.run(None, {"images": batch}))
common.report({"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}, **results)
