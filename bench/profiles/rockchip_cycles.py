#!/usr/bin/env python3
"""The estimator's cycles beside those that Rockchip's own compiler prints, layer by layer.

    VENV/bin/python rockchip_cycles.py --binary millwright --work DIR [--chips rk3588 ...]

VENV holds rknn-toolkit2 (`millwright line vendor` makes one). Each shape is a model of one convolution: the vendor's tool compiles it for
each chip and prints `Cycles(DDR/NPU/Total)`; `millwright model compile --profile` reckons the same from the chip's profile. Prints what
differs, then how many are equal; ends with 1 if any NPU figure differs. Logs that are in DIR already are taken as they are.
"""
import argparse
import json
import multiprocessing
import os
import re
import subprocess
import sys

CHIPS = ["rk3588", "rk3576", "rk3566", "rk3562", "rv1126b", "rv1106", "rv1103b"]
# height, width, input channels, output channels, kernel, stride, depthwise
SHAPES = [
    (16, 16, 1, 1, 1, 1, 0), (16, 16, 16, 8, 1, 1, 0), (16, 16, 32, 32, 1, 1, 0), (16, 16, 64, 16, 1, 1, 0), (16, 16, 128, 32, 1, 1, 0),
    (16, 16, 129, 32, 1, 1, 0), (16, 16, 256, 64, 1, 1, 0), (16, 16, 32, 1, 1, 1, 0), (16, 16, 32, 33, 1, 1, 0), (16, 16, 32, 17, 1, 1, 0),
    (32, 32, 3, 16, 3, 1, 0), (32, 32, 32, 32, 3, 1, 0), (28, 28, 64, 64, 3, 1, 0), (28, 28, 33, 64, 3, 1, 0), (8, 8, 64, 64, 5, 1, 0),
    (112, 112, 3, 32, 3, 1, 0), (56, 56, 64, 128, 3, 2, 0), (14, 14, 256, 256, 3, 1, 0), (7, 7, 512, 512, 1, 1, 0), (1, 1, 64, 10, 1, 1, 0),
    (1, 1, 1024, 1000, 1, 1, 0), (3, 5, 32, 32, 1, 1, 0), (4, 4, 32, 32, 1, 1, 0), (16, 16, 64, 64, 3, 1, 1), (16, 16, 65, 65, 3, 1, 1),
    (56, 56, 16, 16, 3, 1, 1), (28, 28, 96, 96, 3, 2, 1), (14, 14, 128, 128, 5, 1, 1), (9, 7, 24, 40, 3, 1, 0), (224, 224, 3, 16, 3, 2, 0),
]
LINE = re.compile(r"\b(\d+)/(\d+)/(\d+)\b\s+(?:\d+%\s+)?\d+\s+Conv:")


def name(shape):
    height, width, inputs, outputs, kernel, stride, depthwise = shape
    return "%dx%dx%d to %d, %dx%d%s%s" % (
        height, width, inputs, outputs, kernel, kernel, " stride %d" % stride if stride > 1 else "", " depthwise" if depthwise else "")


def model(shape, folder):
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    height, width, inputs, outputs, kernel, stride, depthwise = shape
    random = numpy.random.default_rng(7)
    edge = kernel // 2
    out = [1, outputs, (height - 1) // stride + 1, (width - 1) // stride + 1]
    weights = (random.standard_normal((outputs, 1 if depthwise else inputs, kernel, kernel)) * 0.1).astype(numpy.float32)
    node = helper.make_node(
        "Conv", ["x", "w", "b"], ["y"], pads=[edge] * 4, kernel_shape=[kernel, kernel], strides=[stride, stride],
        group=inputs if depthwise else 1)
    graph = helper.make_graph(
        [node], "one", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs, height, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out)],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(numpy.zeros(outputs, numpy.float32), "b")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)])
    made.ir_version = 7
    path = os.path.join(folder, "model.onnx")
    onnx.save(made, path)
    numpy.save(os.path.join(folder, "input.npy"), random.standard_normal((1, inputs, height, width)).astype(numpy.float32))
    with open(os.path.join(folder, "dataset.txt"), "w") as file:
        file.write(os.path.join(folder, "input.npy") + "\n")
    return path


def compile_one(folder, chip):
    """In a process of its own, whose output is the tool's log."""
    log = os.open(os.path.join(folder, chip + ".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    # The tool leaves files where it is called.
    os.chdir(folder)
    from rknn.api import RKNN

    tool = RKNN(verbose=True)
    tool.config(target_platform=chip)
    tool.load_onnx(os.path.join(folder, "model.onnx"))
    tool.build(do_quantization=True, dataset=os.path.join(folder, "dataset.txt"))
    tool.release()


def vendor(folder, chip):
    path = os.path.join(folder, chip + ".log")
    if not os.path.exists(path):
        child = multiprocessing.get_context("fork").Process(target=compile_one, args=(folder, chip))
        child.start()
        child.join(300)
    with open(path, errors="replace") as file:
        found = LINE.findall(file.read())
    return tuple(int(number) for number in found[0]) if len(found) == 1 else None


def quantized(binary, folder):
    plan = os.path.join(folder, "model.mwplan")
    subprocess.run(
        [binary, "model", "quantize", os.path.join(folder, "model.onnx"), "--profile", "rk3588", "--calibration",
         os.path.join(folder, "input.npy"), "--output", plan], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return plan


def ours(binary, plan, chip):
    """The estimator's figures for the convolution, without the doors of real numbers around it."""
    path = plan + "." + chip + ".json"
    subprocess.run(
        [binary, "model", "compile", plan, "--profile", chip, "--json", path], check=True, stdout=subprocess.DEVNULL)
    with open(path) as file:
        layers = [layer for layer in json.load(file)["layers"] if layer["mac"] > 0]
    assert len(layers) == 1, path
    return layers[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--chips", nargs="*", default=CHIPS)
    given = parser.parse_args()
    equal, other, ratios = 0, [], []
    for number, shape in enumerate(SHAPES):
        folder = os.path.join(os.path.abspath(given.work), "shape%02d" % number)
        os.makedirs(folder, exist_ok=True)
        model(shape, folder)
        plan = quantized(given.binary, folder)
        for chip in given.chips:
            layer = ours(given.binary, plan, chip)
            found = vendor(folder, chip)
            if found is None:
                other.append((name(shape), chip, layer["npu_cycles"], "the tool printed no one layer, see %s.log" % chip))
                continue
            moved, multiplied, total = found
            if multiplied == layer["npu_cycles"] and total == max(moved, multiplied):
                equal += 1
            else:
                other.append((name(shape), chip, layer["npu_cycles"], "%d/%d/%d" % found))
            ratios.append(moved / layer["dram_cycles"])
        print("\r%d of %d shapes" % (number + 1, len(SHAPES)), end="", file=sys.stderr)
    print(file=sys.stderr)
    for row in other:
        print("| %s | %s | %s | %s |" % row)
    ratios.sort()
    print("NPU cycles: %d of %d equal" % (equal, equal + len(other)))
    print("DDR cycles, the tool's over ours: least %.3f, median %.3f, most %.3f" % (ratios[0], ratios[len(ratios) // 2], ratios[-1]))
    sys.exit(1 if other else 0)


if __name__ == "__main__":
    main()
