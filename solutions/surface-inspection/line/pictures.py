"""Pictures of parts as a camera of a line takes them: one surface, several pictures, some with a defect.

A `Scene` is what stays the same from part to part (surface, outline, holes); `take` adds what does not (place, light, focus, noise).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

import defects
from textures import CANVAS, bend, canvas, direction, grid, log_uniform, turned

# Side of a training picture.
SIDE = 128


class Canvases:
    """Surfaces to take pictures of, each used for a while and then replaced by a new one."""

    def __init__(self, rng, count, size=CANVAS):
        self.size = size
        self.all = [canvas(rng, size) for _ in range(count)]

    def renew(self, rng):
        self.all[rng.integers(len(self.all))] = canvas(rng, self.size)

    def pick(self, rng):
        return self.all[rng.integers(len(self.all))]


@dataclass
class Edge:
    """Where the part ends in the picture."""

    angle: float
    far: float
    level: float
    soft: float
    bevel: float
    bevel_width: float

    @staticmethod
    def of(rng, angle):
        return Edge(
            angle=angle + rng.normal(0, 0.04), far=rng.uniform(0.2, 0.48),
            level=rng.uniform(0, 45) if rng.random() < 0.65 else rng.uniform(190, 255),
            soft=log_uniform(rng, 1, 25) if rng.random() < 0.5 else 1.0, bevel=rng.normal(0, 25), bevel_width=log_uniform(rng, 0.7, 5))

    def drawn(self, rng, picture, x, y):
        side = len(picture)
        u, _ = turned(x - side / 2, y - side / 2, self.angle + rng.normal(0, 0.01))
        beyond = u - self.far * side - rng.normal(0, 3)
        outside = np.clip(beyond / self.soft + 0.5, 0, 1)[..., None]
        line = np.exp(-((beyond + 1.5 * self.bevel_width) / self.bevel_width) ** 2)[..., None]
        return (picture + self.bevel * line) * (1 - outside) + self.level * outside, outside[..., 0] > 0.4


def stripes(rng, x, y, angle, count, width, wander):
    """Lines along `angle` right across the picture, each of its own strength: what a tool or a roller leaves on every part."""
    side = len(x)
    _, across = turned(x - side / 2, y - side / 2, angle)
    profile = np.zeros(2 * side, np.float32)
    profile[rng.integers(0, 2 * side, count)] = rng.normal(0, 1, count)
    profile = ndimage.gaussian_filter1d(profile, width)
    profile /= np.abs(profile).max() + 1e-6
    place = across + side
    if wander:
        place = place + bend(rng, side, wander, 4)
    return np.interp(place.ravel(), np.arange(2 * side), profile).reshape(side, side) * np.clip(
        1 + bend(rng, side, 0.5, 5), 0, 2)


@dataclass
class Scene:
    surface: np.ndarray
    turns: int
    is_mirrored: bool
    edges: list
    holes: list
    stripes: list
    marks: int
    light: np.ndarray
    blur: float
    grain: float
    wobble: float
    side: int

    @staticmethod
    def of(rng, canvases, side=SIDE):
        edges = []
        if rng.random() < 0.4:
            straight = rng.permutation([0, np.pi / 2, np.pi, -np.pi / 2])
            edges = [Edge.of(rng, angle) for angle in straight[:rng.integers(1, 4)]]
        holes = []
        if rng.random() < 0.12:
            for _ in range(rng.integers(1, 3)):
                holes.append((*rng.uniform(0.1, 0.9, 2), rng.uniform(4, 16), rng.uniform(0, 255)))
        lines = []
        angle = direction(rng)
        if rng.random() < 0.4:
            lines.append((angle, int(rng.integers(2, 30)), log_uniform(rng, 0.5, 2.5), log_uniform(rng, 0.4, 2.5), 0.0))
        if rng.random() < 0.4:
            lines.append((angle, int(rng.integers(3, 12)), log_uniform(rng, 4, 25), log_uniform(rng, 0.4, 2.5), rng.uniform(0, 4)))
        return Scene(
            surface=canvases.pick(rng), turns=int(rng.integers(4)), is_mirrored=rng.random() < 0.5, edges=edges,
            holes=holes, stripes=lines, marks=int(rng.integers(1, 7)) if rng.random() < 0.25 else 0,
            light=rng.normal(0, 0.15, 3), blur=rng.uniform(0.3, 1.3) if rng.random() < 0.5 else 0.0,
            grain=log_uniform(rng, 0.3, 4), wobble=log_uniform(rng, 0.01, 0.2), side=side)

    def part(self, rng):
        """The part before the camera, float32, without light."""
        side = self.side
        y, x = rng.integers(0, len(self.surface) - side + 1, 2)
        picture = np.rot90(self.surface[y:y + side, x:x + side], self.turns)
        if self.is_mirrored:
            picture = picture[::-1]
        picture = picture.astype(np.float32)
        x, y = grid(side)
        for angle, count, width, amount, wander in self.stripes:
            strength = amount * defects.variation(picture) * rng.uniform(0.5, 1.5)
            picture = picture + strength * stripes(rng, x, y, angle, count, width, wander)[..., None]
        for _ in range(rng.integers(self.marks + 1)):
            picture = defects.mark(rng, picture)
        for across, down, radius, level in self.holes:
            far = np.hypot(x - across * side - rng.normal(0, 2), y - down * side - rng.normal(0, 2))
            inside = np.clip(radius - far, 0, 1)[..., None]
            picture = picture * (1 - inside) + level * inside
        return picture

    def expose(self, rng, picture, kinds):
        """The part's edges, light, focus and noise of one exposure; what an edge covers is no defect."""
        x, y = grid(self.side)
        for edge in self.edges:
            picture, outside = edge.drawn(rng, picture, x, y)
            kinds = np.where(outside, 0, kinds).astype(np.uint8)
        x, y = x / self.side - 0.5, y / self.side - 0.5
        a, b, c = self.light + rng.normal(0, self.wobble, 3)
        gain = np.exp(rng.normal(0, self.wobble))
        picture = picture * (gain * (1 + a * x + b * y + c * (x * x + y * y)))[..., None]
        blur = self.blur * rng.uniform(0.8, 1.2)
        if blur > 0.2:
            picture = ndimage.gaussian_filter(picture, (blur, blur, 0))
        grey = picture.shape[2] == 1 or rng.random() < 0.5
        noise = rng.standard_normal((*picture.shape[:2], 1 if grey else 3), np.float32)
        return np.clip(picture + np.float32(self.grain) * noise, 0, 255).astype(np.uint8), kinds


