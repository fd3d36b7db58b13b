#!/usr/bin/env python3
"""Times the daemon's reader of JSON against simdjson on the same messages, interleaved on this machine.

    bench/json/run.py [--binary .build/release/millwright] [--rounds 5] [--seconds 0.5] [--output DIR]

Needs a C++ compiler and Debian's libsimdjson-dev, which is installed where this runs as root. Every round runs every reader once on every
message, each in a process of its own, so that the machine's noise meets all alike; both must give the same values. Written: results.json and
results.md.
"""

import argparse
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIME = 1795464903123


def messages():
    """Name: (message, entry of `topics`, what the values are in both programs)."""
    seeded = random.Random(20261130)
    digits = lambda low, high, places: round(seeded.uniform(low, high), places)
    twenty = {f"channel_{index:02d}": digits(-100, 2000, 2) for index in range(20)}
    nested = {
        "header": {"device": "press-3", "version": "2.4.1", "ts": TIME, "seq": 48211, "site": {"name": "North works", "line": 4}},
        "machine": {
            "state": "running", "operator": None, "motor": {
                "current": {"value": 12.31, "unit": "A"}, "temperature": {"value": 61.25, "unit": "\u00b0C"}},
            "speed": {"value": 1482.5, "unit": "rpm", "quality": "good"}, "load": {"value": 73.125, "unit": "%"}},
        "alarms": [{"code": "E17", "text": "door \"left\" open", "active": False}] * 3,
    }
    rows = [
        {"id": index, "name": f"channel {index}", "value": digits(-50, 50, 3), "unit": "degC", "flags": [True, False, None]}
        for index in range(770)
    ]
    time = "time: { path: $.ts, format: unix_ms }"
    compact = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return {
        "one": (compact({"ts": TIME, "v": 41.57}), f"{time}, path: $.v, tag: v"),
        "twenty": (
            compact({"ts": TIME, "device": "press-3", **twenty}),
            f"{time}, values: [" + ", ".join(f"{{ path: $.{name}, tag: {name} }}" for name in twenty) + "]"),
        "nested": (
            json.dumps(nested, ensure_ascii=False),
            "time: { path: $.header.ts, format: unix_ms }, values: [ { path: $.machine.motor.temperature.value, tag: t }, "
            "{ path: $.machine.speed.value, tag: s }, { path: $.machine.load.value, tag: l } ]"),
        "array": (
            compact({"ts": TIME, "device": "pump-7", "acc": [digits(-2, 2, 4) for _ in range(4096)]}),
            f'{time}, path: "$.acc[*]", tag: v, type: waveform, samples: 4096, rate: 12800'),
        "array, 17 digits": (
            compact({"ts": TIME, "device": "pump-7", "acc": [seeded.uniform(-2, 2) for _ in range(4096)]}),
            f'{time}, path: "$.acc[*]", tag: v, type: waveform, samples: 4096, rate: 12800'),
        "64 kB": (
            compact({"rows": rows, "summary": {"count": len(rows), "last": rows[-1]["value"]}, "ts": TIME}),
            f"{time}, path: $.summary.last, tag: v"),
    }


def build(folder):
    """The program with simdjson, or the reason why there is none."""
    if subprocess.run(["pkg-config", "--exists", "simdjson"]).returncode and os.geteuid() == 0:
        subprocess.run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", "libsimdjson-dev", "g++"], check=True,
            stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    program = os.path.join(folder, "simdjson")
    subprocess.run(
        ["g++", "-O3", "-std=c++17", "-DNDEBUG", os.path.join(HERE, "simdjson.cpp"), "-o", program, "-lsimdjson"], check=True)
    version = subprocess.run(["pkg-config", "--modversion", "simdjson"], capture_output=True, text=True).stdout.strip()
    return program, version


def ours(binary, plant, message, seconds):
    out = subprocess.run(
        [binary, "bench", "payload", plant, "t", message, "--seconds", str(seconds), "--json"], capture_output=True, text=True,
        check=True).stdout
    report = json.loads(out)
    bad = [value for value in report["values"] if value["quality"] != "good"]
    if bad:
        sys.exit(f"{message}: a value that is not good: {bad[0]}")
    return report


