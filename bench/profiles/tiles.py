#!/usr/bin/env python3
"""Five models tile by tile as planned for each chip, each layer held against the kernels: ./tiles.py --binary millwright --models DIR

Prints how many tiles each model has on each chip whose memory beside the multipliers is known; ends with 1 if any layer differs.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy

MODELS = {
    "ad01": ("ad01_autoencoder_int8.tflite", (1, 640), numpy.int8), "kws01": ("kws01_dscnn_int8.tflite", (1, 49, 10, 1), numpy.int8),
    "vww01": ("vww01_mobilenetv1_025_int8.tflite", (1, 96, 96, 3), numpy.int8), "ic01": ("ic01_resnet8_int8.tflite", (1, 32, 32, 3), numpy.int8),
    "mobilenet_v2": ("mobilenet_v2_1.0_224_ptq_uint8io.tflite", (1, 224, 224, 3), numpy.uint8),
}
LINE = re.compile(r"(\d+) of them in (\d+) tiles of at most (\d+) bytes .* equal to the kernels in each")


def known(binary):
    """Chips whose memory beside the multipliers somebody has told."""
    rows = json.loads(subprocess.run([binary, "profiles", "list", "--json"], check=True, capture_output=True, text=True).stdout)
    for row in rows:
        shown = subprocess.run([binary, "profiles", "show", row["id"], "--json"], check=True, capture_output=True, text=True).stdout
        facts = {fact["key"]: fact.get("value") for fact in json.loads(shown)["facts"]}
        if facts.get("memory.on_chip"):
            yield row["id"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--models", required=True)
    given = parser.parse_args()
    failed = 0
    print("| chip | " + " | ".join(MODELS) + " |\n|---|" + "---|" * len(MODELS))
    with tempfile.TemporaryDirectory() as work:
        for chip in known(given.binary):
            cells = []
            for name, (file, shape, kind) in MODELS.items():
                low = numpy.iinfo(kind).min
                path = os.path.join(work, name + ".npy")
                numpy.save(path, (numpy.random.default_rng(3).integers(0, 256, shape) + low).astype(kind))
                run = subprocess.run(
                    [given.binary, "model", "run", os.path.join(given.models, file), "--profile", chip, "--input", path],
                    capture_output=True, text=True)
                found = LINE.search(run.stderr)
                if "no NPU" in run.stderr:
                    break
                if run.returncode or not found:
                    failed += 1
                    print(chip, name, run.stderr.strip().splitlines()[-1:], file=sys.stderr)
                cells.append(found.group(2) if found else "-")
            if cells:
                print("| %s | %s |" % (chip, " | ".join(cells)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
