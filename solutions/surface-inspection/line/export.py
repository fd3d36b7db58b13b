"""Writes the trained backbone as a float ONNX file, batch norms folded, for any picture size that 32 divides.

    python export.py out/weights.npz --height 224 --width 224 --output backbone.onnx

Input `picture` [1, 3, height, width]: red, green, blue as `network.scaled` makes them; a grey picture three times.
Output `features` [1, 128, height / 8, width / 8]. The map of defects by looks is for the training and its report alone.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# What the framework adds to a variance.
EPSILON = 1e-5
# Pixels of the picture a step of the last level stands for: as in `network.py`, which needs the framework.
LAST_STRIDE = 32


class Graph:
    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.constants = []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, x, output, kernel, bias, stride=1):
        side = kernel.shape[2]
        inputs = [x, self.constant(f"{output}.kernel", kernel), self.constant(f"{output}.bias", bias)]
        return self.add(
            "Conv", inputs, output, kernel_shape=[side, side], strides=[stride, stride], pads=[side // 2] * 4)

    def folded(self, x, output, kernel, norm, stride=1):
        """A convolution with the batch norm behind it in its kernel and bias."""
        mean, variance = self.weights[f"{norm}.running_mean"], self.weights[f"{norm}.running_var"]
        factor = self.weights[f"{norm}.weight"] / np.sqrt(variance + EPSILON)
        bias = self.weights[f"{norm}.bias"] - mean * factor
        return self.convolution(x, output, self.weights[f"{kernel}.weight"] * factor[:, None, None, None], bias, stride)

    def plain(self, x, name):
        return self.convolution(x, name, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def block(self, x, name, stride=1):
        return self.add("Relu", [self.folded(x, f"{name}.sum", f"{name}.0", f"{name}.1", stride)], f"{name}.out")

    def residual(self, x, name):
        inner = self.block(x, f"{name}.first")
        outer = self.folded(inner, f"{name}.second", f"{name}.second", f"{name}.norm")
        return self.add("Relu", [self.add("Add", [x, outer], f"{name}.sum")], f"{name}.out")

    def level(self, x, name):
        return self.residual(self.block(x, f"{name}.0", 2), f"{name}.1")

    def doubled(self, x, output):
        return self.add(
            "Resize", [x, "", "twice"], output, mode="nearest", coordinate_transformation_mode="asymmetric",
            nearest_mode="floor")


def model(weights, height, width):
    graph = Graph(weights)
    graph.constant("twice", [1, 1, 2, 2])
    two = graph.level(graph.block("picture", "level1", 2), "level2")
    three = graph.level(two, "level3")
    four = graph.level(three, "level4")
    halved = graph.add("AveragePool", [two], "halved", kernel_shape=[2, 2], strides=[2, 2])
    joined = graph.add("Concat", [halved, three, graph.doubled(four, "four")], "joined", axis=1)
    five = graph.residual(graph.level(four, "level5"), "level5.2")
    kind = graph.doubled(graph.doubled(graph.plain(five, "kind"), "kind.halfway"), "kind.wide")
    graph.add("Concat", [graph.plain(joined, "embed"), kind], "features", axis=1)
    numbers = len(weights["embed.bias"]) + len(weights["kind.bias"])

    def tensor(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    made = helper.make_model(
        helper.make_graph(
            graph.nodes, "surface-inspection", [tensor("picture", [1, 3, height, width])],
            [tensor("features", [1, numbers, height // 8, width // 8])], graph.constants),
        opset_imports=[helper.make_opsetid("", 13)], producer_name="millwright")
    made.ir_version = 8
    onnx.checker.check_model(made, full_check=True)
    return made


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("weights", type=Path)
    options.add_argument("--height", type=int, default=224)
    options.add_argument("--width", type=int, default=224)
    options.add_argument("--output", type=Path, required=True)
    options = options.parse_args()
    if options.height % LAST_STRIDE or options.width % LAST_STRIDE:
        raise SystemExit(f"height and width must be multiples of {LAST_STRIDE}, found {options.height} x {options.width}")
    with np.load(options.weights) as weights:
        onnx.save(model(dict(weights), options.height, options.width), options.output)


if __name__ == "__main__":
    main()
