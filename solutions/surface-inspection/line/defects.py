"""Defects drawn into a picture of a surface, with a mask that says where.

Each takes a picture (float32, height x width x 3) and returns the changed one, how much of the defect is in each pixel (0 to 1), and its
kind. Contrasts go from just visible to stark: what is easy to see teaches little.
"""

import numpy as np
from scipy import ndimage

from textures import direction, grid, log_uniform, noise, turned

# What the network tells apart, by looks: 0 is a good place.
LINE, PIT, REGION, FOREIGN = 1, 2, 3, 4
KINDS = ["good", "line", "pit", "region", "foreign"]
# A pixel with less of a defect than this is good, with more than the second one bad; between them nobody can say.
FAINT, SURE = 0.12, 0.35


def path(rng, size, steps, wander, branching=0.0, start=None):
    """Points of a line that turns by `wander` a step, and goes on from an earlier point where it branches."""
    points = np.empty((steps, 2), np.float32)
    x, y = rng.uniform(0.05 * size, 0.95 * size, 2) if start is None else start
    heading = rng.uniform(0, 2 * np.pi)
    turns = rng.normal(0, wander, steps)
    branches = rng.random(steps) < branching
    for index in range(steps):
        points[index] = x, y
        heading += turns[index]
        x, y = x + np.cos(heading), y + np.sin(heading)
        if branches[index] and index > 5:
            x, y = points[rng.integers(index)]
            heading += rng.uniform(-1.5, 1.5)
    return points


def stroke(rng, size, points, width):
    """The line of `points`, `width` pixels wide, of uneven strength along its way."""
    mask = np.zeros((size, size), np.float32)
    places = np.round(points).astype(int)
    inside = ((places >= 0) & (places < size)).all(1)
    strength = np.interp(np.arange(len(points)), np.linspace(0, len(points), 8), rng.uniform(0.4, 1, 8))
    mask[places[inside, 1], places[inside, 0]] = strength[inside]
    mask = ndimage.gaussian_filter(mask, max(width / 2.2, 0.5))
    return np.clip(mask * (1.3 / (mask.max() + 1e-6)), 0, 1)


def blob(rng, size, radius, roughness, edge=None):
    """A spot with a wavy outline."""
    x, y = grid(size)
    centre_x, centre_y = rng.uniform(0.04 * size, 0.96 * size, 2)
    longer = rng.uniform(1, 2.2)
    u, v = turned(x - centre_x, y - centre_y, rng.uniform(0, np.pi))
    u, v = u * np.sqrt(longer), v / np.sqrt(longer)
    angle = np.arctan2(v, u)
    outline = np.ones_like(angle)
    for wave in range(1, 7):
        outline += rng.normal(0, roughness) / wave * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    soft = rng.uniform(0.7, 3) if edge is None else edge
    return np.clip((radius * outline - np.hypot(u, v)) / soft + 0.5, 0, 1).astype(np.float32)


def variation(picture):
    """What the surface itself varies by, in grey levels, within bounds."""
    return min(max(float(picture[::3, ::3].std(axis=(0, 1)).mean()), 3.0), 30.0)


def contrast_of(rng, picture, least=1.0, most=6.0):
    """How far a defect differs: in multiples of what the surface itself varies by, at least a few grey levels."""
    return variation(picture) * log_uniform(rng, least, most)


def shade(rng, amount):
    """The change of the three colors."""
    if rng.random() < 0.85:
        return np.full(3, amount, np.float32)
    return (amount * rng.normal(0.7, 0.6, 3)).astype(np.float32)


def either_way(rng, dark=0.65):
    return -1.0 if rng.random() < dark else 1.0


def side_mask(rng, size):
    """A side or a band of the picture, with a straight or wavy border."""
    x, y = grid(size)
    u, v = turned(x - size / 2, y - size / 2, rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else direction(rng))
    if rng.random() < 0.5:
        u = u + np.interp(v.ravel(), np.linspace(-size, size, 24), rng.normal(0, rng.uniform(1, 8), 24)).reshape(u.shape)
    far = u - rng.uniform(-0.4, 0.4) * size
    soft = log_uniform(rng, 0.7, 16)
    mask = 1 / (1 + np.exp(np.clip(-far / soft, -30, 30)))
    if rng.random() < 0.6:
        mask = mask / (1 + np.exp(np.clip((far - rng.uniform(8, 0.6 * size)) / soft, -30, 30)))
    return (mask / (mask.max() + 1e-6)).astype(np.float32)


