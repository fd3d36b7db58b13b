#!/usr/bin/env python3
"""Flags of the watch on recordings as they are, and with each sensor broken on purpose.

    bench/quality/run.py --millwright PROGRAM --data FOLDER [--out results.json]

FOLDER holds skab/, tep/ and nab/ (public data sets, see README.md). Nothing random without a seed; times are not measured here.
"""
import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import tempfile

SEED = 20261130
BREAKS = ["frozen", "noisy", "spikes", "dropout"]


def read(path, separator, skip):
    with open(path, newline="") as file:
        rows = list(csv.reader(file, delimiter=separator))
    columns = {}
    for index, name in enumerate(rows[0]):
        try:
            columns[name.strip()] = [float(row[index]) for row in rows[1:]]
        except (ValueError, IndexError):
            continue
    return {name: values for name, values in columns.items() if name not in skip}


def recordings(data):
    """Name, seconds between lines, columns. Normal operation as far as the source says so."""
    skab = read(data / "skab/anomaly-free.csv", ";", {"anomaly", "changepoint"})
    yield "SKAB, anomaly-free", 1, skab
    for path in sorted((data / "skab/valve1").glob("*.csv"), key=lambda path: int(path.stem))[:3]:
        yield f"SKAB, valve1 {path.stem} (valve closed by hand)", 1, read(path, ";", {"anomaly", "changepoint"})
    for number in (1, 4, 8):
        name = f"tep/idv{number:02}.csv"
        columns = read(data / name, ",", {"time", "t", "Time", "hours"})
        yield f"TEP, disturbance {number}", 600, columns
    for name in ("machine_temperature_system_failure", "art_daily_small_noise", "cpu_utilization_asg_misconfiguration"):
        yield f"NAB, {name}", 300, read(data / f"nab/{name}.csv", ",", set())


def is_measured(values):
    """A sensor: moves at most lines. Setpoints, contacts and counters cannot be broken in a way that shows."""
    moves = sum(a != b for a, b in zip(values, values[1:]))
    return moves * 2 >= len(values)


def broken(values, how, at, seed):
    """The last part of a column, from `at` on, as a broken sensor gives it; None is a value that does not come."""
    chance = random.Random(seed)
    span = statistics.pstdev(values[:at]) or 1.0
    good, bad = values[:at], values[at:]
    if how == "frozen":
        return good + [values[at]] * len(bad)
    if how == "noisy":
        return good + [value + chance.gauss(0, 3 * span) for value in bad]
    if how == "spikes":
        return good + [value + (20 * span if index % 50 == 25 else 0) for index, value in enumerate(bad)]
    return good + [None if 10 <= index < len(bad) - 10 else value for index, value in enumerate(bad)]


def limits(columns, at):
    """What somebody would set from a day's data: steps three times the largest of the first part."""
    entries = []
    for name, values in columns.items():
        step = max((abs(b - a) for a, b in zip(values[:at], values[1:at])), default=0)
        if step > 0:
            entries.append({"tags": name, "stuck_after": "auto", "noise": "auto", "max_step": 3 * step})
    return {"watch": entries}


def flags(program, columns, interval, rules, folder):
    names = {name: f"c{index}" for index, name in enumerate(columns)}
    path = folder / "recording.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names.values())
        for row in zip(*columns.values()):
            writer.writerow(["" if value is None else repr(value) for value in row])
    command = [program, "bench", "watch", str(path), "--interval", str(interval), "--json"]
    if rules:
        renamed = {"watch": [{**entry, "tags": names.get(entry["tags"], entry["tags"])} for entry in rules["watch"]]}
        (folder / "rules.yaml").write_text(json.dumps(renamed))
        command += ["--rules", str(folder / "rules.yaml")]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {row["tag"]: row["flags"] for row in report["rows"]}


def total(found):
    sums = {}
    for one in found.values():
        for flag, count in one.items():
            sums[flag] = sums.get(flag, 0) + count
    return sums


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--millwright", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).with_name("results.json"))
    options = parser.parse_args()
    # A sensor that scatters far enough breaks the limit of the step, too, which is said first.
    expected = {"frozen": {"stuck"}, "noisy": {"noisy", "jump"}, "spikes": {"jump"}, "dropout": {"stale"}}
    auto = {"watch": [{"tags": "*", "stuck_after": "auto", "noise": "auto"}]}
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for title, interval, columns in recordings(options.data):
            count = len(next(iter(columns.values())))
            at = count * 6 // 10
            measured = {name: values for name, values in columns.items() if is_measured(values)}
            rules = limits(columns, at)
            row = {
                "recording": title, "columns": len(columns), "measured": len(measured), "values": count * len(columns),
                "as_it_is": {
                    "defaults": total(flags(options.millwright, columns, interval, None, folder)),
                    "auto": total(flags(options.millwright, columns, interval, auto, folder)),
                    "auto_and_steps": total(flags(options.millwright, columns, interval, rules, folder)),
                },
                "broken": {},
            }
            for how in BREAKS if measured else []:
                changed = {name: broken(values, how, at, SEED) for name, values in measured.items()}
                # Silence is found by the defaults of a link that polls; the others by the rules.
                used = None if how == "dropout" else rules
                found = flags(options.millwright, changed, interval, used, folder)
                hit = sum(not expected[how].isdisjoint(one) for one in found.values())
                row["broken"][how] = {"found": hit, "of": len(measured)}
            results.append(row)
            print(json.dumps(row), flush=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
