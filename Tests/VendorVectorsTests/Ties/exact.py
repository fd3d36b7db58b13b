"""What the makers of vectors share: numbers from a seed, exact rounding, float32 steps, and files as vendors' vectors have them."""
import json
import os
import struct
import zipfile
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = ("half_even", "half_up", "half_away", "half_down", "half_toward")


class Random:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return z ^ (z >> 31)

    def between(self, low, high):
        return low + self.next() % (high - low + 1)

    def many(self, count, low, high):
        return [self.between(low, high) for _ in range(count)]


def rounded(value, mode):
    """A Fraction to the nearest integer; halves by the mode."""
    floor = value.numerator // value.denominator
    rest = value - floor
    if rest != Fraction(1, 2):
        return floor + (rest > Fraction(1, 2))
    up = {
        "half_even": floor % 2 == 1,
        "half_up": True,
        "half_away": value > 0,
        "half_down": False,
        "half_toward": value < 0,
    }[mode]
    return floor + up


def clamp(value, low, high):
    return min(max(value, low), high)


def npy(values, shape, word, code):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (word, "(%s)" % "".join("%d," % s for s in shape))
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<%d%s" % (len(values), code), *values)


WORDS = {"int8": ("|i1", "b"), "uint8": ("|u1", "B"), "int32": ("<i4", "i"), "int64": ("<i8", "q"), "float32": ("<f4", "f")}


def write(folder, name, meta, arrays):
    os.makedirs(os.path.join(HERE, folder), exist_ok=True)
    path = os.path.join(HERE, folder, name)
    with open(path + ".json", "w") as file:
        json.dump(meta, file, indent=1)
        file.write("\n")
    with zipfile.ZipFile(path + ".npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for key, (values, shape, kind) in arrays.items():
            info = zipfile.ZipInfo(key + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, npy(values, shape, *WORDS[kind]))


def choose(answers, mode, wrong):
    """The right numbers, and how many each wrong mode changes."""
    right = [answers(mode, i) for i in range(answers.count)]
    counts = {}
    for other in wrong:
        counts[other] = sum(answers(other, i) != right[i] for i in range(answers.count))
        assert counts[other] > 0, other
    return right, counts


class Answers:
    def __init__(self, count, function):
        self.count = count
        self.function = function

    def __call__(self, mode, index):
        return self.function(mode, index)


def wrong_than(mode, modes=("half_even", "half_up", "half_away", "half_down", "half_toward")):
    return [other for other in modes if other != mode]


def products(random, samples, inputs, outputs, low=-128, high=127, weights=(-4, 4)):
    x = random.many(samples * inputs, low, high)
    w = random.many(outputs * inputs, *weights)
    b = random.many(outputs, -300, 300)
    return x, w, b


def sums(x, w, b, samples, inputs, outputs, zx=0, zw=None):
    return [
        b[o] + sum((x[n * inputs + i] - zx) * (w[o * inputs + i] - (zw[o] if zw else 0)) for i in range(inputs))
        for n in range(samples) for o in range(outputs)
    ]


def operator(folder, name, vendor, chip, meta, arrays):
    base = {"vendor": vendor, "chip": chip, "tool": "exact arithmetic of make.py", "relu": False, "emulator_match": 1.0, "layout": "NCHW / OIHW"}
    base.update(meta)
    write(folder, name, base, arrays)


def orphans(layers):
    """What layers read and none makes; the layers of a file do not belong together."""
    read = [name for layer in layers for name in layer.get("inputs", [layer.get("input")]) + [layer.get("residual")] if name]
    made = {layer["output"] for layer in layers}
    return [name for name in dict.fromkeys(read) if name not in made]


def single(value):
    """The nearest float32."""
    return struct.unpack("<f", struct.pack("<f", value))[0]
