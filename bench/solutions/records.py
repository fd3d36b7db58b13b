"""The two public data sets as windows: what is learnt from, what must stay quiet, what must raise an alert."""

import array
import csv
import re
import statistics
import struct
import sys
from dataclasses import dataclass, field


@dataclass
class Record:
    """Windows of one machine in order; each window is the bytes of float32, little-endian."""

    asset: str
    windows: list
    speed_rpm: float
    # What the record's own description calls the damage; the alert's code should say the same.
    fault: str = "normal"
    # Where each window lies in the original record: snapshot number, or first sample.
    places: list = field(default_factory=list)


@dataclass
class Machine:
    """One model: fitted on `first`, then fed `rest` and every record of `others`."""

    name: str
    samples: int
    rate_hz: int
    bearing: dict
    overlap: int
    first: Record
    rest: Record
    others: list
    note: str = ""
    life: dict = None


def read_npy(path):
    """Shape and values of a little-endian float32 .npy in C order."""
    raw = path.read_bytes()
    if raw[:6] != b"\x93NUMPY":
        raise ValueError(f"{path.name}: not a .npy file")
    length, start = (struct.unpack("<H", raw[8:10])[0], 10) if raw[6] == 1 else (struct.unpack("<I", raw[8:12])[0], 12)
    header = raw[start:start + length].decode("latin1")
    if "'<f4'" not in header or "'fortran_order': False" not in header:
        raise ValueError(f"{path.name}: expected float32 in C order, found {header.strip()}")
    shape = [int(n) for n in re.search(r"\(([^)]*)\)", header).group(1).split(",") if n.strip()]
    values = array.array("f")
    values.frombytes(raw[start + length:])
    if sys.byteorder == "big":
        values.byteswap()
    return shape, values


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def packed(values):
    """Bytes as a sensor sends them."""
    copy = array.array("f", values)
    if sys.byteorder == "big":
        copy.byteswap()
    return copy.tobytes()


def cut(values, samples, hop):
    starts = list(range(0, len(values) - samples + 1, hop))
    return [packed(values[s:s + samples]) for s in starts], starts


CWRU_FAULTS = {"B": "bearing.rolling_element", "IR": "bearing.inner_race", "OR": "bearing.outer_race"}


def cwru(folder, samples=2048, overlap=4):
    """The drive end at 12 kHz: the first half of the normal record to learn from, everything else to judge.

    The normal record is 3.05 s long, so its windows advance by a quarter; fault windows lie apart from each other.
    """
    index = rows(folder / "index.csv")
    normal = next(r["file"] for r in index if r["file"] == "1797_Normal_DE_12k_part1.npy")
    _, values = read_npy(folder / "signals" / normal)
    half = len(values) // 2
    rpm = 1797.0
    first, first_places = cut(values[:half], samples, samples // overlap)
    rest, rest_places = cut(values[half:], samples, samples // overlap)
    others = []
    for row in index:
        if row["fault"] == "normal" or row["channel"] != "DE" or row["sample_rate_hz"] != "12000":
            continue
        _, values = read_npy(folder / "signals" / row["file"])
        windows, places = cut(values, samples, samples)
        others.append(
            Record(row["file"].removesuffix(".npy"), windows, float(row["rpm_family"]), CWRU_FAULTS[row["fault"]], places))
    return Machine(
        name="CWRU", samples=samples, rate_hz=12000,
        bearing={
            "designation": "6205-2RS", "rolling_elements": 9, "element_diameter_mm": 7.94, "pitch_diameter_mm": 39.04,
            "contact_angle_deg": 0,
        },
        overlap=overlap, first=Record("normal", first, rpm, places=first_places),
        rest=Record("normal", rest, rpm, places=[half + p for p in rest_places]), others=others)


def phm(folder, bearing, first_count=60):
    """One run to failure, horizontal channel: the first raw snapshots to learn from, the rest to judge."""
    name = f"Bearing{bearing}"
    shape, values = read_npy(folder / f"{name}_raw.npy")
    count, samples, axes = shape
    index = rows(folder / f"{name}_raw_index.csv")
    if len(index) != count:
        raise ValueError(f"{name}: {count} snapshots but {len(index)} rows in the index")
    condition = next(r for r in rows(folder / "index.csv") if r["bearing"] == name)
    size = samples * axes
    windows = [packed(values[n * size:(n + 1) * size:axes]) for n in range(count)]
    snapshots = [int(r["snapshot"]) for r in index]
    rpm = float(condition["rpm"])
    features = rows(folder / f"{name}_features.csv")
    life = healthy_part(features, snapshots[first_count - 1])
    life["snapshots"] = snapshots
    return Machine(
        name=f"PHM {bearing}", samples=samples, rate_hz=25600,
        bearing={
            "designation": "PRONOSTIA", "rolling_elements": 13, "element_diameter_mm": 3.5,
            "pitch_diameter_mm": 25.6, "contact_angle_deg": 0,
        },
        overlap=1, first=Record(name, windows[:first_count], rpm, places=snapshots[:first_count]),
        rest=Record(name, windows[first_count:], rpm, "run to failure", snapshots[first_count:]), others=[], life=life)


def healthy_part(features, last_learnt):
    """Where a bearing's healthy part ends, by the plain indicators that analysts use and without any model.

    The first snapshot after the learnt part at which the running median over 15 snapshots of the horizontal RMS exceeds 1.2
    times its median over the learnt part, or of the kurtosis 4 (3 is noise). Chosen before any model was run.
    """
    rms = [float(r["h_rms"]) for r in features]
    kurtosis = [float(r["h_kurtosis"]) for r in features]
    level = 1.2 * statistics.median(rms[:last_learnt + 1])
    end, why = len(features), "never"
    for n in range(last_learnt + 1, len(features)):
        if statistics.median(rms[n - 14:n + 1]) > level:
            end, why = n, "RMS"
            break
        if statistics.median(kurtosis[n - 14:n + 1]) > 4:
            end, why = n, "kurtosis"
            break
    return {"healthy_until": end, "why": why, "last": len(features) - 1, "seconds_per_snapshot": 10}
