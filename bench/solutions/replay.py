#!/usr/bin/env python3
"""Replays public run-to-failure and fault records through a real broker and the real daemon.

For each machine: record its first part with `millwright run`, fit a model on it with `millwright line run`, install
that, and play the rest. Needs mosquitto and a built millwright beside Python's standard library. Exit 0: every
criterion that can be tested holds; 1: one does not; 77: skipped, because data or programs are missing.
"""

import argparse
import contextlib
import hashlib
import json
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import records
import report
from field import Broker, Daemon, Publisher, wait_for

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import store_samples  # noqa: E402

PACK = ROOT / "solutions" / "rotating-machine"
SKIPPED = 77


def write_pack(machine, folder):
    """The shipped pack with this machine's window and bearing; rules, delays, budget and seed stay as shipped."""
    folder.mkdir()
    text = (PACK / "pack.yaml").read_text()
    vibration = f"vibration: {{ unit: g, samples: {machine.samples}, rate_hz: {machine.rate_hz} }}"
    text, windows = re.subn(r"vibration: \{.*\}", vibration, text)
    block = "bearing:\n" + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in machine.bearing.items())
    text, bearings = re.subn(r"bearing:\n(?:  .*\n)+", block, text)
    if (windows, bearings) != (1, 1):
        raise RuntimeError("pack.yaml has no longer the form that this script adapts")
    (folder / "pack.yaml").write_text(text)
    shutil.copy(PACK / "rules.yaml", folder / "rules.yaml")


def write_plant(machine, port, path):
    """One link; an asset for each record, all judged by the same model."""
    topics, assets = [], []
    for asset in [machine.first.asset] + [r.asset for r in machine.others]:
        topics.append(
            f"""      - {{ topic: replay/{asset}/speed, tag: {asset}.speed, payload: number, unit: rpm }}
      - topic: replay/{asset}/vibration
        tag: {asset}.vibration
        payload: waveform
        format: float32-le
        unit: g
        samples: {machine.samples}
        rate: {machine.rate_hz}
""")
        assets.append(
            f"""  - id: {asset}
    pack: pack
    model: fitted
    process_max_age: 1h
    inputs: {{ vibration: {asset}.vibration, speed: {asset}.speed }}
""")
    path.write_text(
        f"""plant: {{ name: Replay, device: replay }}
store: {{ directory: store }}
links:
  - name: field
    driver: mqtt
    host: 127.0.0.1
    port: {port}
    topics:
{"".join(topics)}assets:
{"".join(assets)}""")


def open_store(daemon):
    return sqlite3.connect(f"file:{daemon.store}/store.sqlite?mode=ro", uri=True, timeout=30)


def query(daemon, sql, *values):
    with contextlib.closing(open_store(daemon)) as base:
        return base.execute(sql, values).fetchall()


def rows_of(daemon, tag):
    """Source time in ns and value of each sample of a tag, in order."""
    numbers = {row[0] for row in query(daemon, "SELECT id FROM tags WHERE name=?", tag)}
    with contextlib.closing(open_store(daemon)) as base:
        return [(source if state & store_samples.HAS_SOURCE_TIME else arrival, value)
                for _, tag, state, source, arrival, value in store_samples.samples(base) if tag in numbers]


def publish(publisher, record):
    for window in record.windows:
        publisher.publish(f"replay/{record.asset}/vibration", window)
    publisher.drain()


def judged(daemon):
    """Windows judged and not judged of each asset since the daemon started."""
    status = daemon.status()
    return {a["id"]: (a["windows"], a["notJudged"], a.get("reason")) for a in status["assets"]} if status else {}


def play(machine, program, folder):
    """The whole path for one machine; returns what was measured of each record."""
    write_pack(machine, folder / "pack")
    broker = Broker(folder)
    daemon = Daemon(program, folder, folder / "plant.yaml")
    try:
        write_plant(machine, broker.port, folder / "plant.yaml")
        daemon.command("check", folder / "plant.yaml")
        model = learn(machine, broker, daemon, folder)
        daemon.start()
        seconds, counts = play_rest(machine, broker, daemon)
        daemon.stop()
        return {"model": model, "replay_seconds": round(seconds, 2), **results(machine, daemon, counts)}
    finally:
        daemon.kill()
        broker.stop()


