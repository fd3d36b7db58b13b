"""Twenty drawn pictures beside the heat maps that the program makes of them: defects found and missed, and good parts rejected.

    python contact_sheet.py millwright ../model/backbone.mwplan --output ../media/contact.png

Each site is a scene of the generator: fitted by `millwright inspect fit` on 20 good pictures, judged on 12 good ones and 12 with a
single defect. The first of each outcome are taken, in the order of the sites, so that nobody has chosen them.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import pictures

# Not a seed of the training or of the report.
SEED = 505
FITTED, GOOD, BAD = 20, 12, 12
SIDE, CANVAS = 224, 560
SHOWN = {"found": 8, "missed": 8, "rejected": 4}
# Good parts are rejected so seldom that many sites are needed.
MOST_SITES = 120
WORDS = {"found": "defect, found", "missed": "defect, missed", "rejected": "good, rejected"}
COLORS = {"found": (30, 140, 60), "missed": (190, 40, 40), "rejected": (180, 120, 0)}
COLUMNS, MARGIN, CAPTION = 4, 6, 16


def drawn_site(rng, folder):
    """Pictures in `good/` and `parts/`; where the defect of each bad part is."""
    canvases = pictures.Canvases(rng, 2, CANVAS)
    scene = pictures.Scene.of(rng, canvases, SIDE)
    places = {}
    for name in ("good", "parts"):
        (folder / name).mkdir()
    count = 0
    while count < FITTED + GOOD + BAD:
        picture = scene.part(rng)
        kinds = np.zeros(picture.shape[:2], np.uint8)
        is_bad = count >= FITTED + GOOD
        if is_bad:
            picture, kinds = pictures.with_defects(rng, picture, canvases, 1)
        picture, kinds = scene.expose(rng, picture, kinds)
        sure = (kinds > 0) & (kinds < 255)
        if is_bad and not sure.any():
            continue
        name = f"{count:02}.png"
        shown = Image.fromarray(picture if picture.shape[2] == 3 else picture[..., 0])
        shown.save(folder / ("good" if count < FITTED else "parts") / name)
        if is_bad:
            rows, columns = np.nonzero(sure)
            places[name] = (int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max()))
        count += 1
    return places


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"error: {' '.join(map(str, command))}: {done.stderr}")
    return done.stdout


def judged(program, network, folder):
    run(program, "inspect", "fit", "--network", network, "--good", folder / "good", "--output", folder / "site.mwplan")
    rows = run(
        program, "inspect", "run", folder / "site.mwplan", "--pictures", folder / "parts", "--heatmaps", folder / "maps", "--json")
    return [json.loads(line) for line in rows.splitlines()]


def card(site, row, outcome, folder, place):
    name = row["file"]
    picture = Image.open(folder / "parts" / name).convert("RGB")
    heat = Image.open(folder / "maps" / f"{name}.png").convert("RGB")
    if place:
        left, top, right, bottom = place
        ImageDraw.Draw(picture).rectangle((left - 4, top - 4, right + 4, bottom + 4), outline=(255, 0, 255))
    for box in row["boxes"]:
        ends = (box["left"], box["top"], box["left"] + box["width"] - 1, box["top"] + box["height"] - 1)
        ImageDraw.Draw(heat).rectangle(ends, outline=(255, 255, 255))
    made = Image.new("RGB", (2 * SIDE + 2, SIDE + CAPTION), "white")
    made.paste(picture, (0, CAPTION))
    made.paste(heat, (SIDE + 2, CAPTION))
    score = row["score"] / row["threshold"]
    ImageDraw.Draw(made).text((2, 2), f"{WORDS[outcome]}: site {site}, {score:.2f} x threshold", fill=COLORS[outcome])
    return made


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program", type=Path)
    options.add_argument("network", type=Path)
    options.add_argument("--output", type=Path, required=True)
    options = options.parse_args()
    rng = np.random.default_rng(SEED)
    cards = {outcome: [] for outcome in SHOWN}
    counts = {"found": 0, "missed": 0, "rejected": 0, "passed": 0, "not judged": 0}
    site = 0
    while site < MOST_SITES and any(len(cards[outcome]) < count for outcome, count in SHOWN.items()):
        site += 1
        with tempfile.TemporaryDirectory(prefix="millwright-sheet-") as work:
            folder = Path(work)
            places = drawn_site(rng, folder)
            taken = set()
            for row in judged(options.program, options.network, folder):
                place = places.get(row["file"])
                if row["score"] is None:
                    outcome = "not judged"
                elif row["verdict"] == "defect":
                    outcome = "found" if place else "rejected"
                else:
                    outcome = "missed" if place else "passed"
                counts[outcome] += 1
                # One of a kind from one site, so that the sheet shows many surfaces.
                if outcome in SHOWN and len(cards[outcome]) < SHOWN[outcome] and outcome not in taken:
                    taken.add(outcome)
                    cards[outcome].append(card(site, row, outcome, folder, place))
        print(f"site {site}: {counts}", flush=True)
    every = [one for outcome in SHOWN for one in cards[outcome]]
    width, height = every[0].size
    rows = -(-len(every) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (width + MARGIN), rows * (height + MARGIN)), "white")
    for index, one in enumerate(every):
        sheet.paste(one, (index % COLUMNS * (width + MARGIN), index // COLUMNS * (height + MARGIN)))
    sheet.quantize(128).save(options.output, optimize=True)


if __name__ == "__main__":
    main()
