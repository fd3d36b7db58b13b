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
failed = [row for row in rows if not row["tensor"]]
if failed:
    raise SystemExit("not compared: " + "; ".join("%s: %s" % (row["model"], ", ".join(row["remarks"])) for row in failed))
layers = {}
for row in rows:
    layers.setdefault((row["chip"], row["contract"], row["model"], row["tensor"]), {})[row["way"]] = row
print("""# What vendors' tools answered, and what the contracts compute

Made by `bench/profiles/vectors.py` from reference vectors that vendors' own simulators, C-models and emulators answered (their packages
and versions stand in the [contracts](models.md#numeric-contracts)); no board was asked. *Alone*: a layer computed on the vendor's own
input; *in the model*: through all layers from the model's input. The tensors of a model with several layers are compared both ways, so
the two columns hold the same tensors and are not to be added; a file of one layer has no second way. A cell is equal elements of all,
and how far the worst one is off.
""")
WAYS = ("layer", "model")


def figures(ways):
    equal, elements = sum(row["equal"] for row in ways), sum(row["elements"] for row in ways)
    return "%d | %s of %s" % (len(ways), f"{equal:,}", f"{elements:,}")


chips = {}
for (chip, contract, _, _), ways in layers.items():
    for way, row in ways.items():
        chips.setdefault((chip, contract), {}).setdefault(way, []).append(row)
print("| chip | contract | tensors alone | equal elements | tensors in models | equal elements |\n|---|---|---|---|---|---|")
for (chip, contract), ways in chips.items():
    print("| %s | `%s` | %s |" % (chip, contract, " | ".join(figures(ways[way]) if way in ways else "none | " for way in WAYS)))
print("| all | | %s |" % " | ".join(figures([row for row in rows if row["way"] == way]) for way in WAYS))


def cell(row):
    if row is None:
        return "one layer"
    return f"{row['equal']:,} / {row['elements']:,}" + (f", off by {row['largestDifference']}" if row["largestDifference"] else "")


print("\n| chip | model | layer | alone | in the model |\n|---|---|---|---|---|")
for (chip, _, model, tensor), ways in layers.items():
    print("| %s | %s | `%s` | %s | %s |" % (chip, model, tensor, cell(ways.get("layer")), cell(ways.get("model"))))