def learn(machine, broker, daemon, folder):
    """Records the first part through the daemon, and makes the model of it."""
    daemon.start()
    publisher = Publisher(broker.port)
    publisher.publish(f"replay/{machine.first.asset}/speed", str(machine.first.speed_rpm).encode())
    publish(publisher, machine.first)
    publisher.close()
    tag = f"{machine.first.asset}.vibration"
    wait_for("first part stored", lambda: len(rows_of(daemon, tag)) == len(machine.first.windows), 120, daemon.process)
    daemon.stop()
    began = time.monotonic()
    daemon.command(
        "line", "run", folder / "pack", "--config", daemon.config, "--asset", machine.first.asset, "--overlap",
        machine.overlap, "--output", folder / "model.mwplan", "--report", folder / "report.json")
    seconds = time.monotonic() - began
    daemon.command("update", "install", folder / "model.mwplan", "--name", "fitted", "--store", daemon.store)
    made = json.loads((folder / "report.json").read_text())
    card = made["card"]
    return {
        "sha256": hashlib.sha256((folder / "model.mwplan").read_bytes()).hexdigest(),
        "bytes": (folder / "model.mwplan").stat().st_size, "windows": made["windows"],
        "windows_left_out": made["windowsUnsteady"], "threshold": card["threshold"],
        "largest_held_out": made["largestHeldOutRatio"], "line_run_seconds": round(seconds, 1),
    }


def play_rest(machine, broker, daemon):
    """Publishes everything that is to be judged and waits until it is; seconds, and windows judged by asset."""
    publisher = Publisher(broker.port)
    everything = [machine.rest] + machine.others
    for record in everything:
        publisher.publish(f"replay/{record.asset}/speed", str(record.speed_rpm).encode())
    publisher.drain()
    began = time.monotonic()
    for record in everything:
        publish(publisher, record)
    publisher.close()

    def is_done():
        counts = judged(daemon)
        return counts if all(sum(counts.get(r.asset, (0, 0))[:2]) >= len(r.windows) for r in everything) else None

    counts = wait_for("all windows judged", is_done, 300, daemon.process)
    return time.monotonic() - began, counts


