"""Figures on the magnetic tile pictures, which take no part in training.

    python magnetic_tile.py DATA --weights out/weights.npz --output metrics.json
    python magnetic_tile.py DATA --inputs FOLDER
    python magnetic_tile.py DATA --features FOLDER --output metrics.json

DATA holds `labels.csv` and the pictures. The first way the float network computes; the other way its features come from the int8 plan:
`--inputs` writes what it takes, `0.npy` of the pictures as they lie and `1.npy` to `3.npy` of their mirror images, and `--features` reads
what it gave, under the same names.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

# The network and the reference of the fit lie in the pack.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "solutions" / "surface-inspection" / "line"))

import fit

SIDE = 224
FIT, DEVELOPMENT = 150, 30
# Every so many pictures of a defect were looked at while the fit was written, and are left out of the figures.
LOOKED_AT = 6
SEED = 20261130
# Share of good parts that may be rejected.
BUDGET = 0.02
# Pixels of a mask are compared with the heat map on this grid.
GRID = 56


class Tiles:
    def __init__(self, folder):
        with open(folder / "labels.csv", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
        self.files = [folder / row["file"] for row in rows]
        self.labels = np.array([row["class"] for row in rows])
        free = np.random.default_rng(SEED).permutation(np.nonzero(self.labels == "free")[0])
        seen = np.concatenate([np.nonzero(self.labels == name)[0][::LOOKED_AT] for name in self.defects])
        bad = np.nonzero(self.labels != "free")[0]
        self.fit = free[:FIT]
        self.development = np.concatenate([free[FIT:FIT + DEVELOPMENT], seen])
        self.test = np.concatenate([free[FIT + DEVELOPMENT:], np.setdiff1d(bad, seen)])

    @property
    def defects(self):
        return [name for name in sorted(set(self.labels)) if name != "free"]

    def views(self):
        """The pictures as they lie, then mirrored left to right, both ways, and top to bottom."""
        pictures = np.stack([
            np.asarray(Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR)) for file in self.files])
        return [pictures, pictures[:, :, ::-1], pictures[:, ::-1, ::-1], pictures[:, ::-1]]

    def masks(self, chosen):
        """The middle pixel of each grid place of the mask."""
        masks = np.zeros((len(chosen), GRID, GRID), bool)
        for index, which in enumerate(chosen):
            file = self.files[which].with_suffix(".mask.png")
            if file.exists():
                whole = np.asarray(Image.open(file).convert("L").resize((SIDE, SIDE), Image.NEAREST)) > 127
                masks[index] = whole[SIDE // GRID // 2::SIDE // GRID, SIDE // GRID // 2::SIDE // GRID]
        return masks


def network_features(weights, pictures):
    import torch

    from network import Backbone, given, load

    network = load(Backbone(), weights)
    with torch.no_grad():
        made = [network(given(pictures[index:index + 1]))[0].numpy() for index in range(len(pictures))]
    return np.concatenate(made).transpose(0, 2, 3, 1)


def good_only(tiles, fitted, features, chosen):
    maps = fitted.maps(features[chosen])
    scores = fit.scores(maps)
    labels = tiles.labels[chosen]
    is_bad = labels != "free"
    grown = np.stack([ndimage.zoom(one, GRID / len(one), order=1, grid_mode=True, mode="nearest") for one in maps])
    limit = fit.limit(fitted.good_scores, BUDGET)
    return {
        "auroc": roc_auc_score(is_bad, scores), "pixel_auroc": roc_auc_score(tiles.masks(chosen).ravel(), grown.ravel()),
        "by_class": {
            name: roc_auc_score(labels[(labels == name) | ~is_bad] == name, scores[(labels == name) | ~is_bad])
            for name in tiles.defects},
        "false_reject_budget": BUDGET, "false_rejects": float((scores[~is_bad] > limit).mean()),
        "found": float((scores[is_bad] > limit).mean()), "pictures": len(chosen)}


def classes(tiles, views, folds=5):
    rng = np.random.default_rng(SEED)
    fold = np.zeros(len(tiles.labels), int)
    for name in sorted(set(tiles.labels)):
        places = rng.permutation(np.nonzero(tiles.labels == name)[0])
        fold[places] = np.arange(len(places)) % folds
    names = sorted(set(tiles.labels))
    answers = np.empty((len(tiles.labels), len(names)))
    for one in range(folds):
        fitted = fit.Classes([view[fold != one] for view in views], list(tiles.labels[fold != one]))
        answers[fold == one] = fitted.answers([view[fold == one] for view in views])
    named = np.array(names)[answers.argmax(1)]
    # How much more clearly a defect answers than the good class.
    free = names.index("free")
    scores = np.delete(answers, free, 1).max(1) - answers[:, free]
    return {
        "auroc": roc_auc_score(tiles.labels != "free", scores),
        "accuracy": float((named == tiles.labels).mean()),
        "balanced_accuracy": balanced_accuracy_score(tiles.labels, named), "folds": folds, "pictures": len(named)}


def rounded(value):
    if isinstance(value, dict):
        return {str(name): rounded(inner) for name, inner in value.items()}
    return value if isinstance(value, (int, str)) else round(float(value), 4)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("--weights", type=Path)
    options.add_argument("--features", type=Path, help="folder of int8 features, as the plan gives them")
    options.add_argument("--inputs", type=Path, help="folder that the network's inputs go to, in 32nds; nothing else is done")
    options.add_argument("--output", type=Path)
    options = options.parse_args()
    tiles = Tiles(options.data)
    if options.inputs:
        from network import scaled

        options.inputs.mkdir(parents=True, exist_ok=True)
        for number, view in enumerate(tiles.views()):
            np.save(options.inputs / f"{number}.npy", (scaled(view) * 32).astype(np.int8))
        return
    if options.features:
        views = [np.load(options.features / f"{number}.npy").transpose(0, 2, 3, 1) for number in range(4)]
    else:
        views = [network_features(options.weights, view) for view in tiles.views()]
    features = views[0]
    fitted = fit.GoodOnly.fitted(features[tiles.fit])
    figures = {
        "features": str(features.dtype), "good_only": good_only(tiles, fitted, features, tiles.test),
        "development": good_only(tiles, fitted, features, tiles.development),
        "classes": classes(tiles, views)}
    text = json.dumps(rounded(figures), indent=1)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
