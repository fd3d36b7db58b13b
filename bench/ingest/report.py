"""Medians, targets, tables and the plot of the ingest bench."""

import statistics
from dataclasses import dataclass

TITLES = {
    "mqtt-qos0": ("MQTT, QoS 0, 60,000 messages a second", "messages"),
    "mqtt-qos1": ("MQTT, QoS 1, 30,000 messages a second", "messages"),
    "mqtt-slow": ("MQTT, QoS 1, 1,000 messages a second", "messages"),
    "sigkill": ("MQTT, QoS 1, 30,000 messages a second, the daemon killed half-way and started again", "messages"),
    "modbus": ("Modbus, 64 slaves that answer after 5 ms, four blocks of 10 registers, as fast as they answer", "transactions"),
    "modbus-10k": ("Modbus, 100 slaves, 100 registers each a second", "transactions"),
    "modbus-100k": ("Modbus, 100 slaves, 100 registers each ten times a second", "transactions"),
    "modbus-hanging": ("Modbus, 64 slaves at 100 ms, of which 10 never answer", "transactions"),
    "store": ("Store, 1,000 samples a commit, full sync", "samples"),
}
# The window that the daemon gathers messages in before a commit, in milliseconds (`MQTTLink`).
FLUSH_WINDOW_MS = 10
COLORS = {
    "ours": "#1f5f8b", "bare C": "#555", "bare C in turn": "#999", "mq-bridge": "#c2571a", "collectd": "#2f7e4f",
    "thingsboard-gateway": "#7a5195"}


@dataclass
class Target:
    experiment: str
    what: str
    seen: str
    is_held: bool


def name_of(program):
    return "Millwright" if program == "ours" else program


def number(value, decimals=1):
    return "-" if value is None else f"{value:,.{decimals}f}"


def brief(one):
    """A measurement in a few words, for the progress lines."""
    parts = []
    if "sent" in one:
        parts.append(f"{one['lost']} of {one['sent']} lost")
    if "per_second" in one:
        parts.append(f"{number(one['per_second'], 0)} a second")
    if one.get("us") is not None:
        parts.append(f"{number(one['us'], 2)} us each")
    if "pss_mb" in one:
        parts.append(f"PSS {number(one['pss_mb'])} MB")
    for key in ("latency", "jitter"):
        if one.get(key):
            parts.append(f"{key} p50 {number(one[key]['p50'])} p99 {number(one[key]['p99'])} ms")
    return ", ".join(parts)


def median(samples, *path):
    values = []
    for value in samples:
        for key in path:
            value = value.get(key) if value else None
        if value is not None:
            values.append(value)
    return statistics.median(values) if values else None


def targets(results):
    """The figures that this must reach, and whether it does."""
    experiments = {name: one["samples"] for name, one in results["experiments"].items()}
    found = []

    def add(name, what, values, is_held):
        """`values`: one or more figures, nil of which may be missing."""
        if any(value is None for value in values):
            return found.append(Target(name, what, "not measured", False))
        seen = ", ".join(number(value, 0 if abs(value) >= 1_000 or value == int(value) else 2) for value in values)
        found.append(Target(name, what, seen, is_held(*values)))

    def ours(name, *path):
        return median(experiments[name].get("ours", []), *path)

    def most(name, *path):
        values = [one for one in (median([sample], *path) for sample in experiments[name].get("ours", [])) if one is not None]
        return max(values) if values else None

    for name in ("mqtt-qos0", "mqtt-qos1", "mqtt-slow", "sigkill"):
        if name not in experiments:
            continue
        add(name, "messages missing or doubled, all rounds: none", [most(name, "lost"), most(name, "doubled")], lambda a, b: a == b == 0)
        add(name, "PSS under 32 MB, no page counted as shared with the bench", [ours(name, "pss_mb")], lambda value: value < 32)
        if name in ("mqtt-qos0", "mqtt-qos1"):
            ratio = ratio_of(experiments[name], "ours", "us")
            rate = 60_000 if name == "mqtt-qos0" else 30_000
            add(name, "keeps the pace, messages a second", [ours(name, "sent_per_second")], lambda value: value > 0.97 * rate)
            add(name, "at most 1.5 times the processor time of bare C", [ratio], lambda value: value <= 1.5)
            add(name, "p99 publish to durable at most 200 ms", [ours(name, "latency", "p99")], lambda value: value <= 200)
        if name == "mqtt-qos1":
            add(name, "below 20 us a message", [ours(name, "us")], lambda value: value < 20)
        if name == "mqtt-slow":
            limit = FLUSH_WINDOW_MS + 10
            add(name, f"p99 publish to durable at most flush window + 10 = {limit} ms", [ours(name, "latency", "p99")],
                lambda value: value <= limit)
    for name, percent, memory in (("modbus-10k", 12, 32), ("modbus-100k", 80, 96)):
        if name in experiments:
            add(name, f"at most {percent} % of a core", [ours(name, "percent")], lambda value: value <= percent)
            add(name, f"PSS at most {memory} MB, no page counted as shared with the bench", [ours(name, "pss_mb")], lambda value: value <= memory)
    if "modbus" in experiments:
        add("modbus", "at least 11,000 transactions a second", [ours("modbus", "per_second")], lambda value: value >= 11_000)
        add("modbus", "at most 25 us a transaction", [ours("modbus", "us")], lambda value: value <= 25)
    if "modbus-hanging" in experiments:
        add("modbus-hanging", "p99 of scan jitter under 20 ms", [ours("modbus-hanging", "jitter", "p99")], lambda value: value < 20)
    if "store" in experiments:
        add("store", "at least 400,000 samples a second", [ours("store", "per_second")], lambda value: value >= 400_000)
    return found


