#!/usr/bin/env python3
"""Lets the n-th write, sync, truncation, renaming or reading of the store fail, for every n of a scripted minute.

    bench/reliability/io-faults.py [--build .build/debug] [--modes eio,kill,...] [--first 1] [--last N]
                                   [--starts new,v0001,v0003] [--sample N --seed S] [--counter-check] [--jobs 2]

A run: Tests/ScriptedMinute does a minute of store work (messages with receipts, polled values, texts, waveforms, alerts with their
outbox, cursor and score, models, orders with their audit, gaps, packing of samples into blocks and rollups, retention, checkpoints,
restarts) and notes what it was told, while Tests/DiskFaults, a library put before the C library, lets call n fail. Then the store is
opened as it is, without a fault: what was acknowledged must be there once, whether by number or by tag, in a chunk or in a block, every
rollup what its samples give, no transaction half, no gap without a reason, the structure sound, and the store must go on. A crash
of the writer, or more than 5 s to open, is a fault too. Starts other than `new` are stores that earlier versions have left
(Tests/StoreTests/Databases); what they held must be there as well, and the minute is shorter.

    eio     the call fails with EIO, once       eio-spell     and the next 19 calls too     eio-lasting     and every later one
    enospc  the call finds no room, once        enospc-spell  the call writes half, and     enospc-lasting  every later one
    short   the write writes half, once                       the next 19 find no room                      finds no room
    read    the reading fails with EIO, once    kill          SIGKILL before the call       torn            SIGKILL after half of it

What fails is tried again, as a driver offers again or a service is started again: after a fault that comes once a second try must
do, after a spell everything must be done in the end. `--counter-check` runs writers that break the promise on purpose and ends
well only if they are caught.

Exit status 0: every run holds; 1: one does not; 77: skipped, because something is missing.
"""

import argparse
import concurrent.futures
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SKIPPED = 77
FOR_GOOD = 1_000_000
# Name: what the library is told, how many calls fail, how often the writer tries (a try makes at least one call).
MODES = {
    "eio": ("eio", 1, 2), "eio-spell": ("eio", 20, 25), "eio-lasting": ("eio", FOR_GOOD, 2),
    "enospc": ("enospc", 1, 2), "enospc-spell": ("enospc", 20, 25), "enospc-lasting": ("enospc", FOR_GOOD, 2),
    "short": ("short", 1, 1), "read": ("read", 1, 2), "kill": ("kill", 1, 1), "torn": ("torn", 1, 1)}
STARTS = ["new", "v0001", "v0003"]
# A minute takes a tenth of a second; the longest waits for a failed disk some more.
LONGEST_RUN = 60
# How many runs count the calls: threads come in another order each time, and some calls more or less.
COUNTING_RUNS = 3
OLDER = ROOT / "Tests/StoreTests/Databases"


class Run:
    """One scripted minute with one fault, and what was left of it."""

    def __init__(self, build, mode, start, number, broken=None):
        kind, failing, attempts = MODES[mode]
        lasts, kills = failing == FOR_GOOD, kind in ("kill", "torn")
        self.name = f"{mode} at call {number}" + ("" if start == "new" else f" from {start}")
        self.faults = []
        with tempfile.TemporaryDirectory(prefix="io-faults-", dir=memory()) as folder:
            folder = Path(folder).resolve()
            store, notes, log = folder / "store", folder / "notes", folder / "log"
            environment = dict(os.environ, LD_PRELOAD=str(build / "libDiskFaults.so"), DISK_FAULTS_FOLDER=str(store),
                               DISK_FAULTS_KIND=kind, DISK_FAULTS_AT=str(number), DISK_FAULTS_CALLS=str(failing),
                               DISK_FAULTS_LOG=str(log))
            older = OLDER / f"{start}.sqlite" if start != "new" else None
            if older:
                store.mkdir(0o750)
                shutil.copy(older, store / "store.sqlite")
            words = [build / "ScriptedMinute", "write", store, attempts]
            words += ["upgrade"] * bool(older) + [broken] * bool(broken)
            status, error = self._run(words, notes, environment)
            calls = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
            self.calls = len(calls)
            self.hit = next((" ".join(c) for c in calls if int(c[0]) == number), None)
            if status == 0:
                self.outcome = "everything done"
            elif status == 3 and lasts:
                self.outcome = "given up, the disk failing for good"
            elif status == -signal.SIGKILL and kills:
                self.outcome = "killed"
            else:
                self.outcome = f"writer ended with status {status}"
                self.faults.append(f"{self.outcome}: {error[-600:].strip()}")
            # Before its first call there is nothing to open.
            if store.exists():
                words = [build / "ScriptedMinute", "check", store, notes] + ["all"] * (not lasts and not kills)
                words += ["full"] * (kind == "enospc") + [f"older={older}"] * bool(older)
                status, _ = self._run(words, folder / "check", os.environ)
                if status != 0:
                    said = (folder / "check").read_text().splitlines()
                    self.faults += said or [f"the check ended with status {status}"]

    @staticmethod
    def _run(words, output, environment):
        with open(output, "wb") as file:
            try:
                done = subprocess.run([str(w) for w in words], stdout=file, stderr=subprocess.PIPE, env=environment,
                                      timeout=LONGEST_RUN, check=False)
            except subprocess.TimeoutExpired:
                return None, f"not ended after {LONGEST_RUN} s"
        return done.returncode, done.stderr.decode(errors="replace")


