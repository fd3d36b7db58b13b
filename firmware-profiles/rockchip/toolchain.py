#!/usr/bin/env python3
"""Rockchip's rknn-toolkit2 behind the contract of firmware-profiles/README.md.

What was found by trying version 2.5.0:
- Of the hybrid configuration only `min` and `max` may be changed; scale and zero point follow from them.
- The tool hangs short endings on the names of tensors (`_rs`, `_tp`, `_sw`, `-rs`) where it reshapes, transposes or swaps, and cuts
  long names, after which nothing says which is which: so it gets the model with short names.
- The second half of the hybrid quantization wants an object that has not done the first.
- Without a target `init_runtime` starts the simulator, which answers in real numbers.
- Inputs are taken as they are when they are called "nchw", whatever the model calls its dimensions.
"""
import contextlib
import os
import re
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from vendortool import Failure, Progress, install, main, missing, say  # noqa: E402

# Profile: target of the tool.
CHIPS = {
    "rk3588": "rk3588", "rk3576": "rk3576", "rk3568": "rk3568", "rk3566": "rk3566", "rk3562": "rk3562",
    "rv1126b": "rv1126b", "rv1106": "rv1106", "rv1103b": "rv1103b",
}
ABOUT = {
    "toolchain": "rknn-toolkit2 2.5.0", "python": "3.11", "gigabytes": 5.6, "minutes": 10, "chips": sorted(CHIPS),
}
PACKAGES = ["rknn-toolkit2==2.5.0", "setuptools<80"]
LOG = "toolchain.log"
RENAMED_MODEL = "renamed.onnx"
RENAMED = re.compile(r"(mw\d+x)(?![a-z0-9])")
ENDINGS = r"([_-](rs|tp|sw|int8|float16))*"


def failure(name, reason):
    return Failure("%s: %s: %s; its log is %s" % (ABOUT["toolchain"], name, reason, os.path.abspath(LOG)))


@contextlib.contextmanager
def step(name):
    """What the tool throws becomes one sentence; it throws whole traces as the text of an error."""
    say(name)
    try:
        yield
    except Failure:
        raise
    except BaseException as error:
        traceback.print_exc()
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise failure(name, lines[-1] if lines else type(error).__name__) from error


def done(code, name):
    """The tool's other way of failing: it returns a number and prints why."""
    if code == 0:
        return
    sys.stdout.flush()
    with open(LOG, errors="replace") as file:
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in file]
    errors = [line[2:] for line in lines if line.startswith("E ") and "rknn-toolkit2 version" not in line]
    raise failure(name, errors[-1] if errors else "it returned %s and no reason" % code)


def rename(source, target):
    """Writes the model with short names for what its nodes leave; returns the short names by the model's own."""
    import onnx

    model = onnx.load(source)
    graph = model.graph
    doors = {port.name for port in list(graph.input) + list(graph.output)}
    has_bodies = any(attribute.HasField("g") for node in graph.node for attribute in node.attribute)
    names = {}
    for node in [] if has_bodies else graph.node:
        for name in node.output:
            if name and name not in doors:
                names[name] = "mw%dx" % len(names)
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
        for place, name in enumerate(node.output):
            node.output[place] = names.get(name, name)
    for info in graph.value_info:
        info.name = names.get(info.name, info.name)
    onnx.save(model, target)
    return names


def known(name, tensors):
    """The plan's entry for a tensor of the tool, whose name may have grown endings."""
    match = RENAMED.match(name)
    if match:
        return tensors.get(match.group(1))
    for door in sorted(tensors, key=len, reverse=True):
        if re.fullmatch(re.escape(door) + ENDINGS, name):
            return tensors[door]
    return None


def take_ranges(path, tensors):
    """Writes the plan's ranges into the tool's configuration; returns how many tensors it has, how many were given."""
    from ruamel.yaml import YAML

    yaml = YAML()
    with open(path) as file:
        configuration = yaml.load(file)
    parameters = configuration["quantize_parameters"]
    given = 0
    for name, entry in parameters.items():
        found = known(name, tensors)
        if found is None:
            print("no range of the plan for", name)
            continue
        scale, zero = found["scale"], found["zero_point"]
        entry["min"][0], entry["max"][0] = (-128 - zero) * scale, (127 - zero) * scale
        given += 1
    with open(path, "w") as file:
        yaml.dump(configuration, file)
    return len(parameters), given


def build(job):
    Progress.keep_for_us(LOG)
    import numpy
    from rknn.api import RKNN

    def converter():
        result = RKNN(verbose=False)
        done(result.config(
            target_platform=CHIPS[job["chip"]], quantized_algorithm="normal", quantized_method="channel"), "config")
        return result

    with open("dataset.txt", "w") as file:
        for files in job["calibration"]:
            file.write(" ".join(files) + "\n")
    stem = os.path.splitext(RENAMED_MODEL)[0]
    with step("load_onnx"):
        names = rename(job["model"], RENAMED_MODEL)
        rknn = converter()
        done(rknn.load_onnx(
            RENAMED_MODEL, inputs=[one["name"] for one in job["inputs"]],
            input_size_list=[one["shape"] for one in job["inputs"]]), "load_onnx")
    with step("hybrid_quantization_step1"):
        done(rknn.hybrid_quantization_step1(dataset="dataset.txt", proposal=False), "hybrid_quantization_step1")
        rknn.release()
    with step("hybrid_quantization_step2"):
        total, given = take_ranges(
            stem + ".quantization.cfg", {names.get(name, name): entry for name, entry in job["tensors"].items()})
        say("%d of %d tensors have the plan's range" % (given, total))
        rknn = converter()
        done(rknn.hybrid_quantization_step2(
            model_input=stem + ".model", data_input=stem + ".data",
            model_quantization_cfg=stem + ".quantization.cfg"), "hybrid_quantization_step2")
    with step("export_rknn"):
        done(rknn.export_rknn("model.rknn"), "export_rknn")
    with step("simulator"):
        done(rknn.init_runtime(), "init_runtime")
        for number, files in enumerate(job["golden"]):
            arrays = [numpy.load(file) for file in files]
            results = rknn.inference(inputs=arrays, data_format=["nchw"] * len(arrays))
            if results is None:
                raise failure("inference", "it returned nothing for case %d" % number)
            for place, result in enumerate(results):
                numpy.save("outputs-%03d-%d.npy" % (number, place), numpy.ascontiguousarray(result))
    rknn.release()
    return {
        "interface": "rknn", "file": "model.rknn", "outputs": [{"name": one["name"]} for one in job["outputs"]],
        "tensors": total, "tensors_given": given,
    }


if __name__ == "__main__":
    sys.exit(main(ABOUT, lambda: missing(PACKAGES), lambda: install(PACKAGES), build))
