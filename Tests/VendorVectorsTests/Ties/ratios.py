"""Vectors of ratios that no small number hits, of quantizing, and of layers that vendors' vectors have without ties: made by make.py.

What they are for: each constant that a contract chooses (digits of a scale, small multipliers, which addition, which average, how real
numbers become integers) changes at least one element here when it is chosen otherwise; `wrong_modes` says how many.
"""
from exact import *

SAMPLES, INPUTS, OUTPUTS = 8, 9, 20


def cut(value, digits):
    """A float32 number cut to so many binary digits."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return struct.unpack("<f", struct.pack("<I", bits & ~((1 << (24 - digits)) - 1)))[0]


def scaled(total, factor):
    """A sum times a float32 scale, in float32, half to even."""
    return rounded(Fraction(single(total * factor)), "half_even")


def counted(right, wrong):
    counts = {name: sum(a != b for a, b in zip(right, other)) for name, other in wrong.items()}
    for name, count in counts.items():
        assert count > 0, name
    return counts


def nearest(ratio):
    """The multiplier below 127 over a power of two of at most 30 that is nearest to a ratio; of several the smallest shift."""
    ratio = Fraction(ratio)
    found = []
    for shift in range(31):
        multiplier = rounded(ratio * 2**shift, "half_away")
        if multiplier < 127:
            found.append((abs(Fraction(multiplier, 2**shift) - ratio), shift, multiplier))
    _, shift, multiplier = min(found)
    return multiplier, shift


def largest(ratio):
    """The largest shift of at most 30 whose product with a ratio stays below 127."""
    return max(shift for shift in range(31) if shift == 0 or Fraction(ratio) * 2**shift < 127)


def floor(value):
    return value.numerator // value.denominator


def edges(random, totals, factors, low, high):
    """Biases that take one sum of each output so near to a half that digits of its factor matter, each number of digits in turn.

    totals: without biases, [SAMPLES][OUTPUTS]; factors: float32 numbers, one an output; returns the biases.
    """
    biases = []
    for output in range(OUTPUTS):
        right = factors[output]
        kept = {digits: cut(right, digits) for digits in (15, 16, 17)}
        # 15 against 16, 16 against 17, 16 against all, 17 against all.
        pair = [(kept[15], kept[16]), (kept[16], kept[17]), (kept[16], right), (kept[17], right)][output % 4]
        start = totals[output]
        first = random.between(0, 1)
        for step in range(1 << 18):
            total = (step if first else -step) + (int(60 / right) if first else -int(60 / right))
            answers = [scaled(total, one) for one in pair]
            if answers[0] != answers[1] and all(low < one < high for one in answers):
                break
        else:
            raise AssertionError("no sum near a half")
        biases.append(total - start)
    return biases


def with_digits(random, count):
    """Float32 numbers of 24 digits, of which the 16th to the 18th are ones."""
    return [single(((1 << 23) | random.between(0, 127) << 16 | 0x1C1 | random.between(0, 31) << 1) / 2**32) for _ in range(count)]


def digits_layer(random, factors, digits, zx, zy, x, w, points, low, high):
    """Biases, answers and the counts of wrong digits."""
    bare = sums(x, w, [0] * OUTPUTS, SAMPLES, INPUTS, OUTPUTS, zx, points)
    b = edges(random, bare[:OUTPUTS], factors, low - zy, high - zy)
    totals = sums(x, w, b, SAMPLES, INPUTS, OUTPUTS, zx, points)

    def answers(kept):
        return [clamp(scaled(t, cut(factors[i % OUTPUTS], kept)) + zy, low, high) for i, t in enumerate(totals)]

    right = answers(digits)
    return b, right, counted(right, {"%d digits" % other: answers(other) for other in (15, 16, 17, 24) if other != digits})


def real_numbers(random, scale, count):
    """Float32 numbers of which the ways to quantize make different integers, and others."""
    found = []
    inverse = single(1 / single(scale))
    while len(found) < count:
        # Near a half of a step.
        x = single((random.between(-120, 120) + 0.5) * scale)
        ways = {rounded(Fraction(single(x * inverse)), "half_even"), rounded(Fraction(single(x / single(scale))), "half_even"),
                rounded(Fraction(x) / Fraction(single(scale)), "half_away")}
        if len(ways) > 1 or len(found) % 4 == 0:
            found.append(x)
    return found


def quantized(values, scale, zero_point, low, high):
    scale = single(scale)
    inverse = single(1 / scale)
    return {
        "multiplied": [clamp(rounded(Fraction(single(x * inverse)), "half_even") + zero_point, low, high) for x in values],
        "divided": [clamp(rounded(Fraction(single(x / scale)), "half_even") + zero_point, low, high) for x in values],
        "divided, half away": [clamp(rounded(Fraction(x / scale), "half_away") + zero_point, low, high) for x in values],
    }


def windows(x, channels, size, kernel, stride, pad=0):
    """Pixels under each window that lie within the image, of [SAMPLES, channels, size, size]."""
    places = range((size + 2 * pad - kernel) // stride + 1)
    return [
        [x[((n * channels + c) * size + i * stride + u - pad) * size + j * stride + v - pad]
         for u in range(kernel) for v in range(kernel)
         if 0 <= i * stride + u - pad < size and 0 <= j * stride + v - pad < size]
        for n in range(SAMPLES) for c in range(channels) for i in places for j in places
    ]


def mean(pixels, zero_point, ratio=1.0):
    """A float32 mean of real numbers whose scale is `ratio` times the output's, in steps of the output, half to even."""
    return rounded(Fraction(single(single(sum(pixels) - len(pixels) * zero_point) * ratio / len(pixels))), "half_even")


