#!/usr/bin/env python3
"""Where a vendor's compiler runs each operator: one int8 model of one operator each, chip by chip.

    VENV/bin/python operators.py --vendor rockchip --work DIR [--chips rk3588 ...] [--lists]
    VENV/bin/python operators.py --vendor sophgo --work DIR [--chips bm1684x ...] [--lists]
    python3 operators.py --work DIR --document

VENV holds rknn-toolkit2 or tpu-mlir (`millwright line vendor` makes either). Prints operator x chip in Markdown: `int8`, `float16`,
`bfloat16` and `float32` for the type that the NPU computes in, `CPU`, `refused` where the tool ends with an error, `-` where nothing of
the operator is left to run. `--lists` prints what a profile may say of it, `--document` the page of both vendors out of what the two
runs have left in DIR. What is in DIR already is taken as it is.
"""
import argparse
import json
import multiprocessing
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import operator_models  # noqa: E402

CHIPS = {
    "rockchip": ["rk3588", "rk3576", "rk3566", "rk3568", "rk3562", "rv1126b", "rv1106", "rv1103b"],
    "sophgo": ["bm1684x", "bm1688", "cv184x", "cv181x", "cv180x"],
}
SECONDS = 300


def text(path):
    with open(path, errors="replace") as file:
        return re.sub(r"\x1b\[[0-9;]*m", "", file.read())


class Rockchip:
    """Reads the compiler's table of layers: `ID OpType DataType Target ...`."""

    ROW = re.compile(r"D RKNN: \[[\d:.]+\] \d+ +(\S+) +(\S+) +(NPU|CPU|GPU) ")

    def prepare(self, form, folder):
        count = len(form.inputs)
        with open(os.path.join(folder, "dataset.txt"), "w") as file:
            file.write(" ".join(os.path.join(folder, "input-%d.npy" % place) for place in range(count)) + "\n")

    def compile(self, folder, chip):
        log = os.path.join(folder, chip + ".log")
        if not os.path.exists(log):
            import rknn.api  # noqa: F401 (so that each child has it already)

            child = multiprocessing.get_context("fork").Process(target=self._compile, args=(folder, chip, log))
            child.start()
            child.join(SECONDS)
            if child.is_alive():
                child.kill()

    def _compile(self, folder, chip, log):
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.chdir(folder)
        from rknn.api import RKNN

        tool = RKNN(verbose=True)
        done = tool.config(target_platform=chip) == 0 and tool.load_onnx("model.onnx") == 0
        done = done and tool.build(do_quantization=True, dataset="dataset.txt") == 0
        sys.stdout.flush()
        os.write(1, ("probe: %s\n" % ("done" if done else "refused")).encode())
        os._exit(0)

    def layers(self, folder, chip):
        """`[kind, type, target]` of each layer, or None and why."""
        said = text(os.path.join(folder, chip + ".log"))
        if "probe: done" not in said:
            errors = [line.strip() for line in said.splitlines() if re.match(r"E |.*Error\b|.*[Uu]nsupport", line)]
            return None, errors[-1] if errors else "ended without a word"
        table = said.rpartition("Network Layer Information Table")[2]
        return [list(row) for row in self.ROW.findall(table)], ""


