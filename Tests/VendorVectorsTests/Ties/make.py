#!/usr/bin/env python3
"""Makes the tie vectors beside this file: ./make.py

Operators of a few numbers whose scales are powers of two (or exact small ratios), so that halves are frequent: what a wrong rounding
gets wrong. Answers come from exact rational arithmetic here, independent of the product; the files have the form of vendors' reference
vectors, so that `millwright model verify --vectors` reads them. For each wrong direction of ties the number of elements that it would
change is recorded as `wrong_modes`; a file with a mode that changes nothing is refused.

Needs nothing but Python; the same numbers on every machine.
"""
import sys
from fractions import Fraction

# No folder of compiled files among the vectors.
sys.dont_write_bytecode = True

import ratios
from exact import *


# Sophgo: an integer multiplier and a shift; the multiplier need not be a power of two for a tie, the shift makes it.


def sophgo(folder, chip, is_high_multiply, seed):
    random = Random(seed)
    tensors, layers, arrays = {}, [], {}
    samples, inputs, outputs = 8, 9, 20

    def tensor(name, values, shape, scale, kind="int8"):
        tensors[name] = {"dtype": kind, "scale": scale, "zero_point": 0, "shape": shape}
        arrays["t_" + name] = (values, shape, kind)

    def requantized(total, multiplier, shift, mode):
        if is_high_multiply:
            total = rounded(Fraction(total * multiplier, 2**31), "half_up")
            return rounded(Fraction(total, 2**shift), mode)
        return rounded(Fraction(total * multiplier, 2**shift), mode)

    # A convolution of one pixel, a convolution of 3 x 3 by channels, a dense layer.
    for op, mode, relu in (
        ("conv2d", "half_away" if is_high_multiply else "half_up", False),
        ("conv2d", "half_away" if is_high_multiply else "half_up", True),
        ("matmul", "half_away", False),
    ):
        name = "%s%d" % (op, len(layers))
        x, w, b = products(random, samples, inputs, outputs)
        count = 1 if op == "matmul" else outputs
        if is_high_multiply:
            multipliers = [(1 << 30) if random.between(0, 1) else 3 << 29 for _ in range(count)]
            shifts = random.many(count, 2, 4)
        else:
            multipliers = [1 if random.between(0, 1) else 3 for _ in range(count)]
            shifts = random.many(count, 3, 5)
        is_unsigned = relu and not is_high_multiply
        low, high = (0, 255) if is_unsigned else (0 if relu else -128, 127)
        totals = sums(x, w, b, samples, inputs, outputs)

        def answer(m, i):
            k = 0 if count == 1 else i % outputs
            return clamp(requantized(totals[i], multipliers[k], shifts[k], m), low, high)

        # Behind a ReLU nothing below zero is left to tell modes apart by its sign.
        wrong = ["half_even", "half_down", "half_toward"] if relu else wrong_than(mode)
        y, wrong_modes = choose(Answers(len(totals), answer), mode, wrong)
        source = name + "_x"
        four = op == "conv2d"
        tensor(source, x, [samples, inputs, 1, 1] if four else [samples, inputs], 1.0)
        tensor(name, y, [samples, outputs, 1, 1] if four else [samples, outputs], 1.0, "uint8" if is_unsigned else "int8")
        layer = {"name": name, "op": op, "inputs": [source], "output": name, "relu": relu, "emulator_match": 1.0,
                 "weight": "w_" + name, "bias": "b_" + name, "mult": "mult_" + name, "shift": "shift_" + name,
                 "rounding": mode, "wrong_modes": wrong_modes}
        if four:
            layer.update(kernel=[1, 1], pads=[0] * 4, strides=[1, 1], group=1)
            arrays["w_" + name] = (w, [outputs, inputs, 1, 1], "int8")
        else:
            layer["weight_layout"] = "[in,out]"
            arrays["w_" + name] = ([w[o * inputs + i] for i in range(inputs) for o in range(outputs)], [inputs, outputs], "int8")
        arrays["b_" + name] = (b, [outputs], "int32")
        arrays["mult_" + name] = (multipliers, [count], "int64")
        arrays["shift_" + name] = (shifts, [count], "int32")
        layers.append(layer)

    # By channels, 3 x 3 over 4 x 4 with padding.
    mode = "half_away" if is_high_multiply else "half_up"
    channels, size = 6, 4
    x = random.many(samples * channels * size * size, -128, 127)
    w = random.many(channels * 9, -8, 8)
    b = random.many(channels, -300, 300)
    multipliers = [(1 << 30) if is_high_multiply else 1] * channels
    shifts = random.many(channels, 2, 3)
    totals = []
    for n in range(samples):
        for c in range(channels):
            for i in range(size):
                for j in range(size):
                    total = b[c]
                    for u in range(3):
                        for v in range(3):
                            row, column = i + u - 1, j + v - 1
                            if 0 <= row < size and 0 <= column < size:
                                total += w[c * 9 + u * 3 + v] * x[((n * channels + c) * size + row) * size + column]
                    totals.append((total, c))
    y, wrong_modes = choose(
        Answers(len(totals), lambda m, i: clamp(requantized(totals[i][0], multipliers[totals[i][1]], shifts[totals[i][1]], m), -128, 127)),
        mode, wrong_than(mode))
    tensor("dw_x", x, [samples, channels, size, size], 1.0)
    tensor("dw", y, [samples, channels, size, size], 1.0)
    arrays.update(w_dw=(w, [channels, 1, 3, 3], "int8"), b_dw=(b, [channels], "int32"), mult_dw=(multipliers, [channels], "int64"),
                  shift_dw=(shifts, [channels], "int32"))
    layers.append({"name": "dw", "op": "conv2d", "inputs": ["dw_x"], "output": "dw", "relu": False, "emulator_match": 1.0, "kernel": [3, 3],
                   "pads": [1] * 4, "strides": [1, 1], "group": channels, "weight": "w_dw", "bias": "b_dw", "mult": "mult_dw",
                   "shift": "shift_dw", "rounding": mode, "wrong_modes": wrong_modes})

    # An average of four: multiplier 1 over 4, or the largest below 127 over a power of two.
    multiplier, shift = (64, 8) if is_high_multiply else (1, 2)
    totals = [
        sum(x[((n * channels + c) * size + 2 * i + u) * size + 2 * j + v] for u in range(2) for v in range(2))
        for n in range(samples) for c in range(channels) for i in range(2) for j in range(2)
    ]
    y, wrong_modes = choose(
        Answers(len(totals), lambda m, i: clamp(rounded(Fraction(totals[i] * multiplier, 2**shift), m), -128, 127)), "half_up",
        wrong_than("half_up"))
    tensor("avg", y, [samples, channels, 2, 2], 1.0)
    layers.append({"name": "avg", "op": "pool2d", "inputs": ["dw_x"], "output": "avg", "relu": False, "emulator_match": 1.0, "kernel": [2, 2],
                   "strides": [2, 2], "mode": "avg", "mult": [multiplier], "shift": [shift], "rounding": "half_up", "wrong_modes": wrong_modes})

    # A sum of sides in halves and quarters of the output's steps.
    a = random.many(samples * 40, -128, 127)
    c = random.many(samples * 40, -128, 127)
    if is_high_multiply:
        # 0.5 and 0.25 at one shift: 64 and 32 over 2^7.
        mults, shift = [64, 32], [7]

        def added(m, i):
            return clamp(rounded(Fraction(a[i] * 64 + c[i] * 32, 128), m), -128, 127)
    else:
        mults, shift = [1, 1], [1, 2]

        def added(m, i):
            return clamp(rounded(Fraction(a[i], 2), m) + rounded(Fraction(c[i], 4), m), -128, 127)

    y, wrong_modes = choose(Answers(len(a), added), "half_up", wrong_than("half_up"))
    tensor("add_a", a, [samples, 40], 0.5)
    tensor("add_b", c, [samples, 40], 0.25)
    tensor("add", y, [samples, 40], 1.0)
    layers.append({"name": "add", "op": "add", "inputs": ["add_a", "add_b"], "output": "add", "relu": False, "emulator_match": 1.0,
                   "mult": mults, "shift": shift, "rounding": "half_up", "wrong_modes": wrong_modes})
    meta = {"vendor": "Sophgo", "chip": chip, "tool": "exact arithmetic of make.py", "model": "ties", "samples": samples, "inputs": orphans(layers), "tensors": tensors,
            "layers": layers}
    write(folder, "ties", meta, arrays)