def added(a, b, left, right):
    """The ways to add two numbers less their zero points whose steps are `left` and `right` of the output's."""
    small = [nearest(left), nearest(right)]
    shift = largest(max(left, right))
    cuts = [floor(Fraction(one) * 2**shift) for one in (left, right)]
    return {
        "real numbers": [rounded(Fraction(single(single(p * left) + single(q * right))), "half_even") for p, q in zip(a, b)],
        "separate": [sum(rounded(Fraction(v * m, 2**s), "half_up") for v, (m, s) in zip(pair, small)) for pair in zip(a, b)],
        "one shift": [rounded(Fraction(p * cuts[0] + q * cuts[1], 2**shift), "half_up") for p, q in zip(a, b)],
    }, small, (cuts, shift)


def chosen(ways, right, offset, low, high):
    ways = {name: [clamp(value + offset, low, high) for value in values] for name, values in ways.items()}
    return ways[right], counted(ways[right], {name: values for name, values in ways.items() if name != right})


def sophgo(folder, chip, is_high_multiply, seed):
    random = Random(seed)
    tensors, layers, arrays = {}, [], {}

    def tensor(name, values, shape, scale):
        tensors[name] = {"dtype": "int8", "scale": scale, "zero_point": 0, "shape": shape}
        arrays["t_" + name] = (values, shape, "int8")

    def layer(name, op, inputs, wrong, **more):
        layers.append({"name": name, "op": op, "inputs": inputs, "output": name, "relu": False, "emulator_match": 1.0,
                       "wrong_modes": wrong, **more})

    # Real numbers times the inverse of the scale.
    scale = single(0.0371)
    real = real_numbers(random, scale, 160)
    y, wrong = chosen(quantized(real, scale, 0, -128, 127), "multiplied", 0, -128, 127)
    arrays["x_float"] = (real, [SAMPLES, 20], "float32")
    tensor("q", y, [SAMPLES, 20], scale)
    layer("q", "cast", [], wrong)

    # A convolution with one multiplier for all channels.
    mode = "half_away" if is_high_multiply else "half_up"
    x, w, b = products(random, SAMPLES, INPUTS, OUTPUTS)
    multiplier, shift = (3 << 29, 3) if is_high_multiply else (3, 5)
    totals = sums(x, w, b, SAMPLES, INPUTS, OUTPUTS)

    def twice(t, m):
        return rounded(Fraction(rounded(Fraction(t * 3, 4), "half_up"), 8), m)

    def once(t, m):
        return rounded(Fraction(t * 3, 32), m)

    right, other = (twice, once) if is_high_multiply else (once, twice)
    y, wrong = choose(Answers(len(totals), lambda m, i: clamp(right(totals[i], m), -128, 127)), mode, wrong_than(mode))
    wrong.update(counted(y, {"rounded once" if is_high_multiply else "rounded twice": [clamp(other(t, mode), -128, 127) for t in totals]}))
    tensor("one_x", x, [SAMPLES, INPUTS, 1, 1], 1.0)
    tensor("one", y, [SAMPLES, OUTPUTS, 1, 1], 1.0)
    arrays.update(w_one=(w, [OUTPUTS, INPUTS, 1, 1], "int8"), b_one=(b, [OUTPUTS], "int32"), mult_one=([multiplier], [1], "int64"),
                  shift_one=([shift], [1], "int32"))
    layer("one", "conv2d", ["one_x"], wrong, kernel=[1, 1], pads=[0] * 4, strides=[1, 1], group=1, weight="w_one", bias="b_one",
          mult="mult_one", shift="shift_one", rounding=mode)

    # Averages: of nine; of four whose ratio is 127 / 1024; over the image's edge, where the numbers are real.
    channels, size = 4, 7
    x = random.many(SAMPLES * channels * size * size, -128, 127)
    for name, source, kernel, stride, given, made in (("avg9", "avg_x", 3, 2, 1.0, 1.0), ("avg4", "avg4_x", 2, 2, 127.0, 256.0)):
        ratio = single(given / made / kernel**2)
        found = windows(x, channels, size, kernel, stride)
        multiplier, shift = nearest(ratio)
        far = largest(ratio)
        ways = {
            "nearest": [rounded(Fraction(sum(pixels) * multiplier, 2**shift), "half_up") for pixels in found],
            "cut": [rounded(Fraction(sum(pixels) * floor(Fraction(ratio) * 2**far), 2**far), "half_up") for pixels in found],
            "real": [mean(pixels, 0, given / made) for pixels in found],
        }
        y, wrong = chosen(ways, "cut" if is_high_multiply else "nearest", 0, -128, 127)
        if is_high_multiply:
            multiplier, shift = floor(Fraction(ratio) * 2**far), far
        tensor(source, x, [SAMPLES, channels, size, size], given)
        tensor(name, y, [SAMPLES, channels, 3, 3], made)
        layer(name, "pool2d", [source], wrong, kernel=[kernel] * 2, strides=[stride] * 2, mode="avg", mult=[multiplier], shift=[shift])
    multiplier, shift = (113, 10) if is_high_multiply else nearest(single(1 / 9))
    found = windows(x, channels, size, 3, 2, 1)
    y, wrong = chosen({"real": [mean(pixels, 0) for pixels in found],
                       "whole windows": [rounded(Fraction(sum(pixels) * multiplier, 2**shift), "half_up") for pixels in found]}, "real", 0, -128, 127)
    tensor("edge", y, [SAMPLES, channels, 4, 4], 1.0)
    layer("edge", "pool2d", ["avg_x"], wrong, kernel=[3, 3], strides=[2, 2], pads=[1] * 4, mode="avg")

    # Sums of 0.37 and 127 / 256 of the output's steps.
    left, right = single(0.37), 127 / 256
    a, b = random.many(SAMPLES * 60, -128, 127), random.many(SAMPLES * 60, -128, 127)
    ways, small, (cuts, shift) = added(a, b, left, right)
    y, wrong = chosen(ways, "one shift" if is_high_multiply else "separate", 0, -128, 127)
    tensor("add_a", a, [SAMPLES, 60], left)
    tensor("add_b", b, [SAMPLES, 60], right)
    tensor("add", y, [SAMPLES, 60], 1.0)
    constants = {"mult": cuts, "shift": [shift]} if is_high_multiply else {"mult": [m for m, _ in small], "shift": [s for _, s in small]}
    layer("add", "add", ["add_a", "add_b"], wrong, **constants)
    write(folder, "ratios", {"vendor": "Sophgo", "chip": chip, "tool": "exact arithmetic of make.py", "model": "ratios", "samples": SAMPLES,
                             "inputs": orphans(layers), "tensors": tensors, "layers": layers}, arrays)


