#!/usr/bin/env python3
"""Kills the broker right after it has acknowledged a burst that came while the daemon was away, and counts what the daemon gets.

    bench/reliability/broker-kill.py [--millwright .build/release/millwright] [--rounds 10] [--messages 5000] [--publishers 10]
                                     [--settings shipped|debian|timed] [--work FOLDER]

`shipped` is systemd/mosquitto-millwright.conf as it stands, with another port and other folders; `timed` the same with
`autosave_on_changes false`; `debian` what Debian's package brings. A round: the daemon connects once, so that the broker has its
session, and ends. Numbered QoS 1 messages come as fast as the broker acknowledges them. It is killed (SIGKILL) the moment it has
acknowledged the last, started again, and the daemon returns. Which numbers are in its store is read with Python's sqlite3.

Needs mosquitto beside Python's standard library. Exit status 0: all rounds are counted; 77: skipped, because something is missing.
"""

import argparse
import contextlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SKIPPED = 77
CREDENTIALS = ("millwright", "sesame")

# A name with a hyphen cannot be imported otherwise.
spec = importlib.util.spec_from_file_location("power_cut", Path(__file__).with_name("power-cut.py"))
rig = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rig)


class Broker:
    """Mosquitto with one of the settings, on a free loopback port."""

    def __init__(self, folder, settings):
        self.folder, self.port, self.process = folder, rig.free_port(), None
        place = f"persistence_location {folder}/\nuser root\n"
        if settings == "debian":
            text = f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
        else:
            passwords = folder / "passwords"
            rig.command("mosquitto_passwd", "-b", "-c", passwords, *CREDENTIALS)
            text = (ROOT / "systemd/mosquitto-millwright.conf").read_text()
            for old, new in (("listener 1883 127.0.0.1\n", f"listener {self.port} 127.0.0.1\n"),
                             ("password_file /etc/mosquitto/millwright.passwd\n", f"password_file {passwords}\n")):
                assert text.count("\n" + old) == 1, old
                text = text.replace(old, new)
            if settings == "timed":
                assert "\nautosave_on_changes true\n" in text
                text = text.replace("autosave_on_changes true", "autosave_on_changes false")
        (folder / "broker.conf").write_text(text + place)

    def start(self):
        with open(self.folder / "broker.log", "ab") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", str(self.folder / "broker.conf")], stdout=log, stderr=log)
        rig.wait_for("broker", lambda: rig.Broker._answers(self), 30, self.process)

    def kill(self):
        if self.process and self.process.poll() is None:
            rig.kill(self.process)

    def kill_now(self):
        """Returns how much it has written in its life; asked after the signal, so that it gains no time."""
        self.process.kill()
        written = self.written_bytes()
        self.process.wait(30)
        return written

    def written_bytes(self):
        lines = Path(f"/proc/{self.process.pid}/io").read_text().splitlines()
        return int(dict(line.split(": ") for line in lines)["write_bytes"])


def burst(broker, messages, publishers):
    """Publishes the numbers 0 ..< messages and kills the broker at the last acknowledgement.

    Returns the seconds until then, and the bytes that the broker wrote meanwhile.
    """
    before = broker.written_bytes()
    clients = [rig.Publisher(broker.port, 0, f"burst-{index}", CREDENTIALS) for index in range(publishers)]
    for index, client in enumerate(clients):
        client.numbers = iter(range(index, messages, publishers))
        client.left = len(range(index, messages, publishers))
        client.socket.settimeout(60)
    begin = time.monotonic()
    # Each sensor has up to a hundred messages on their way.
    while any(client.left or client.waiting for client in clients):
        for client in clients:
            packets = []
            while client.left and len(client.waiting) < 100:
                client.published = next(client.numbers)
                client.left -= 1
                packets.append(client._next())
            if packets:
                client.socket.sendall(b"".join(packets))
        ready = rig.select.select([client.socket for client in clients], [], [], 60)[0]
        for client in clients:
            if client.socket in ready:
                client._take()
    took = time.monotonic() - begin
    written = broker.kill_now() - before
    for client in clients:
        client.socket.close()
    return took, written


def one_round(options, folder):
    broker = Broker(folder, options.settings)
    store = folder / "store"
    daemon = rig.Daemon(options.millwright, folder, store, broker.port)
    (folder / "password").write_text(CREDENTIALS[1] + "\n")
    (folder / "password").chmod(0o600)
    daemon.config.write_text(daemon.config.read_text().replace(
        "    topics:", f"    username: {CREDENTIALS[0]}\n    password_file: {folder}/password\n    topics:"))
    try:
        broker.start()
        daemon.start()
        daemon.stop()
        took, written = burst(broker, options.messages, options.publishers)
        broker.start()
        daemon.start()
        daemon.drain(options.messages)
        daemon.stop()
        values = rig.stored_values(store)
    finally:
        daemon.kill()
        broker.kill()
    return took, written, options.messages - len(set(values)), len(values) - len(set(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millwright", type=Path, default=ROOT / ".build/release/millwright")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--publishers", type=int, default=10)
    parser.add_argument("--settings", choices=["shipped", "debian", "timed"], default="shipped")
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    options.millwright = options.millwright.resolve()
    missing = [name for name in ("mosquitto", "mosquitto_passwd") if not shutil.which(name)]
    if not options.millwright.exists():
        missing.append(f"{options.millwright}: swift build -c release --product millwright")
    if missing:
        print("skipped, missing: " + ", ".join(missing), file=sys.stderr)
        return SKIPPED
    totals = [0, 0, 0, 0]
    for number in range(options.rounds):
        folder = Path(tempfile.mkdtemp(prefix="broker-kill-", dir=options.work))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            found = one_round(options, folder)
        took, written, lost, doubled = found
        totals = [a + b for a, b in zip(totals, found)]
        print(f"round {number + 1}: {options.messages} acknowledged in {took:.2f} s, {written / 1e6:.0f} MB written by the broker, "
              f"{lost} lost, {doubled} stored twice", flush=True)
    every = options.rounds * options.messages
    print(f"{options.settings}: {options.rounds} kills, {every} acknowledged by {options.publishers} publishers at "
          f"{every / totals[0]:.0f}/s, {totals[1] / every / 1e3:.1f} kB written a message, {totals[2]} lost, {totals[3]} stored twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
