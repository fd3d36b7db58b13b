"""Draws the parts that the tests judge, and says what must be found: `replay/`.

    python replay.py --output ../replay

Every picture is drawn here and seeded: brushed sheets with scratches, pits and stains, a printed part with faults of its print, and
pictures that a camera or a file system has spoilt. `expected.json` names the verdict of each, and the code of what must not be judged.
"""

import argparse
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

SEED = 612
SIDE = 128


# MARK: brushed sheets

def sheet(rng):
    """A brushed surface under a lamp at the left: float32 grey levels."""
    grain = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), (0.6, 9))
    _, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    return 150 - 40 * (x + rng.normal(0, 0.02)) + 9 * grain / grain.std() + rng.normal(0, 3)


def scratch(rng, picture):
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    angle = rng.uniform(0.5, 1.1) * rng.choice([-1, 1])
    across = (x - rng.uniform(45, 83)) * np.sin(angle) - (y - rng.uniform(45, 83)) * np.cos(angle)
    along = (x - SIDE / 2) * np.cos(angle) + (y - SIDE / 2) * np.sin(angle)
    return picture + 80 * np.exp(-(across / 1.3) ** 2) * (np.abs(along) < rng.uniform(30, 45))


def pit(rng, picture):
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    far = np.hypot(x - rng.uniform(30, 98), y - rng.uniform(30, 98))
    radius = rng.uniform(4, 7)
    return picture - 100 / (1 + np.exp((far - radius) * 1.5)) + 45 * np.exp(-((far - radius - 1.5) / 1.2) ** 2)


def stain(rng, picture):
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    far = np.hypot((x - rng.uniform(45, 83)) / rng.uniform(1, 1.5), y - rng.uniform(45, 83))
    edge = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 6)
    return picture - 55 / (1 + np.exp((far - 18 + 40 * edge) / 1.5))


DEFECTS = {"scratch": scratch, "pit": pit, "stain": stain}


# MARK: a printed part

def printed(rng, change=None, x=0.0, y=0.0, degrees=0.0, noise=2.0):
    """Tracks and pads, two levels; `change` alters the print before the camera sees it."""
    scale, side = 4, SIDE + 32
    ink = np.zeros((side * scale, side * scale), np.float32)

    def bar(left, top, right, bottom, level=1.0):
        ink[(top + 16) * scale:(bottom + 16) * scale, (left + 16) * scale:(right + 16) * scale] = level

    for row in range(6):
        top = 8 + 20 * row
        bar(6 + 4 * (row % 3), top, 112 - 7 * row, top + 6)
        bar(104 - 7 * row, top - 4, 118 - 7 * row, top + 10)
        bar(108 - 7 * row, top, 114 - 7 * row, top + 6, 0.0)
    bar(10, 8, 15, 60)
    if change:
        change(bar)
    picture = ndimage.rotate(ink, -degrees, reshape=False, order=1)
    picture = ndimage.shift(picture, (y * scale, x * scale), order=1)
    picture = ndimage.gaussian_filter(picture, scale * 0.4)
    picture = picture.reshape(side, scale, side, scale).mean((1, 3))[16:-16, 16:-16]
    return 190 - 150 * picture + noise * rng.standard_normal((SIDE, SIDE))


CHANGES = {
    "cut": lambda bar: bar(50, 46, 56, 56, 0.0), "bridge": lambda bar: bar(60, 54, 65, 69),
    "island": lambda bar: bar(70, 57, 78, 65), "bite": lambda bar: bar(40, 71, 50, 75, 0.0)}


