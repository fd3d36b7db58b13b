#!/usr/bin/env python3
"""How long each numeric contract takes beside fp32: ./contracts.py --binary millwright --models DIR [--float DIR] [--rounds N]

Every model is timed under fp32 and under each contract in turn, round by round, so that a busy moment meets all of them; the figure is
the ratio of the fastest inferences. Chips whose weights have zero points are timed on a model quantized for them, where --float names
float models, beside the same plan under fp32.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

MODELS = ["ic01_resnet8_int8.tflite", "vww01_mobilenetv1_025_int8.tflite", "mobilenet_v2_1.0_224_ptq_uint8io.tflite"]
CONTRACTS = [
    "fp32", "tflite", "onnx", "rockchip", "sophgo-bm", "sophgo-cv181x", "verisilicon-a311d", "verisilicon-v853", "shl"]


def fastest(binary, model, contract, seconds):
    out = subprocess.run(
        [binary, "model", "bench", model, "--contract", contract, "--seconds", str(seconds), "--json"],
        check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["min_us"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--also", nargs="*", default=[], help="plans: PLAN=REFERENCE_PLAN, the second under fp32")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--json")
    given = parser.parse_args()
    table = {}
    for name in MODELS:
        model = os.path.join(given.models, name)
        best = {contract: float("inf") for contract in CONTRACTS}
        for round_ in range(given.rounds):
            for contract in CONTRACTS:
                best[contract] = min(best[contract], fastest(given.binary, model, contract, given.seconds))
            print("\r%s: round %d of %d" % (name, round_ + 1, given.rounds), end="", file=sys.stderr)
        print(file=sys.stderr)
        table[name] = best
    print("| model | fp32, us | " + " | ".join(CONTRACTS[1:]) + " |")
    print("|---|---|" + "---|" * len(CONTRACTS[1:]))
    for name, best in table.items():
        print("| %s | %.1f | " % (name.split("_")[0] if "v2" not in name else "mobilenet_v2", best["fp32"])
              + " | ".join("%.2f" % (best[c] / best["fp32"]) for c in CONTRACTS[1:]) + " |")
    if given.json:
        with open(given.json, "w") as file:
            json.dump(table, file, indent=1, sort_keys=True)
            file.write("\n")


if __name__ == "__main__":
    main()
