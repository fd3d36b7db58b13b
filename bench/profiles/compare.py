#!/usr/bin/env python3
"""Writes docs/reference/profile-compare.md: ./compare.py --binary millwright --models DIR --inputs DIR > docs/reference/profile-compare.md

Models and labelled inputs are those of MLPerf Tiny; `--pages DIR` also leaves each model's page with plots there.
"""
import argparse
import os
import subprocess
import tempfile

# Title, model, labelled inputs, what is taken off each byte to make it the model's.
MODELS = [
    ("ad01, anomaly of machine sounds (MLPerf Tiny)", "ad01_autoencoder_int8.tflite", None, 0),
    ("kws01, spoken words (MLPerf Tiny), top-1 on 500 recordings", "kws01_dscnn_int8.tflite", "kws01_inputs_int8.npy", 0),
    ("vww01, is somebody there (MLPerf Tiny), top-1 on 64 pictures", "vww01_mobilenetv1_025_int8.tflite", "vww_coco_inputs_u8.npy", 128),
    ("ic01, ten kinds of pictures (MLPerf Tiny), top-1 on 600 JPEG pictures", "ic01_resnet8_int8.tflite", "ic_cifar10jpeg_inputs_u8.npy", 128),
    ("mobilenet_v2 1.0, 224 x 224", "mobilenet_v2_1.0_224_ptq_uint8io.tflite", None, 0),
]


def labelled(folder, name, offset, work):
    """Options that name inputs of the model's own type, and their classes."""
    import numpy

    inputs = numpy.load(os.path.join(folder, name))
    path = os.path.join(work, name)
    numpy.save(path, (inputs.astype(numpy.int16) - offset).astype(numpy.int8))
    labels = os.path.join(folder, name.replace("_inputs_u8.npy", "_labels.csv").replace("_inputs_int8.npy", "_labels.csv"))
    with open(labels) as file:
        columns = file.readline().strip().split(",")
    column = next(name for name in ("label", "person", "class") if name in columns)
    return ["--inputs", path, "--labels", labels, "--label-column", column]


parser = argparse.ArgumentParser()
parser.add_argument("--binary", required=True)
parser.add_argument("--models", required=True)
parser.add_argument("--inputs", required=True)
parser.add_argument("--pages")
given = parser.parse_args()
print("""# Five models on every chip

Made by `bench/profiles/compare.py` with `millwright profiles compare MODEL --markdown`. What the columns mean and where each figure
comes from: [the estimator](../internals/estimator.md). No board was asked; `>=` says that something which takes time has no figure.
The last column is by the chip's contract: top-1 where there are labelled inputs, else outputs that are the same byte as under `fp32`
on seeded noise, which is far harder than real inputs.
""")
with tempfile.TemporaryDirectory() as work:
    for title, name, inputs, offset in MODELS:
        words = [given.binary, "profiles", "compare", os.path.join(given.models, name), "--markdown"]
        if inputs:
            words += labelled(given.inputs, inputs, offset, work)
        if given.pages:
            words += ["--html", os.path.join(given.pages, name.partition(".")[0] + ".html")]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        print(f"## {title}\n\n{done.stdout}")
