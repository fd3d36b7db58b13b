#!/usr/bin/env python3
"""Writes docs/reference/profile-compare.md: ./compare.py --binary millwright --models DIR > docs/reference/profile-compare.md"""
import argparse
import os
import subprocess

MODELS = [
    ("ad01, anomaly of machine sounds (MLPerf Tiny)", "ad01_autoencoder_int8.tflite"),
    ("kws01, spoken words (MLPerf Tiny)", "kws01_dscnn_int8.tflite"),
    ("vww01, is somebody there (MLPerf Tiny)", "vww01_mobilenetv1_025_int8.tflite"),
    ("ic01, ten kinds of pictures (MLPerf Tiny)", "ic01_resnet8_int8.tflite"),
    ("mobilenet_v2 1.0, 224 x 224", "mobilenet_v2_1.0_224_ptq_uint8io.tflite"),
]
parser = argparse.ArgumentParser()
parser.add_argument("--binary", required=True)
parser.add_argument("--models", required=True)
given = parser.parse_args()
print("""# Five models on every chip

Made by `bench/profiles/compare.py` with `millwright profiles compare MODEL --markdown`. What the columns mean and where each figure
comes from: [the estimator](../internals/estimator.md). No board was asked; `>=` says that something which takes time has no figure.
""")
for title, name in MODELS:
    done = subprocess.run(
        [given.binary, "profiles", "compare", os.path.join(given.models, name), "--markdown"], check=True, capture_output=True, text=True)
    print(f"## {title}\n\n{done.stdout}")
