"""Pictures of more than parts: surfaces at every scale, and shapes that lie over one another with shades and shadows.

What an embedding of kinds of things is learnt on must hold more kinds of things than a line has. All of it is drawn from numbers alone.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

import pictures
from textures import grid, log_uniform, turned

SIDE = 224
# Crops are this large at least and at most, before they are brought to SIDE: a surface from near by and from afar.
SMALLEST, LARGEST = 90, 288


def resized(rng, surface):
    """A crop of any size and proportion."""
    height = int(log_uniform(rng, 110, LARGEST))
    width = int(np.clip(height * np.exp(rng.normal(0, 0.35)), SMALLEST, LARGEST))
    y, x = rng.integers(0, len(surface) - height + 1), rng.integers(0, surface.shape[1] - width + 1)
    crop = Image.fromarray(surface[y:y + height, x:x + width])
    return np.asarray(crop.resize((SIDE, SIDE), Image.BILINEAR)).astype(np.float32)


def outline(rng, x, y, radius):
    """How much of each pixel a shape around the origin covers: an ellipse, a box, a polygon, a blob, a ring or a strip."""
    kind = rng.integers(6)
    stretch = np.exp(rng.normal(0, 0.45))
    u, v = turned(x, y, rng.uniform(0, 2 * np.pi))
    u, v = u * stretch / radius, v / stretch / radius
    far = np.hypot(u, v)
    if kind == 0:
        depth = 1 - far
    elif kind == 1:
        depth = 1 - np.maximum(np.abs(u), np.abs(v))
    elif kind == 2:
        corners = rng.integers(3, 8)
        depth = 1 - far * np.cos(np.arctan2(v, u) % (2 * np.pi / corners) - np.pi / corners)
    elif kind == 3:
        angle = np.arctan2(v, u)
        waves = sum(rng.normal(0, 0.35) / wave * np.cos(wave * angle + rng.uniform(0, 2 * np.pi)) for wave in range(1, 6))
        depth = 1 + waves - far
    elif kind == 4:
        depth = np.minimum(1 - far, far - rng.uniform(0.4, 0.8))
    else:
        depth = np.minimum(1 - np.abs(u), 0.25 * rng.uniform(0.2, 1) - np.abs(v + 0.3 * u * u * rng.normal()))
    return np.clip(depth * radius / rng.uniform(0.6, 3) + 0.5, 0, 1)[..., None]


def filling(rng, canvases, x, y):
    if rng.random() < 0.6:
        filled = resized(rng, canvases.pick(rng))
    else:
        filled = np.float32(rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.repeat(rng.uniform(0, 255), 3))
    if rng.random() < 0.35:
        # Light across the shape, which makes a body of it.
        across = (x - rng.uniform(0, SIDE)) * rng.normal() + (y - rng.uniform(0, SIDE)) * rng.normal()
        filled = filled * (1 + 0.5 * np.tanh(across / SIDE)[..., None])
    return filled


def leaves(rng, canvases):
    """Shapes of all sizes over one another, as fallen leaves lie: small ones are many (Lee, Mumford and Huang, 2001)."""
    x, y = grid(SIDE)
    picture = resized(rng, canvases.pick(rng))
    smallest = rng.uniform(3, 12)
    for _ in range(int(log_uniform(rng, 3, 40))):
        radius = min(smallest * rng.uniform() ** (-1 / 1.6), 110)
        shape = outline(rng, x - rng.uniform(0, SIDE), y - rng.uniform(0, SIDE), radius)
        filled = filling(rng, canvases, x, y)
        if rng.random() < 0.25:
            shadow = ndimage.gaussian_filter(np.roll(shape, tuple(rng.integers(-8, 9, 2)), (0, 1)), (3, 3, 0))
            picture = picture * (1 - rng.uniform(0.2, 0.7) * shadow)
        picture = picture * (1 - shape) + filled * shape
    return picture


def exposed(rng, picture):
    """Light that falls off, a lamp, focus, a grey camera, noise."""
    x, y = grid(SIDE)
    x, y = x / SIDE - 0.5, y / SIDE - 0.5
    a, b, c = rng.normal(0, 0.2, 3)
    picture = picture * (1 + a * x + b * y + c * (x * x + y * y))[..., None]
    if rng.random() < 0.4:
        u, v = turned(x - rng.normal(0, 0.3), y - rng.normal(0, 0.3), rng.uniform(0, np.pi))
        spot = np.exp(-(u / rng.uniform(0.05, 0.4)) ** 2 - (v / rng.uniform(0.1, 3)) ** 2)
        picture = picture * (1 + rng.normal(0, 0.5) * spot)[..., None]
    if rng.random() < 0.5:
        blur = rng.uniform(0.2, 1.5)
        picture = ndimage.gaussian_filter(picture, (blur, blur, 0))
    if rng.random() < 0.4:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    noise = rng.standard_normal((SIDE, SIDE, 1 if rng.random() < 0.5 else 3), np.float32)
    return np.clip(picture + log_uniform(rng, 0.3, 5) * noise, 0, 255).astype(np.uint8)


def drawn(rng, canvases):
    """uint8 [SIDE, SIDE, 3]."""
    which = rng.random()
    if which < 0.3:
        shots, _ = pictures.episode(rng, canvases, 0, 1, SIDE)
        return shots[0]
    if which < 0.55:
        picture = resized(rng, canvases.pick(rng))
        if rng.random() < 0.4:
            picture = (picture + resized(rng, canvases.pick(rng))) / 2
        most, share = 4, 0.6
    else:
        picture = leaves(rng, canvases)
        most, share = 3, 0.3
    if rng.random() < share:
        picture, _ = pictures.with_defects(rng, picture, canvases, int(rng.integers(1, most + 1)))
    return exposed(rng, np.asarray(picture, np.float32))
