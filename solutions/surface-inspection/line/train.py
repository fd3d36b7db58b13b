"""Trains what the backbone sees near by, on pictures of the generator alone: its first four levels and what hangs on them.

    python train.py --steps 3800 --output near/

The same seed and steps give the same data. A run that was cut goes on where its last checkpoint stands. `distil.py` adds the last level.
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
from torch.nn import functional

import defects
import pictures
from network import DEFECT_STRIDE, EMBEDDING, FEATURE_STRIDE, Backbone, given, numbers

SCENES, GOOD, OTHERS = 4, 2, 3
RENEWED = 1
PEAK_RATE, WARM_UP, DECAY = 2e-3, 100, 0.35
# Sharpness of the nearest neighbour among the good places: as a distance of the embedding.
NEAREST = 0.05
AVERAGE = 0.995


def batch(rng, canvases):
    made = [pictures.episode(rng, canvases, GOOD, OTHERS) for _ in range(SCENES)]
    return np.concatenate([pair[0] for pair in made]), np.concatenate([pair[1] for pair in made])


def reduced(maps, stride):
    """Kinds a step of the output: any defect in it counts; 255 where only doubt is."""
    count, side, _ = maps.shape
    cells = maps.reshape(count, side // stride, stride, side // stride, stride)
    sure = np.where(cells == 255, 0, cells).max((2, 4))
    doubt = (cells == 255).any((2, 4)) & (sure == 0)
    return np.where(doubt, 255, sure).astype("int64")


def balanced(each, bad, weight):
    """Mean over the bad places and mean over the good ones, half of it over the tenth of them that look worst."""
    good = torch.from_numpy(((weight > 0) & (bad == 0)).astype("float32"))
    bad = torch.from_numpy(((weight > 0) & (bad > 0)).astype("float32") * weight)
    worst = torch.topk(each * good, max(1, each.shape[0] // 10))[0].mean()
    return (each * bad).sum() / (bad.sum() + 1) + 0.5 * (each * good).sum() / (good.sum() + 1) + 0.25 * worst


def kind_weight(kinds):
    """Bad places of small kinds count for more, so that a pit is worth as much as a stain; places of doubt count nothing."""
    weight = (kinds != 255).astype("float32")
    for kind in range(1, len(defects.KINDS)):
        places = kinds == kind
        weight[places] = 1 / np.sqrt(places.sum() + 20)
    bad = (kinds > 0) & (kinds < 255)
    if bad.any():
        weight[bad] /= weight[bad].mean()
    return weight


def defect_loss(logits, kinds):
    kinds = kinds.reshape(-1)
    weight = kind_weight(kinds)
    bad = ((kinds > 0) & (kinds < 255)).astype("float32")
    flat = logits.float().permute(0, 2, 3, 1).reshape(-1, len(defects.KINDS))
    margin = torch.logsumexp(flat[:, 1:], -1) - flat[:, 0]
    each = functional.binary_cross_entropy_with_logits(margin, torch.from_numpy(bad), reduction="none")
    named = functional.cross_entropy(
        flat[:, 1:], torch.from_numpy(np.clip(kinds - 1, 0, 3)), reduction="none")
    share = torch.from_numpy(bad * weight)
    return balanced(each, bad, weight) + 0.3 * (named * share).sum() / (share.sum() + 1)


def memory_distance(features):
    """Distance of each place of the other pictures to the nearest place of the scene's good ones: [scene, place]."""
    places = features.shape[2] * features.shape[3]
    rows = features.float().permute(0, 2, 3, 1).reshape(SCENES, (GOOD + OTHERS) * places, EMBEDDING)
    good, others = rows[:, :GOOD * places], rows[:, GOOD * places:]
    product = others @ good.transpose(1, 2)
    squared = (others * others).sum(-1, keepdim=True) + (good * good).sum(-1)[:, None] - 2 * product
    squared = squared / EMBEDDING
    return NEAREST * (float(np.log(GOOD * places)) - torch.logsumexp(-squared / NEAREST, -1))


def memory_loss(features, kinds, scale):
    far = memory_distance(features)
    kinds = kinds.reshape(SCENES, GOOD + OTHERS, -1)[:, GOOD:].reshape(SCENES, -1)
    bad = ((kinds > 0) & (kinds < 255)).astype("float32")
    logit = functional.softplus(scale[0]) * 4 * far + scale[1]
    each = functional.binary_cross_entropy_with_logits(logit, torch.from_numpy(bad), reduction="none")
    return balanced(each.reshape(-1), bad.reshape(-1), kind_weight(kinds.reshape(-1)))