def rockchip(folder, seed):
    random = Random(seed)
    tensors, layers, arrays = {}, [], {}
    samples, inputs, outputs = 8, 9, 20

    def tensor(name, values, shape, scale, zero_point):
        tensors[name] = {"dtype": "int8", "scale": scale, "zero_point": zero_point, "shape": shape}
        arrays["t_" + name] = (values, shape, "int8")

    zx, zy = -3, 5
    # Scales that are powers of two: products of float32 numbers are exact, and ties are ties.
    for op, residual in (("conv", False), ("convadd", True)):
        x, w, b = products(random, samples, inputs, outputs)
        points = random.many(outputs, -4, 4)
        scales = [2.0 ** -random.between(3, 5) for _ in range(outputs)]
        totals = sums(x, w, b, samples, inputs, outputs, zx, points)
        others = random.many(len(totals), -128, 127)

        def answer(m, i):
            value = Fraction(totals[i]) * Fraction(scales[i % outputs])
            if residual:
                value += Fraction(others[i] - zx, 2)
            return clamp(rounded(value, m) + zy, -128, 127)

        y, wrong_modes = choose(Answers(len(totals), answer), "half_even", wrong_than("half_even"))
        name = op
        tensor(name + "_x", x, [samples, inputs, 1, 1], 1.0, zx)
        tensor(name, y, [samples, outputs, 1, 1], 1.0, zy)
        layer = {"name": name, "op": op, "input": name + "_x", "output": name, "relu": False, "stride": 1, "pads": [0] * 4, "group": 1,
                 "weight": "w_" + name, "bias": "b_" + name, "w_scale": scales, "w_zero_point": points, "emulator_match": 1.0,
                 "rounding": "half_even", "wrong_modes": wrong_modes}
        if residual:
            # Rounded before the sum it would be another number: that is a mistake of its own.
            early = sum(
                clamp(rounded(Fraction(totals[i]) * Fraction(scales[i % outputs]), "half_even") + rounded(Fraction(others[i] - zx, 2), "half_even")
                      + zy, -128, 127) != y[i] for i in range(len(totals)))
            assert early > 0
            layer["wrong_modes"]["rounded before the sum"] = early
            layer["residual"] = name + "_r"
            tensor(name + "_r", others, [samples, outputs, 1, 1], 0.5, zx)
        arrays["w_" + name] = (w, [outputs, inputs, 1, 1], "int8")
        arrays["b_" + name] = (b, [outputs], "int32")
        layers.append(layer)
    channels, size = 5, 4
    x = random.many(samples * channels * size * size, -128, 127)
    totals = [
        sum(x[((n * channels + c) * size + 2 * i + u) * size + 2 * j + v] - zy for u in range(2) for v in range(2))
        for n in range(samples) for c in range(channels) for i in range(2) for j in range(2)
    ]
    # The zero point is odd, so that adding it before the rounding turns the ties round.
    y, wrong_modes = choose(
        Answers(len(totals), lambda m, i: clamp(rounded(Fraction(totals[i], 4), m) + zy, -128, 127)), "half_even", wrong_than("half_even"))
    early = sum(clamp(rounded(Fraction(totals[i], 4) + zy, "half_even"), -128, 127) != y[i] for i in range(len(totals)))
    assert early > 0
    wrong_modes["zero point before the rounding"] = early
    tensor("avg_x", x, [samples, channels, size, size], 1.0, zy)
    tensor("avg", y, [samples, channels, 2, 2], 1.0, zy)
    layers.append({"name": "avg", "op": "avg", "input": "avg_x", "output": "avg", "relu": False, "stride": 2, "kernel": 2, "emulator_match": 1.0,
                   "rounding": "half_even", "wrong_modes": wrong_modes})
    meta = {"vendor": "Rockchip", "chip": "rk3588", "tool": "exact arithmetic of make.py", "model": "ties", "samples": samples, "inputs": orphans(layers), "tensors": tensors,
            "layers": layers}
    write(folder, "ties", meta, arrays)


