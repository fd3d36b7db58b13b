"""Surfaces without a defect: twelve kinds of texture, made from numbers alone.

A texture is a square of float32 around 0 with a deviation of 1. Every kind varies in scale, direction and regularity, so that no two are
alike; `canvas` gives it brightness, contrast and color.
"""

import numpy as np
from scipy import fft, ndimage

# Side of a canvas: pictures of 128 are cut from it at many places.
CANVAS = 288


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def direction(rng):
    """Half of all surfaces lie straight in the picture, because parts are clamped straight."""
    return float(rng.choice([0, np.pi / 2])) if rng.random() < 0.5 else rng.uniform(0, np.pi)


def grid(size):
    return np.mgrid[:size, :size].astype(np.float32)[::-1]


def turned(x, y, angle):
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * c + y * s, y * c - x * s


def standard(values):
    return ((values - values.mean()) / (values.std() + 1e-6)).astype(np.float32)


def noise(rng, size, slope, stretch=1.0, angle=0.0, lowest=0.0, highest=0.7):
    """Random field whose amplitude falls with frequency to the power `slope`, stretched along `angle`."""
    v = fft.fftfreq(size).astype(np.float32)[:, None]
    u = fft.rfftfreq(size).astype(np.float32)[None]
    along, across = turned(u, v, angle)
    radius = np.hypot(along * stretch, across / stretch) + np.float32(1e-4)
    amplitude = radius ** np.float32(-slope)
    plain = np.hypot(u, v)
    amplitude[(plain < lowest) | (plain > highest)] = 0
    amplitude[0, 0] = 0
    shape = amplitude.shape
    field = rng.standard_normal(shape, np.float32) + 1j * rng.standard_normal(shape, np.float32)
    return standard(fft.irfft2(amplitude * field, (size, size)))


def bend(rng, size, amount, knots=8):
    """A smooth displacement, of `amount` on average."""
    return ndimage.zoom(rng.standard_normal((knots, knots), np.float32), size / knots, order=1)[:size, :size] * amount


def brushed(rng, size):
    return noise(rng, size, rng.uniform(0.2, 1.2), log_uniform(rng, 3, 14), direction(rng))


def rolled(rng, size):
    angle = direction(rng)
    wide = noise(rng, size, rng.uniform(0.8, 1.6), rng.uniform(1.2, 3), angle)
    return wide + rng.uniform(0.2, 0.9) * noise(rng, size, 0.3, rng.uniform(4, 12), angle)


def cast(rng, size):
    return noise(rng, size, rng.uniform(0.4, 2), lowest=rng.uniform(0, 0.03))


def ground(rng, size):
    fine = noise(rng, size, rng.uniform(0, 0.6), log_uniform(rng, 4, 18), direction(rng))
    return fine + rng.uniform(0.2, 1.5) * noise(rng, size, rng.uniform(1, 2))


def woven(rng, size):
    x, y = grid(size)
    along, across = turned(x, y, direction(rng))
    warp_pitch = log_uniform(rng, 4, 22)
    weft_pitch = warp_pitch * rng.uniform(0.7, 1.4)
    loose = rng.uniform(0, 0.4)
    u = along / warp_pitch + bend(rng, size, loose)
    v = across / weft_pitch + bend(rng, size, loose)
    over = np.sin(np.pi * u) * np.sin(np.pi * v) > 0
    threads = np.where(over, np.sin(2 * np.pi * u), np.sin(2 * np.pi * v))
    return threads + rng.uniform(0.1, 0.7) * noise(rng, size, 0.5)


def grained(rng, size):
    grains = np.tanh(noise(rng, size, rng.uniform(0.8, 1.6), lowest=rng.uniform(0.02, 0.1)) * rng.uniform(0.5, 4))
    return grains + rng.uniform(0.05, 0.5) * noise(rng, size, 0.2)


def fibrous(rng, size):
    """Wood, leather, felt: veins across a slowly bending field."""
    x, y = grid(size)
    along, across = turned(x, y, direction(rng))
    rings = across / log_uniform(rng, 5, 30) + bend(rng, size, rng.uniform(0.2, 2), int(rng.integers(4, 12)))
    veins = np.sin(2 * np.pi * rings + 0.6 * np.sin(2 * np.pi * rings))
    return veins + rng.uniform(0.3, 1.2) * noise(rng, size, 0.6, rng.uniform(2, 8), direction(rng))


