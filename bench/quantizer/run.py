#!/usr/bin/env python3
"""Quantizes float models with `millwright model quantize` and compares their accuracy with the float models' and with
the int8 models that come with them. Needs numpy.

run.py --millwright BIN --models DIR --inputs DIR [--calibration ic01=100 --calibration vww01=16] [--seeds 5]
       [--work DIR] [-- more options of `model quantize`]

DIR of --models holds MLPerf Tiny's ic01_resnet8_{fp32,int8}.tflite and vww01_mobilenetv1_025_{fp32,int8}.tflite, and
onnx/ the float ones as .onnx; that of --inputs holds *_inputs_u8.npy and *_labels.csv. The calibration inputs are drawn
by seed; "rest" is what they leave, "all" is every input there is.
"""
import argparse, csv, json, os, subprocess, sys, tempfile
import numpy as np

# Name, pictures with their labels' column, what a byte stands for, inputs to calibrate with.
CASES = [
    ("ic01_resnet8", [("ic_cifar10jpeg", "label"), ("ic_lossless25", "label")], 1.0, 100),
    ("vww01_mobilenetv1_025", [("vww_coco", "person")], 1 / 255, 16),
]


def read(folder, sets):
    pictures = [np.load(f"{folder}/{name}_inputs_u8.npy") for name, _ in sets]
    labels = []
    for name, column in sets:
        with open(f"{folder}/{name}_labels.csv") as file:
            labels += [int(row[column]) for row in csv.DictReader(file)]
    return np.concatenate(pictures), np.array(labels), len(pictures[0])


def write_labels(path, labels):
    with open(path, "w") as file:
        file.write("label\n" + "".join(f"{label}\n" for label in labels))


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def decibels(signal, other):
    return 10 * np.log10((signal**2).sum() / ((signal - other) ** 2).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millwright", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--calibration", action="append", default=[], metavar="MODEL=COUNT")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--work", default=None)
    parser.add_argument("options", nargs="*", help="handed on to `model quantize`, behind --")
    given = parser.parse_args()
    counts = dict(word.split("=") for word in given.calibration)
    work = given.work or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True)
    rows = []
    for model, sets, scale, usual in CASES:
        pictures, labels, drawn_from = read(given.inputs, sets)
        count = int(counts.get(model.split("_")[0], usual))
        at = f"{work}/{model}"
        np.save(f"{at}.float.npy", (pictures * np.float32(scale)).astype(np.float32))
        np.save(f"{at}.int8.npy", (pictures.astype(np.int16) - 128).astype(np.int8))
        for form in ("float", "int8"):
            file = f"{given.models}/{model}_{'fp32' if form == 'float' else 'int8'}.tflite"
            run(given.millwright, "model", "run", file, "--input", f"{at}.{form}.npy", "--output", f"{at}.{form}.out.npy")
        truth = np.load(f"{at}.float.out.npy")
        own = (np.load(f"{at}.int8.out.npy").astype(np.float32) + 128) / 256
        print(f"{model}: float against the int8 model that comes with it: same answer "
              f"{(truth.argmax(1) == own.argmax(1)).mean():.2%}, output {decibels(truth, own):.1f} dB")
        for source in (f"{model}_fp32.tflite", f"onnx/{model}_fp32.onnx"):
            for seed in range(given.seeds):
                chosen = np.zeros(len(pictures), bool)
                chosen[np.random.default_rng(seed).permutation(drawn_from)[:count]] = True
                np.save(f"{at}.calibration.npy", pictures[chosen])
                for part, mask in (("rest", ~chosen), ("all", np.ones_like(chosen))):
                    np.save(f"{at}.{part}.npy", pictures[mask])
                    write_labels(f"{at}.{part}.csv", labels[mask])
                    report = json.loads(run(
                        given.millwright, "model", "quantize", f"{given.models}/{source}",
                        "--calibration", f"{at}.calibration.npy", "--scale", repr(scale),
                        "--evaluation", f"{at}.{part}.npy", "--labels", f"{at}.{part}.csv",
                        "--output", f"{at}.mwplan", "--receipt", 0, "--json", *given.options))
                    accuracy = report["accuracy"]
                    rows.append({
                        "model": source, "seed": seed, "inputs": part, "count": int(mask.sum()),
                        "float": accuracy["float_top1"], "int8": accuracy["int8_top1"],
                        "own_int8": float((own.argmax(1) == labels)[mask].mean() * 100),
                        "agreement": accuracy["agreement"], "output_db": report["output_snr_db"],
                        "own_output_db": float(decibels(truth[mask], own[mask])),
                        "worst_layer_db": report["layers"][0]["snr_db"], "method": report["method"]})
    print("| model | inputs | float | own int8 | ours, a seed | ours, mean | mean loss | same answer | output dB, own | ours |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for key in dict.fromkeys((row["model"], row["inputs"]) for row in rows):
        part = [row for row in rows if (row["model"], row["inputs"]) == key]
        mean = lambda name: np.mean([row[name] for row in part])
        each = " ".join(f"{row['int8']:.2f}" for row in part)
        print(f"| {key[0]} | {key[1]}, {part[0]['count']} | {mean('float'):.2f} | {mean('own_int8'):.2f} | {each} | "
              f"{mean('int8'):.2f} | {mean('float') - mean('int8'):.2f} | {mean('agreement'):.2f} | "
              f"{mean('own_output_db'):.1f} | {mean('output_db'):.1f} |")
    with open(f"{work}/results.json", "w") as file:
        json.dump(rows, file, indent=1)
    print(f"{work}/results.json")


main()
