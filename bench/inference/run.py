#!/usr/bin/env python3
"""Times int8 inference: ours against LiteRT, ONNX Runtime, OpenVINO, MNN and ncnn, interleaved on this machine.

    bench/inference/run.py --models DIR [--binary .build/release/millwright] [--venv DIR] [--rounds 5] [--output DIR]

DIR holds NAME.tflite (int8 or uint8) and, for engines that read ONNX, onnx/NAME_qdq.onnx. The engines come from PyPI into a
virtual environment; what is there is kept. Every round runs every engine once on every model, each in a process of its
own, so that the machine's noise meets all alike. Written: results.json, results.md, results.svg.
"""

import argparse
import datetime
import glob
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
PINS = {
    "ai-edge-litert": "2.3.0", "onnxruntime": "1.32.0", "openvino": "2026.4.1", "MNN": "3.6.1",
    "ncnn": "1.0.20261020", "pnnx": "20261020", "onnx": "1.23.2", "numpy": None,
}
ENGINES = ["litert", "onnxruntime", "openvino", "mnn", "ncnn"]
TITLES = {
    "ours": "Millwright", "litert": "LiteRT", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "mnn": "MNN",
    "ncnn": "ncnn (float)",
}


def prepare(folder):
    """The environment's Python, with the engines installed."""
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        print(f"environment: {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
    installed = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True, check=True).stdout
    present = {line.split("==")[0].lower() for line in installed.splitlines()}
    missing = [name + (f"=={pin}" if pin else "") for name, pin in PINS.items() if name.lower() not in present]
    if missing:
        print("installing: " + " ".join(missing), file=sys.stderr)
        # pnnx asks for PyTorch, which only its Python part uses; the converter itself does not.
        alone = [name for name in missing if name.startswith("pnnx")]
        rest = [name for name in missing if name not in alone]
        for names, extra in ((rest, []), (alone, ["--no-deps"])):
            if names:
                subprocess.run([python, "-m", "pip", "install", "-q", *extra, *names], check=True)
    return python


def onnx_form(model):
    """The QDQ form of a model, or None."""
    folder, name = os.path.split(model[: -len(".tflite")])
    for stem in (name + "_qdq", name.replace("_uint8io", "") + "_qdq"):
        path = os.path.join(folder, "onnx", stem + ".onnx")
        if os.path.exists(path):
            return path
    return None


def forms(model, python, work):
    """What each engine takes for a model: {engine: path or a reason in parentheses}."""
    name = os.path.basename(model)[: -len(".tflite")]
    onnx = onnx_form(model)
    result = {"litert": model, "openvino": model, "onnxruntime": onnx or "(no QDQ form of this model)"}
    mnn = os.path.join(work, name + ".mnn")
    if not os.path.exists(mnn):
        subprocess.run(
            [os.path.join(os.path.dirname(python), "mnnconvert"), "-f", "TFLITE", "--modelFile", model, "--MNNModel",
             mnn, "--bizCode", "bench"], capture_output=True)
    result["mnn"] = mnn if os.path.exists(mnn) else "(mnnconvert refuses the model)"
    result["ncnn"] = ncnn_form(onnx, name, python, work) if onnx else "(no ONNX form of this model)"
    return result


