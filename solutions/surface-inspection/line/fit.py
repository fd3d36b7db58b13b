"""The fit on site, as arithmetic: from what the network says of good pictures to scores, in NumPy alone.

`millwright inspect fit` does the same; this is the reference that it is held against. Features are [picture, row, column, number], int8 from
the plan or float32 from the float network; everything but the rounding of means is the same for both.
"""

from dataclasses import dataclass

import numpy as np

# Good places kept of each level, and places that they are chosen from: what a fit of 30 s on one core has time for.
MEMORY, CANDIDATES = 4096, 40_000
# Squares of so many places a side are looked at as one: small defects, middle ones, and a part that is uneven.
SQUARES = (1, 2, 4)
# How often the statistics of a place are smoothed with those around, for each.
SMOOTHING = {1: 2, 2: 1, 4: 0}
# Share of all places that the score of a picture is the mean of: the worst.
WORST = 1 / 150
# Part of the overall deviation that is added to the deviation at each place, so that few good pictures do not claim too much.
CAUTION = 0.25


def rounded(means, like):
    """Means of int8 features are int8 again: to the nearest, halves up."""
    return np.floor(means + 0.5).astype(np.int8) if like.dtype == np.int8 else means.astype(np.float32)


def padded(maps, margin):
    """Rows and columns (axes 1 and 2) repeated beyond the edge."""
    around = [(0, 0), (margin, margin), (margin, margin)] + [(0, 0)] * (maps.ndim - 3)
    return np.pad(maps, around, mode="edge")


