#!/usr/bin/env python3
"""Cuts the power of the daemon's disk under load, over and over, and counts what is in the store afterwards.

    bench/reliability/power-cut.py [--millwright .build/release/millwright] [--rounds 100] [--cache none|writeback]
                                   [--rate 1000] [--seed 1] [--work FOLDER]

The store lies on ext4 on a block device that a process serves: nbdkit, behind nbdfuse and a loop device. Killing that process
takes away every block that has not reached the image, those in the drive's cache too (`--cache writeback`). The broker and the
publisher stay alive, as in a plant. A round: numbered messages come in, the power goes after 1 to 3 s, the image is mounted
as it is, the daemon starts on it alone and takes what the broker has kept. Every number that the broker acknowledged must be in
the store, once.

Needs root, /dev/fuse, loop devices and Debian's nbdkit, libnbd-bin, e2fsprogs and mosquitto beside Python's standard library.
Exit status 0: the promise holds in every round; 1: it does not; 77: skipped, because something is missing.
"""

import argparse
import contextlib
import ctypes
import json
import os
import random
import select
import shutil
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import store_samples  # noqa: E402

SKIPPED = 77
PROGRAMS = {
    "nbdkit": "nbdkit", "nbdfuse": "libnbd-bin", "mkfs.ext4": "e2fsprogs", "e2fsck": "e2fsprogs", "mosquitto": "mosquitto",
    "losetup": "mount", "mount": "mount", "umount": "mount"}
TOPICS = 4
# Sparse; far more than ten rounds fill, so that the disk is never short.
IMAGE_BYTES = 512 << 20
# A store goes through this many cuts before the next one begins empty.
ROUNDS_PER_IMAGE = 10
SECONDS_TO_CUT = (1.0, 3.0)
# Asked by the acceptance: from the first look at the disk to a daemon that is connected.
READY_WITHIN = 5.0
# So few that samples are packed all the time, and cuts hit that too.
HOT_SAMPLES = 2_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds, *alive):
    """Polls until the condition holds; raises with `what` when it does not, or when one of the processes has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        for process in alive:
            if process.poll() is not None:
                raise RuntimeError(f"{what}: {process.args[0]} ended with status {process.returncode}")
        time.sleep(0.01)
    raise RuntimeError(f"{what}: not within {seconds} s")


def command(*arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: status {done.returncode}: {(done.stderr + done.stdout)[-1000:].strip()}")
    return done.stdout


def own_mounts():
    """Nobody else's mount namespace takes a copy of our mounts, which would keep a disk in use after we leave it; and the
    kernel takes them away when this script is killed."""
    new_mounts = 0x00020000  # CLONE_NEWNS, see unshare(2)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_mounts) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace of our own")
    command("mount", "--make-rprivate", "/")


def kill(process):
    process.kill()
    process.wait(30)


class Broker:
    """Mosquitto on a free loopback port, without a limit that drops QoS 1 messages silently."""

    def __init__(self, folder):
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true", "max_queued_messages 0",
            "max_inflight_messages 1000", "persistence false", "log_dest stdout", "log_type error", "log_type warning",
            "connection_messages false", "user root"]
        (folder / "broker.conf").write_text("\n".join(lines) + "\n")
        with open(folder / "broker.log", "wb") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", str(folder / "broker.conf")], stdout=log, stderr=log)
        try:
            wait_for("broker", self._answers, 10, self.process)
        except RuntimeError:
            kill(self.process)
            raise

    def _answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True


class Publisher(threading.Thread):
    """MQTT 3.1.1, QoS 1: publishes 0, 1, 2, ... at a rate while it flows, and counts the broker's acknowledgements.

    Source: OASIS MQTT 3.1.1, sections 3.1 to 3.4.
    """

    # Below the 65,535 packet ids; the broker answers at once, so this is reached only when it hangs.
    IN_FLIGHT = 10_000

    def __init__(self, port, rate, name="power-cut-publisher", credentials=None):
        super().__init__(daemon=True)
        self.rate = rate
        self.published, self.acknowledged = 0, 0
        self.waiting, self.received = set(), b""
        self.flowing, self.still, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags = 0xC2 if credentials else 0x02
        self.socket.sendall(self._packet(0x10, b"\x00\x04MQTT\x04" + bytes([flags, 0, 0])
                                         + b"".join(self._text(text) for text in (name, *(credentials or ())))))
        answer = self.socket.recv(4)
        if answer != b"\x20\x02\x00\x00":
            raise RuntimeError(f"the broker refused the publisher: {answer.hex()}")

    def run(self):
        begin, count = None, 0
        while not self.ended.is_set():
            if not self.flowing.is_set():
                begin = None
                if not self.waiting:
                    self.still.set()
            else:
                if begin is None:
                    begin, count = time.monotonic(), 0
                due = int((time.monotonic() - begin) * self.rate) - count
                due = min(due, self.IN_FLIGHT - len(self.waiting))
                if due > 0:
                    self.socket.sendall(b"".join(self._next() for _ in range(due)))
                    count += due
            if select.select([self.socket], [], [], 0.002)[0]:
                self._take()

    def pause(self):
        """Returns when the broker has acknowledged every message."""
        self.flowing.clear()
        self.still.clear()
        if not self.still.wait(30):
            raise RuntimeError(f"the broker acknowledged {self.acknowledged} of {self.published} messages in 30 s")

    def close(self):
        self.ended.set()
        self.join(10)
        self.socket.close()

    def _next(self):
        number = self.published
        self.published += 1
        packet_id = number % 65535 + 1
        self.waiting.add(packet_id)
        topic = self._text(f"drill/{number % TOPICS}")
        return self._packet(0x32, topic + struct.pack(">H", packet_id) + str(number).encode())

    def _take(self):
        part = self.socket.recv(65536)
        if not part:
            raise RuntimeError("the broker closed the publisher's connection")
        self.received += part
        # Nothing but PUBACK comes to a client without subscriptions: four bytes each.
        whole = len(self.received) // 4 * 4
        for kind, length, packet_id in struct.iter_unpack(">BBH", self.received[:whole]):
            if (kind, length) != (0x40, 2) or packet_id not in self.waiting:
                raise RuntimeError(f"the broker sent {kind:#x} for packet {packet_id} in place of an acknowledgement")
            self.waiting.remove(packet_id)
            self.acknowledged += 1
        self.received = self.received[whole:]

    @staticmethod
    def _text(text):
        return struct.pack(">H", len(text)) + text.encode()

    @staticmethod
    def _packet(kind, body):
        # One byte of length does for what is sent here: topics of 7 bytes, numbers of at most 20.
        assert len(body) < 128
        return bytes([kind, len(body)]) + body


def listens(end):
    """Whether somebody takes connections there: the socket of a server is in its place some moments before."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(end))
        except OSError:
            return False
    return True