def rockchip(folder, seed):
    random = Random(seed)
    tensors, layers, arrays = {}, [], {}
    zx, zy = -3, 5

    def tensor(name, values, shape, scale, zero_point):
        tensors[name] = {"dtype": "int8", "scale": scale, "zero_point": zero_point, "shape": shape}
        arrays["t_" + name] = (values, shape, "int8")

    def layer(name, op, source, wrong, **more):
        layers.append({"name": name, "op": op, "input": source, "output": name, "relu": False, "stride": 1, "emulator_match": 1.0,
                       "wrong_modes": wrong, **more})

    scale = single(0.0371)
    real = real_numbers(random, scale, 160)
    q, wrong = chosen(quantized(real, scale, zx, -128, 127), "divided", 0, -128, 127)
    arrays["x_float"] = (real, [SAMPLES, 20, 1, 1], "float32")
    tensor("q", q, [SAMPLES, 20, 1, 1], scale, zx)
    tensor("same", q, [SAMPLES, 20, 1, 1], scale, zx)
    # Its counts are of the real numbers that become its input.
    layer("same", "max", "q", wrong, kernel=1)

    # Digits and ties, of a scale a channel and of one for all; a dense layer is a convolution of one pixel, or has two dimensions.
    for name, op, count in (("each_digits", "conv", OUTPUTS), ("one_digits", "conv", 1), ("one_tie", "conv", 1), ("dense_digits", "gemm", 1),
                            ("dense_tie", "gemm", 1)):
        x, w, b = products(random, SAMPLES, INPUTS, OUTPUTS)
        points = random.many(OUTPUTS, -4, 4)
        if name.endswith("digits"):
            scales = with_digits(random, count)
            b, y, wrong = digits_layer(random, (scales * OUTPUTS)[:OUTPUTS], 24, zx, zy, x, w, points, -128, 127)
        else:
            scales = [1 / 32]
            totals = sums(x, w, b, SAMPLES, INPUTS, OUTPUTS, zx, points)
            y, wrong = choose(Answers(len(totals), lambda m, i: clamp(rounded(Fraction(totals[i], 32), m) + zy, -128, 127)), "half_even",
                              wrong_than("half_even"))
        one = [1, 1] if op == "conv" else []
        tensor(name + "_x", x, [SAMPLES, INPUTS] + one, 1.0, zx)
        tensor(name, y, [SAMPLES, OUTPUTS] + one, 1.0, zy)
        arrays["w_" + name] = (w, [OUTPUTS, INPUTS] + one, "int8")
        arrays["b_" + name] = (b, [OUTPUTS], "int32")
        layer(name, op, name + "_x", wrong, pads=[0] * 4, group=1, weight="w_" + name, bias="b_" + name, w_scale=scales,
              w_zero_point=points, rounding="half_even")

    channels, size = 4, 7
    x = random.many(SAMPLES * channels * size * size, -128, 127)
    found = windows(x, channels, size, 3, 2)
    multiplier, shift = nearest(single(1 / 9))
    y, wrong = chosen({"real": [mean(pixels, zy) for pixels in found],
                       "nearest": [rounded(Fraction((sum(pixels) - 9 * zy) * multiplier, 2**shift), "half_up") for pixels in found]},
                      "real", zy, -128, 127)
    tensor("avg_x", x, [SAMPLES, channels, size, size], 1.0, zy)
    tensor("avg9", y, [SAMPLES, channels, 3, 3], 1.0, zy)
    layer("avg9", "avg", "avg_x", wrong, stride=2, kernel=3)

    left, right = single(0.37), 127 / 256
    a, b = random.many(SAMPLES * 60, -128, 127), random.many(SAMPLES * 60, -128, 127)
    ways, _, _ = added([v - zx for v in a], [v - zy for v in b], left, right)
    y, wrong = chosen(ways, "real numbers", zy, -128, 127)
    tensor("add_a", a, [SAMPLES, 60], left, zx)
    tensor("add_b", b, [SAMPLES, 60], right, zy)
    tensor("add", y, [SAMPLES, 60], 1.0, zy)
    layer("add", "add", "add_a", wrong, residual="add_b")
    write(folder, "ratios", {"vendor": "Rockchip", "chip": "rk3588", "tool": "exact arithmetic of make.py", "model": "ratios",
                             "samples": SAMPLES, "float_input": "x_float", "inputs": orphans(layers), "tensors": tensors, "layers": layers},
          arrays)