def mark(rng, picture):
    """A faint mark that no one would reject a part for."""
    size = len(picture)
    if rng.random() < 0.5:
        mask = stroke(rng, size, path(rng, size, int(rng.integers(6, 60)), 0.1), rng.uniform(0.8, 2.5))
    else:
        mask = blob(rng, size, log_uniform(rng, 1, 10), 0.2)
    return picture + mask[..., None] * (contrast_of(rng, picture, 0.25, 0.8) * either_way(rng, 0.5))


def scratch(rng, picture, donor):
    size = len(picture)
    mask = stroke(rng, size, path(rng, size, int(rng.integers(15, 120)), rng.uniform(0.005, 0.06)), rng.uniform(0.8, 3.5))
    change = shade(rng, contrast_of(rng, picture) * either_way(rng, 0.5))
    return picture + mask[..., None] * change, mask, LINE


def crack(rng, picture, donor):
    size = len(picture)
    steps = int(rng.integers(20, 140))
    mask = stroke(rng, size, path(rng, size, steps, rng.uniform(0.15, 0.5), rng.choice([0, 0.02])), log_uniform(rng, 0.8, 3.5))
    return picture - mask[..., None] * shade(rng, contrast_of(rng, picture, 1.0)), mask, LINE


def pit(rng, picture, donor):
    size = len(picture)
    mask = blob(rng, size, log_uniform(rng, 1.2, 9), 0.2, rng.uniform(0.7, 2))
    rim = np.clip(ndimage.gaussian_filter(mask, 1.5) - mask, 0, 1)
    depth = contrast_of(rng, picture, 1.2, 6)
    change = mask * depth * either_way(rng, 0.85)
    return picture + (change + rim * depth * rng.uniform(0, 1))[..., None], mask, PIT


def pores(rng, picture, donor):
    size = len(picture)
    mask = np.zeros((size, size), np.float32)
    x, y = grid(size)
    centre = rng.uniform(0.1 * size, 0.9 * size, 2)
    for _ in range(rng.integers(3, 14)):
        at = centre + rng.normal(0, 9, 2)
        mask = np.maximum(mask, np.clip(log_uniform(rng, 0.8, 3.5) - np.hypot(x - at[0], y - at[1]) + 0.5, 0, 1))
    return picture - mask[..., None] * contrast_of(rng, picture, 1.2, 5), mask, PIT


def stain(rng, picture, donor):
    size = len(picture)
    mask = ndimage.gaussian_filter(blob(rng, size, log_uniform(rng, 6, 40), 0.35), log_uniform(rng, 0.5, 6))
    mask /= mask.max() + 1e-6
    return picture + mask[..., None] * shade(rng, contrast_of(rng, picture, 0.5, 2.5) * either_way(rng)), mask, REGION


def rubbed(rng, picture, donor):
    """The surface's own grain is weaker, stronger or another one in a place."""
    size = len(picture)
    if rng.random() < 0.5:
        mask = ndimage.gaussian_filter(blob(rng, size, rng.uniform(9, 42), 0.3), log_uniform(rng, 0.5, 5))
        mask /= mask.max() + 1e-6
    else:
        mask = side_mask(rng, size)
    chance = rng.random()
    if chance < 0.35:
        sigma = rng.uniform(1.2, 4)
        other = ndimage.gaussian_filter(picture, (sigma, sigma, 0))
    elif chance < 0.6:
        mean = picture.mean((0, 1))
        other = mean + (picture - mean) * rng.uniform(1.6, 3)
    else:
        grain = noise(rng, size, rng.uniform(0.4, 2), rng.uniform(1, 4), rng.uniform(0, np.pi))
        other = picture + contrast_of(rng, picture, 0.7, 2) * grain[..., None]
    return picture * (1 - mask[..., None]) + other * mask[..., None], mask, REGION


