"""Results of a replay as text, Markdown and JSON."""

import json


def first_alert(record):
    return record["alerts"][0] if record["alerts"] else None


def table(header, lines):
    out = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(out + ["| " + " | ".join(str(c) for c in line) + " |" for line in lines])


def record_lines(outcome):
    lines = []
    for record in outcome["records"]:
        alert = first_alert(record)
        lines.append(
            [
                record["record"], record["fault"], record["windows"], f"{record['median']:.2f}", f"{record['largest']:.2f}",
                record["above"], "yes" if alert else "no", alert["code"] if alert else "", alert["window"] if alert else "",
            ])
    return lines


HEADER = [
    "record", "state in its description", "windows", "median score / threshold", "largest", "windows above", "alert",
    "code", "windows until alert",
]


def life_lines(outcome):
    life = outcome["life"]
    if "alert_snapshot" in life:
        found = (
            f"alert at snapshot {life['alert_snapshot']} of {life['last']}, {life['lead_seconds']} s before the end "
            f"({100 * life['lead_share']:.1f} % of its life)")
    else:
        found = "no alert after the healthy part"
    healthy = (
        f"{life['healthy_windows']} windows, {life['healthy_above']} above the threshold, {life['false_alarms']} false alarms"
        if life["healthy_windows"] else "**no window is left to judge in it, so false alarms are not measured here**")
    return [
        f"- healthy until snapshot {life['healthy_until']} (then the {life['why']} rises): {healthy}",
        f"- {found}; {life['quiet_windows']} windows without an alert before",
        *(
            f"- alert {n + 1}: snapshot {a['place']}, {a['code']}, {a['severity']}, {a['state']} at the end; "
            f"{', '.join(a['features'])}" for n, a in enumerate(outcome["records"][0]["alerts"])),
    ]


def section(outcome):
    model = outcome["model"]
    lines = [
        f"## {outcome['machine']}", "",
        f"Model of {model['windows']} windows ({model['windows_left_out']} more left out as unsteady), {model['bytes']} bytes, "
        f"made in {model['line_run_seconds']} s; largest held-out score {model['largest_held_out']:.2f} x threshold. "
        f"The rest was played in {outcome['replay_seconds']} s.", "",
        *(f"- {'holds' if c['holds'] else '**does not hold**'}: {c['text']}" for c in outcome["criteria"]),
        *([f"- **not testable**: {outcome['untested']}"] if "untested" in outcome else []),
        *(life_lines(outcome) if "life" in outcome else []), "",
        table(HEADER, record_lines(outcome)), "",
    ]
    if "codes_right" in outcome:
        count = len(outcome["records"]) - 1
        lines += [f"The first alert's code names the part that is damaged in {outcome['codes_right']} of {count} records.", ""]
    return lines


def text(outcome):
    return "\n".join(section(outcome))


def markdown(facts, outcomes):
    head = [
        "# Replay of public records: results", "",
        "Made by `python3 bench/solutions/replay.py --data DIR`; [README.md](README.md) says what is played and what the figures "
        "do not show.", "",
        *(f"- {key}: {value}" for key, value in facts.items()), "",
    ]
    return "\n".join(head + [line for outcome in outcomes for line in section(outcome)]).rstrip() + "\n"


def json_text(facts, outcomes):
    return json.dumps({"made_with": facts, "machines": outcomes}, indent=1, ensure_ascii=False) + "\n"