class Sophgo:
    """Reads the final MLIR: `"tpu.Conv2D"(...) : (types) -> type`, and whether it stands in a function that the CPU runs."""

    OPERATION = re.compile(r'"(tpu\.\w+)"\([^)]*\)(?: \{(.*)\})? : \((.*)\) -> (.*?)(?: loc\(.*)?$')

    def tool(self, folder, log, *words):
        environment = dict(os.environ, PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])
        with open(os.path.join(folder, log), "w") as file:
            try:
                return subprocess.call(
                    [os.path.join(os.path.dirname(sys.executable), words[0]), *words[1:]], cwd=folder, env=environment, stdout=file,
                    stderr=subprocess.STDOUT, timeout=SECONDS) == 0
            except subprocess.TimeoutExpired:
                return False

    def prepare(self, form, folder):
        import numpy

        if os.path.exists(os.path.join(folder, "prepared")):
            return
        os.makedirs(os.path.join(folder, "calibration"), exist_ok=True)
        numpy.savez(os.path.join(folder, "calibration", "0.npz"), **{
            "x%d" % place: numpy.load(os.path.join(folder, "input-%d.npy" % place)) for place in range(len(form.inputs))})
        if self.tool(folder, "transform.log", "model_transform.py", "--model_name", "model", "--model_def", "model.onnx", "--mlir",
                     "model.mlir", "--input_shapes", json.dumps(form.inputs)):
            self.tool(folder, "calibration.log", "run_calibration.py", "model.mlir", "--dataset", "calibration", "--input_num", "1",
                      "-o", "calibration.table")
        open(os.path.join(folder, "prepared"), "w").close()

    def compile(self, folder, chip):
        log = os.path.join(folder, chip + ".log")
        if os.path.exists(log) or not os.path.exists(os.path.join(folder, "calibration.table")):
            return
        target = "%s.%s" % (chip, "cvimodel" if chip in ("cv181x", "cv180x") else "bmodel")
        done = self.tool(
            folder, chip + ".log", "model_deploy.py", "--mlir", "model.mlir", "--quantize", "INT8", "--chip", chip,
            "--calibration_table", "calibration.table", "--skip_validation", "--debug", "--model", target)
        with open(log, "a") as file:
            file.write("probe: %s\n" % ("done" if done and os.path.exists(os.path.join(folder, target)) else "refused"))

    @staticmethod
    def type(word):
        """What an activation's type says: the first that is no weight's."""
        for pattern, name in ((r"quant\.uniform<[iu]8", "int8"), (r"quant\.uniform<[iu]16", "int16"), (r"xbf16|<bf16", "bfloat16"),
                              (r"xf16|<f16", "float16"), (r"x[su]?i8", "int8"), (r"x[su]?i16", "int16"), (r"x[su]?i32", "int32"),
                              (r"f32", "float32")):
            if re.search(pattern, word):
                return name
        return "none"

    @staticmethod
    def reason(said):
        words = r"unimplemented|[Nn]ot [Ii]mplemented|UNREACHABLE|[Nn]ot support|Assertion|[Ff]ailed|error:|Error\b"
        lines = [line.strip() for line in said.splitlines() if re.search(words, line) and not line.startswith(" ")]
        return re.sub(r"/\S*/", "", lines[0])[:120] if lines else "ended without a word"

    def layers(self, folder, chip):
        log = os.path.join(folder, chip + ".log")
        if not os.path.exists(log):
            for name in ("calibration", "transform"):
                log = os.path.join(folder, name + ".log")
                if os.path.exists(log):
                    tool = {"calibration": "run_calibration", "transform": "model_transform"}[name]
                    return None, "%s: %s" % (tool, self.reason(text(log)))
        said = text(log)
        if "probe: done" not in said:
            return None, "model_deploy: " + self.reason(said)
        result, mode = [], ""
        for line in text(os.path.join(folder, "model_%s_int8_sym_final.mlir" % chip)).splitlines():
            head = re.search(r"func\.func @.*", line)
            if head:
                found = re.search(r"run_mode (\w+)", line)
                mode = found.group(1) if found else ""
            found = self.OPERATION.search(line)
            if found:
                kind, words, inputs, output = found.groups()
                name = re.search(r'cpu_op_name = "(\w+)"', words or "")
                types = [self.type(one) for one in split(inputs)] + [self.type(output)]
                target = "CPU" if "CPU" in mode or "Cpu" in kind else "NPU"
                result.append([kind + (" " + name.group(1) if name else ""), types, target])
        return result, ""


def split(words):
    """At the commas that stand in no brackets."""
    parts, depth, last = [], 0, 0
    for place, letter in enumerate(words):
        if letter in "<(":
            depth += 1
        elif letter in ">)" and words[place - 1] != "-":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(words[last:place])
            last = place + 1
    return parts + [words[last:]]


# Operators that only say where numbers stand; a tool puts such layers around others as well.
SHAPES = {"Reshape": "Reshape", "Flatten": "Reshape", "Squeeze": "Reshape", "Unsqueeze": "Reshape", "Transpose": "Transpose"}


# Sophgo's tool leaves these in real numbers where they stand first: it gets them behind a Relu.
BEHIND_RELU = {"rockchip": set(), "sophgo": set(SHAPES) | {"ArgMax"}}


def rockchip_cell(operator, layers):
    own = [layer for layer in layers if layer[0] not in ("InputOperator", "OutputOperator")]
    kind = SHAPES.get(operator)
    main = [layer for layer in own if layer[0] == kind]
    if not main:
        main = [layer for layer in own if layer[0] not in ("Reshape", "Transpose", "exDataConvert")]
    helpers = [layer for layer in own if layer not in main]
    if not main:
        return "-"
    if any(layer[2] == "CPU" for layer in main):
        return "CPU"
    types = {layer[1] for layer in main}
    word = "float16" if types & {"FLOAT16"} else "int8" if types == {"INT8"} else "/".join(sorted(types)).lower()
    return word + (" \\*" if any(layer[2] == "CPU" for layer in helpers) else "")


def sophgo_cell(operator, layers):
    """Of the layers that compute: the types of what goes in and comes out; int32 are sums on the way, or places found."""
    around = {"tpu.Load", "tpu.Store", "tpu.Yield", "tpu.Group", "tpu.Cast", "tpu.Buffer", "tpu.GenericCpu quant"}
    moves = set() if operator in SHAPES else {"tpu.Reshape", "tpu.Permute"}
    before = {"tpu.Relu"} if operator in BEHIND_RELU["sophgo"] else set()
    main = [layer for layer in layers if layer[0] not in around | moves | before]
    if not main:
        return "-"
    if any(layer[2] == "CPU" for layer in main):
        return "CPU"
    return "/".join(sorted({kind for layer in main for kind in (layer[1][0], layer[1][-1])} - {"int32", "none"}))


CELLS = {"rockchip": rockchip_cell, "sophgo": sophgo_cell}
MAKERS = {"rockchip": Rockchip, "sophgo": Sophgo}


