"""The field side of a replay: a broker of our own, a small MQTT publisher, and the daemon as a child process."""

import json
import os
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path


def free_port():
    """A TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds, alive=None):
    """Polls until the condition holds; raises with `what` when it does not, or when the process `alive` has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        if alive is not None and alive.poll() is not None:
            raise RuntimeError(f"{what}: the process ended with status {alive.returncode}")
        time.sleep(0.1)
    raise RuntimeError(f"{what}: not within {seconds} s")


class Publisher:
    """MQTT 3.1.1, QoS 1: returns from `drain` only when the broker has acknowledged every message.

    Source: OASIS MQTT 3.1.1, sections 3.1 to 3.4.
    """

    IN_FLIGHT = 20

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.last_id = 0
        self.waiting = set()
        name = b"\x00\x06replay"
        self._send(0x10, b"\x00\x04MQTT\x04\x02\x00\x00" + name)
        kind, body = self._receive()
        if kind != 0x20 or body[1] != 0:
            raise RuntimeError(f"the broker refused the publisher: {body.hex()}")

    def publish(self, topic, payload):
        while len(self.waiting) >= self.IN_FLIGHT:
            self._take_acknowledgement()
        self.last_id = self.last_id % 65535 + 1
        self.waiting.add(self.last_id)
        name = topic.encode()
        self._send(0x32, struct.pack(">H", len(name)) + name + struct.pack(">H", self.last_id) + payload)

    def drain(self):
        while self.waiting:
            self._take_acknowledgement()

    def close(self):
        self.drain()
        self._send(0xE0, b"")
        self.socket.close()

    def _take_acknowledgement(self):
        kind, body = self._receive()
        if kind == 0x40:
            self.waiting.discard(struct.unpack(">H", body)[0])

    def _send(self, kind, body):
        length, rest = b"", len(body)
        while True:
            rest, digit = rest // 128, rest % 128
            length += bytes([digit | (0x80 if rest else 0)])
            if not rest:
                break
        self.socket.sendall(bytes([kind]) + length + body)

    def _receive(self):
        kind = self._read(1)[0] & 0xF0
        length, shift = 0, 0
        while True:
            digit = self._read(1)[0]
            length |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return kind, self._read(length)

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise RuntimeError("the broker closed the connection")
            data += part
        return data


class Broker:
    """Mosquitto on a free loopback port, without a limit that drops QoS 1 messages silently."""

    def __init__(self, folder):
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0",
            "set_tcp_nodelay true", "persistence false", "log_type error", "log_type warning",
        ]
        if os.geteuid() == 0:
            lines.append("user root")
        (folder / "broker.conf").write_text("\n".join(lines) + "\n")
        self.log = open(folder / "broker.log", "wb")
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(folder / "broker.conf")], stdout=self.log, stderr=self.log)
        try:
            wait_for("broker", self._answers, 10, self.process)
        except RuntimeError:
            self.stop()
            raise

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


class Daemon:
    """`millwright run`, and the commands that look at its store."""

    def __init__(self, program, folder, config):
        self.program, self.folder, self.config = program, Path(folder), Path(config)
        self.store = self.folder / "store"
        self.process, self.log, self.runs = None, None, 0

    def command(self, *arguments, check=True):
        """Runs a subcommand to its end and returns its standard output."""
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, timeout=1800)
        if check and done.returncode != 0:
            raise RuntimeError(
                f"millwright {arguments[0]}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def start(self):
        """Returns when the link is connected and subscribed, so that nothing is published to nobody."""
        self.runs += 1
        self.log = open(self.folder / f"daemon-{self.runs}.log", "wb")
        # The runtime directory of a service must not take the place of the store's own status file.
        environment = {k: v for k, v in os.environ.items() if k not in ("RUNTIME_DIRECTORY", "NOTIFY_SOCKET")}
        self.process = subprocess.Popen(
            [self.program, "run", "--config", str(self.config)], stdout=self.log, stderr=self.log, env=environment)
        wait_for("daemon connected to the broker", self._is_connected, 60, self.process)

    def status(self):
        text = self.command("status", "--json", "--store", self.store, check=False)
        try:
            return json.loads(text)
        except ValueError:
            return None

    def _is_connected(self):
        status = self.status()
        return (
            status is not None and status["pid"] == self.process.pid
            and all(link["state"] == "connected" for link in status["links"]))

    def stop(self):
        """SIGTERM; raises when the daemon does not end cleanly."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process = None
        self.log.close()
        if code != 0:
            raise RuntimeError(f"the daemon ended with status {code}")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None
