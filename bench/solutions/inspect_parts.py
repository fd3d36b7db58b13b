#!/usr/bin/env python3
"""Quality inspection on public pictures: fits and judges with `millwright inspect`, and counts.

Needs a built millwright beside Python's standard library. Exit 0: every criterion holds; 1: one does not; 77: skipped,
because data or programs are missing. README.md says what is counted and how.
"""

import argparse
import csv
import hashlib
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NETWORK = ROOT / "solutions" / "surface-inspection" / "model" / "backbone.mwplan"


class Program:
    """`millwright inspect`, with the options that are the same for all."""

    def __init__(self, path):
        self.path = str(path)

    def fit(self, *arguments):
        """What it says as JSON, and the seconds that it took."""
        start = time.monotonic()
        done = subprocess.run([self.path, "inspect", "fit", "--json", *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"inspect fit {' '.join(map(str, arguments))}: {done.stderr}")
        return json.loads(done.stdout), time.monotonic() - start

    def judge(self, model, pictures, *arguments):
        """A row for each picture."""
        done = subprocess.run(
            [self.path, "inspect", "run", str(model), "--json", *(w for p in pictures for w in ("--pictures", str(p))),
             *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"inspect run: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else float("nan")


# MARK: DeepPCB

# What the set calls a defect, by what it does to the copper.
PCB_NAMES = {
    "island": "copper", "bite": "mousebite", "cut": "open", "hole": "pin-hole", "bridge": "short", "spur": "spur"}
# The set's own rule for a hit, and how far its labels reach beyond the defect.
PCB_OVERLAP = 0.33
PCB_MARGIN = 10


def overlap(a, b):
    """Shared area over the area of both; boxes as left, top, right, bottom."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def matched(found, labels):
    """Pairs of places, best overlap first, each used once."""
    pairs = sorted(
        ((overlap(f["box"], l["box"]), i, j) for i, f in enumerate(found) for j, l in enumerate(labels)), reverse=True)
    used_found, used_labels, result = set(), set(), []
    for share, i, j in pairs:
        if share > PCB_OVERLAP and i not in used_found and j not in used_labels:
            used_found.add(i)
            used_labels.add(j)
            result.append((i, j))
    return result


def boards(program, folder, work, arguments):
    with open(folder / "pairs.csv", newline="") as file:
        pairs = list(csv.DictReader(file))[:arguments.limit]
    labels = {}
    with open(folder / "boxes.csv", newline="") as file:
        for row in csv.DictReader(file):
            box = tuple(int(row[k]) for k in ("x1", "y1", "x2", "y2"))
            labels.setdefault(row["file"], []).append({"box": box, "name": row["class"]})
    hits = wrong = missed = named = 0
    names = {}
    times, not_judged, faults = [], [], []
    for number, pair in enumerate(pairs):
        model = work / "board.mwplan"
        program.fit(
            "--template", folder / pair["template"], "--output", model, "--box-margin", PCB_MARGIN, "--print", "dark")
        [row] = program.judge(model, [folder / pair["test"]])
        truth = labels.get(pair["test"], [])
        if row["verdict"] == "not_judged":
            not_judged.append(f"{pair['test']}: {row['reason']}")
        found = [
            {"box": (b["left"], b["top"], b["left"] + b["width"], b["top"] + b["height"]), "name": PCB_NAMES[b["class"]]}
            for b in row["boxes"]]
        fits = matched(found, truth)
        hits += len(fits)
        wrong += len(found) - len(fits)
        missed += len(truth) - len(fits)
        if len(found) != len(fits) or len(truth) != len(fits):
            faults.append(f"{pair['test']}: {len(found) - len(fits)} too many, {len(truth) - len(fits)} missed")
        for i, j in fits:
            named += found[i]["name"] == truth[j]["name"]
            key = (truth[j]["name"], found[i]["name"])
            names[key] = names.get(key, 0) + 1
        times.append(row["milliseconds"])
        progress(f"{number + 1} of {len(pairs)} boards")
    precision = hits / max(hits + wrong, 1)
    recall = hits / max(hits + missed, 1)
    f = 2 * precision * recall / max(precision + recall, 1e-9)
    return {
        "data": "DeepPCB", "what": "template compare, a model a board",
        "facts": {
            "boards": len(pairs), "labelled defects": hits + missed, "found": hits, "missed": missed, "false": wrong,
            "precision": round(precision, 4), "recall": round(recall, 4), "F": round(f, 4),
            "right name among the found": round(named / max(hits, 1), 4), "not judged": len(not_judged),
            "milliseconds a board of 640 x 640, median": round(median(times), 1),
        },
        "criteria": [{"text": f"F {f:.4f}, at least 0.95 asked", "holds": f >= 0.95}],
        "details": not_judged + faults, "names": {f"{a} as {b}": n for (a, b), n in sorted(names.items())},
    }


# MARK: magnetic tile

FREE = "free"
TILE_GOOD = 150
TILE_SEED = 1
TILE_FOLDS = 5


def tiles(folder):
    """File and class of every picture; masks lie beside them."""
    with open(folder / "labels.csv", newline="") as file:
        return [(folder / row["file"], row["class"]) for row in csv.DictReader(file)]


def area_under_curve(negative, positive):
    """Chance that a positive score lies above a negative one; ties count half."""
    order = sorted([(s, 0) for s in negative] + [(s, 1) for s in positive])
    rank_sum, index = 0.0, 0
    while index < len(order):
        end = index
        while end < len(order) and order[end][0] == order[index][0]:
            end += 1
        rank_sum += sum(label for _, label in order[index:end]) * (index + end + 1) / 2
        index = end
    n, m = len(negative), len(positive)
    return (rank_sum - m * (m + 1) / 2) / (n * m)


def png_bytes(path):
    """Width, height and the bytes of a PNG of 8 bits a pixel, grey or with a palette, whose numbers are then returned."""
    data = path.read_bytes()
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            if depth != 8 or colour not in (0, 3):
                raise ValueError(f"{path}: expected 8 bits a pixel, grey or a palette")
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw = zlib.decompress(packed)
    above, out = bytearray(width), bytearray()
    for y in range(height):
        kind, row = raw[y * (width + 1)], bytearray(raw[y * (width + 1) + 1:(y + 1) * (width + 1)])
        if kind == 1:
            for x in range(1, width):
                row[x] = (row[x] + row[x - 1]) & 255
        elif kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, above))
        elif kind in (3, 4):
            left = corner = 0
            for x in range(width):
                up = above[x]
                if kind == 3:
                    guess = (left + up) >> 1
                else:
                    p = left + up - corner
                    a, b, c = abs(p - left), abs(p - up), abs(p - corner)
                    guess = left if a <= b and a <= c else up if b <= c else corner
                left = row[x] = (row[x] + guess) & 255
                corner = up
        out += row
        above = row
    return width, height, bytes(out)


def pixel_area(maps, masks):
    """Area under the curve over all pixels, from the 256 levels of the heat maps."""
    counts = Counter()
    for heat, mask in zip(maps, masks):
        width, height, levels = png_bytes(heat)
        if mask is None:
            counts.update((level, False) for level in levels)
            continue
        w, h, defect = png_bytes(mask)
        if (w, h) != (width, height):
            raise ValueError(f"{mask}: {w} x {h}, its heat map {width} x {height}")
        counts.update(zip(levels, (value > 127 for value in defect)))
    below = good = bad = area = 0
    for level in range(256):
        g, b = counts[(level, False)], counts[(level, True)]
        area += b * (below + g / 2)
        below += g
        good += g
        bad += b
    return area / (good * bad)


def mask_of(picture):
    mask = picture.with_suffix(".mask.png")
    return mask if mask.exists() else None


def link_all(pictures, folder):
    folder.mkdir(parents=True)
    for picture in pictures:
        (folder / picture.name).symlink_to(picture)
    return folder


def good_only(program, folder, work, arguments):
    everything = tiles(folder)
    free = [p for p, c in everything if c == FREE]
    random.Random(TILE_SEED).shuffle(free)
    model = work / "tile.mwplan"
    report, seconds = program.fit(
        "--network", arguments.network, "--good", link_all(free[:TILE_GOOD], work / "good"), "--output", model)
    defects = [p for p, c in everything if c != FREE]
    tests = {p.name: p for p in free[TILE_GOOD:] + defects}
    judged = program.judge(model, [link_all(tests.values(), work / "parts")], "--heatmaps", work / "maps")
    kind = {p.name: c for p, c in everything}
    scored = [row for row in judged if row["score"] is not None]
    score = lambda which: [r["score"] for r in scored if which(kind[r["file"]])]
    image = area_under_curve(score(lambda c: c == FREE), score(lambda c: c != FREE))
    names = [row["file"] for row in scored]
    masks = [mask_of(tests[n]) if kind[n] != FREE else None for n in names]
    known = [(n, m) for n, m in zip(names, masks) if kind[n] == FREE or m is not None]
    pixel = pixel_area([work / "maps" / f"{n}.png" for n, _ in known], [m for _, m in known])
    rejects = sum(r["verdict"] == "defect" for r in scored if kind[r["file"]] == FREE)
    caught = sum(r["verdict"] == "defect" for r in scored if kind[r["file"]] != FREE)
    classes = sorted(set(kind.values()) - {FREE})
    by_class = {
        c: round(area_under_curve(score(lambda k: k == FREE), score(lambda k: k == c)), 4) for c in classes}
    return {
        "data": "magnetic tile", "what": f"good only, learnt from {TILE_GOOD} free pictures, seed {TILE_SEED}",
        "facts": {
            "tested": len(judged), "not judged": len(judged) - len(scored), "AUROC": round(image, 4),
            "pixel AUROC": round(pixel, 4), "AUROC by class": by_class,
            "free parts rejected": f"{rejects} of {sum(kind[r['file']] == FREE for r in scored)}",
            "defects caught": f"{caught} of {sum(kind[r['file']] != FREE for r in scored)}",
            "pictures that were not learnt": [o["file"] for o in report["outliers"]],
            "seconds to fit": round(seconds, 2),
            "milliseconds a part, median": round(median([r["milliseconds"] for r in scored]), 2),
        },
        "criteria": [
            {"text": f"AUROC {image:.4f}, at least 0.95 asked", "holds": image >= 0.95},
            {"text": f"pixel AUROC {pixel:.4f}, at least 0.93 asked", "holds": pixel >= 0.93},
        ],
        "details": [f"{r['file']}: {r['reason']}" for r in judged if r["score"] is None],
    }


def labelled(program, folder, work, arguments):
    """5-fold cross-validation: each picture is judged by a model that has not seen it."""
    by_class = {}
    for picture, label in tiles(folder):
        by_class.setdefault(label, []).append(picture)
    shuffled = random.Random(TILE_SEED)
    fold_of = {}
    for label in sorted(by_class):
        shuffled.shuffle(by_class[label])
        for number, picture in enumerate(by_class[label]):
            fold_of[picture] = number % TILE_FOLDS
    kind = {p.name: c for c, pictures in by_class.items() for p in pictures}
    rows, seconds = [], []
    for fold in range(TILE_FOLDS):
        for label, pictures in by_class.items():
            link_all([p for p in pictures if fold_of[p] != fold], work / f"{fold}" / "known" / label)
        parts = link_all([p for p, f in fold_of.items() if f == fold], work / f"{fold}" / "parts")
        model = work / f"{fold}.mwplan"
        _, took = program.fit(
            "--network", arguments.network, "--classes", work / f"{fold}" / "known", "--good-class", FREE, "--output", model)
        seconds.append(took)
        rows += program.judge(model, [parts])
        progress(f"fold {fold + 1} of {TILE_FOLDS}")
    scored = [row for row in rows if row["score"] is not None]
    found = lambda row: FREE if row["verdict"] == "good" else row["class"]
    right = {c: [found(r) == c for r in scored if kind[r["file"]] == c] for c in sorted(by_class)}
    accuracy = sum(map(sum, right.values())) / max(len(scored), 1)
    balanced = sum(sum(r) / max(len(r), 1) for r in right.values()) / len(right)
    image = area_under_curve(
        [r["score"] for r in scored if kind[r["file"]] == FREE], [r["score"] for r in scored if kind[r["file"]] != FREE])
    names = Counter((kind[r["file"]], found(r)) for r in scored)
    return {
        "data": "magnetic tile", "what": f"labelled classes, {TILE_FOLDS}-fold cross-validation, seed {TILE_SEED}",
        "facts": {
            "tested": len(rows), "not judged": len(rows) - len(scored), "defect/free AUROC": round(image, 4),
            "right class": round(accuracy, 4), "balanced": round(balanced, 4),
            "right by class": {c: f"{sum(r)} of {len(r)}" for c, r in right.items()},
            "seconds to fit, median": round(median(seconds), 2),
            "milliseconds a part, median": round(median([r["milliseconds"] for r in scored]), 2),
        },
        "criteria": [
            {"text": f"defect/free AUROC {image:.4f}, at least 0.99 asked", "holds": image >= 0.99},
            {"text": f"6 classes {100 * accuracy:.1f} %, at least 95 % asked", "holds": accuracy >= 0.95},
            {"text": f"balanced {100 * balanced:.1f} %, at least 88 % asked", "holds": balanced >= 0.88},
        ],
        "names": {f"{a} as {b}": n for (a, b), n in sorted(names.items())},
        "details": [f"{r['file']}: {r['reason']}" for r in rows if r["score"] is None],
    }


# MARK: the rest

def progress(text):
    if sys.stderr.isatty():
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


def find_program(given):
    choices = [given] if given else [ROOT / ".build" / kind / "millwright" for kind in ("release", "debug")]
    return next((Path(choice) for choice in choices if Path(choice).is_file()), None)


def markdown(facts, outcomes):
    lines = [
        "# Quality inspection on public pictures: results", "",
        "Made by `python3 bench/solutions/inspect_parts.py --data DIR`; [README.md](README.md) says what is counted.", "",
        *(f"- {key}: {value}" for key, value in facts.items()), ""]
    for outcome in outcomes:
        lines += [f"## {outcome['data']}: {outcome['what']}", ""]
        lines += [f"- {'holds' if c['holds'] else '**does not hold**'}: {c['text']}" for c in outcome["criteria"]]
        lines += [f"- {key}: {value}" for key, value in outcome["facts"].items()]
        if outcome.get("names"):
            lines += ["", "| labelled as found | places |", "|---|---|"]
            lines += [f"| {key} | {count} |" for key, count in outcome["names"].items()]
        if outcome.get("details"):
            lines += ["", "Missed, found too often or not judged:", "", *(f"- {line}" for line in outcome["details"])]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


PARTS = [
    ("deeppcb", "deeppcb", boards), ("tile-good-only", "magnetic-tile", good_only),
    ("tile-classes", "magnetic-tile", labelled)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="folder with deeppcb/ and magnetic-tile/")
    parser.add_argument("--millwright", type=Path, help="the program; this repository's release or debug build unless given")
    parser.add_argument("--network", type=Path, default=NETWORK, help="plan of the network; the committed one unless given")
    parser.add_argument("--only", choices=[name for name, _, _ in PARTS], help="one of them; writes no results")
    parser.add_argument("--limit", type=int, default=1_000_000, help="so many boards at most; writes no results")
    arguments = parser.parse_args()
    program = find_program(arguments.millwright)
    if program is None:
        print("skipped: no built millwright found; build it or name it with --millwright", file=sys.stderr)
        return 77
    outcomes = []
    for name, folder, part in PARTS:
        if arguments.only not in (None, name):
            continue
        if not (arguments.data / folder).is_dir():
            print(f"skipped: {arguments.data / folder} is not there", file=sys.stderr)
            return 77
        with tempfile.TemporaryDirectory(prefix="millwright-inspect-") as work:
            outcomes.append(part(Program(program), arguments.data.resolve() / folder, Path(work), arguments))
    facts = {
        "millwright": first_line(str(program), "--version"),
        "working tree": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "millwright_sha256": hashlib.sha256(program.read_bytes()).hexdigest(),
    }
    facts["network_sha256"] = hashlib.sha256(arguments.network.read_bytes()).hexdigest()
    text = markdown(facts, outcomes)
    print(text)
    if arguments.only is None and arguments.limit >= 1_000_000:
        (HERE / "inspection.md").write_text(text)
        (HERE / "inspection.json").write_text(
            json.dumps({"made_with": facts, "outcomes": outcomes}, indent=1, ensure_ascii=False) + "\n")
    return 0 if all(c["holds"] for outcome in outcomes for c in outcome["criteria"]) else 1


if __name__ == "__main__":
    sys.exit(main())