def verisilicon(folder, chip, toward, digits, seed):
    random = Random(seed)
    vendor = "VeriSilicon VIP"
    zx, zy = 117, 120

    def file(name, op, scale, wrong, arrays, **more):
        meta = {"op": op, "stride": 1, "pad": 0, "kernel": 1, "x": {"scale": scale, "zero_point": zx, "dtype": "uint8"},
                "y": {"scale": 1.0, "zero_point": zy}, "x2": None, "weight": None, "wrong_modes": wrong, **more}
        operator(folder, name, vendor, chip, meta, arrays)

    for name, op, count in (("conv_edges", "conv", 1), ("fc_edges", "fc", 1), ("fc_tie", "fc", 1), ("perch_edges", "conv", OUTPUTS),
                            ("perch_tie", "conv", OUTPUTS)):
        x, w, b = products(random, SAMPLES, INPUTS, OUTPUTS, 0, 255)
        if name.endswith("edges"):
            scales = with_digits(random, count)
            # A scale a channel is kept whole.
            kept = digits if count == 1 else 24
            b, y, wrong = digits_layer(random, (scales * OUTPUTS)[:OUTPUTS], kept, zx, zy, x, w, [0] * OUTPUTS, 0, 255)
        else:
            scales = [2.0 ** -random.between(3, 5) for _ in range(count)]
            totals = sums(x, w, b, SAMPLES, INPUTS, OUTPUTS, zx)
            y, wrong = choose(
                Answers(len(totals), lambda m, i: clamp(rounded(Fraction(totals[i]) * Fraction(scales[i % count]), m) + zy, 0, 255)),
                "half_even", wrong_than("half_even"))
        one = [1, 1] if op == "conv" else []
        file(name, op, 1.0, wrong, {
            "x": (x, [SAMPLES, INPUTS] + one, "uint8"), "w": (w, [OUTPUTS, INPUTS] + one, "int8"), "b": (b, [OUTPUTS], "int32"),
            "y": (y, [SAMPLES, OUTPUTS] + one, "uint8"),
        }, weight={"scale": scales, "zero_point": [0] * count}, rounding="half_even")

    # Sums of 0.37 and 127 / 256 of the output's steps.
    left, right = single(0.37), 127 / 256
    a, b = random.many(SAMPLES * 60, 0, 255), random.many(SAMPLES * 60, 0, 255)
    ways, _, _ = added([v - zx for v in a], [v - 99 for v in b], left, right)
    y, wrong = chosen(ways, "real numbers", zy, 0, 255)
    file("add", "add", left, wrong, {"x": (a, [SAMPLES, 60], "uint8"), "x2": (b, [SAMPLES, 60], "uint8"), "y": (y, [SAMPLES, 60], "uint8")},
         x2={"scale": right, "zero_point": 99})

    # Averages of nine: both sides alike, and with another scale behind them, where the numbers are real.
    channels, size = 4, 7
    x = random.many(SAMPLES * channels * size * size, 0, 255)
    found = windows(x, channels, size, 3, 2)
    multiplier, shift = nearest(single(1 / 9))
    ways = {
        "real": [mean(pixels, zx) for pixels in found],
        "nearest": [rounded(Fraction((sum(pixels) - 9 * zx) * multiplier, 2**shift), "half_up") for pixels in found],
    }
    y, wrong = chosen(ways, "real", zx, 0, 255)
    arrays = {"x": (x, [SAMPLES, channels, size, size], "uint8"), "y": (y, [SAMPLES, channels, 3, 3], "uint8")}
    file("avg9", "avg", 1.0, wrong, arrays, stride=2, kernel=3, y={"scale": 1.0, "zero_point": zx})
    found = windows(x, channels, size, 2, 2)
    ways = {"real": [mean(pixels, zx, 0.5) for pixels in found],
            "half away": [rounded(Fraction(sum(pixels) - 4 * zx, 8), "half_away") for pixels in found],
            "half toward": [rounded(Fraction(sum(pixels) - 4 * zx, 8), "half_toward") for pixels in found]}
    y, wrong = chosen(ways, "real", zy, 0, 255)
    arrays = {"x": (x, [SAMPLES, channels, size, size], "uint8"), "y": (y, [SAMPLES, channels, 3, 3], "uint8")}
    file("avg_scaled", "avg", 0.5, wrong, arrays, stride=2, kernel=2)

    scale = single(0.0371)
    real = real_numbers(random, scale, 160)
    y, wrong = chosen(quantized(real, scale, zy, 0, 255), "divided", 0, 0, 255)
    operator(folder, "quantize", vendor, chip, {
        "op": "quantize", "x": None, "y": {"scale": scale, "zero_point": zy, "dtype": "uint8"}, "x2": None, "weight": None,
        "wrong_modes": wrong,
    }, {"x": (real, [SAMPLES, 20], "float32"), "y": (y, [SAMPLES, 20], "uint8")})


def make():
    sophgo("sophgo-bm1684x", "bm1684x", False, 21)
    sophgo("sophgo-cv181x", "cv181x", True, 22)
    rockchip("rockchip-rk3588", 23)
    verisilicon("verisilicon-a311d", "verisilicon-a311d", True, 16, 24)
    verisilicon("verisilicon-v853", "verisilicon-v853", False, 24, 25)