def ncnn_form(onnx, name, python, work):
    """The packages for ncnn hold no int8 converter, so it runs the same network in float."""
    stem = os.path.join(work, name + "_float")
    if not os.path.exists(stem + ".ncnn.param"):
        made = subprocess.run(
            [python, os.path.join(HERE, "float_form.py"), onnx, stem + ".onnx", stem + ".ncnn.shape"],
            capture_output=True, text=True)
        if made.returncode:
            return f"(no float form: {made.stderr.strip().splitlines()[-1]})"
        converter = subprocess.run(
            [python, "-c", "import importlib.util as u; print(u.find_spec('pnnx').submodule_search_locations[0])"],
            capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run([os.path.join(converter, "pnnx"), stem + ".onnx", "fp16=0"], capture_output=True, cwd=work)
    return stem + ".ncnn" if os.path.exists(stem + ".ncnn.param") else "(pnnx refuses the model)"


def time_ours(binary, model, threads, seconds):
    made = subprocess.run(
        [binary, "model", "bench", model, "--threads", str(threads), "--seconds", str(seconds), "--json"],
        capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(made.stderr.strip())
    return json.loads(made.stdout)


def time_peer(python, engine, path, threads, seconds):
    try:
        made = subprocess.run(
            [python, os.path.join(HERE, "peer.py"), engine, path, str(threads), str(seconds)], capture_output=True,
            text=True, timeout=120 + seconds)
    except subprocess.TimeoutExpired:
        return None, "takes more than two minutes to load"
    lines = [line for line in made.stdout.splitlines() if line.startswith("{")]
    if made.returncode or not lines:
        return None, (made.stderr.strip().splitlines() or [f"ends with status {made.returncode}"])[-1][:120]
    return json.loads(lines[-1]), None


def machine():
    with open("/proc/cpuinfo") as file:
        lines = [line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line]
    info = {name.strip(): value.strip() for name, value in lines}
    flags = info.get("flags", info.get("Features", "")).split()
    known = [flag for flag in ("avx2", "avx_vnni", "avx512_vnni", "asimddp", "i8mm") if flag in flags]
    return {
        "cpu": info.get("model name", platform.machine()), "cores": os.cpu_count(), "int8": known,
        "kernel": platform.release(), "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }


def summary(samples):
    """Of rounds: the least of all, and the median of the rounds' medians."""
    return {
        "min_us": min(one["min_us"] for one in samples), "median_us": statistics.median(one["median_us"] for one in samples)
    }


def ratios(row):
    """How many times the fastest engine takes of our time, by median and by minimum."""
    peers = {engine: one for engine, one in row["engines"].items() if engine != "ours" and "median_us" in one}
    if not peers or "ours" not in row["engines"]:
        return
    for kind in ("median", "min"):
        best = min(peers, key=lambda engine: peers[engine][kind + "_us"])
        row[f"fastest_{kind}"] = best
        row[f"ratio_{kind}"] = peers[best][kind + "_us"] / row["engines"]["ours"][kind + "_us"]


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else float("nan")


def measure(arguments, python, models):
    os.makedirs(arguments.work, exist_ok=True)
    forms_of = {model: forms(model, python, arguments.work) for model in models}
    samples, reasons, versions = {}, {}, {}
    for round_number in range(arguments.rounds):
        for threads in arguments.threads:
            for model in models:
                name = os.path.basename(model)[: -len(".tflite")]
                key = (name, threads)
                ours = time_ours(arguments.binary, model, threads, arguments.seconds)
                samples.setdefault(key, {}).setdefault("ours", []).append(ours)
                for engine in arguments.engines:
                    path = forms_of[model][engine]
                    reason = path if path.startswith("(") else reasons.get((key, engine))
                    if reason is None:
                        one, reason = time_peer(python, engine, path, threads, arguments.seconds)
                        if one:
                            versions[engine] = one["version"]
                            samples[key].setdefault(engine, []).append(one)
                    if reason is not None:
                        reasons[(key, engine)] = reason.strip("()")
                print(f"round {round_number + 1}/{arguments.rounds}, {threads} thread(s), {name}: "
                      f"{ours['median_us']:.1f} us", file=sys.stderr)
    rows = []
    for (name, threads), engines in samples.items():
        row = {"model": name, "threads": threads, "macs": engines["ours"][0]["macs"],
               "engines": {engine: summary(one) for engine, one in engines.items()}}
        for (key, engine), reason in reasons.items():
            if key == (name, threads) and engine not in row["engines"]:
                row["engines"][engine] = {"reason": reason}
        ratios(row)
        rows.append(row)
    rows.sort(key=lambda row: (row["threads"], row["macs"]))
    return rows, versions


def table(rows, engines, threads, kind):
    lines = ["| model | " + " | ".join(TITLES[engine] for engine in ["ours", *engines]) + " | ratio to the fastest |",
             "|---|" + "---|" * (len(engines) + 2)]
    chosen = [row for row in rows if row["threads"] == threads]
    for row in chosen:
        cells = []
        for engine in ["ours", *engines]:
            value = row["engines"].get(engine, {}).get(kind + "_us")
            cells.append("-" if value is None else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}")
        cells.append(f"{row['ratio_' + kind]:.2f}" if "ratio_" + kind in row else "-")
        lines.append(f"| {row['model']} | " + " | ".join(cells) + " |")
    values = [row["ratio_" + kind] for row in chosen if "ratio_" + kind in row]
    lines += ["", f"Geometric mean {geometric_mean(values):.2f}, least {min(values, default=float('nan')):.2f}."]
    return lines


def text(report):
    place = report["machine"]
    lines = [
        "# Results", "",
        f"{place['date']}, {place['cores']} cores of {place['cpu']} ({', '.join(place['int8'])}), Linux {place['kernel']}; "
        + ", ".join(f"{TITLES[engine]} {version}" for engine, version in report["versions"].items())
        + f". {report['rounds']} rounds of {report['seconds']} s, interleaved process by process. Microseconds of one inference.", "",
    ]
    for threads in report["threads"]:
        for kind, what in (("median", "median of the rounds' medians"), ("min", "least of all")):
            lines += [f"## {threads} thread{'s' if threads > 1 else ''}, {what}", ""]
            lines += [*table(report["rows"], report["engines"], threads, kind), ""]
    lines += scaling(report["rows"])
    reasons = {(TITLES[engine], row["model"], one["reason"]) for row in report["rows"]
               for engine, one in row["engines"].items() if "reason" in one}
    if reasons:
        lines += ["## Not measured", ""] + [f"- {engine}, {model}: {reason}" for engine, model, reason in sorted(reasons)] + [""]
    return "\n".join(lines)


def scaling(rows):
    """Two threads against one, where there is work for two."""
    one = {row["model"]: row for row in rows if row["threads"] == 1}
    lines = ["## Two threads against one, by the least of all", "", "| model | one | two | times |", "|---|---|---|---|"]
    for row in rows:
        if row["threads"] == 2 and row["model"] in one:
            before = one[row["model"]]["engines"]["ours"]["min_us"]
            after = row["engines"]["ours"]["min_us"]
            lines.append(f"| {row['model']} | {before:,.1f} | {after:,.1f} | {before / after:.2f} |")
    return [*lines, ""] if len(lines) > 4 else []


def plot(report):
    """Bars of each engine's median on one thread, as times of ours: ours is the line at 1."""
    colors = {"litert": "#c2571a", "onnxruntime": "#7a5195", "openvino": "#2f7e4f", "mnn": "#b8860b", "ncnn": "#888888"}
    rows = [row for row in report["rows"] if row["threads"] == report["threads"][0]]
    left, top, bar, gap, width = 250, 70, 13, 22, 960
    limit = 12.0
    scale = (width - left - 90) / math.log2(limit * 2)
    x = lambda ratio: left + scale * math.log2(max(min(ratio, limit), 0.5) * 2)
    body, y = [], top
    for row in rows:
        ours = row["engines"]["ours"]["median_us"]
        peers = [(engine, row["engines"].get(engine, {}).get("median_us")) for engine in report["engines"]]
        body.append(f'<text x="{left - 10}" y="{y + bar * len(peers) / 2 + 4}" text-anchor="end">{row["model"]}</text>')
        for engine, value in peers:
            if value is not None:
                body.append(f'<rect x="{left}" y="{y}" width="{x(value / ours) - left:.1f}" height="{bar - 2}" fill="{colors[engine]}"/>')
                body.append(f'<text class="value" x="{x(value / ours) + 4:.1f}" y="{y + bar - 3}">{value / ours:.2f}{" (cut)" if value / ours > limit else ""}</text>')
            else:
                body.append(f'<text class="value" x="{left + 4}" y="{y + bar - 3}">{TITLES[engine]}: not measured</text>')
            y += bar
        y += gap
    grid = "".join(
        f'<line x1="{x(at)}" x2="{x(at)}" y1="{top - 8}" y2="{y - gap + 4}" stroke="{"#111" if at == 1 else "#ddd"}"/>'
        f'<text class="value" x="{x(at)}" y="{y + 10}" text-anchor="middle">{at:g}</text>' for at in (0.5, 1, 2, 4, 8))
    keys = "".join(
        f'<rect x="{left + 140 * index}" y="40" width="11" height="11" fill="{colors[engine]}"/>'
        f'<text x="{left + 140 * index + 16}" y="50">{TITLES[engine]}</text>' for index, engine in enumerate(report["engines"]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 26}" font-family="sans-serif" font-size="12">'
        "<style>.value{font-size:10.5px;fill:#444}</style><rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
        f'<text x="14" y="24" font-size="15">Time of one inference as times of Millwright\'s, {report["threads"][0]} thread '
        "(right of 1: slower) · 单次推理耗时，以 Millwright 为 1（大于 1 更慢）</text>"
        f"{keys}{grid}{''.join(body)}</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True, help="folder of .tflite files")
    parser.add_argument("--binary", default=".build/release/millwright")
    parser.add_argument("--venv", default=".build/bench-inference/venv")
    parser.add_argument("--work", default=".build/bench-inference/models", help="where converted models go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each engine on each model in each round")
    parser.add_argument("--threads", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2])
    parser.add_argument("--engines", type=lambda text: text.split(","), default=ENGINES)
    parser.add_argument("--only", default="", help="models whose name holds this")
    parser.add_argument("--output", default=HERE)
    parser.add_argument("--redraw", action="store_true", help="tables and plot of the results.json that is there")
    arguments = parser.parse_args()
    path = os.path.join(arguments.output, "results.json")
    if arguments.redraw:
        with open(path) as file:
            report = json.load(file)
    else:
        unknown = [engine for engine in arguments.engines if engine not in ENGINES]
        if unknown:
            parser.error(f"--engines: expected some of {', '.join(ENGINES)}, found {', '.join(unknown)}")
        models = sorted(glob.glob(os.path.join(arguments.models, "*int8*.tflite")))
        models = [model for model in models if arguments.only in os.path.basename(model)]
        if not models:
            parser.error(f"--models: expected NAME_int8.tflite or NAME_uint8.tflite in {arguments.models}, found none")
        arguments.work = os.path.abspath(arguments.work)
        rows, versions = measure(arguments, prepare(arguments.venv), models)
        report = {"machine": machine(), "versions": versions, "rounds": arguments.rounds, "seconds": arguments.seconds,
                  "threads": arguments.threads, "engines": arguments.engines, "rows": rows}
        with open(path, "w") as file:
            json.dump(report, file, indent=1)
            file.write("\n")
    with open(os.path.join(arguments.output, "results.md"), "w") as file:
        file.write(text(report))
    with open(os.path.join(arguments.output, "results.svg"), "w") as file:
        file.write(plot(report))
    print(text(report))


if __name__ == "__main__":
    main()
