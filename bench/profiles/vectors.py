#!/usr/bin/env python3
"""Writes docs/reference/vendor-vectors.md: ./vectors.py --binary millwright --vectors DIR > docs/reference/vendor-vectors.md

Runs `millwright model verify --vectors DIR --json` and lists by chip, model and layer how many elements are equal to what the vendor's
tool answered: the layer alone on the vendor's own input, and through the whole model.
"""
import argparse
import json
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("--binary", required=True)
parser.add_argument("--vectors", required=True)
given = parser.parse_args()
done = subprocess.run([given.binary, "model", "verify", "--vectors", given.vectors, "--json"], capture_output=True, text=True)
rows = json.loads(done.stdout)
layers = {}
for row in rows:
    layers.setdefault((row["chip"], row["contract"], row["model"], row["tensor"]), {})[row["way"]] = row
print("""# What vendors' tools answered, and what the contracts compute

Made by `bench/profiles/vectors.py` from reference vectors that vendors' own simulators, C-models and emulators answered (their packages
and versions stand in the [contracts](models.md#numeric-contracts)); no board was asked. *Layer*: computed alone on the vendor's input;
*model*: through all layers from the model's input. A cell is equal elements of all, and how far the worst one is off.
""")
chips = {}
for (chip, contract, _, _), ways in layers.items():
    total = chips.setdefault((chip, contract), [0, 0, 0])
    total[0] += len(ways)
    total[1] += sum(row["equal"] for row in ways.values())
    total[2] += sum(row["elements"] for row in ways.values())
print("| chip | contract | tensors | equal elements | rate |\n|---|---|---|---|---|")
for (chip, contract), (count, equal, elements) in chips.items():
    print("| %s | `%s` | %d | %s of %s | %.3f %% |" % (chip, contract, count, f"{equal:,}", f"{elements:,}", 100 * equal / elements))
print("| all | | %d | %s of %s | %.3f %% |" % (
    len(rows), f"{sum(r['equal'] for r in rows):,}", f"{sum(r['elements'] for r in rows):,}",
    100 * sum(r["equal"] for r in rows) / sum(r["elements"] for r in rows)))


def cell(row):
    if row is None:
        return "one layer"
    return f"{row['equal']:,} / {row['elements']:,}" + (f", off by {row['largestDifference']}" if row["largestDifference"] else "")


print("\n| chip | model | layer | alone | in the model |\n|---|---|---|---|---|")
for (chip, _, model, tensor), ways in layers.items():
    print("| %s | %s | `%s` | %s | %s |" % (chip, model, tensor, cell(ways.get("layer")), cell(ways.get("model"))))