def another(rng):
    """A part of another order: rings."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    far = np.hypot(x - 64, y - 64)
    return 190 - 150 * (np.sin(far / 3.2) > 0.2) + 2 * rng.standard_normal((SIDE, SIDE))


# MARK: files

def levels(picture):
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def png(path, picture):
    Image.fromarray(levels(picture)).save(path, optimize=True)


def jpeg(path, picture):
    Image.fromarray(levels(picture)).save(path, quality=88)


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def bomb():
    """65,535 x 65,535 pixels in a few hundred bytes."""
    header = struct.pack(">IIBBBBB", 65_535, 65_535, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(65_536), 9)) + chunk(b"IEND", b"")


def surfaces(rng, folder, expected):
    (folder / "parts").mkdir(parents=True)
    for name, count in [("good", 20), *((name, 10) for name in DEFECTS)]:
        (folder / name).mkdir()
        for index in range(count):
            jpeg(folder / name / f"{index:02}.jpg", DEFECTS.get(name, lambda _, picture: picture)(rng, sheet(rng)))
    for index in range(6):
        jpeg(folder / "parts" / f"good-{index}.jpg", sheet(rng))
        expected["surfaces"][f"good-{index}.jpg"] = {"verdict": "good"}
    for name, change in DEFECTS.items():
        for index in range(3):
            jpeg(folder / "parts" / f"{name}-{index}.jpg", change(rng, sheet(rng)))
            expected["surfaces"][f"{name}-{index}.jpg"] = {"verdict": "defect", "class": name}
    whole = sheet(rng)
    spoilt = {
        "dark": (0.12 * whole, "picture.too_dark"), "over-exposed": (3 * whole, "picture.over_exposed"),
        "blurred": (ndimage.gaussian_filter(whole, 4), "picture.out_of_focus"),
        "even": (np.full((SIDE, SIDE), 128.0), "picture.no_contrast")}
    for name, (picture, code) in spoilt.items():
        png(folder / "parts" / f"{name}.png", picture)
        expected["surfaces"][f"{name}.png"] = {"verdict": "not_judged", "code": code}


def prints(rng, folder, expected):
    (folder / "good").mkdir(parents=True)
    (folder / "parts").mkdir()
    parts, found = folder / "parts", expected["prints"]

    def somewhere():
        return {"x": rng.uniform(-2, 2), "y": rng.uniform(-2, 2), "degrees": rng.uniform(-1.5, 1.5)}

    png(folder / "golden.png", printed(rng))
    for index in range(8):
        png(folder / "good" / f"{index}.png", printed(rng, **somewhere()))
    for index in range(3):
        png(parts / f"good-{index}.png", printed(rng, **somewhere()))
        found[f"good-{index}.png"] = {"verdict": "good"}
    for name, change in CHANGES.items():
        png(parts / f"{name}.png", printed(rng, change, **somewhere()))
        found[f"{name}.png"] = {"verdict": "defect", "class": name}
    sound = printed(rng)
    whole = Image.fromarray(levels(sound))
    # The camera or the part.
    for name, picture, code in [
        ("dark", 0.1 * sound, "picture.too_dark"), ("over-exposed", 4 * sound, "picture.over_exposed"),
        ("blurred", ndimage.gaussian_filter(sound, 5), "picture.out_of_focus"), ("another", another(rng), "part.another"),
        ("half-out", np.roll(sound, SIDE // 2, 1), "part.another")]:
        png(parts / f"{name}.png", picture)
        found[f"{name}.png"] = {"verdict": "not_judged", "code": code}
    # Its rows of tracks look alike from a distance, so it is found, and differs everywhere.
    png(parts / "upside-down.png", sound[::-1, ::-1])
    found["upside-down.png"] = {"verdict": "defect"}
    # Forms that programs leave: all of them the same sound part.
    Image.fromarray((levels(sound).astype(np.uint16) * 257)).save(parts / "sixteen-bit.png")
    whole.quantize(32).save(parts / "palette.png")
    whole.save(parts / "animated.png", save_all=True, append_images=[Image.fromarray(levels(255 - sound))], duration=100)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole.transpose(Image.Transpose.ROTATE_90).save(parts / "turned-by-exif.jpg", quality=95, exif=exif)
    for name in ["sixteen-bit.png", "palette.png", "animated.png", "turned-by-exif.jpg"]:
        found[name] = {"verdict": "good"}
    # Files that hold no picture that could be believed.
    whole.convert("CMYK").save(parts / "cmyk.jpg", quality=95)
    found["cmyk.jpg"] = {"verdict": "not_judged", "code": "picture.unsupported"}
    (parts / "bomb.png").write_bytes(bomb())
    found["bomb.png"] = {"verdict": "not_judged", "code": "picture.too_large.side"}
    file = (parts / "good-0.png").read_bytes()
    (parts / "truncated.png").write_bytes(file[:len(file) * 2 // 3])
    found["truncated.png"] = {"verdict": "not_judged", "code": "picture.truncated"}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--output", type=Path, required=True, help="a folder that is not there yet")
    options = options.parse_args()
    expected = {"surfaces": {}, "prints": {}}
    surfaces(np.random.default_rng(SEED), options.output / "surfaces", expected)
    prints(np.random.default_rng(SEED + 1), options.output / "prints", expected)
    (options.output / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