def results(machine, daemon, counts):
    """What each record came to, from the store: scores from its tables, alerts from `millwright alerts list`."""
    alerts = json.loads(daemon.command("alerts", "list", "--json", "--limit", 10_000, "--store", daemon.store))
    raised = dict(query(daemon, "SELECT alert, raised_ns FROM alerts"))
    threshold = json.loads((daemon.folder / "report.json").read_text())["card"]["threshold"]
    lines = []
    for record in [machine.rest] + machine.others:
        scores = rows_of(daemon, f"{record.asset}.score")
        own = sorted((a for a in alerts if a["asset"] == record.asset), key=lambda a: raised[a["id"]])
        found = []
        for alert in own:
            number = sum(1 for at, _ in scores if at <= raised[alert["id"]])
            place = record.places[number - 1] if record.places and number else None
            found.append(
                {
                    "code": alert["code"], "severity": alert["severity"], "state": alert["state"], "window": number,
                    "place": place, "features": [f["name"] for f in alert["features"]],
                })
        ratios = [value / threshold for _, value in scores]
        lines.append(
            {
                "record": record.asset, "fault": record.fault, "windows": len(record.windows),
                "scored": len(scores), "not_judged": counts[record.asset][1], "reason": counts[record.asset][2],
                "largest": max(ratios, default=0), "median": sorted(ratios)[len(ratios) // 2] if ratios else 0,
                "least": min(ratios, default=0), "above": sum(r > 1 for r in ratios), "alerts": found,
                "ratios": [round(r, 4) for r in ratios],
            })
    return {"threshold": threshold, "records": lines}


def verdict(machine, outcome):
    """Adds what was found against the criteria; True when all hold."""
    rest, others = outcome["records"][0], outcome["records"][1:]
    whole = all(r["scored"] == r["windows"] for r in outcome["records"])
    criteria = [("every window was scored", whole)]
    if machine.life is None:
        criteria.append(("no alert on the rest of the normal record", not rest["alerts"]))
        missed = [r["record"] for r in others if not r["alerts"]]
        text = "an alert on every fault record" + (f" (none on {', '.join(missed)})" if missed else "")
        criteria.append((text, not missed))
        outcome["codes_right"] = sum(bool(r["alerts"]) and r["alerts"][0]["code"] == r["fault"] for r in others)
    else:
        life = {k: v for k, v in machine.life.items() if k != "snapshots"}
        early = [a for a in rest["alerts"] if a["place"] < life["healthy_until"]]
        true = [a for a in rest["alerts"] if a["place"] >= life["healthy_until"]]
        # A false alarm that never cleared still stands when the damage comes; it does not count as its detection.
        life["false_alarms"] = len(early)
        life["healthy_windows"] = sum(p < life["healthy_until"] for p in machine.rest.places)
        life["healthy_above"] = sum(
            r > 1 for r, p in zip(rest["ratios"], machine.rest.places) if p < life["healthy_until"])
        if true:
            life["alert_snapshot"] = true[0]["place"]
            life["lead_seconds"] = (life["last"] - true[0]["place"]) * life["seconds_per_snapshot"]
            life["lead_share"] = (life["last"] - true[0]["place"]) / life["last"]
        if life["healthy_windows"]:
            criteria.append(("no alert in the healthy part", not early))
        else:
            outcome["untested"] = "no alert in the healthy part"
        life["quiet_windows"] = rest["alerts"][0]["window"] - 1 if rest["alerts"] else rest["windows"]
        criteria.append(("an alert before the end", bool(true) and true[0]["place"] < life["last"]))
        outcome["life"] = life
    outcome["criteria"] = [{"text": text, "holds": bool(holds)} for text, holds in criteria]
    return all(holds for _, holds in criteria)


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def machine_facts(program):
    """Where and with what the figures were made."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((l.split(":")[1].strip() for l in info.read_text().splitlines() if l.startswith("model name")), cpu)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "cpu": cpu, "system": platform.platform(),
        "python": platform.python_version(), "mosquitto": first_line("mosquitto", "-h"),
        "millwright": first_line(program, "--version"), "build": program_kind(program),
        "working tree": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "millwright_sha256": hashlib.sha256(Path(program).read_bytes()).hexdigest(),
        "rules_sha256": hashlib.sha256((PACK / "rules.yaml").read_bytes()).hexdigest(),
    }


def program_kind(program):
    return next((kind for kind in ("release", "debug") if kind in Path(program).parts), "unknown")


def find_program(given):
    choices = [given] if given else [ROOT / ".build" / kind / "millwright" for kind in ("release", "debug")]
    return next((str(Path(c).resolve()) for c in choices if Path(c).is_file()), None)


def skip(why):
    print(f"skipped: {why}", file=sys.stderr)
    return SKIPPED


def machines(data, only):
    made = []
    if "cwru" in only:
        made.append(records.cwru(data / "cwru"))
    for bearing in ("1_1", "2_2", "3_1"):
        if f"phm{bearing}" in only:
            made.append(records.phm(data / "phm2012", bearing))
    return made


def main():
    names = ["cwru", "phm1_1", "phm2_2", "phm3_1"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds cwru/ and phm2012/")
    parser.add_argument("--millwright", help="the program; the release or debug build of this repository unless given")
    parser.add_argument("--work", type=Path, help="folder for stores and logs, kept; a temporary one unless given")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="some of the machines; writes no results")
    arguments = parser.parse_args()
    for needed in ("cwru/index.csv", "phm2012/index.csv"):
        if not (arguments.data / needed).is_file():
            return skip(f"no {needed} in the data folder; its source is named in bench/solutions/README.md")
    if shutil.which("mosquitto") is None:
        return skip("mosquitto is not installed (Debian package mosquitto)")
    program = find_program(arguments.millwright)
    if program is None:
        return skip("no built millwright found; build it or name it with --millwright")
    facts, outcomes, holds = machine_facts(program), [], True
    with tempfile.TemporaryDirectory(prefix="millwright-replay-") as temporary:
        for machine in machines(arguments.data, arguments.only):
            folder = (arguments.work or Path(temporary)).resolve() / machine.name.replace(" ", "-").lower()
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            outcome = {"machine": machine.name, **play(machine, program, folder)}
            holds = verdict(machine, outcome) and holds
            outcomes.append(outcome)
            print(report.text(outcome), flush=True)
    if arguments.only == names:
        (HERE / "results.json").write_text(report.json_text(facts, outcomes))
        (HERE / "results.md").write_text(report.markdown(facts, outcomes))
    for outcome in outcomes:
        if "untested" in outcome:
            print(f"not testable on {outcome['machine']}: {outcome['untested']}")
    print("every criterion that can be tested holds" if holds else "NOT every criterion holds")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