def printed(rng, size):
    x, y = grid(size)
    picture = np.zeros((size, size), np.float32)
    for _ in range(rng.integers(6, 40)):
        centre_x, centre_y = rng.uniform(0, size, 2)
        half_width, half_height = rng.uniform(3, 50, 2)
        u, v = turned(x - centre_x, y - centre_y, direction(rng))
        inside = np.maximum(np.abs(u) / half_width, np.abs(v) / half_height) < 1
        if rng.random() < 0.4:
            inside = (u / half_width) ** 2 + (v / half_height) ** 2 < 1
        picture[inside] = rng.uniform(-2, 2)
    return ndimage.gaussian_filter(picture, rng.uniform(0.3, 1.2)) + rng.uniform(0.02, 0.3) * noise(rng, size, 0.3)


def board(rng, size):
    x, y = grid(size)
    if rng.random() < 0.5:
        x, y = y, x
    pitch = log_uniform(rng, 8, 28)
    run = x + rng.uniform(0, pitch) + rng.uniform(-1, 1) * np.clip(y - rng.uniform(0, size), 0, size)
    traces = (run % pitch < pitch * rng.uniform(0.3, 0.6)).astype(np.float32)
    return ndimage.gaussian_filter(traces * 2, rng.uniform(0.3, 1)) + rng.uniform(0.02, 0.25) * noise(rng, size, 0.3)


def perforated(rng, size):
    """Rows of holes or knobs, knurling, a sieve."""
    x, y = grid(size)
    along, across = turned(x, y, direction(rng))
    pitch = log_uniform(rng, 8, 36)
    row = np.floor(across / pitch)
    shift = 0.5 * (row % 2) if rng.random() < 0.5 else 0.0
    u = (along / pitch + shift) % 1 - 0.5
    v = across / pitch - row - 0.5
    radius = rng.uniform(0.15, 0.45)
    far = np.hypot(u, v) if rng.random() < 0.6 else np.abs(u) + np.abs(v)
    knobs = np.clip((radius - far) * pitch / rng.uniform(0.8, 4) + 0.5, 0, 1)
    return knobs * 2 + rng.uniform(0.05, 0.6) * noise(rng, size, rng.uniform(0.2, 1.2))


def banded(rng, size):
    """Broad stripes of a lamp or of a tool's pass, under a fine grain."""
    x, y = grid(size)
    along, across = turned(x, y, direction(rng))
    knots = int(rng.integers(5, 18))
    profile = ndimage.zoom(rng.standard_normal(knots), 40, order=3)
    place = (across - across.min()) / (np.ptp(across) + 1e-6) * (len(profile) - 1)
    bands = np.interp(place.ravel(), np.arange(len(profile)), profile).reshape(size, size)
    return bands + rng.uniform(0.2, 1.2) * noise(rng, size, rng.uniform(0.2, 1), log_uniform(rng, 1, 8), direction(rng))


def smooth(rng, size):
    return noise(rng, size, rng.uniform(1.5, 2.5)) + rng.uniform(0.1, 0.6) * noise(rng, size, 0)


KINDS = [brushed, rolled, cast, ground, woven, grained, fibrous, printed, board, perforated, banded, smooth]


def texture(rng, size=CANVAS, kinds=KINDS):
    surface = standard(kinds[rng.integers(len(kinds))](rng, size))
    if rng.random() < 0.25:
        other = standard(kinds[rng.integers(len(kinds))](rng, size))
        surface = standard(surface + rng.uniform(0.1, 0.6) * other)
    if rng.random() < 0.3:
        surface = standard(np.sign(surface) * np.abs(surface) ** np.float32(rng.uniform(0.6, 1.6)))
    return surface


def canvas(rng, size=CANVAS, kinds=KINDS):
    """A texture with brightness and color: uint8, size x size x 3."""
    surface = texture(rng, size, kinds)
    base = rng.uniform(40, 200)
    contrast = log_uniform(rng, 2.5, 40)
    if rng.random() < 0.65:
        picture = np.repeat((base + contrast * surface)[..., None], 3, 2)
    else:
        tint = base + rng.normal(0, 35, 3)
        axis = np.abs(rng.normal(1, 0.45, 3)) if rng.random() < 0.7 else rng.normal(0, 1.1, 3)
        picture = tint + contrast * surface[..., None] * axis
        if rng.random() < 0.3:
            picture = picture + 0.4 * contrast * texture(rng, size, kinds)[..., None] * rng.normal(0, 0.8, 3)
    return np.clip(picture, 0, 255).astype(np.uint8)
