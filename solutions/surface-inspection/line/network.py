"""The backbone: five levels of plain convolutions, numbers for the memory of good places, and a map of defects by looks.

Everything in it is a layer that the int8 engine has kernels for: convolution, ReLU, addition, average of 2 x 2, doubling, concatenation.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import defects

CHANNELS = (24, 32, 80, 128, 160)
# Numbers that a place of the memory is made of: what it looks like near by, and what kind of thing it is a part of.
EMBEDDING, KIND = 96, 32
HEAD, NECK = 32, 64
# Steps of the input for a pixel that is as far from the mean as pixels are on average, once `FLOOR` grey levels are added to that.
GAIN = 40
FLOOR = 3
# Pixels of the picture a step of the two outputs stands for; and of the last level, which sides of pictures must be multiples of.
FEATURE_STRIDE = 8
DEFECT_STRIDE = 4
LAST_STRIDE = 32


class Block(nn.Sequential):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, channels, within=None):
        super().__init__()
        self.first = Block(channels, within or channels)
        self.second = nn.Conv2d(within or channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return functional.relu(x + self.norm(self.second(self.first(x))))


def doubled(x):
    return functional.interpolate(x, scale_factor=2, mode="nearest")


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        one, two, three, four, five = CHANNELS
        self.level1 = Block(3, one, 2)
        self.level2 = nn.Sequential(Block(one, two, 2), Residual(two))
        self.level3 = nn.Sequential(Block(two, three, 2), Residual(three))
        self.level4 = nn.Sequential(Block(three, four, 2), Residual(four))
        self.level5 = nn.Sequential(Block(four, five, 2), Residual(five), Residual(five, NECK))
        self.embed = nn.Conv2d(two + three + four, EMBEDDING, 1)
        self.kind = nn.Conv2d(five, KIND, 1)
        self.above = nn.Conv2d(two + three + four, HEAD, 1)
        self.beside = nn.Conv2d(two, HEAD, 1)
        self.mix = Block(HEAD, HEAD)
        self.defect = nn.Conv2d(HEAD, len(defects.KINDS), 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def fine(self, x):
        """Levels 2 to 4."""
        two = self.level2(self.level1(x))
        three = self.level3(two)
        return two, three, self.level4(three)

    def near(self, two, three, four):
        """The first EMBEDDING numbers of the features, and the defects."""
        joined = torch.cat([functional.avg_pool2d(two, 2), three, doubled(four)], 1)
        fine = functional.relu(doubled(self.above(joined)) + self.beside(two))
        return self.embed(joined), self.defect(self.mix(fine))

    def forward(self, x):
        """Shapes: x [n, 3, h, w]; features [n, EMBEDDING + KIND, h / 8, w / 8], defect [n, kinds, h / 4, w / 4]."""
        levels = self.fine(x)
        embedded, defect = self.near(*levels)
        return torch.cat([embedded, doubled(doubled(self.kind(self.level5(levels[-1]))))], 1), defect


def scaled(pictures):
    """uint8 pictures [n, h, w, 3] as the network takes them: each put to the same brightness and contrast.

    Whole 32nds up to 127 of them, so that an int8 input holds the same numbers.
    """
    shots = pictures.astype("float32")
    shots -= shots.mean((1, 2), keepdims=True)
    contrast = np.abs(shots).mean((1, 2, 3), keepdims=True)
    steps = np.clip(np.rint(shots * (GAIN / (contrast + FLOOR))), -127, 127)
    return (steps / np.float32(32)).transpose(0, 3, 1, 2)


def given(pictures):
    """uint8 pictures as a tensor."""
    return torch.from_numpy(np.ascontiguousarray(scaled(pictures))).contiguous(memory_format=torch.channels_last)


def numbers(network):
    """Weights by name, as `.npz` files hold them."""
    return {name: value.float().numpy() for name, value in network.state_dict().items() if value.dtype.is_floating_point}


def load(network, path):
    """Takes the weights that a file has; those that it has not stay as they are.

    Raises: for names that the network has not.
    """
    with np.load(path) as values:
        _, unknown = network.load_state_dict({name: torch.from_numpy(values[name]) for name in values}, strict=False)
    if unknown:
        raise SystemExit(f"error: {path}: expected weights of this network, found {', '.join(unknown)}")
    return network.eval().to(memory_format=torch.channels_last)
