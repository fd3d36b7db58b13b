#!/usr/bin/env python3
"""What history takes on disk, on recordings of others and on tags that wander, and how long a question for one tag takes.

    bench/history/run.py --millwright PROGRAM --data FOLDER [--days 7] [--tags 1000] [--out results.json]

FOLDER holds skab/, tep/ and modbus-trace/ (public data sets, see README.md); what is not there is left out and said. The other
figures: the same samples as rows of a table (tag, time, value, quality) in a file of their own, and the CSV file through gzip -6.
"""
import argparse
import csv
import gzip
import json
import pathlib
import sqlite3
import subprocess
import tempfile

START = 1_700_000_000_000_000_000


# Of SKAB: what people noted beside the sensors.
LABELS = {"anomaly", "changepoint"}


def table(path, separator, seconds):
    with open(path, newline="") as file:
        rows = list(csv.reader(file, delimiter=separator))
    for line, row in enumerate(rows[1:]):
        for name, text in zip(rows[0], row):
            if name.strip() in LABELS:
                continue
            try:
                yield f"{path.stem}.{name.strip()}", START + int(line * seconds * 1e9), float(text)
            except ValueError:
                continue


def skab(folder):
    for path in [folder / "anomaly-free.csv"] + sorted((folder / "valve1").glob("*.csv")):
        yield from table(path, ";", 1)


def tep(folder):
    for path in sorted(folder.glob("idv*.csv")):
        yield from table(path, ",", 600)


def trace(folder):
    """Each register that a slave answered with, at the time of the answer."""
    for path in sorted(folder.glob("*.csv")):
        asked = {}
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                adu = bytes.fromhex(row["adu_hex"])
                key = (row["server"], row["client"], adu[:2])
                if row["direction"] == "request":
                    if adu[7] in (3, 4) and len(adu) >= 12:
                        asked[key] = int.from_bytes(adu[8:10], "big")
                elif key in asked and adu[7] in (3, 4) and len(adu) >= 9 + adu[8]:
                    first = asked.pop(key)
                    for place in range(adu[8] // 2):
                        value = int.from_bytes(adu[9 + 2 * place : 11 + 2 * place], "big")
                        name = f"{path.stem}.{row['server']}.{adu[6]}.{first + place}"
                        yield name, START + int(float(row["t_s"]) * 1e9), float(value)


def rows_in_sqlite(samples, folder):
    path = folder / "rows.sqlite"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE samples(id INTEGER PRIMARY KEY, tag INTEGER, at_ns INTEGER, value REAL, quality INTEGER)")
    tags = {}
    base.executemany(
        "INSERT INTO samples(tag, at_ns, value, quality) VALUES(?, ?, ?, 0)",
        ((tags.setdefault(tag, len(tags)), at, value) for tag, at, value in samples))
    base.commit()
    base.close()
    return path.stat().st_size


def measure(program, arguments, folder):
    command = [program, "bench", "history", "--json", "--directory", str(folder)] + arguments
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millwright", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--tags", type=int, default=1000)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    results = {"recordings": {}}
    for name, reader in (("skab", skab), ("tep", tep), ("modbus-trace", trace)):
        if not (options.data / name).is_dir():
            print(f"{name}: left out, {options.data / name} is not there")
            continue
        samples = list(reader(options.data / name))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            path = folder / "recording.csv"
            text = "tag,unix_ns,value\n" + "".join(f"{tag},{at},{value!r}\n" for tag, at, value in samples)
            path.write_text(text)
            ours = measure(options.millwright, ["--recording", str(path)], folder / "store")
            count = len(samples)
            results["recordings"][name] = row = {
                "samples": count, "tags": ours["tags"],
                "packed": ours["packed_bytes_per_sample"], "rollups": ours["rollup_bytes_per_sample"],
                "file": ours["file_bytes_per_sample"], "rows": rows_in_sqlite(samples, folder) / count,
                "gzip": len(gzip.compress(text.encode(), 6)) / count, "packed_share": ours["packed_samples"] / count,
            }
            print(name, {key: round(value, 3) for key, value in row.items()}, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        results["wandering"] = measure(
            options.millwright, ["--tags", str(options.tags), "--days", str(options.days)], pathlib.Path(folder) / "store")
        print(json.dumps(results["wandering"], indent=1))
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