def measured(vendor, chips, work):
    """`{form: {chip: [cell, what was read]}}`, and left in DIR for `--document`."""
    tool, result = MAKERS[vendor](), {}
    for form in operator_models.forms():
        folder = os.path.join(work, vendor, form.folder)
        operator_models.write(form, folder, form.operator in BEHIND_RELU[vendor])
        tool.prepare(form, folder)
        for chip in chips:
            tool.compile(folder, chip)
            layers, reason = tool.layers(folder, chip)
            cell = "refused" if layers is None else CELLS[vendor](form.operator, layers)
            result.setdefault(form.name, {})[chip] = [cell, reason if layers is None else layers]
        print(form.name, {chip: cell for chip, (cell, _) in result[form.name].items()}, file=sys.stderr)
    with open(os.path.join(work, vendor + ".json"), "w") as file:
        json.dump(result, file, indent=1)
    return result


def table(result):
    """Chips that agree in everything share a column."""
    columns = {}
    for chip in next(iter(result.values())):
        columns.setdefault(tuple(row[chip][0] for row in result.values()), []).append(chip)
    heads = ["operator"] + [", ".join(chips) for chips in columns.values()]
    lines = ["| %s |" % " | ".join(heads), "|---" * len(heads) + "|"]
    for place, name in enumerate(result):
        lines.append("| %s | %s |" % (name, " | ".join(cells[place] for cells in columns)))
    return "\n".join(lines)


def lists(result, chip):
    """Which operator stands in which list of a profile, by its first form; and what its other forms do."""
    found, first, other = {}, {}, []
    for name, row in result.items():
        operator, cell = name.partition(",")[0], row[chip][0]
        plain = cell.replace(" \\*", "")
        if operator not in first:
            first[operator] = plain
            key = "npu" if plain == "int8" else "fallback" if plain == "CPU" else plain
            found.setdefault(key, []).append(operator)
        elif plain != first[operator]:
            other.append("%s: %s" % (name, cell))
        if cell != plain:
            other.append("%s: its reshapes or transposes on the CPU" % name)
    return found, other


ABOUT = """# Where vendors' compilers run each operator

Made by `bench/profiles/operators.py`: a model of one operator each, quantized to int8 and compiled for each chip by the vendor's tool.
No board was asked. Of an operator with several forms the first row decides in which list of a chip's profile it stands.

| cell | means |
|---|---|
| `int8` | the NPU computes it in int8 |
| `float16`, `bfloat16`, `float32` | the NPU computes it in that type, with conversions around it |
| `CPU` | it, or a part of it that computes, runs on the CPU beside the NPU |
| `*` | it runs on the NPU, reshapes or transposes that the tool puts around it on the CPU |
| `-` | the tool leaves nothing of it to run |
| refused | the tool ends with an error |

Images are 1 x 32 x 16 x 16 (channels first), vectors 1 x 64, sequences 1 x 16 x 64; LSTM and GRU take 8 steps of 16 numbers into 32, in
one direction. Sophgo's tool gets operators that only say where numbers stand, and ArgMax, behind a Relu: where they stand first it
leaves real numbers in them. Conversions of real numbers into int8 at the model's doors do not count. In larger networks a tool may fuse
an operator into its neighbour, or choose otherwise."""
SECTIONS = {
    "rockchip": "## Rockchip: rknn-toolkit2 2.5.0\n\n`Target` and `DataType` of the layers in the compiler's own table.",
    "sophgo": "## Sophgo: tpu-mlir 1.30.2\n\nTypes in the final MLIR of `model_deploy --quantize INT8`, and whether it stands in a part "
              "that the CPU runs.",
}


def document(work):
    parts = [ABOUT]
    for vendor in ("rockchip", "sophgo"):
        with open(os.path.join(work, vendor + ".json")) as file:
            result = json.load(file)
        parts += [SECTIONS[vendor], table(result)]
        refused = {}
        for name, row in result.items():
            for chip, (cell, said) in row.items():
                if cell == "refused":
                    refused.setdefault((name, said), []).append(chip)
        if refused:
            parts.append("\n".join(
                "- %s, refused on %s: `%s`" % (name, ", ".join(chips), said) for (name, said), chips in refused.items()))
    return "\n\n".join(parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vendor", choices=sorted(CHIPS))
    parser.add_argument("--chips", nargs="*")
    parser.add_argument("--work", required=True)
    parser.add_argument("--lists", action="store_true")
    parser.add_argument("--document", action="store_true")
    given = parser.parse_args()
    work = os.path.abspath(given.work)
    os.makedirs(work, exist_ok=True)
    if given.document:
        print(document(work))
        return
    if not given.vendor:
        parser.error("expected --vendor or --document")
    # The tools leave files where they are called.
    os.chdir(work)
    result = measured(given.vendor, given.chips or CHIPS[given.vendor], work)
    print(table(result))
    for chip in given.chips or CHIPS[given.vendor] if given.lists else []:
        found, other = lists(result, chip)
        print("\n" + chip)
        for key, operators in found.items():
            print("  %s: [%s]" % (key, ", ".join(operators)))
        print("  other forms: " + "; ".join(other))


if __name__ == "__main__":
    main()
