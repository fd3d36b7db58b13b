#!/usr/bin/env python3
"""Sophgo's tpu-mlir behind the contract of firmware-profiles/README.md.

What was found by trying version 1.30.2:
- The package brings a C library of its own that keeps others from loading on Debian 12; `setup` moves it aside.
- It imports more packages than it asks pip for.
- A calibration table names a tensor as the ONNX file does, with the kind of its operator behind: `conv1_Relu`. Its threshold is
  what 127 stands for, or 255 where the tool makes an activation unsigned: behind a relu.
- `model_runner` runs the compiled file on the C-model of the chip and answers in real numbers.
"""
import glob
import json
import os
import subprocess
import sys
import sysconfig

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from vendortool import Failure, install, main, missing, say  # noqa: E402

# Profile: chip of the tool, ending of its file, library that runs it on the board.
CHIPS = {
    "bm1684x": ("bm1684x", "bmodel", "bmrt"), "bm1688": ("bm1688", "bmodel", "bmrt"),
    "cv184x": ("cv184x", "bmodel", "bmrt"), "cv181x": ("cv181x", "cvimodel", "cvi"),
    "cv180x": ("cv180x", "cvimodel", "cvi"),
}
ABOUT = {
    "toolchain": "tpu-mlir 1.30.2", "python": "3.10", "gigabytes": 7.2, "minutes": 15, "chips": sorted(CHIPS),
}
PACKAGES = [
    "tpu-mlir==1.30.2", "psutil", "torch", "torchvision", "onnxsim", "onnxruntime", "flatbuffers", "transformers",
    "setuptools<80",
]
# Of the package's own libraries, those that Debian has newer.
SYSTEM_LIBRARIES = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1"]


def libraries():
    return os.path.join(sysconfig.get_paths()["purelib"], "tpu_mlir", "lib", "third_party")


def in_the_way():
    return [name for name in SYSTEM_LIBRARIES if os.path.exists(os.path.join(libraries(), name))]


def setup():
    install(PACKAGES)
    aside = os.path.join(libraries(), "unused")
    os.makedirs(aside, exist_ok=True)
    for name in in_the_way():
        os.replace(os.path.join(libraries(), name), os.path.join(aside, name))


def tool(name, *words):
    """One program of the package, found beside this Python."""
    log = os.path.abspath(name + ".log")
    folder = os.path.dirname(sys.executable)
    environment = dict(os.environ, PATH=folder + os.pathsep + os.environ.get("PATH", ""))
    with open(log, "a") as file:
        code = subprocess.call(
            [os.path.join(folder, name + ".py"), *words], stdout=file, stderr=subprocess.STDOUT, env=environment)
    if code:
        raise Failure("%s: %s: it ended with exit code %d; its log is %s" % (ABOUT["toolchain"], name, code, log))


def known(name, tensors):
    """The plan's entry for a tensor of the tool, which has the kind of its operator behind its name."""
    return tensors.get(name) or tensors.get(name.rpartition("_")[0])


def take_ranges(source, target, tensors):
    """A calibration table with the plan's thresholds; returns how many tensors it has, how many were given."""
    total = given = 0
    with open(source) as lines, open(target, "w") as table:
        for line in lines:
            words = line.split()
            if line.startswith("#") or len(words) != 4:
                table.write(line)
                continue
            total += 1
            found = known(words[0], tensors)
            if found and found["zero_point"] in (0, -128):
                # What a plan holds as int8 with zero point -128 is uint8 for the tool.
                is_unsigned = found["zero_point"] == -128
                threshold = found["scale"] * (255 if is_unsigned else 127)
                words[1:] = ["%.9g" % number for number in (threshold, 0 if is_unsigned else -threshold, threshold)]
                given += 1
            table.write(" ".join(words) + "\n")
    return total, given


def output(answer, name, place):
    """The tensor of that name, with endings that the tool hung on; by its place where the tool has renamed it."""
    for key in answer.files:
        if key == name or key.startswith(name + "_"):
            return answer[key]
    if place < len(answer.files):
        return answer[answer.files[place]]
    raise Failure("%s: model_runner: expected output %s, found %s" % (
        ABOUT["toolchain"], name, ", ".join(answer.files)))


def build(job):
    import numpy

    names = [one["name"] for one in job["inputs"]]

    def archive(path, files):
        numpy.savez(path, **{name: numpy.load(file) for name, file in zip(names, files)})

    for stale in glob.glob("*.log") + glob.glob("calibration/*.npz"):
        os.remove(stale)
    chip, ending, interface = CHIPS[job["chip"]]
    say("model_transform")
    tool("model_transform", "--model_name", "model", "--model_def", job["model"], "--mlir", "model.mlir",
         "--input_shapes", json.dumps([one["shape"] for one in job["inputs"]]))
    say("run_calibration")
    os.makedirs("calibration", exist_ok=True)
    for number, files in enumerate(job["calibration"]):
        archive("calibration/%05d.npz" % number, files)
    tool("run_calibration", "model.mlir", "--dataset", "calibration", "--input_num", str(len(job["calibration"])),
         "-o", "calibration.table")
    total, given = take_ranges("calibration.table", "plan.table", job["tensors"])
    say("%d of %d tensors have the plan's range" % (given, total))
    say("model_deploy")
    target = "model." + ending
    tool("model_deploy", "--mlir", "model.mlir", "--quantize", "INT8", "--chip", chip,
         "--calibration_table", "plan.table", "--model", target)
    for number, files in enumerate(job["golden"]):
        say("model_runner: case %d of %d" % (number + 1, len(job["golden"])))
        archive("golden.npz", files)
        tool("model_runner", "--input", "golden.npz", "--model", target, "--output", "answer.npz")
        answer = numpy.load("answer.npz")
        for place, one in enumerate(job["outputs"]):
            numpy.save("outputs-%03d-%d.npy" % (number, place), output(answer, one["name"], place))
    return {
        "interface": interface, "file": target, "outputs": [{"name": one["name"]} for one in job["outputs"]],
        "tensors": total, "tensors_given": given,
    }


if __name__ == "__main__":
    sys.exit(main(ABOUT, lambda: missing(PACKAGES) + in_the_way(), setup, build))