class Disk:
    """An image that is mounted either through a process whose end is the power cut, or straight."""

    def __init__(self, folder, cache):
        self.folder, self.cache = folder, cache
        self.image, self.mount = folder / "disk.img", folder / "mount"
        self.served = folder / "served"
        self.mount.mkdir(exist_ok=True)
        self.nbdkit, self.nbdfuse, self.loop = None, None, None
        self.is_mounted = False

    def format(self):
        self.image.unlink(missing_ok=True)
        with open(self.image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        command("mkfs.ext4", "-q", "-F", self.image)

    def attach_served(self):
        end = self.folder / "nbd.sock"
        end.unlink(missing_ok=True)
        self.served.touch()
        cached = (["--filter=cache"], ["cache=writeback"]) if self.cache == "writeback" else ([], [])
        with open(self.folder / "disk.log", "ab") as log:
            self.nbdkit = subprocess.Popen(
                ["nbdkit", "--foreground", "--unix", str(end), *cached[0], "file", str(self.image), *cached[1]],
                stdout=log, stderr=log)
            wait_for("nbdkit", lambda: listens(end), 10, self.nbdkit)
            self.nbdfuse = subprocess.Popen(
                ["nbdfuse", str(self.served), "--unix", str(end)], stdout=log, stderr=log)
            wait_for("nbdfuse", lambda: self.served.stat().st_size == IMAGE_BYTES, 10, self.nbdkit, self.nbdfuse)
        self._mount(self.served)

    def attach_straight(self):
        self._mount(self.image)

    def _mount(self, file):
        self.loop = command("losetup", "--find", "--show", file).strip()
        command("mount", "-t", "ext4", self.loop, self.mount)
        self.is_mounted = True

    def _is_loop_gone(self):
        try:
            file = Path(f"/sys/block/{Path(self.loop).name}/loop/backing_file").read_text().strip()
        except OSError:
            return True
        return not file.startswith(str(self.folder))

    def cut(self):
        kill(self.nbdkit)

    def detach(self, lazily=False):
        """Takes away whatever is attached; the file system is written out unless its device is gone."""
        if self.is_mounted:
            command("umount", *(["--lazy"] if lazily else []), self.mount)
            self.is_mounted = False
        if self.loop:
            command("losetup", "--detach", self.loop)
            # The kernel lets go only when nothing uses it any more: two file systems on one image would be no power cut.
            wait_for(f"{self.loop} let go", self._is_loop_gone, 30)
            self.loop = None
        if self.nbdfuse:
            command("umount", "--lazy", self.served)
            kill(self.nbdfuse)
            self.nbdfuse = None
        if self.nbdkit:
            kill(self.nbdkit)
            self.nbdkit = None

    def clean_up(self):
        """After a failure: nothing stays mounted or attached, whatever state it was left in."""
        for process in (self.nbdkit, self.nbdfuse):
            if process:
                kill(process)
        for leave in (["umount", "--lazy", self.mount] if self.is_mounted else None,
                      ["losetup", "--detach", self.loop] if self.loop else None,
                      ["umount", "--lazy", self.served] if self.nbdfuse else None):
            if leave:
                subprocess.run(leave, capture_output=True, check=False)

    def check(self):
        done = subprocess.run(["e2fsck", "-fn", str(self.image)], capture_output=True, text=True, timeout=120)
        return [] if done.returncode == 0 else [f"e2fsck: status {done.returncode}: {done.stdout[-400:].strip()}"]


class Daemon:
    """`millwright run` with its store on the disk; configuration and logs lie beside it."""

    def __init__(self, program, folder, store, port):
        self.program, self.folder, self.store = program, folder, store
        self.config = folder / "plant.yaml"
        self.process = None
        self.config.write_text(f"""plant: {{ name: Drill, device: drill }}
store: {{ directory: {store}, hot_samples: {HOT_SAMPLES} }}
links:
  - name: broker
    driver: mqtt
    host: 127.0.0.1
    port: {port}
    client_id: power-cut-daemon
    topics:
      - {{ topic: drill/+, tag: "drill.{{1}}", payload: number }}
""")

    def start(self):
        # The runtime directory of a service must not take the place of the store's own status file.
        environment = {k: v for k, v in os.environ.items() if k not in ("RUNTIME_DIRECTORY", "NOTIFY_SOCKET")}
        with open(self.folder / "daemon.log", "ab") as log:
            self.process = subprocess.Popen(
                [str(self.program), "run", "--config", str(self.config)], stdout=log, stderr=log, env=environment)
        wait_for("daemon connected to the broker", self._is_connected, 60, self.process)

    def status(self):
        """What the running daemon wrote of itself; None before it did."""
        with contextlib.suppress(OSError, ValueError):
            status = json.loads((self.store / "status.json").read_text())
            return status if status["pid"] == self.process.pid else None

    def _is_connected(self):
        status = self.status()
        return status is not None and [link["state"] for link in status["links"]] == ["connected"]

    def drain(self, expected):
        """Waits until all is stored and a second has passed for a doubled one to show, or nothing has come for ten."""
        last, changed = -1, time.monotonic()
        while time.monotonic() - changed < 10:
            if self.process.poll() is not None:
                raise RuntimeError(f"the daemon ended with status {self.process.returncode} in place of taking the rest")
            status = self.status()
            stored = status["store"]["samples"] if status else -1
            if stored != last:
                last, changed = stored, time.monotonic()
            if last >= expected and time.monotonic() - changed > 1:
                return
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        if code != 0:
            raise RuntimeError(f"the daemon ended with status {code}")

    def kill(self):
        if self.process and self.process.poll() is None:
            kill(self.process)


def stored_values(store):
    """The numbers in the store, read without the daemon's code: from rows, or from chunks and blocks."""
    base = sqlite3.connect(f"file:{store}/store.sqlite?mode=ro", uri=True, timeout=30)
    try:
        damage = base.execute("PRAGMA integrity_check").fetchone()[0]
        if damage != "ok":
            raise RuntimeError(f"store.sqlite: integrity_check: {damage}")
        tables = {name for name, in base.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        values = []
        if "samples" in tables:
            values += [value for value, in base.execute("SELECT value FROM samples")]
        return values + [value for *_, value in store_samples.samples(base)]
    finally:
        base.close()


def compare(values, first, end):
    """What is wrong with the stored values, when first ..< end were acknowledged."""
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    missing = [n for n in range(first, end) if n not in counts]
    doubled = [n for n, count in counts.items() if count > 1]
    strange = [n for n in counts if n is None or not first <= n < end]
    return [f"{len(numbers)} {what}, such as {numbers[:5]}"
            for what, numbers in (("acknowledged, not stored", missing), ("stored twice", doubled),
                                  ("stored, never published", strange)) if numbers]


class Round:
    """What one cut showed."""

    def __init__(self, disk, daemon, publisher, first, seconds_to_cut):
        unsynced = disk.mount / "unsynced"
        disk.attach_served()
        daemon.start()
        publisher.flowing.set()
        time.sleep(seconds_to_cut)
        # Written but not synced: a cut that leaves it whole has cut nothing.
        text = os.urandom(4096)
        unsynced.write_bytes(text)
        disk.cut()
        daemon.kill()
        disk.detach(lazily=True)
        at_cut = publisher.published

        begin = time.monotonic()
        disk.attach_straight()
        self.has_bitten = not unsynced.exists() or unsynced.read_bytes() != text
        unsynced.unlink(missing_ok=True)
        daemon.start()
        self.ready = time.monotonic() - begin
        publisher.pause()
        self.published = publisher.published
        self.after_cut = self.published - at_cut
        daemon.drain(self.published - first)
        daemon.stop()
        values = stored_values(daemon.store)
        self.stored = len(values)
        self.faults = compare(values, first, self.published)
        if self.ready >= READY_WITHIN:
            self.faults.append(f"ready only after {self.ready:.2f} s")
        disk.detach()
        self.faults += disk.check()


def missing_things(program):
    if sys.platform != "linux" or os.geteuid() != 0:
        yield "root on Linux"
    if not os.path.exists("/dev/fuse"):
        yield "/dev/fuse"
    if not os.path.exists("/dev/loop-control"):
        yield "loop devices (/dev/loop-control)"
    for name, package in PROGRAMS.items():
        if not shutil.which(name):
            yield f"{name} (Debian package {package})"
    if not os.access(program, os.X_OK):
        yield f"{program} (swift build -c release --product millwright)"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--millwright", type=Path, default=ROOT / ".build/release/millwright", metavar="PROGRAM")
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--cache", choices=("none", "writeback"), default="none", help="the drive's own cache")
    options.add_argument("--rate", type=int, default=1000, help="messages a second")
    options.add_argument("--seed", type=int, default=1, help="of the moments of the cuts")
    options.add_argument("--work", type=Path, help="folder for image, logs and configuration; kept")
    options = options.parse_args()
    missing = list(missing_things(options.millwright))
    if missing:
        print("skipped, missing: " + ", ".join(missing))
        return SKIPPED
    own_mounts()
    # So that the clean-up below runs when a service manager or a timeout ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as stack:
        if options.work:
            options.work.mkdir(parents=True, exist_ok=True)
            folder = options.work.resolve()
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="power-cut-")))
        return run(options, folder, stack)