def rate_at(step, steps):
    """Rises, stays, and falls in a straight line over the last part."""
    start = steps * (1 - DECAY)
    return PEAK_RATE * min(1, (step + 1) / WARM_UP) * (1 if step < start else max(0.0, (steps - step) / (steps - start)))


def followed(average, network, share):
    now = numbers(network)
    if average is None:
        return {name: value.copy() for name, value in now.items()}
    return {name: share * average[name] + (1 - share) * value for name, value in now.items()}


def keep(state, folder):
    """A checkpoint, whole or not at all."""
    partial = folder / "checkpoint.part"
    with open(partial, "wb") as file:
        pickle.dump(state, file)
    os.replace(partial, folder / "checkpoint.pickle")


def is_wide(name):
    """Whether a weight is of the last level, which is not trained here."""
    return name.startswith(("level5.", "kind."))


class Run:
    def __init__(self, seed, surfaces):
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.canvases = pictures.Canvases(self.rng, surfaces)
        self.network = Backbone().to(memory_format=torch.channels_last)
        self.scale = nn.Parameter(torch.tensor([1.0, -2.0]))
        self.optimizer = torch.optim.AdamW([*self.network.parameters(), self.scale], PEAK_RATE, weight_decay=1e-4)
        self.step = 0
        self.average = None
        self.history = []

    def advance(self, steps):
        for _ in range(RENEWED):
            self.canvases.renew(self.rng)
        shots, maps = batch(self.rng, self.canvases)
        self.optimizer.param_groups[0]["lr"] = rate_at(self.step, steps)
        with torch.autocast("cpu", torch.bfloat16):
            features, defect = self.network.near(*self.network.fine(given(shots)))
        by_looks = defect_loss(defect, reduced(maps, DEFECT_STRIDE))
        by_memory = memory_loss(features, reduced(maps, FEATURE_STRIDE), self.scale)
        (by_looks + by_memory).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.follow()
        self.step += 1
        return float(by_looks.detach()), float(by_memory.detach())

    def follow(self):
        """Moves the average of the weights, which is what is exported, towards the present ones."""
        self.average = followed(self.average, self.network, min(AVERAGE, self.step / (self.step + 10)))

    def save(self, folder):
        state = {
            "network": self.network.state_dict(), "average": self.average, "scale": self.scale.detach(), "step": self.step,
            "history": self.history, "rng": self.rng.bit_generator.state, "optimizer": self.optimizer.state_dict(),
            "canvases": self.canvases.all}
        keep(state, folder)
        np.savez(folder / "weights.npz", **{name: value for name, value in self.average.items() if not is_wide(name)})

    def restore(self, folder):
        with open(folder / "checkpoint.pickle", "rb") as file:
            state = pickle.load(file)
        self.network.load_state_dict(state["network"])
        self.scale.data.copy_(state["scale"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step, self.history = state["average"], state["step"], state["history"]
        self.rng.bit_generator.state = state["rng"]
        self.canvases.all = state["canvases"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--steps", type=int, required=True)
    options.add_argument("--until", type=int, help="stops there, before the rate has fallen to nothing")
    options.add_argument("--seed", type=int, default=20261130)
    options.add_argument("--surfaces", type=int, default=250, help="drawn at the beginning; one is replaced each step")
    options.add_argument("--limit", type=float, help="seconds after which it stops; run again, it goes on")
    options.add_argument("--output", type=Path, required=True)
    options = options.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    run = Run(options.seed, options.surfaces)
    if (options.output / "checkpoint.pickle").exists():
        run.restore(options.output)
        print(f"goes on at step {run.step}", flush=True)
    start, first, recent = time.monotonic(), run.step, []
    last = min(options.steps, options.until or options.steps)
    while run.step < last:
        recent.append(run.advance(options.steps))
        if run.step % 50 == 0 or run.step == last:
            looks, memory = np.mean(recent, 0)
            run.history.append({"step": run.step, "looks": round(float(looks), 4), "memory": round(float(memory), 4)})
            recent = []
            took = time.monotonic() - start
            left = took / (run.step - first) * (last - run.step)
            print(f"step {run.step} of {last}: loss by looks {looks:.4f}, by memory {memory:.4f}; "
                  f"{took / 60:.1f} min, {left / 60:.0f} min left", flush=True)
        if run.step % 100 == 0 or run.step == last:
            run.save(options.output)
        elif options.limit and time.monotonic() - start > options.limit:
            run.save(options.output)
            raise SystemExit(f"error: stopped at step {run.step} of {last} after {options.limit:g} s; run again, it goes on there")
    (options.output / "history.json").write_text(json.dumps(run.history, indent=1) + "\n")


if __name__ == "__main__":
    main()
