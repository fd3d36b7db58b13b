"""Writes inputs for the quantizer: pictures of the generator, as the network takes them, in 32nds (int8).

    python calibration.py --output calibration.npy
    millwright model quantize backbone.onnx --calibration calibration.npy --scale 0.03125 --output backbone.mwplan
"""

import argparse
from pathlib import Path

import numpy as np

import pictures
from network import scaled

# Not the seed of the training, so that the receipt's inputs were never learnt from.
SEED = 808
EACH = 2
CANVAS_MARGIN = 160


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--side", type=int, default=224)
    options.add_argument("--pictures", type=int, default=96)
    options.add_argument("--output", type=Path, required=True)
    options = options.parse_args()
    rng = np.random.default_rng(SEED)
    scenes = -(-options.pictures // EACH)
    canvases = pictures.Canvases(rng, scenes, options.side + CANVAS_MARGIN)
    shots = np.concatenate([pictures.episode(rng, canvases, 1, EACH - 1, side=options.side)[0] for _ in range(scenes)])
    np.save(options.output, (scaled(shots[:options.pictures]) * 32).astype(np.int8))


if __name__ == "__main__":
    main()