def run(options, folder, stack):
    broker = Broker(folder)
    stack.callback(kill, broker.process)
    publisher = Publisher(broker.port, options.rate)
    publisher.start()
    stack.callback(publisher.close)
    disk = Disk(folder, options.cache)
    stack.callback(disk.clean_up)
    daemon = Daemon(options.millwright.resolve(), folder, disk.mount / "store", broker.port)
    stack.callback(daemon.kill)
    moments = random.Random(options.seed)
    first, rounds, began = 0, [], time.monotonic()
    for number in range(options.rounds):
        if number % ROUNDS_PER_IMAGE == 0:
            disk.format()
            first = publisher.published
        result = Round(disk, daemon, publisher, first, moments.uniform(*SECONDS_TO_CUT))
        rounds.append(result)
        print(f"round {number + 1}: {result.published - first} acknowledged on this image, {result.stored} stored, "
              f"{result.after_cut} of them published after the cut, ready in {result.ready:.2f} s, "
              f"unsynced file {'gone' if result.has_bitten else 'THERE'}: {'; '.join(result.faults) or 'holds'}", flush=True)
        if result.faults:
            # What was lost once is missing in every later round: one fault, one row.
            first = publisher.published
            disk.format()
    faulty = sum(bool(r.faults) for r in rounds)
    bitten = sum(r.has_bitten for r in rounds)
    ready = sorted(r.ready for r in rounds)
    print(f"{len(rounds)} power cuts in {time.monotonic() - began:.0f} s, drive cache {options.cache}: "
          f"{publisher.published} published, {publisher.acknowledged} acknowledged by the broker; rounds with a fault: {faulty}; "
          f"unsynced file gone in {bitten}; ready after {statistics.median(ready):.2f} s (median), {ready[-1]:.2f} s (longest)")
    return 0 if faulty == 0 and bitten == len(rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