def memory():
    """A folder in memory where there is one: no power is cut, so the disk does not matter."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def missing_things(build):
    if sys.platform != "linux":
        yield "Linux"
    for name in ("ScriptedMinute", "libDiskFaults.so"):
        if not (build / name).exists():
            yield f"{build / name} (swift build --build-tests)"


def chosen(options, build):
    """The runs: each mode with each number of a call."""
    runs, counted = [], {}
    for mode in options.modes:
        for start in options.starts:
            # Number 0 fails nothing, and only readings are counted otherwise.
            key = (mode == "read", start)
            if key not in counted:
                whole = [Run(build, mode, start, 0) for _ in range(COUNTING_RUNS)]
                for run in whole:
                    if run.faults:
                        sys.exit(f"{mode} from {start}, without a fault: " + "\n    ".join(run.faults[:12]))
                counted[key] = max(run.calls for run in whole)
            last = min(options.last or counted[key], counted[key])
            print(f"{mode} from {start}: {counted[key]} calls in the minute, from {options.first} to {last}", flush=True)
            runs += [(mode, start, number) for number in range(options.first, last + 1)]
    if options.sample and options.sample < len(runs):
        runs = random.Random(options.seed).sample(runs, options.sample)
    return runs


def carry_out(options, build, runs, broken=None):
    """Runs all of them, some at a time; says every ten seconds how far it is."""
    done, lock, began, told = [], threading.Lock(), time.monotonic(), time.monotonic()

    def one(chosen):
        nonlocal told
        run = Run(build, *chosen, broken)
        with lock:
            done.append((chosen[:2], run))
            if run.faults and not broken:
                print(f"{run.name} ({run.hit}): " + "\n    ".join(run.faults[:12]), flush=True)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{len(done)} of {len(runs)} runs, {told - began:.0f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, runs))
    return done


def report(done, seconds):
    for mode, start in sorted({name for name, _ in done}, key=lambda name: (list(MODES).index(name[0]), name[1])):
        runs = [run for name, run in done if name == (mode, start)]
        reached = [run for run in runs if run.hit]
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(r.outcome for r in reached).items()))
        print(f"{mode} from {start}: {len(reached)} faults: {outcomes}; {sum(bool(r.faults) for r in runs)} runs with something wrong"
              + (f"; {len(runs) - len(reached)} runs had fewer calls" if len(reached) < len(runs) else ""))
    print(f"{len(done)} runs in {seconds:.0f} s")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--build", type=Path, default=ROOT / ".build/debug", metavar="FOLDER")
    options.add_argument("--modes", type=lambda text: text.split(","), default=list(MODES))
    options.add_argument("--starts", type=lambda text: text.split(","), default=STARTS, help="new: an empty folder")
    options.add_argument("--first", type=int, default=1, help="number of the first call that fails")
    options.add_argument("--last", type=int, help="and of the last")
    options.add_argument("--sample", type=int, help="so many of them, chosen by the seed")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--counter-check", action="store_true", help="writers that break the promise must be caught")
    options.add_argument("--jobs", type=int, default=2, help="runs at a time")
    options = options.parse_args()
    for what, given, known in (("modes", options.modes, MODES), ("starts", options.starts, STARTS)):
        unknown = [word for word in given if word not in known]
        if unknown:
            print(f"expected {what} among {', '.join(known)}, found {', '.join(unknown)}", file=sys.stderr)
            return 64
    build = options.build.resolve()
    missing = list(missing_things(build))
    if missing:
        print("skipped, missing: " + ", ".join(missing))
        return SKIPPED
    began = time.monotonic()
    if options.counter_check:
        options.modes, options.starts = ["kill"], ["new"]
        runs = chosen(options, build)
        is_caught = True
        for broken in ("early", "split"):
            caught = [run for _, run in carry_out(options, build, runs, broken) if run.faults]
            example = caught[0].faults[0] if caught else "nothing"
            print(f"a writer that breaks the promise ({broken}): caught in {len(caught)} of {len(runs)} runs, such as: {example}")
            is_caught = is_caught and bool(caught)
        return 0 if is_caught else 1
    done = carry_out(options, build, chosen(options, build))
    report(done, time.monotonic() - began)
    return 1 if any(run.faults for _, run in done) or not any(run.hit for _, run in done) else 0


if __name__ == "__main__":
    sys.exit(main())
