"""Every sample in a store, read without the daemon's code: chunks of records, and blocks as docs/internals/store.md has them."""

import sqlite3
import struct

# A record of a chunk: tag, state, source, arrival and monotonic time, value, checksum.
RECORD = struct.Struct("<iIqqqdI")
HAS_SOURCE_TIME = 1 << 24
UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
FRAME = 64
MASK = (1 << 64) - 1


def signed(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def unzigzag(bits):
    return (bits >> 1) ^ -(bits & 1)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        part = self.data[self.at:self.at + count]
        if len(part) != count:
            raise ValueError(f"expected {count} bytes at {self.at}, found {len(part)}")
        self.at += count
        return part

    def byte(self):
        return self.take(1)[0]

    def word(self, count):
        return int.from_bytes(self.take(count), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def packed(self, count, width):
        bits = int.from_bytes(self.take((count * width + 7) // 8), "little")
        mask = (1 << width) - 1
        return [bits >> (index * width) & mask for index in range(count)]

    def integers(self, count):
        head = self.byte()
        order, unit = head & 15, UNITS[head >> 4]
        value = signed(self.word(8))
        first, step = value, unzigzag(self.varint()) if order == 2 else 0
        values = [value]
        for start in range(0, count - 1, FRAME):
            for bits in self.packed(min(FRAME, count - 1 - start), self.byte()):
                if order == 0:
                    value = signed(first + unzigzag(bits) * unit)
                elif order == 1:
                    value = signed(value + unzigzag(bits) * unit)
                else:
                    step = signed(step + unzigzag(bits))
                    value = signed(value + step * unit)
                values.append(value)
        return values

    def values(self, count):
        """Bit patterns."""
        form = self.byte()
        if form == 0:
            return [self.word(8)] * count
        if form == 1:
            entries = [self.word(8) for _ in range(self.byte() + 1)]
            return [entries[place] for place in self.packed(count, (len(entries) - 1).bit_length())]
        if form == 2:
            power = 10.0 ** self.byte()
            return [struct.unpack("<Q", struct.pack("<d", whole / power))[0] for whole in self.integers(count)]
        if form == 3:
            return [value & MASK for value in self.integers(count)]
        if form != 4:
            raise ValueError(f"form {form}")
        values = [self.word(8)]
        for start in range(1, count, FRAME):
            width, shift = self.byte(), self.byte()
            for bits in self.packed(min(FRAME, count - start), width):
                values.append(values[-1] ^ bits << shift)
        return values


def crc32c(data, table=[]):
    if not table:
        for byte in range(256):
            for _ in range(8):
                byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
            table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def unpack(data):
    """Number, state, source time, arrival, monotonic time and value of each sample of a block."""
    if crc32c(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise ValueError("a block whose checksum does not hold")
    reader = Reader(data[:-4])
    if reader.byte() != 1:
        raise ValueError("a block of another version")
    count = reader.word(2)
    numbers, sources, arrivals, monotonics = (reader.integers(count) for _ in range(4))
    values = struct.unpack(f"<{count}d", struct.pack(f"<{count}Q", *reader.values(count)))
    states = []
    while len(states) < count:
        run = reader.varint()
        states += [reader.word(4)] * run
    for index in range(count):
        arrival = signed(sources[index] + arrivals[index])
        yield (numbers[index], states[index], sources[index], arrival, signed(arrival + monotonics[index]), values[index])


def samples(base):
    """Number, tag, state, source time, arrival and value of every sample in an open database, in the order of the numbers.

    What a chunk holds counts there: while samples are being packed, blocks hold it as well.
    """
    tables = {name for name, in base.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    chunks = base.execute("SELECT id, data FROM chunks ORDER BY id").fetchall() if "chunks" in tables else []
    first = chunks[0][0] if chunks else 1 << 63
    found = []
    if "blocks" in tables:
        for tag, data in base.execute("SELECT tag, data FROM blocks JOIN packed ON block = id"):
            found += [(number, tag, state, source, arrival, value)
                      for number, state, source, arrival, _, value in unpack(data) if number < first]
    for chunk, data in chunks:
        for index, (tag, state, source, arrival, _, value, _) in enumerate(RECORD.iter_unpack(data)):
            # Number 0 as a tag: a damaged record was there.
            if tag != 0:
                found.append((chunk + index, tag, state, source, arrival, value))
    return sorted(found)