def with_defects(rng, picture, canvases, count, **options):
    """Draws `count` defects; a map of kinds, 255 where nobody can say."""
    kinds = np.zeros(picture.shape[:2], np.uint8)
    unsure = np.zeros(picture.shape[:2], bool)
    for _ in range(count):
        donor = canvases.pick(rng)
        side = len(picture)
        y, x = rng.integers(0, len(donor) - side + 1, 2)
        picture, drawn, faint = defects.draw(rng, picture, donor[y:y + side, x:x + side], **options)
        kinds = np.where(drawn > 0, drawn, kinds)
        unsure |= faint
    kinds[unsure & (kinds == 0)] = 255
    return picture, kinds


def episode(rng, canvases, good, others, side=SIDE, **options):
    """Pictures of one scene: first `good` ones, then `others`, most of which have defects.

    Returns uint8 pictures [n, side, side, 3] and their maps of kinds.
    """
    scene = Scene.of(rng, canvases, side)
    pictures, maps = [], []
    for index in range(good + others):
        picture = scene.part(rng)
        kinds = np.zeros((side, side), np.uint8)
        if index >= good and rng.random() < 0.8:
            picture, kinds = with_defects(rng, picture, canvases, int(rng.integers(1, 4)), **options)
        picture, kinds = scene.expose(rng, picture, kinds)
        pictures.append(picture)
        maps.append(kinds)
    return np.stack(pictures), np.stack(maps)
