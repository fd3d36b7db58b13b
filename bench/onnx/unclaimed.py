"""Sorts the node tests that are not claimed by reason: unclaimed.py REPORT.tsv (name, tab, reason), Markdown to stdout."""

import collections
import sys

reasons = collections.defaultdict(list)
with open(sys.argv[1]) as file:
    for line in file:
        name, reason = line.rstrip("\n").split("\t", 1)
        reasons[reason].append(name.removeprefix("test_"))

print("# Node tests of the ONNX standard that are not claimed\n")
print(f"{sum(map(len, reasons.values()))} tests, by reason. Made by `bench/onnx/run-node-tests`.\n")
print("| reason | tests | such as |\n|---|---|---|")
for reason, names in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
    shown = ", ".join(f"`{name}`" for name in sorted(names)[:3])
    print(f"| {reason.replace('|', '/')} | {len(names)} | {shown} |")
