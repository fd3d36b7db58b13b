#!/usr/bin/env python3
"""Measures what the daemon takes from the field: beside bare C, mq-bridge, collectd and thingsboard-gateway, in the same run.

    bench/ingest/run.py [--binary .build/release/millwright] [--only EXPERIMENT,...] [--rounds 3] [--seconds 4] [--append]

Every round runs every program once on every experiment, one after the other, against the same load and the same broker settings.
Written beside this file: results.json, results.md, results.svg. `--only` keeps the other experiments of the results.json that is
there; `--append` adds rounds to it. mq-bridge and thingsboard-gateway come from PyPI into environments under --peers; collectd from
Debian, where it is installed or this runs as root. Exit status 1: a target is missed.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import time

import programs
import report
from programs import Missing

HERE = os.path.dirname(os.path.abspath(__file__))
# Messages before the measurement, so that files, tables and statements exist: one a topic.
FIRST = 200


def publish(place, port, content, qos, rate, count):
    return place.millwright("bench", "load", "mqtt", "--port", port, "--content", content, "--qos", qos, "--rate", rate,
                            "--count", count)


def settle(program, seconds=20):
    """Waits until a program has been still for a second."""
    end = time.monotonic() + seconds
    last, still = programs.processor_seconds(program.pid), 0
    while still < 4 and time.monotonic() < end:
        time.sleep(0.25)
        now = programs.processor_seconds(program.pid)
        still = still + 1 if now - last < 0.021 else 0
        last = now


def begin(place, program, port):
    """Publishes one message a topic until they arrive: some programs subscribe only seconds after their start."""
    for _ in range(20):
        publish(place, port, program.content, 1, 400, FIRST)
        try:
            return programs.wait_for("first messages", lambda: program.stored() >= FIRST, 2, program)
        except TimeoutError:
            pass
    raise RuntimeError(f"{program.title} does not take the first messages: {program.log()[-400:]}")


def mqtt_peer(kind, qos, rate):
    """A measurement of one program behind our broker and our load."""

    def measure(place, seconds):
        place.next()
        broker = programs.Broker(os.path.join(place.folder, "broker"))
        program = None
        try:
            program = kind(place, broker.port, qos, FIRST)
            begin(place, program, broker.port)
            settle(program)
            before, used, broker_used = (
                program.stored(), programs.processor_seconds(program.pid), programs.processor_seconds(broker.pid))
            load = publish(place, broker.port, kind.content, qos, rate, int(rate * seconds))
            settle(program)
            used = programs.processor_seconds(program.pid) - used
            broker_used = programs.processor_seconds(broker.pid) - broker_used
            memory = programs.proportional_bytes(program.pid)
            stored = program.stored() - before
            latency = program.latency()
        finally:
            if program is not None:
                program.stop()
            broker.stop()
        return {
            "sent": load["sent"], "sent_per_second": load["sent_per_second"], "stored": stored, "lost": load["sent"] - stored,
            "us": used / load["sent"] * 1e6, "broker_us": broker_used / load["sent"] * 1e6, "pss_mb": memory / 1e6,
            "latency": latency}

    return measure


def mqtt_ours(qos, rate, kill=False):
    def measure(place, seconds):
        place.next()
        # It is killed in the middle, and lets go of what its start needed two seconds after the next one: with messages coming still.
        seconds = max(seconds, 8) if kill else seconds
        made = place.millwright(
            "bench", "ingest", "mqtt", "--qos", qos, "--rate", rate, "--seconds", seconds, "--json",
            "--directory", os.path.join(place.folder, "ours"), *(["--kill"] if kill else []), fails=True)
        return {
            "sent": made["sent"], "sent_per_second": made["sent_per_second"], "stored": made["stored"],
            "lost": made["missing"], "doubled": made["doubled"], "us": made.get("daemon_us_per_message"),
            "broker_us": made["broker_us_per_message"], "pss_mb": made["daemon_pss_bytes"] / 1e6,
            "latency": made["publish_to_durable_ms"]}

    return measure


def modbus_ours(**settings):
    def measure(place, seconds):
        place.next()
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        made = place.millwright(
            "bench", "ingest", "modbus", *arguments, "--seconds", seconds, "--json",
            "--directory", os.path.join(place.folder, "ours"))
        return {
            "per_second": made["transactions_per_second"], "stored_per_second": made["stored_per_second"],
            "us": made["daemon_us_per_transaction"], "percent": made["daemon_processor_percent"],
            "pss_mb": made["daemon_pss_bytes"] / 1e6, "jitter": made["scan_jitter_ms"]}

    return measure


def modbus_peer(start, slaves, delay, warm=3.0, stores=True):
    """A measurement of one program that polls our farm; `start(place, ports, seconds)` gives it running."""

    def measure(place, seconds):
        place.next()
        farm = programs.Farm(place.binary, os.path.join(place.folder, "farm"), slaves, delay, warm + seconds + 60)
        program = None
        try:
            program = start(place, farm.ports, warm + seconds + 1)
            time.sleep(warm)
            stored = program.stored() if stores else 0
            first, used, at = farm.served(), programs.processor_seconds(program.pid), time.monotonic()
            time.sleep(seconds)
            last, used_then, span = farm.served(), programs.processor_seconds(program.pid), time.monotonic() - at
            stored = program.stored() - stored if stores else 0
            memory = programs.proportional_bytes(program.pid)
        finally:
            if program is not None:
                program.stop()
            farm.stop()
        answers = (last["requests"] - first["requests"]) / (last["seconds"] - first["seconds"])
        if not answers:
            raise Missing("it asks nothing")
        return {
            "per_second": answers, "stored_per_second": stored / span, "us": (used_then - used) / span / answers * 1e6,
            "percent": (used_then - used) / span * 100, "pss_mb": memory / 1e6}

    return measure


def bare_modbus(way, blocks, registers, interval_ms):
    def start(place, ports, seconds):
        program = programs.Program()
        program.start([place.tool("modbus"), way, str(seconds), str(blocks), str(registers), str(interval_ms),
                       *map(str, ports)], os.path.join(place.folder, "bare"))
        programs.wait_for("bare C", lambda: "READY" in program.log(), 20, program)
        return program

    return start


def gateway_modbus(period_ms):
    def start(place, ports, seconds):
        program = programs.GatewayModbus(place, ports, period_ms)
        programs.wait_for("the gateway polls", lambda: program.counted()["samples"] >= len(ports), 60, program)
        return program

    return start


def store_ours(place, seconds):
    place.next()
    made = place.millwright("bench", "store", "--seconds", seconds, "--json", "--directory", os.path.join(place.folder, "ours"))
    return {"per_second": made["samples_per_second"], "us": made["us_per_sample"], "latency": made["commit_ms"]}


def store_bare(place, seconds):
    place.next()
    made = subprocess.run([place.tool("sqlite"), os.path.join(place.folder, "bare.db"), str(seconds), "1000"],
                          capture_output=True, text=True, check=True)
    made = json.loads(made.stdout)
    return {"per_second": made["samples_per_second"], "us": made["us_per_sample"], "latency": made["commit_ms"]}


def saturated(way):
    return modbus_peer(bare_modbus(way, 4, 10, 0), 64, 5, warm=1, stores=False)


def at_a_second(way, slaves, registers, interval_ms):
    return modbus_peer(bare_modbus(way, 1, registers, interval_ms), slaves, 5, warm=1, stores=False)


# The programs of each experiment, ours first: then bare C, to which the ratio is, then the peers.
EXPERIMENTS = {
    "mqtt-qos0": {
        "ours": mqtt_ours(0, 60_000), "bare C": mqtt_peer(programs.BareMQTT, 0, 60_000),
        "mq-bridge": mqtt_peer(programs.Bridge, 0, 60_000), "collectd": mqtt_peer(programs.CollectdMQTT, 0, 60_000)},
    "mqtt-qos1": {
        "ours": mqtt_ours(1, 30_000), "bare C": mqtt_peer(programs.BareMQTT, 1, 30_000),
        "mq-bridge": mqtt_peer(programs.Bridge, 1, 30_000), "collectd": mqtt_peer(programs.CollectdMQTT, 1, 30_000)},
    "mqtt-slow": {
        "ours": mqtt_ours(1, 1_000), "bare C": mqtt_peer(programs.BareMQTT, 1, 1_000),
        "mq-bridge": mqtt_peer(programs.Bridge, 1, 1_000), "collectd": mqtt_peer(programs.CollectdMQTT, 1, 1_000),
        "thingsboard-gateway": mqtt_peer(programs.GatewayMQTT, 1, 1_000)},
    "sigkill": {"ours": mqtt_ours(1, 30_000, kill=True)},
    "modbus": {
        "ours": modbus_ours(slaves=64, blocks=4, registers=10, scan=5, delay=5), "bare C": saturated("threads"),
        "bare C in turn": saturated("turn"),
        "collectd": modbus_peer(lambda place, ports, _: programs.CollectdModbus(place, ports, 10, 0.02), 64, 5),
        "thingsboard-gateway": modbus_peer(gateway_modbus(200), 64, 5)},
    "modbus-10k": {
        "ours": modbus_ours(slaves=100, registers=100, scan=1000, delay=5), "bare C": at_a_second("threads", 100, 100, 1000)},
    "modbus-100k": {
        "ours": modbus_ours(slaves=100, registers=100, scan=100, delay=5), "bare C": at_a_second("threads", 100, 100, 100)},
    "modbus-hanging": {"ours": modbus_ours(slaves=64, hanging=10, registers=10, scan=100, delay=5)},
    "store": {"ours": store_ours, "bare C": store_bare},
}


def install_collectd():
    if shutil.which("collectd") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    subprocess.run(["apt-get", "install", "-q", "-y", "collectd-core"], stdout=subprocess.DEVNULL)


def output_of(*command):
    made = subprocess.run(command, capture_output=True, text=True)
    return (made.stdout + made.stderr).strip()


def machine():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
        "date": datetime.date.today().isoformat()}


def versions(binary):
    def debian(name):
        return output_of("dpkg-query", "-W", "-f", "${Version}", name).split("\n")[0]

    commit = output_of("git", "-C", HERE, "rev-parse", "--short", "HEAD")
    return {
        "millwright": f"{output_of(binary, '--version')} at {commit}",
        "mosquitto and libmosquitto": debian("libmosquitto1"), "libmodbus": debian("libmodbus5"), "SQLite": debian("libsqlite3-0"),
        "collectd": debian("collectd-core"), **programs.PINS}


def measure(place, names, rounds, seconds, samples, reasons):
    """One list of figures for each experiment and program."""
    for number in range(rounds):
        for name in names:
            for title, run in EXPERIMENTS[name].items():
                if title in reasons.get(name, {}):
                    continue
                try:
                    one = run(place, seconds)
                except Missing as missing:
                    reasons.setdefault(name, {})[title] = str(missing)
                    print(f"round {number + 1}/{rounds}, {name}, {title}: left out: {missing}", file=sys.stderr)
                    continue
                finally:
                    shutil.rmtree(place.folder, ignore_errors=True)
                samples.setdefault(name, {}).setdefault(title, []).append(one)
                print(f"round {number + 1}/{rounds}, {name}, {title}: {report.brief(one)}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/millwright")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(EXPERIMENTS), help=", ".join(EXPERIMENTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each program in each round")
    parser.add_argument("--append", action="store_true", help="add rounds to those of the results.json that is there")
    parser.add_argument("--work", default=".build/bench-ingest", help="on the disk to be measured; what is there goes")
    parser.add_argument("--peers", default=".build/bench-peers", help="where the peers' environments are")
    parser.add_argument("--output", default=HERE)
    parser.add_argument("--redraw", action="store_true", help="tables and plot of the results.json that is there")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.only if name not in EXPERIMENTS]
    if unknown:
        parser.error(f"--only: expected some of {', '.join(EXPERIMENTS)}, found {', '.join(unknown)}")
    path = os.path.join(arguments.output, "results.json")
    results = {"experiments": {}}
    if os.path.exists(path):
        with open(path) as file:
            results = json.load(file)
    if not arguments.redraw:
        install_collectd()
        place = programs.Place(arguments.binary, arguments.work, arguments.peers)
        kept = {name: results["experiments"][name] for name in arguments.only if name in results["experiments"]}
        samples = {name: one["samples"] for name, one in kept.items()} if arguments.append else {}
        reasons = {}
        measure(place, arguments.only, arguments.rounds, arguments.seconds, samples, reasons)
        shutil.rmtree(place.work, ignore_errors=True)
        facts = versions(arguments.binary)
        results["machine"], results["versions"] = machine(), facts
        for name in arguments.only:
            results["experiments"][name] = {
                "samples": samples.get(name, {}), "left_out": reasons.get(name, {}), "seconds": arguments.seconds,
                "millwright": facts["millwright"]}
        results["experiments"] = {name: results["experiments"][name] for name in EXPERIMENTS if name in results["experiments"]}
        with open(path, "w") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
    text, missed = report.text(results)
    with open(os.path.join(arguments.output, "results.md"), "w") as file:
        file.write(text)
    with open(os.path.join(arguments.output, "results.svg"), "w") as file:
        file.write(report.plot(results))
    missed = [target for target in missed if target.experiment in arguments.only]
    for target in missed:
        print(f"missed: {target.experiment}: {target.what}", file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
