"""The backbone: four levels of plain convolutions, an embedding for the memory of good places, and a map of defects by looks.

Everything in it is a layer that the int8 engine has kernels for: convolution, ReLU, addition, average of 2 x 2, doubling, concatenation.
"""

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional

import defects

CHANNELS = (24, 32, 80, 128)
# Numbers a place of the memory is made of.
EMBEDDING = 96
HEAD = 32
# Steps of the input for a pixel that is as far from the mean as pixels are on average, once `FLOOR` grey levels are added to that.
GAIN = 40
FLOOR = 3
# Pixels of the picture a step of the two outputs stands for.
FEATURE_STRIDE = 8
DEFECT_STRIDE = 4


class Block(nn.Sequential):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__(
            nn.Conv2D(inputs, outputs, 3, stride, 1, bias_attr=False), nn.BatchNorm2D(outputs), nn.ReLU())


class Residual(nn.Layer):
    def __init__(self, channels):
        super().__init__()
        self.first = Block(channels, channels)
        self.second = nn.Conv2D(channels, channels, 3, 1, 1, bias_attr=False)
        self.norm = nn.BatchNorm2D(channels)

    def forward(self, x):
        return functional.relu(x + self.norm(self.second(self.first(x))))


def doubled(x):
    return functional.interpolate(x, scale_factor=2, mode="nearest")


class Backbone(nn.Layer):
    def __init__(self):
        super().__init__()
        one, two, three, four = CHANNELS
        self.level1 = Block(3, one, 2)
        self.level2 = nn.Sequential(Block(one, two, 2), Residual(two))
        self.level3 = nn.Sequential(Block(two, three, 2), Residual(three))
        self.level4 = nn.Sequential(Block(three, four, 2), Residual(four))
        self.embed = nn.Conv2D(two + three + four, EMBEDDING, 1)
        self.above = nn.Conv2D(two + three + four, HEAD, 1)
        self.beside = nn.Conv2D(two, HEAD, 1)
        self.mix = Block(HEAD, HEAD)
        self.defect = nn.Conv2D(HEAD, len(defects.KINDS), 1)

    def forward(self, x):
        """Shapes: x [n, 3, h, w]; features [n, EMBEDDING, h / 8, w / 8], defect [n, kinds, h / 4, w / 4]."""
        two = self.level2(self.level1(x))
        three = self.level3(two)
        four = self.level4(three)
        joined = paddle.concat([functional.avg_pool2d(two, 2), three, doubled(four)], 1)
        fine = functional.relu(doubled(self.above(joined)) + self.beside(two))
        return self.embed(joined), self.defect(self.mix(fine))


def scaled(pictures):
    """uint8 pictures [n, h, w, 3] as the network takes them: each put to the same brightness and contrast.

    Whole 32nds up to 127 of them, so that an int8 input holds the same numbers.
    """
    shots = pictures.astype("float32")
    shots -= shots.mean((1, 2), keepdims=True)
    contrast = np.abs(shots).mean((1, 2, 3), keepdims=True)
    steps = np.clip(np.rint(shots * (GAIN / (contrast + FLOOR))), -127, 127)
    return (steps / np.float32(32)).transpose(0, 3, 1, 2)