def squares(features, side):
    """Means over squares of `side` x `side` places; the last row and column may have fewer."""
    if side == 1:
        return features
    count, height, width, numbers = features.shape
    means = np.empty((count, -(-height // side), -(-width // side), numbers), np.float32)
    for row in range(means.shape[1]):
        for column in range(means.shape[2]):
            square = features[:, row * side:(row + 1) * side, column * side:(column + 1) * side]
            means[:, row, column] = square.astype(np.float32).mean((1, 2))
    return rounded(means, features)


def squared_distances(places, kept):
    """[place, kept place]; with int8 features every number is an integer below 2^24 and so exact in float32."""
    places, kept = places.astype(np.float32), kept.astype(np.float32)
    return np.maximum((places ** 2).sum(1)[:, None] + (kept ** 2).sum(1) - 2 * places @ kept.T, 0)


def spread(places, count):
    """Indices of `count` places that lie far from one another: each next one is the farthest from those before, the first of equals."""
    values = places.astype(np.float32)
    lengths = (values ** 2).sum(1)
    chosen = [0]
    nearest = np.full(len(values), np.inf, np.float32)
    while len(chosen) < min(count, len(values)):
        last = chosen[-1]
        nearest = np.minimum(nearest, np.maximum(lengths + lengths[last] - 2 * values @ values[last], 0))
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)


def smoothed(maps, times):
    """Weights 1 4 6 4 1 along rows and columns, `times` over."""
    weights = np.array([1, 4, 6, 4, 1], np.float32) / 16
    for _ in range(times):
        wide = padded(maps, 2)
        rows = sum(weight * wide[:, shift:shift + maps.shape[1]] for shift, weight in enumerate(weights))
        maps = sum(weight * rows[:, :, shift:shift + maps.shape[2]] for shift, weight in enumerate(weights))
    return maps


def enlarged(maps, side, height, width):
    """Maps of squares at each place, in straight lines between the centres of the squares."""
    if side == 1:
        return maps

    def weights(size, count):
        at = np.clip((np.arange(size) + 0.5) / side - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        return low, np.minimum(low + 1, count - 1), (at - low).astype(np.float32)

    top, bottom, down = weights(height, maps.shape[1])
    left, right, across = weights(width, maps.shape[2])
    rows = maps[:, top] * (1 - down)[None, :, None] + maps[:, bottom] * down[None, :, None]
    return rows[:, :, left] * (1 - across) + rows[:, :, right] * across


class Usual:
    """What is usual at each place of good pictures: mean and deviation."""

    def __init__(self, good, smoothing):
        self.mean = smoothed(good.mean(0)[None], smoothing)[0]
        self.deviation = smoothed(good.std(0)[None], smoothing)[0] + CAUTION * good.std()

    def standard(self, maps):
        return (maps - self.mean) / self.deviation

    @staticmethod
    def of_others(good, smoothing):
        """Each good map by what is usual among the others: a new part was not among those that say what is usual."""
        return np.concatenate([
            Usual(np.delete(good, index, 0), smoothing).standard(good[index:index + 1]) for index in range(len(good))])


class Level:
    """A memory of good places of one size."""

    def __init__(self, features, side):
        self.side = side
        cells = squares(features, side)
        count, height, width, numbers = cells.shape
        places = cells.reshape(-1, numbers)
        # Evenly over pictures and places: every n-th, n odd so that no column is preferred.
        step = -(-len(places) // CANDIDATES)
        step += 1 - step % 2
        owners = (np.arange(len(places)) // (height * width))[::step]
        places = places[::step]
        chosen = spread(places, MEMORY)
        self.kept, self.owners = places[chosen], owners[chosen]
        # A good picture is compared with the others' places only, as a new part is.
        good = self.distances(cells, np.arange(count))
        self.usual = Usual(good, SMOOTHING[side])
        self.good = self.enlarged(Usual.of_others(good, SMOOTHING[side]), features)

    def distances(self, cells, left_out=None):
        maps = np.empty(cells.shape[:3], np.float32)
        for index, picture in enumerate(cells):
            squared = squared_distances(picture.reshape(-1, picture.shape[-1]), self.kept)
            if left_out is not None:
                squared[:, self.owners == left_out[index]] = np.inf
            maps[index] = np.sqrt(squared.min(1)).reshape(maps.shape[1:])
        return maps

    def enlarged(self, maps, features):
        return enlarged(maps, self.side, *features.shape[1:3])

    def maps(self, features):
        return self.enlarged(self.usual.standard(self.distances(squares(features, self.side))), features)


def scores(maps):
    """Mean over the worst places of each picture."""
    flat = np.sort(maps.reshape(len(maps), -1), 1)
    return flat[:, -max(1, round(flat.shape[1] * WORST)):].mean(1)


def limit(good, budget):
    """The score that the next good picture exceeds with the probability `budget`: beyond the upper tenth, and beyond all but six, scores are
    taken to thin out as an exponential does, whose rate is known from few of them; whichever says more."""
    limits = []
    for tail in (0.1, min(max(0.1, 6 / len(good)), 0.3)):
        start = np.quantile(good, 1 - tail)
        beyond = good[good > start] - start
        limits.append(start + beyond.sum() * (max(1.0, tail / budget) ** (1 / max(1, len(beyond))) - 1))
    return float(max(limits))


@dataclass
class GoodOnly:
    """What is known of a part after good pictures alone."""

    levels: list
    good_scores: np.ndarray

    @staticmethod
    def fitted(features):
        levels = [Level(features, side) for side in SQUARES]
        return GoodOnly(levels, scores(smoothed(sum(level.good for level in levels), 1)))

    def maps(self, features):
        """Heat maps: [picture, row, column], around 0 where a place looks as in good pictures."""
        return smoothed(sum(level.maps(features) for level in self.levels), 1)


# Squares a side that a picture is cut into, besides the whole.
CELLS = 3
RIDGE = 0.003


def described(features):
    """One row a picture: mean, spread, least and largest of every number, over all of it and over each ninth."""
    values = features.astype(np.float32)
    edges = [np.arange(CELLS + 1) * size // CELLS for size in values.shape[1:3]]
    ninths = [
        values[:, top:bottom, left:right]
        for top, bottom in zip(edges[0], edges[0][1:]) for left, right in zip(edges[1], edges[1][1:])]
    return np.concatenate([
        measured for area in (values, *ninths)
        for measured in (area.mean((1, 2)), area.std((1, 2)), area.min((1, 2)), area.max((1, 2)))], 1)


class Classes:
    """Names kinds of pictures that were shown: ridge regression on how alike pictures are.

    A picture comes as features of its views: as it lies, and mirrored left to right, top to bottom and both where it does not matter how
    parts lie. What they have in common is the mean of what is said of each.
    """

    def __init__(self, views, labels):
        rows = np.mean([described(view) for view in views], 0)
        self.names = sorted(set(labels))
        self.mean, deviation = rows.mean(0), rows.std(0)
        self.factor = np.where(deviation > 1e-3, 1 / np.maximum(deviation, 1e-3), 0)
        self.rows = (rows - self.mean) * self.factor
        targets = np.array([[float(label == name) for name in self.names] for label in labels])
        # A rare kind's pictures count for more: their ridge is smaller.
        share = targets.mean(0)[targets.argmax(1)]
        weight = share ** -0.5 / (share ** -0.5).mean()
        ridge = np.diag(RIDGE / weight)
        self.share = targets.mean(0)
        self.factors = np.linalg.solve(self.alike(self.rows) + ridge, targets - self.share)

    def alike(self, rows):
        """1 for the same: the mean of three Gaussians, each half as wide as the one before."""
        wide = np.exp(-squared_distances(rows, self.rows).astype(np.float64) / rows.shape[1] / 8)
        return (wide + wide ** 2 + wide ** 4) / 3

    def answers(self, views):
        """[picture, name]: about 1 for the right name, 0 for the others."""
        rows = (np.mean([described(view) for view in views], 0) - self.mean) * self.factor
        return self.alike(rows) @ self.factors + self.share