def same(report, peer):
    """Whether both found the same values, and the time that the message has."""
    values = report["values"]
    numbers = [value["number"] for value in values if "number" in value]
    window = [sample for value in values for sample in value.get("samples", [])]
    # Shortest digits of a float32 against nine of them: compared as the float32 that both mean.
    import struct
    as_float = lambda list_: [struct.pack("<f", one) for one in list_]
    times = {value["time"] for value in values}
    expected = datetime.datetime.fromtimestamp(TIME / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{TIME % 1000:03d}Z"
    return numbers + [float(TIME)] == peer["numbers"] and as_float(window) == as_float(peer["window"]) and times == {expected}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=".build/release/millwright")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--output", default=HERE)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        program, version = build(folder)
        isa = ""
        all_messages = messages()
        timings = {name: {"ours": [], "on_demand": [], "dom": []} for name in all_messages}
        for number, (name, (text, entry)) in enumerate(all_messages.items()):
            with open(f"{folder}/{number}.json", "w", encoding="utf-8") as file:
                file.write(text)
            with open(f"{folder}/{number}.yaml", "w", encoding="utf-8") as file:
                file.write(
                    "plant: { name: Bench, device: bench }\nstore: { directory: store }\nlinks:\n"
                    f"  - {{ name: n, driver: mqtt, host: h, topics: [ {{ topic: t, payload: json, {entry} }} ] }}\n")
        for round_ in range(options.rounds):
            for number, name in enumerate(all_messages):
                report = ours(options.binary, f"{folder}/{number}.yaml", f"{folder}/{number}.json", options.seconds)
                shape = name.split(",")[0]
                peer = json.loads(subprocess.run(
                    [program, shape, f"{folder}/{number}.json", str(options.seconds)], capture_output=True, text=True,
                    check=True).stdout)
                if not same(report, peer):
                    sys.exit(f"{name}: the two found different values")
                isa = peer["isa"]
                timings[name]["ours"].append((report["nanoseconds_median"], report["nanoseconds_least"]))
                for way in ("on_demand", "dom"):
                    timings[name][way].append(tuple(peer[way]))
                print(f"round {round_ + 1}, {name}: {report['nanoseconds_median']:.0f} ns, "
                      f"simdjson {peer['on_demand'][0]:.0f} and {peer['dom'][0]:.0f}", file=sys.stderr)
        for name, ways in timings.items():
            row = {"message": name, "bytes": len(all_messages[name][0].encode())}
            for way, pairs in ways.items():
                row[way] = {
                    "median_ns": round(statistics.median(one for one, _ in pairs), 1),
                    "least_ns": round(min(one for _, one in pairs), 1)}
            rows.append(row)
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    result = {
        "date": datetime.date.today().isoformat(), "cpu": cpu, "simdjson": version, "simdjson_isa": isa, "rounds": options.rounds,
        "seconds": options.seconds, "rows": rows}
    with open(f"{options.output}/results.json", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    with open(f"{options.output}/results.md", "w") as file:
        file.write(markdown(result))
    print(markdown(result))


def markdown(result):
    lines = [
        "# JSON: results", "",
        f"{result['date']}, {result['cpu']}, simdjson {result['simdjson']} ({result['simdjson_isa']}); {result['rounds']} rounds of "
        f"{result['seconds']} s a reader and message, interleaved. ns a message: median of the rounds' medians, and the least seen; the last two "
        "columns compare the least, and below 1 ours is faster. Both found the same values in each round.", "",
        "| message | bytes | ours | GB/s | simdjson on demand | simdjson dom | ours to on demand | ours to dom |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        ours, fast, whole = (row[way] for way in ("ours", "on_demand", "dom"))
        cell = lambda one: f"{one['median_ns']:,.0f} ({one['least_ns']:,.0f})"
        lines.append(
            f"| {row['message']} | {row['bytes']:,} | {cell(ours)} | {row['bytes'] / ours['least_ns']:.2f} | {cell(fast)} | {cell(whole)} | "
            f"{ours['least_ns'] / fast['least_ns']:.2f} | {ours['least_ns'] / whole['least_ns']:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
