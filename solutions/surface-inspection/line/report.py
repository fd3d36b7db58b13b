"""What the trained network makes of surfaces it never saw: a sheet of pictures and figures, all from the generator.

    python report.py out/weights.npz --output out/

Writes `sheet.png` (each picture above what the network says of it and what was drawn) and `metrics.json`.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

import defects
import fit
import pictures
from network import DEFECT_STRIDE, FEATURE_STRIDE, Backbone, given, load
from train import reduced

# Not the seed of the training.
SEED = 404
FITTED, GOOD, BAD = 20, 12, 12
SITE_SIDE, SITE_CANVAS = 224, 560
COLORS = np.array([[0, 0, 0], [235, 80, 70], [70, 200, 90], [80, 130, 240], [240, 210, 70]], np.uint8)
DOUBT = np.array([70, 70, 70], np.uint8)


def computed(network, shots):
    features, looks = [], []
    with torch.no_grad():
        for index in range(len(shots)):
            one, two = network(given(shots[index:index + 1]))
            features.append(one.numpy()[0].transpose(1, 2, 0))
            looks.append(two.numpy()[0].transpose(1, 2, 0))
    looks = np.stack(looks)
    return np.stack(features), np.log(np.exp(looks[..., 1:]).sum(-1)) - looks[..., 0]


def by_looks(network, rng, count):
    """AUROC of each kind's places against the good ones, without anything being fitted."""
    canvases = pictures.Canvases(rng, count)
    pairs = [pictures.episode(rng, canvases, 0, 1) for _ in range(count)]
    shots, maps = np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])
    _, margin = computed(network, shots)
    kinds = reduced(maps, DEFECT_STRIDE)
    figures = {}
    for kind in range(1, len(defects.KINDS)):
        chosen = (kinds == kind) | (kinds == 0)
        figures[defects.KINDS[kind]] = roc_auc_score(kinds[chosen] == kind, margin[chosen])
    return figures, shots, maps, margin


def site(rng, canvases):
    """Good pictures to fit, good ones to judge, and ones with a single defect, all of one scene."""
    scene = pictures.Scene.of(rng, canvases, SITE_SIDE)
    shots, maps = [], []
    while len(shots) < FITTED + GOOD + BAD:
        picture = scene.part(rng)
        kinds = np.zeros(picture.shape[:2], np.uint8)
        wants = len(shots) >= FITTED + GOOD
        if wants:
            picture, kinds = pictures.with_defects(rng, picture, canvases, 1)
        picture, kinds = scene.expose(rng, picture, kinds)
        if not wants or ((kinds > 0) & (kinds < 255)).any():
            shots.append(picture)
            maps.append(kinds)
    return np.stack(shots), np.stack(maps)


def by_memory(network, rng, sites):
    """AUROC of pictures and places at each of some sites, fitted as on site."""
    whole, places = [], []
    for _ in range(sites):
        canvases = pictures.Canvases(rng, 2, SITE_CANVAS)
        shots, maps = site(rng, canvases)
        features, _ = computed(network, shots)
        heat = fit.GoodOnly.fitted(features[:FITTED]).maps(features[FITTED:])
        is_bad = np.arange(len(heat)) >= GOOD
        whole.append(roc_auc_score(is_bad, fit.scores(heat)))
        kinds = reduced(maps[FITTED:], FEATURE_STRIDE)
        places.append(roc_auc_score(kinds[kinds < 255] > 0, heat[kinds < 255]))
        print(f"site {len(whole)} of {sites}: pictures {whole[-1]:.3f}, places {places[-1]:.3f}", flush=True)
    return {"pictures": whole, "places": places, "mean_pictures": np.mean(whole), "mean_places": np.mean(places)}


def sheet(shots, maps, margin, columns=12, rows=3):
    drawn = []
    for row in range(rows):
        chosen = slice(row * columns, (row + 1) * columns)
        kinds = maps[chosen]
        truth = np.where((kinds == 255)[..., None], DOUBT, COLORS[np.where(kinds == 255, 0, kinds)])
        heat = (255 / (1 + np.exp(-margin[chosen]))).astype(np.uint8)
        heat = np.repeat(np.repeat(heat, DEFECT_STRIDE, 1), DEFECT_STRIDE, 2)[..., None].repeat(3, 3)
        drawn += [np.concatenate(list(shots[chosen]), 1), np.concatenate(list(heat), 1), np.concatenate(list(truth), 1)]
    return np.concatenate(drawn)


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return value if isinstance(value, int) else round(float(value), 4)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("weights", type=Path)
    options.add_argument("--pictures", type=int, default=120, help="judged by looks; the sheet shows 36 of them")
    options.add_argument("--sites", type=int, default=12)
    options.add_argument("--output", type=Path, required=True)
    options = options.parse_args()
    network = load(Backbone(), options.weights)
    rng = np.random.default_rng(SEED)
    looks, shots, maps, margin = by_looks(network, rng, options.pictures)
    Image.fromarray(sheet(shots, maps, margin)).quantize(256).save(options.output / "sheet.png", optimize=True)
    figures = {"seed": SEED, "by_looks": looks, "by_memory": by_memory(network, rng, options.sites)}
    text = json.dumps(rounded(figures), indent=1)
    (options.output / "metrics.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