def verisilicon(folder, chip, average, digits, seed):
    random = Random(seed)
    vendor = "VeriSilicon VIP"
    samples, inputs, outputs = 8, 9, 20
    zx, zw, zy = 117, 131, 120
    x, w, b = products(random, samples, inputs, outputs, 0, 255, (123, 139))
    totals = sums(x, w, b, samples, inputs, outputs, zx, [zw] * outputs)
    for name, scale in (("conv_tie", Fraction(1, 32)), ("conv_digits", Fraction(0x800008, 2**28))):
        # 24 digits, of which a chip may keep 16: then what is a little more than a half is one.
        kept = Fraction((0x800008 >> (24 - digits)) << (24 - digits), 2**28) if name == "conv_digits" else scale

        def answer(m, i, factor=kept):
            # Exact in float32: sums have fewer than 8 digits more than their factor's zeros.
            return clamp(rounded(Fraction(single(float(totals[i] * factor))), m) + zy, 0, 255)

        if name == "conv_tie":
            y, wrong_modes = choose(Answers(len(totals), answer), "half_even", wrong_than("half_even"))
        else:
            y = [answer("half_even", i) for i in range(len(totals))]
            other = Fraction(0x800000 if digits == 24 else 0x800008, 2**28)
            changed = sum(answer("half_even", i, other) != y[i] for i in range(len(totals)))
            assert changed > 0
            wrong_modes = {"%d digits" % (40 - digits): changed}
        operator(folder, name, vendor, chip, {
            "op": "conv", "stride": 1, "pad": 0, "kernel": 1, "x": {"scale": 1.0, "zero_point": zx, "dtype": "uint8"},
            "y": {"scale": 1.0, "zero_point": zy}, "x2": None, "weight": {"scale": [float(scale)], "zero_point": [zw]},
            "rounding": "half_even", "wrong_modes": wrong_modes,
        }, {"x": (x, [samples, inputs, 1, 1], "uint8"), "w": (w, [outputs, inputs, 1, 1], "uint8"), "b": (b, [outputs], "int32"),
            "y": (y, [samples, outputs, 1, 1], "uint8")})
    channels, size = 5, 4
    x = random.many(samples * channels * size * size, 0, 255)
    totals = [
        sum(x[((n * channels + c) * size + 2 * i + u) * size + 2 * j + v] - zx for u in range(2) for v in range(2))
        for n in range(samples) for c in range(channels) for i in range(2) for j in range(2)
    ]
    y, wrong_modes = choose(
        Answers(len(totals), lambda m, i: clamp(rounded(Fraction(totals[i], 4), m) + zx, 0, 255)), average, wrong_than(average))
    operator(folder, "avg_tie", vendor, chip, {
        "op": "avg", "stride": 2, "pad": 0, "kernel": 2, "x": {"scale": 1.0, "zero_point": zx, "dtype": "uint8"},
        "y": {"scale": 1.0, "zero_point": zx}, "x2": None, "weight": None, "rounding": average, "wrong_modes": wrong_modes,
    }, {"x": (x, [samples, channels, size, size], "uint8"), "y": (y, [samples, channels, 2, 2], "uint8")})


if __name__ == "__main__":
    sophgo("sophgo-bm1684x", "bm1684x", False, 11)
    sophgo("sophgo-cv181x", "cv181x", True, 12)
    rockchip("rockchip-rk3588", 13)
    verisilicon("verisilicon-a311d", "verisilicon-a311d", "half_toward", 16, 14)
    verisilicon("verisilicon-v853", "verisilicon-v853", "half_away", 24, 15)
    ratios.make()
