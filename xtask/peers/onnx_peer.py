"""onnxruntime: inference, a last sigmoid included."""

import common
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

LAYOUT = "nchw" if common.CONVOLUTIONAL else "rows"
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid"}


class Graph:
    """The nodes and tensors of the network."""

    def __init__(self):
        self.nodes, self.tensors, self.last = [], [], "images"
        self.generator = np.random.default_rng(0)

    def add(self, operation, *tensors, **attributes):
        """A node after the last one, with these tensors beside its result (None: left out)."""
        names = [self.last]
        for tensor in tensors:
            names.append("" if tensor is None else f"tensor{len(self.tensors)}")
            if tensor is not None:
                self.tensors.append(numpy_helper.from_array(tensor, names[-1]))
        self.last = f"result{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, names, [self.last], **attributes))

    def weights(self, shape, fan_in, fan_out):
        limit = (6 / (fan_in + fan_out)) ** 0.5
        return self.generator.uniform(-limit, limit, shape).astype(np.float32)


def graph(width):
    """The network for images of so many channels or values."""
    graph = Graph()
    for kind, *arguments in common.NETWORK:
        if kind == "pool":
            graph.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
        elif kind == "upsample":
            scales = np.array([1, 1, 2, 2], np.float32)
            nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            graph.add("Resize", None, scales, mode="nearest", **nearest)
        else:
            outputs, activation, *padding = arguments
            bias = np.zeros(outputs, np.float32)
            if kind == "dense":
                graph.add("Gemm", graph.weights((width, outputs), width, outputs), bias)
            else:
                weight = graph.weights((outputs, width, 3, 3), 9 * width, 9 * outputs)
                graph.add("Conv", weight, bias, pads=[int(padding[0] == "same")] * 4)
            if activation in ACTIVATIONS:
                graph.add(ACTIVATIONS[activation])
            width = outputs
    return graph


def model(shape):
    found = graph(shape[0])
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
    proto = helper.make_graph(
        found.nodes, "autoencoder", [value("images")], [value(found.last)], found.tensors
    )
    proto = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


common.check(common.INFERENCE)
images = common.test_images(LAYOUT)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = common.THREADS
session = onnxruntime.InferenceSession(model(images.shape[1:]), options, providers=["CPUExecutionProvider"])
results = common.inference_results(images, lambda batch: session.run(None, {"images": batch}))
common.report({"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}, **results)