def uneven(rng, picture, donor):
    """A band or a side of the part is darker or brighter."""
    mask = side_mask(rng, len(picture))
    return picture + mask[..., None] * shade(rng, contrast_of(rng, picture, 0.6, 2.5) * either_way(rng)), mask, REGION


def inclusion(rng, picture, donor):
    size = len(picture)
    mask = blob(rng, size, log_uniform(rng, 3, 26), 0.4)
    other = donor.astype(np.float32)
    change = shade(rng, contrast_of(rng, picture, 0.3, 3) * either_way(rng))
    if rng.random() < 0.6:
        change = change + picture.mean((0, 1)) - other.mean((0, 1))
    return picture * (1 - mask[..., None]) + (other + change) * mask[..., None], mask, FOREIGN


def moved(rng, picture, donor):
    """A piece of the same surface from elsewhere, or turned: what a broken or missing print, trace or thread looks like."""
    size = len(picture)
    mask = blob(rng, size, log_uniform(rng, 4, 24), 0.3)
    if rng.random() < 0.5:
        other = np.roll(picture, tuple(rng.integers(size // 6, size - size // 6, 2)), (0, 1))
    else:
        other = np.rot90(picture, int(rng.integers(1, 4)))
    return picture * (1 - mask[..., None]) + other * mask[..., None], mask, FOREIGN


def missing(rng, picture, donor):
    """A place broken off or filled in: flat, in a brightness that the picture has elsewhere or in none of its own."""
    size = len(picture)
    mask = blob(rng, size, log_uniform(rng, 3, 26), 0.5, rng.uniform(0.7, 2))
    flat = picture[rng.integers(size), rng.integers(size)] if rng.random() < 0.4 else np.full(3, rng.uniform(0, 255))
    other = flat + rng.uniform(0, 6) * rng.standard_normal((size, size, 1), np.float32)
    return picture * (1 - mask[..., None]) + other.astype(np.float32) * mask[..., None], mask, FOREIGN


def fray(rng, picture, donor):
    """A ragged line: burr, fray, spatter, a torn edge."""
    size = len(picture)
    steps = int(rng.integers(25, 90))
    points = path(rng, size, steps, 0.1)
    mask = np.zeros((size, size), np.float32)
    x, y = grid(size)
    for index in range(0, steps, int(rng.integers(3, 9))):
        at = points[index] + rng.normal(0, 1.5, 2)
        mask = np.maximum(mask, np.clip(rng.uniform(0.8, 5) - np.hypot(x - at[0], y - at[1]) + 0.5, 0, 1))
    return picture + mask[..., None] * shade(rng, contrast_of(rng, picture, 0.9, 4) * either_way(rng, 0.5)), mask, FOREIGN


ALL = [scratch, crack, pit, pores, stain, rubbed, uneven, inclusion, moved, missing, fray]
SHARES = np.array([3, 3, 3, 1.5, 2, 2, 1.2, 1.5, 1.5, 1.5, 2])


def draw(rng, picture, donor, kinds=ALL, shares=SHARES):
    """One defect in `picture`.

    Returns the picture, a map of kinds (0 good), and a map of the pixels that are neither good nor bad.
    """
    chosen = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
    changed, mask, kind = chosen(rng, picture, donor)
    difference = np.abs(changed - picture).mean(2)
    grain = np.abs(picture[1:, 1:] - picture[:-1, :-1]).mean()
    # A defect that only rearranges, as a moved piece does, shows where the picture really changed around.
    if chosen in (moved, inclusion, rubbed):
        mask = mask * np.clip(ndimage.uniform_filter(difference, 7) / (0.7 * grain + 1.0), 0, 1)
    seen = difference.max() > 1.5 and ndimage.uniform_filter(difference, 3).max() > 0.5 * grain
    sure = (mask > SURE) if seen else np.zeros(mask.shape, bool)
    unsure = (mask > FAINT) & ~sure
    return changed, np.where(sure, kind, 0).astype(np.uint8), unsure
