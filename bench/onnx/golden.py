#!/usr/bin/env python3
"""Our ONNX import and contract `onnx` against ONNX Runtime, input by input: golden.py MODELS [--binary PATH]

MODELS holds onnx/NAME.onnx and golden/STEM.input.npy, STEM being the name without its ending `_qdq`. Quantized models must
be equal to the bit; float ones within 1e-4 of the largest output. ONNX Runtime runs with `session.qdqisint8allowed`, without
which it computes parts of int8 graphs in float. Exit status 0 when all are.
"""

import argparse
import glob
import os
import subprocess
import sys
import tempfile

import numpy
import onnxruntime


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def golden_input(models, name):
    stem = name.removesuffix("_qdq")
    for candidate in (stem, stem + "_uint8io"):
        path = os.path.join(models, "golden", candidate + ".input.npy")
        if os.path.exists(path):
            return path
    return None


def expected(path, inputs):
    engine = session(path)
    door = engine.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in door.shape]
    rows = inputs.reshape(-1, *shape)
    return numpy.concatenate([engine.run(None, {door.name: row})[0] for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models")
    parser.add_argument("--binary", default=".build/release/millwright")
    parser.add_argument("--contract", default="onnx")
    arguments = parser.parse_args()
    failures = 0
    paths = sorted(glob.glob(os.path.join(arguments.models, "onnx", "*.onnx")))
    for path in paths:
        name = os.path.basename(path)[: -len(".onnx")]
        source = golden_input(arguments.models, name)
        if source is None:
            print(f"{name:32} no golden input")
            continue
        want = expected(path, numpy.load(source))
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "output.npy")
            run = subprocess.run(
                [arguments.binary, "model", "run", path, "--contract", arguments.contract, "--input", source,
                 "--output", output], capture_output=True, text=True)
            if run.returncode:
                print(f"{name:32} FAILED: {run.stderr.strip().splitlines()[-1]}")
                failures += 1
                continue
            found = numpy.load(output).reshape(want.shape)
        if want.dtype.kind == "f":
            deviation = float(numpy.abs(found - want).max())
            good = deviation <= 1e-4 * max(1.0, float(numpy.abs(want).max()))
            text = f"largest deviation {deviation:.2e}"
        else:
            same = (found == want).reshape(len(want), -1).all(1)
            good = bool(same.all())
            steps = int(numpy.abs(found.astype(int) - want.astype(int)).max())
            text = f"{int(same.sum())} of {len(same)} inputs equal, largest difference {steps}"
        failures += not good
        print(f"{name:32} {'equal' if good else 'DIFFERS'}: {text}", flush=True)
    sys.exit(failures > 0 or not paths)


if __name__ == "__main__":
    main()