def ratio_of(samples, program, key):
    ours, bare = median(samples.get(program, []), key), median(samples.get("bare C", []), key)
    return ours / bare if ours and bare else None


def table(name, one):
    samples, unit = one["samples"], TITLES[name][1]
    is_mqtt = unit == "messages"
    head = ["program"]
    head += ["sent", "stored", "lost"] if is_mqtt else [f"{unit} a second"]
    head += [f"us a {unit[:-1]}", "to bare C", "PSS MB"]
    extra = [("publish to durable", "latency"), ("commit", "latency"), ("scan jitter", "jitter")]
    extra = [(title, key) for title, key in extra if any(median(runs, key, "p50") is not None for runs in samples.values())
             and (title == "commit") == (name == "store" and key == "latency")]
    head += [f"{title} p50 / p99 ms" for title, _ in extra]
    if name.startswith("modbus"):
        head += ["samples stored a second", "% of a core"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for program, runs in samples.items():
        ratio = ratio_of(samples, program, "us")
        cells = [name_of(program)]
        cells += [number(median(runs, key), 0) for key in ("sent", "stored", "lost")] if is_mqtt else [
            number(median(runs, "per_second"), 0)]
        cells += [number(median(runs, "us"), 2), "-" if ratio is None else f"{ratio:.2f}", number(median(runs, "pss_mb"))]
        for _, key in extra:
            cells.append("-" if median(runs, key, "p50") is None
                         else f"{number(median(runs, key, 'p50'), 2)} / {number(median(runs, key, 'p99'), 2)}")
        if name.startswith("modbus"):
            cells += [number(median(runs, "stored_per_second"), 0), number(median(runs, "percent"))]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def text(results):
    """The page, and the targets that are missed."""
    place, experiments = results["machine"], results["experiments"]
    found = targets(results)
    missed = [target for target in found if not target.is_held]
    lines = [
        "# Results", "",
        f"{place['date']}, {place['cores']} cores of {place['cpu']}, Linux {place['kernel']}; "
        + ", ".join(f"{name} {version}" for name, version in results["versions"].items() if name != "millwright")
        + ". Medians of the rounds; every program once a round, one after the other. "
        "What is done by each, and where the work is not equal: [README.md](README.md).", "",
        "## Targets", "", "| experiment | target | seen | held |", "|---|---|---|---|"]
    lines += [f"| {one.experiment} | {one.what} | {one.seen} | {'yes' if one.is_held else '**no**'} |" for one in found]
    lines.append("")
    for name, one in experiments.items():
        rounds = max((len(runs) for runs in one["samples"].values()), default=0)
        lines += [f"## {TITLES[name][0]}", "", f"`{name}`: {rounds} rounds of {one['seconds']:g} s, {one['millwright']}.", ""]
        lines += table(name, one)
        lines += ["", *[f"- {program} left out: {reason}" for program, reason in one["left_out"].items()]]
        lines += [""] if one["left_out"] else []
    return "\n".join(lines).rstrip("\n") + "\n", missed


def plot(results):
    """Bars: processor time of one message, transaction or sample, by program; each experiment has a scale of its own."""
    left, bar, gap, width = 190, 16, 44, 860
    body, y = [], 60
    for name, one in results["experiments"].items():
        values = {program: median(runs, "us") for program, runs in one["samples"].items()}
        values = {program: value for program, value in values.items() if value is not None}
        if len(values) < 2:
            continue
        title, unit = TITLES[name]
        # A program far above the others would leave them no length.
        limit = max(values.get("bare C", 0), values.get("ours", 0)) * 4
        body.append(f'<text x="14" y="{y}" font-weight="bold">{title}: us a {unit[:-1]}</text>')
        y += 8
        for program, value in values.items():
            length = (width - left - 130) * min(value, limit) / min(limit, max(values.values()))
            body.append(
                f'<text x="{left - 8}" y="{y + bar - 4}" text-anchor="end">{name_of(program)}</text>'
                f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 3}" fill="{COLORS[program]}"/>'
                f'<text x="{left + length + 5:.1f}" y="{y + bar - 4}">{number(value, 2)}{" (cut)" if value > limit else ""}</text>')
            y += bar
        y += gap - bar
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" font-family="sans-serif" font-size="12">'
        '<rect width="100%" height="100%" fill="white"/>'
        '<text x="14" y="26" font-size="15">Processor time by program (shorter is better) · 各程序的处理器耗时（越短越好）</text>'
        f"{''.join(body)}</svg>\n")
