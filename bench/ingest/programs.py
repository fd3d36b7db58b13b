"""What takes part in the ingest bench: broker, load, farm, the bare C programs and the peers, each a process of its own."""

import glob
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
PINS = {"mq-bridge": "1.2.0", "thingsboard-gateway": "3.8.5"}
# A row of mq-bridge's table, with the time at which it was written (SQLite's clock: milliseconds).
BRIDGE_TABLE = (
    "CREATE TABLE telemetry(id TEXT, seq INTEGER, sts INTEGER, temperature REAL, vibration_rms REAL, current REAL, "
    "pressure REAL, state TEXT, stored_at REAL DEFAULT ((julianday('now') - 2440587.5) * 86400.0))")


class Missing(Exception):
    """A program that cannot take part, and why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds, program=None):
    """Polls until the condition holds; raises when it does not, or when the program has ended, with the end of its log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        if program is not None and program.process.poll() is not None:
            raise RuntimeError(f"{what}: ended with status {program.process.returncode}: {program.log()[-400:].strip()}")
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds} s")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
        return True
    except OSError:
        return False


def tree(pid):
    """A process and its living children, and theirs."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for path in glob.glob(f"/proc/{one}/task/*/children"):
            try:
                with open(path) as file:
                    todo += [int(child) for child in file.read().split()]
            except OSError:
                pass
    return found


def processor_seconds(pid):
    """User and system time of a process and its children, those that have ended too. Source: proc(5)."""
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/stat") as file:
                total += sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            pass
    return total / TICKS


def proportional_bytes(pid):
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total


class Program:
    """A child process with a folder of its own."""

    process = None
    text = None

    def start(self, command, folder, **more):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        log = open(os.path.join(folder, "log.txt"), "wb")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **more)
        log.close()

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(os.path.join(self.folder, "log.txt"), errors="replace") as file:
            return file.read()

    def results(self):
        """The JSON on the last line that it printed, after its end."""
        self.stop()
        lines = [line for line in self.log().splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {}

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Broker(Program):
    """Mosquitto with the limits that Millwright ships (systemd/mosquitto-millwright.conf), the same as `bench ingest` uses."""

    def __init__(self, folder):
        self.port = free_port()
        os.makedirs(folder)
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true", "max_queued_messages 0",
            "max_inflight_messages 1000", "persistence false", "log_dest stdout", "log_type error", "log_type warning",
            "connection_messages false"]
        if os.geteuid() == 0:
            lines.append("user root")
        with open(os.path.join(folder, "broker.conf"), "w") as file:
            file.write("\n".join(lines) + "\n")
        self.start(["mosquitto", "-c", os.path.join(folder, "broker.conf")], folder)
        wait_for("mosquitto", lambda: listens(self.port), 10, self)


class Farm(Program):
    """`millwright bench load modbus`; what it has answered is in the lines that it prints."""

    def __init__(self, binary, folder, slaves, delay_ms, seconds):
        self.start([binary, "bench", "load", "modbus", "--slaves", str(slaves), "--delay", str(delay_ms),
                    "--seconds", str(seconds)], folder)
        wait_for("the farm", lambda: "ports" in self.log().split("\n")[0] and "\n" in self.log(), 20, self)
        self.ports = json.loads(self.log().split("\n")[0])["ports"]

    def served(self):
        lines = [line for line in self.log().split("\n")[1:-1] if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {"seconds": 0, "requests": 0, "registers": 0}


# ---- bare C


class BareMQTT(Program):
    title, content = "bare C", "json"

    def __init__(self, place, port, qos, skip):
        self.database = os.path.join(place.folder, "bare", "telemetry.db")
        os.makedirs(os.path.dirname(self.database))
        self.start([place.tool("mqtt_sqlite"), str(port), str(qos), self.database, str(skip)], os.path.dirname(self.database))
        wait_for("bare C", lambda: "READY" in self.log(), 10, self)

    def stored(self):
        return rows(self.database)

    def latency(self):
        return self.results()["publish_to_durable_ms"]


def rows(database):
    connection = sqlite3.connect(database, timeout=20)
    try:
        return connection.execute("SELECT count(*) FROM telemetry").fetchone()[0]
    finally:
        connection.close()


# ---- mq-bridge


class Bridge(Program):
    """mq-bridge: each message's eight fields as columns of a SQLite table, acknowledged after the write."""

    title, content = "mq-bridge", "json"

    def __init__(self, place, port, qos, skip):
        self.skip = skip
        folder = os.path.join(place.folder, "bridge")
        os.makedirs(folder)
        self.database = os.path.join(folder, "telemetry.db")
        connection = sqlite3.connect(self.database)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(BRIDGE_TABLE)
        connection.commit()
        connection.close()
        route = {
            "input": {"mqtt": {"url": f"tcp://127.0.0.1:{port}", "topic": "plant/#", "qos": qos, "client_id": "bridge"}},
            "output": {"sqlx": {"url": f"sqlite://{self.database}", "table": "telemetry", "columns": "auto"}}}
        with open(os.path.join(folder, "route.json"), "w") as file:
            json.dump(route, file)
        self.start([place.python("mq-bridge"), os.path.join(HERE, "bridge_route.py"), os.path.join(folder, "route.json")], folder)
        wait_for("mq-bridge", lambda: "READY" in self.log(), 20, self)
        time.sleep(1)

    def stored(self):
        return rows(self.database)

    def latency(self):
        connection = sqlite3.connect(self.database, timeout=20)
        values = sorted(one for (one,) in connection.execute(
            "SELECT stored_at * 1000 - sts / 1e6 FROM telemetry WHERE rowid > ?", (self.skip,)))
        connection.close()
        if not values:
            return None
        return {"p50": values[len(values) // 2], "p99": values[len(values) * 99 // 100], "max": values[-1]}


# ---- collectd


class Collectd(Program):
    """collectd; appends text lines to a file a topic or register, never synced. Its folder is relative: it refuses names with a dot."""

    title, content = "collectd", "collectd"

    def __init__(self, place, plugin, interval=10, threads=5):
        if not shutil.which("collectd"):
            raise Missing("collectd is not installed (Debian: collectd-core)")
        folder = os.path.join(place.folder, "collectd")
        os.makedirs(folder)
        with open(os.path.join(folder, "collectd.conf"), "w") as file:
            file.write(
                f'Hostname "bench"\nFQDNLookup false\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\nInterval {interval}\n'
                f"ReadThreads {threads}\nWriteThreads 5\n"
                'PluginDir "/usr/lib/collectd"\nTypesDB "/usr/share/collectd/types.db"\n'
                "LoadPlugin logfile\n<Plugin logfile>\n LogLevel \"warning\"\n File STDOUT\n</Plugin>\n"
                f'LoadPlugin csv\n<Plugin csv>\n DataDir "csv"\n StoreRates false\n</Plugin>\n{plugin}')
        self.start(["collectd", "-f", "-C", os.path.join(folder, "collectd.conf")], folder)
        time.sleep(1.5)
        if self.process.poll() is not None:
            raise RuntimeError(f"collectd: {self.log()[-400:]}")

    def stored(self):
        count = 0
        for path in glob.glob(f"{self.folder}/csv/**/*", recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    # The first line names the columns.
                    count += sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b"")) - 1
        return count

    def latency(self):
        return None


class CollectdMQTT(Collectd):
    def __init__(self, place, port, qos, skip):
        super().__init__(
            place, 'LoadPlugin mqtt\n<Plugin mqtt>\n <Subscribe "in">\n  Host "127.0.0.1"\n'
            f'  Port {port}\n  QoS {qos}\n  Topic "plant/#"\n </Subscribe>\n</Plugin>\n')


class CollectdModbus(Collectd):
    """One transaction a register: its plugin joins none."""

    def __init__(self, place, ports, registers, interval):
        text = "LoadPlugin modbus\n<Plugin modbus>\n"
        for register in range(registers):
            text += (f' <Data "d{register}">\n  RegisterBase {register}\n  RegisterType uint16\n  RegisterCmd ReadHolding\n'
                     f'  Type gauge\n  Instance "r{register}"\n </Data>\n')
        for index, port in enumerate(ports):
            text += (f' <Host "slave{index:03d}">\n  Address "127.0.0.1"\n  Port "{port}"\n  Interval {interval}\n'
                     '  <Slave 1>\n   Instance "u1"\n')
            text += "".join(f'   Collect "d{register}"\n' for register in range(registers)) + "  </Slave>\n </Host>\n"
        super().__init__(place, text + "</Plugin>\n", interval, threads=len(ports))


# ---- thingsboard-gateway


class Gateway(Program):
    """thingsboard-gateway with its fastest storage (memory), between our broker or slaves and a stand-in for its server."""

    title, content = "thingsboard-gateway", "json"

    def __init__(self, place, kind, connector):
        python = place.python("thingsboard-gateway")
        shipped = glob.glob(os.path.join(os.path.dirname(os.path.dirname(python)), "lib", "python3*", "site-packages",
                                         "thingsboard_gateway", "config"))
        if not shipped:
            raise Missing("thingsboard-gateway ships no configuration folder")
        folder = os.path.join(place.folder, "gateway")
        settings = os.path.join(folder, "config")
        for name in ("config", "data", "logs"):
            os.makedirs(os.path.join(folder, name))
        self.upstream = Broker(os.path.join(folder, "upstream"))
        self.server = Program()
        self.server.start([python, os.path.join(HERE, "thingsboard_server.py"), str(self.upstream.port)], os.path.join(folder, "server"))
        wait_for("the gateway's server", lambda: "READY" in self.server.log(), 20, self.server)
        with open(os.path.join(shipped[0], "tb_gateway.json")) as file:
            whole = json.load(file)
        server = whole["thingsboard"]
        server.update(host="127.0.0.1", port=self.upstream.port, remoteConfiguration=False)
        server["security"] = {"type": "accessToken", "accessToken": "bench"}
        for name in [name for name in server if name.lower().endswith("ratelimits")]:
            server[name] = "0:0,"
        whole["storage"]["type"] = "memory"
        whole["connectors"] = [{"name": "bench", "type": kind, "configuration": "bench.json"}]
        for name, value in (("bench.json", connector), ("tb_gateway.json", whole), ("connected_devices.json", {})):
            with open(os.path.join(settings, name), "w") as file:
                json.dump(value, file)
        for name in ("logs.json", "list.json"):
            if os.path.exists(os.path.join(shipped[0], name)):
                shutil.copy(os.path.join(shipped[0], name), settings)
        shutil.copytree(os.path.join(shipped[0], "statistics"), os.path.join(settings, "statistics"))
        self.start([python, "-m", "thingsboard_gateway.tb_gateway"], folder, cwd=folder,
                   env=dict(os.environ, TB_GW_CONFIG_DIR=settings))

    def counted(self):
        """What the stand-in for the server has been sent so far."""
        lines = [line for line in self.server.log().split("\n")[:-1] if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {"samples": 0}

    def stored(self):
        time.sleep(0.6)
        return self.counted()["samples"]

    def latency(self):
        return self.server.results().get("latency_ms")

    def stop(self):
        super().stop()
        self.server.stop()
        self.upstream.stop()


class GatewayMQTT(Gateway):
    def __init__(self, place, port, qos, skip):
        series = [{"type": "integer", "key": key, "value": "${%s}" % key} for key in ("seq", "sts")]
        series += [{"type": "double", "key": key, "value": "${%s}" % key}
                   for key in ("temperature", "vibration_rms", "current", "pressure")]
        super().__init__(place, "mqtt", {
            "broker": {"host": "127.0.0.1", "port": port, "clientId": "gateway", "version": 5, "maxMessageNumberPerWorker": 10,
                       "maxNumberOfWorkers": 100, "cleanSession": True, "cleanStart": True, "sessionExpiryInterval": 0,
                       "sendDataOnlyOnChange": False, "security": {"type": "anonymous"}},
            "mapping": [{"topicFilter": "plant/+/+/data", "subscriptionQos": qos, "converter": {
                "type": "json", "sendDataOnlyOnChange": False, "timeout": 60000, "attributes": [], "timeseries": series,
                "deviceInfo": {"deviceNameExpressionSource": "message", "deviceNameExpression": "${id}",
                               "deviceProfileExpressionSource": "constant", "deviceProfileExpression": "default"}}}],
            "requestsMapping": {"attributeRequests": [], "attributeUpdates": [], "connectRequests": [],
                                "disconnectRequests": [], "serverSideRpc": []}})


class GatewayModbus(Gateway):
    """Seven transactions a poll: four registers as the sample's time, two as its number, one for each other."""

    REQUESTS = 7

    def __init__(self, place, ports, period_ms):
        series = [{"tag": "seq", "type": "32uint", "functionCode": 3, "objectsCount": 2, "address": 4},
                  {"tag": "sts", "type": "64uint", "functionCode": 3, "objectsCount": 4, "address": 0}]
        series += [{"tag": f"r{address}", "type": "16uint", "functionCode": 3, "objectsCount": 1, "address": address}
                   for address in range(6, 11)]
        super().__init__(place, "modbus", {"master": {"slaves": [
            {"host": "127.0.0.1", "port": port, "type": "tcp", "method": "socket", "unitId": 1, "deviceName": f"slave{index:03d}",
             "deviceType": "default", "timeout": 5, "byteOrder": "BIG", "wordOrder": "BIG", "retries": 3, "retryOnEmpty": True,
             "retryOnInvalid": True, "pollPeriod": period_ms, "connectAttemptTimeMs": 5000, "connectAttemptCount": 5,
             "waitAfterFailedAttemptsMs": 300000, "attributes": [], "timeseries": series, "attributeUpdates": [], "rpc": []}
            for index, port in enumerate(ports)]}})


class Place:
    """Where everything of a run lies."""

    def __init__(self, binary, work, peers):
        self.binary, self.work, self.peers, self.number = os.path.abspath(binary), os.path.abspath(work), peers, 0
        shutil.rmtree(self.work, ignore_errors=True)
        self.tools = os.path.join(self.work, "bare")
        os.makedirs(self.tools)
        self.reasons = {}
        for name, libraries in (("mqtt_sqlite", ["mosquitto", "sqlite3"]), ("modbus", ["modbus", "pthread"]), ("sqlite", ["sqlite3"])):
            subprocess.run(
                ["cc", "-O2", "-Wall", "-Wextra", "-std=gnu11", "-I/usr/include/modbus", "-o", os.path.join(self.tools, name),
                 os.path.join(HERE, "bare", name + ".c"), *["-l" + one for one in libraries]], check=True)
        self.next()

    def next(self):
        """A fresh folder for the next measurement."""
        self.number += 1
        self.folder = os.path.join(self.work, str(self.number))
        os.makedirs(self.folder)

    def tool(self, name):
        return os.path.join(self.tools, name)

    def python(self, package):
        """The Python of the environment that holds a peer, which is made when it is not there."""
        folder = os.path.join(os.path.abspath(self.peers), package)
        python = os.path.join(folder, "bin", "python")
        wanted = f"{package}=={PINS[package]}"
        if package in self.reasons:
            raise Missing(self.reasons[package])
        if not os.path.exists(python):
            venv.create(folder, with_pip=True)
        frozen = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True).stdout
        if wanted not in frozen.splitlines():
            made = subprocess.run([python, "-m", "pip", "install", "-q", wanted], capture_output=True, text=True)
            if made.returncode:
                self.reasons[package] = f"pip cannot install {wanted}: {made.stderr.strip().splitlines()[-1][:120]}"
                raise Missing(self.reasons[package])
        return python

    def millwright(self, *arguments, fails=False):
        """Runs a command that prints JSON; `fails`: its exit status says what the JSON says too."""
        made = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, timeout=300)
        if made.returncode and not (fails and made.stdout.strip()):
            raise RuntimeError(f"millwright {' '.join(map(str, arguments))}: {made.stderr.strip()[-400:]}")
        return json.loads(made.stdout)
