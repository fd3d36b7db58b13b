#!/usr/bin/env python3
"""Makes Golden/: small pictures of every kind, and beside each that is read what it must be read as (PGM or PPM).

    python3 -m venv venv && venv/bin/pip install pillow && venv/bin/python make-golden.py

PNG files are put together here byte by byte, so that what they must be read as follows from the samples; JPEG files
are encoded and decoded by Pillow, BMP files checked by it where it reads them. Written anew only where it is changed.
"""

import io
import pathlib
import struct
import zlib

from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent / "Golden"
WIDTH, HEIGHT = 13, 9
refused = []


def write(name, data, rows=None, channels=None):
    """A file, and what it must be read as."""
    (FOLDER / name).write_bytes(data)
    if rows is not None:
        flat = bytes(value for row in rows for pixel in row for value in pixel)
        head = f"P{5 if channels == 1 else 6}\n{len(rows[0])} {len(rows)}\n255\n"
        (FOLDER / f"{name}.pnm").write_bytes(head.encode() + flat)


def refuse(name, data, code, words):
    """A file that must be refused, with the error's code and words of its description."""
    (FOLDER / name).write_bytes(data)
    refused.append(f"{name}\t{code}\t{words}")


def sample(row, column, channel, most):
    """Something of everything between 0 and most: slopes, an edge, and grain."""
    grain = (row * 7919 + column * 104729 + channel * 1299709) % 23
    value = (row * 17 + column * 11 + channel * 60 + grain + (100 if column > 6 else 0)) % 256
    return value * most // 255


def luma(red, green, blue):
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


def to_eight(value, depth):
    most = (1 << depth) - 1
    return (2 * value * 255 + most) // (2 * most)


# PNG


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = chunk(b"IEND", b"")
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def header(width, height, depth, kind, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))


def packed(pixels, depth):
    """The samples of a row as bytes."""
    values = [value for pixel in pixels for value in pixel]
    if depth == 16:
        return b"".join(struct.pack(">H", value) for value in values)
    bits = "".join(f"{value:0{depth}b}" for value in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def filtered(lines, step):
    """Rows with the five filters in turn."""
    result, above = b"", b""
    for number, line in enumerate(lines):
        kind = number % 5
        above = above or bytes(len(line))
        coded = bytearray([kind])
        for at, value in enumerate(line):
            left = line[at - step] if at >= step else 0
            corner = above[at - step] if at >= step else 0
            up = above[at]
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
            coded.append((value - [0, left, up, (left + up) // 2, nearest[2]][kind]) & 255)
        result += bytes(coded)
        above = line
    return result


def pixel_data(rows, depth, interlaced):
    step = max(1, len(rows[0][0]) * depth // 8)
    if not interlaced:
        return filtered([packed(row, depth) for row in rows], step)
    result = b""
    for left, top, across, down in PASSES:
        part = [row[left::across] for row in rows[top::down]]
        if part and part[0]:
            result += filtered([packed(row, depth) for row in part], step)
    return result


def png(rows, depth, kind, interlaced=False, before=b"", between=b"", pieces=1):
    data = zlib.compress(pixel_data(rows, depth, interlaced), 9)
    size = -(-len(data) // pieces)
    parts = b"".join(chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size))
    return SIGNATURE + header(len(rows[0]), len(rows), depth, kind, interlaced) + before + between + parts + END


def on_black(value, alpha):
    return (2 * value * alpha + 255) // 510


def make_png():
    channels = {0: 1, 2: 3, 4: 2, 6: 4}
    depths = {0: [1, 2, 4, 8, 16], 2: [8, 16], 4: [8, 16], 6: [8, 16]}
    for kind, count in channels.items():
        for depth in depths[kind]:
            most = (1 << depth) - 1
            rows = [[tuple(sample(y, x, c, most) for c in range(count)) for x in range(WIDTH)] for y in range(HEIGHT)]
            expected = []
            for row in rows:
                line = []
                for pixel in row:
                    values = [to_eight(value, depth) for value in pixel]
                    if kind in (4, 6):
                        values = [on_black(value, values[-1]) for value in values[:-1]]
                    line.append(tuple(values))
                expected.append(line)
            name = {0: "grey", 2: "colour", 4: "grey-alpha", 6: "colour-alpha"}[kind]
            for interlaced in (False, True):
                data = png(rows, depth, kind, interlaced)
                write(
                    f"{name}-{depth}{'-interlaced' if interlaced else ''}.png",
                    data,
                    expected,
                    min(count, 3) if kind != 4 else 1,
                )
                if depth == 8 and kind in (0, 2):
                    found = list(Image.open(io.BytesIO(data)).convert("L" if kind == 0 else "RGB").getdata())
                    assert found == [p[0] if kind == 0 else p for row in expected for p in row], name
    make_palettes()
    make_png_oddities()
    make_bad_png()


def make_palettes():
    for depth in (1, 2, 4, 8):
        count = min(1 << depth, 200)
        colours = [((i * 37 + 5) % 256, (i * 91 + 80) % 256, (255 - i * 53) % 256) for i in range(count)]
        rows = [[(sample(y, x, 0, 255) % count,) for x in range(WIDTH)] for y in range(HEIGHT)]
        table = chunk(b"PLTE", b"".join(bytes(colour) for colour in colours))
        expected = [[colours[pixel[0]] for pixel in row] for row in rows]
        for interlaced in (False, True):
            write(
                f"palette-{depth}{'-interlaced' if interlaced else ''}.png",
                png(rows, depth, 3, interlaced, before=table),
                expected,
                3,
            )
    alphas = [(i * 31) % 256 for i in range(100)]
    expected = [
        [tuple(on_black(v, alphas[p[0]] if p[0] < 100 else 255) for v in colours[p[0]]) for p in row] for row in rows
    ]
    write(
        "palette-8-transparent.png", png(rows, 8, 3, before=table, between=chunk(b"tRNS", bytes(alphas))), expected, 3
    )
    greys = chunk(b"PLTE", bytes(v for i in range(4) for v in [i * 80] * 3))
    rows = [[(pixel[0] % 4,) for pixel in row] for row in rows]
    write("palette-2-grey.png", png(rows, 2, 3, before=greys), [[(p[0] * 80,) for p in row] for row in rows], 1)


def make_png_oddities():
    grey = [[(sample(y, x, 0, 255),) for x in range(WIDTH)] for y in range(HEIGHT)]
    transparent = grey[3][4][0]
    write(
        "grey-8-transparent.png",
        png(grey, 8, 0, between=chunk(b"tRNS", struct.pack(">H", transparent))),
        [[(0 if p[0] == transparent else p[0],) for p in row] for row in grey],
        1,
    )
    wide = [[tuple(sample(y, x, c, 65535) for c in range(3)) for x in range(WIDTH)] for y in range(HEIGHT)]
    one = wide[5][5]
    write(
        "colour-16-transparent.png",
        png(wide, 16, 2, between=chunk(b"tRNS", struct.pack(">HHH", *one))),
        [[tuple(0 if p == one else to_eight(v, 16) for v in p) for p in row] for row in wide],
        3,
    )
    told = (
        chunk(b"gAMA", struct.pack(">I", 22727))
        + chunk(b"cHRM", struct.pack(">8I", *[31270, 32900] * 4))
        + chunk(b"sRGB", b"\x00")
        + chunk(b"tEXt", b"Title\x00part")
        + chunk(b"pHYs", struct.pack(">IIB", 1, 2, 0))
        + chunk(b"iCCP", b"profile\x00\x00" + zlib.compress(bytes(5000)))
    )
    write("gamma-and-profile.png", png(grey, 8, 0, before=told), grey, 1)
    write("many-chunks.png", png(grey, 8, 0, pieces=20), grey, 1)
    frames = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(
        b"fcTL", struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)
    )
    animated = png(grey, 8, 0, before=frames)
    second = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))
    second += chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(pixel_data(grey, 8, False)))
    write("animated.png", animated[: -len(END)] + second + END, grey, 1)
    turned = [[grey[HEIGHT - 1 - x][y] for x in range(HEIGHT)] for y in range(WIDTH)]
    write("turned.png", png(grey, 8, 0, before=chunk(b"eXIf", exif(6, "<"))), turned, 1)
    write("one-pixel.png", png([[(77,)]], 8, 0), [[(77,)]], 1)
    write("one-column-interlaced.png", png([row[:1] for row in grey], 8, 0, True), [row[:1] for row in grey], 1)
    write("behind-end.png", png(grey, 8, 0) + b"left over", grey, 1)


def make_bad_png():
    grey = [[(sample(y, x, 0, 255),) for x in range(WIDTH)] for y in range(HEIGHT)]
    good = png(grey, 8, 0)
    data = zlib.compress(pixel_data(grey, 8, False))

    def whole(*chunks):
        return SIGNATURE + b"".join(chunks)

    head = header(WIDTH, HEIGHT, 8, 0)
    bomb = zlib.compress(bytes(4 << 20), 9)
    refuse(
        "bomb-size.png",
        whole(header(65535, 65535, 8, 2), chunk(b"IDAT", bomb), END),
        "picture.too_large.side",
        "IHDR at byte 8",
    )
    refuse(
        "bomb-pixels.png",
        whole(header(32767, 32767, 16, 6), chunk(b"IDAT", bomb), END),
        "picture.too_large.pixels",
        "1073676289",
    )
    refuse("bomb-inflates.png", whole(head, chunk(b"IDAT", bomb), END), "picture.damaged", "IDAT")
    refuse(
        "bomb-huge.png",
        whole(header(0x7FFFFFFF, 0x7FFFFFFF, 8, 0), chunk(b"IDAT", data), END),
        "picture.too_large.side",
        "2147483647",
    )
    refuse(
        "negative-size.png",
        whole(header(0xFFFFFFFF, 4, 8, 0), chunk(b"IDAT", data), END),
        "picture.too_large.side",
        "4294967295",
    )
    refuse(
        "no-width.png",
        whole(header(0, HEIGHT, 8, 0), chunk(b"IDAT", data), END),
        "picture.damaged",
        "at least one pixel",
    )
    refuse("cut-in-head.png", good[:20], "picture.truncated", "IHDR at byte 8")
    refuse("cut-in-pixels.png", good[:60], "picture.truncated", "IDAT at byte 33")
    refuse("cut-before-end.png", good[: -len(END)], "picture.truncated", "IEND")
    refuse(
        "short-pixels.png",
        whole(head, chunk(b"IDAT", zlib.compress(pixel_data(grey[:5], 8, False))), END),
        "picture.damaged",
        "Not enough image data",
    )
    refuse("cut-stream.png", whole(head, chunk(b"IDAT", data[:-3]), END), "picture.damaged", "Not enough image data")
    refuse(
        "wrong-sum-of-stream.png",
        whole(head, chunk(b"IDAT", data[:-1] + bytes([data[-1] ^ 1])), END),
        "picture.damaged",
        "IDAT",
    )
    refuse("wrong-checksum.png", good[:50] + bytes([good[50] ^ 1]) + good[51:], "picture.damaged", "expected checksum")
    refuse("lying-length.png", good[:33] + b"\x7f" + good[34:], "picture.truncated", "IDAT at byte 33")
    refuse(
        "no-palette.png", whole(header(WIDTH, HEIGHT, 8, 3), chunk(b"IDAT", data), END), "picture.damaged", "palette"
    )
    refuse(
        "colour-beyond-palette.png",
        whole(header(WIDTH, HEIGHT, 8, 3), chunk(b"PLTE", bytes(6)), chunk(b"IDAT", data), END),
        "picture.damaged",
        "of a palette of 2",
    )
    refuse(
        "long-palette.png",
        whole(header(WIDTH, HEIGHT, 1, 3), chunk(b"PLTE", bytes(9)), chunk(b"IDAT", data), END),
        "picture.damaged",
        "palette",
    )
    refuse(
        "wrong-depth.png", whole(header(WIDTH, HEIGHT, 3, 0), chunk(b"IDAT", data), END), "picture.damaged", "3 bits"
    )
    refuse(
        "wrong-filter.png",
        whole(head, chunk(b"IDAT", zlib.compress(bytes([9]) * (WIDTH + 1) * HEIGHT)), END),
        "picture.damaged",
        "filter",
    )
    refuse(
        "split-pixels.png",
        whole(head, chunk(b"IDAT", data[:20]), chunk(b"tEXt", b"a\x00b"), chunk(b"IDAT", data[20:]), END),
        "picture.damaged",
        "tEXt between",
    )
    refuse(
        "unknown-critical.png",
        whole(head, chunk(b"NEED", b""), chunk(b"IDAT", data), END),
        "picture.unsupported",
        "NEED",
    )
    refuse("two-heads.png", whole(head, head, chunk(b"IDAT", data), END), "picture.damaged", "one IHDR")
    refuse("no-pixels.png", whole(head, END), "picture.damaged", "IDAT")
    refuse("not-a-name.png", whole(head, chunk(b"\x00\x01\x02\x03", b""), END), "picture.damaged", "0x00010203")


# JPEG


def exif(orientation, order):
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    other = struct.pack(f"{order}HHII", 0x0100, 4, 1, 13)
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(f"{order}HI", 42, 8) + struct.pack(f"{order}H", 2) + other + entry + bytes(4)


def colour_picture(width=29, height=21):
    picture = Image.new("RGB", (width, height))
    picture.putdata([tuple(sample(y, x, c, 255) for c in range(3)) for y in range(height) for x in range(width)])
    return picture


def encoded(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def accept(name, data, reader=None):
    """Pillow's reading of a file is what is expected."""
    picture = Image.open(io.BytesIO(reader or data))
    picture = ImageOps.exif_transpose(picture)
    channels = 1 if picture.mode == "L" else 3
    assert picture.mode in ("L", "RGB"), picture.mode
    values = list(picture.getdata())
    values = [(value,) for value in values] if channels == 1 else values
    rows = [values[y * picture.width : (y + 1) * picture.width] for y in range(picture.height)]
    write(name, data, rows, channels)


def segments(data):
    """Name, start and end of what stands before the first scan, and that scan's header."""
    at = 2
    while True:
        code, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield code, at, at + 2 + length
        if code == 0xDA:
            return
        at += 2 + length


def segment(data, code):
    return next((start, end) for found, start, end in segments(data) if found == code)


def changed(data, at, value):
    return data[:at] + bytes([value]) + data[at + 1 :]


def inserted(data, at, extra):
    return data[:at] + extra + data[at:]


def make_jpeg():
    picture = colour_picture()
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        accept(f"{name}.jpg", encoded(picture, quality=85, subsampling=sampling))
        accept(f"{name}-progressive.jpg", encoded(picture, quality=85, subsampling=sampling, progressive=True))
    accept("grey.jpg", encoded(picture.convert("L"), quality=85))
    accept("grey-progressive.jpg", encoded(picture.convert("L"), quality=85, progressive=True))
    accept("restarts.jpg", encoded(picture, quality=85, restart_marker_blocks=1))
    accept("rgb.jpg", encoded(picture, quality=85, keep_rgb=True))
    accept("optimized.jpg", encoded(picture, quality=50, optimize=True, comment=b"made for a test"))
    accept("one-pixel.jpg", encoded(picture.crop((0, 0, 1, 1)), quality=90))
    for orientation in range(1, 9):
        order = "<" if orientation % 2 else ">"
        accept(f"turned-{orientation}.jpg", encoded(picture, quality=85, exif=b"Exif\0\0" + exif(orientation, order)))
    plain = encoded(picture, quality=85, subsampling=0)
    accept("turned-9.jpg", encoded(picture, quality=85, subsampling=0, exif=b"Exif\0\0" + exif(9, "<")), plain)
    # A hostile directory: 65,535 entries that are not there; and one that lies beyond the end.
    for name, tiff in (
        ("endless", b"MM\0\x2a" + struct.pack(">IH", 8, 65535) + b"\x01" * 30),
        ("beyond", b"II\x2a\0" + struct.pack("<I", 0xFFFFFFF0)),
    ):
        accept(f"notes-{name}.jpg", encoded(picture, quality=85, subsampling=0, exif=b"Exif\0\0" + tiff), plain)
    accept("behind-end.jpg", plain + bytes(100), plain)
    accept("padding.jpg", plain[:-2] + bytes(12) + plain[-2:], plain)
    start, _ = segment(plain, 0xDB)
    accept("fill-bytes.jpg", inserted(plain, start, b"\xff" * 5), plain)
    tables = plain
    while any(code == 0xC4 for code, _, _ in segments(tables)):
        start, end = segment(tables, 0xC4)
        tables = tables[:start] + tables[end:]
    # As USB cameras send them: the tables of annex K are meant.
    accept("no-tables.jpg", tables, plain)
    make_bad_jpeg(picture, plain)


def make_bad_jpeg(picture, plain):
    printing = encoded(picture.convert("CMYK"), quality=85)
    refuse("cmyk.jpg", printing, "picture.unsupported", "found CMYK")
    start, end = segment(printing, 0xEE)
    refuse("ycck.jpg", changed(printing, end - 1, 2), "picture.unsupported", "found CMYK")
    frame, _ = segment(plain, 0xC0)
    scan, scan_end = segment(plain, 0xDA)
    refuse(
        "bomb-size.jpg", plain[: frame + 5] + b"\xff\xff\xff\xff" + plain[frame + 9 :], "picture.too_large.side", "SOF0"
    )
    refuse(
        "bomb-pixels.jpg",
        plain[: frame + 5] + b"\x7f\xff\x7f\xff" + plain[frame + 9 :],
        "picture.too_large.pixels",
        "SOF0",
    )
    refuse(
        "bigger-than-data.jpg",
        plain[: frame + 5] + b"\x03\xe8\x03\xe8" + plain[frame + 9 :],
        "picture.damaged",
        "premature end",
    )
    refuse("no-height.jpg", plain[: frame + 5] + b"\0\0" + plain[frame + 7 :], "picture.damaged", "at least one pixel")
    refuse("arithmetic.jpg", changed(plain, frame + 1, 0xC9), "picture.unsupported", "arithmetic")
    refuse("lossless.jpg", changed(plain, frame + 1, 0xC3), "picture.unsupported", "lossless")
    refuse("hierarchical.jpg", changed(plain, frame + 1, 0xC5), "picture.unsupported", "hierarchy")
    refuse("twelve-bits.jpg", changed(plain, frame + 4, 12), "picture.unsupported", "found 12")
    refuse("two-components.jpg", encoded_two(plain, frame), "picture.unsupported", "2 components")
    refuse("sampled-5.jpg", changed(plain, frame + 11, 0x51), "picture.damaged", "sampled")
    refuse("same-names.jpg", changed(plain, frame + 13, 1), "picture.damaged", "different names")
    refuse("two-frames.jpg", inserted(plain, frame, plain[frame : frame + 19]), "picture.damaged", "one frame")
    refuse("no-frame.jpg", plain[:frame] + plain[frame + 19 :], "picture.damaged", "frame")
    refuse("cut-in-head.jpg", plain[: frame + 6], "picture.truncated", "SOF0")
    refuse("cut-in-scan.jpg", plain[: scan_end + 200], "picture.truncated", "markers up to EOI")
    refuse("cut-and-ended.jpg", plain[: scan_end + 200] + b"\xff\xd9", "picture.damaged", "premature end")
    refuse(
        "damaged-scan.jpg",
        plain[: scan_end + 100] + bytes(40) + plain[scan_end + 140 :],
        "picture.damaged",
        "Corrupt JPEG data",
    )
    refuse("padding-40.jpg", plain[:-2] + bytes(40) + plain[-2:], "picture.damaged", "extraneous")
    refuse("no-scan.jpg", plain[:scan] + b"\xff\xd9", "picture.truncated", "none of coefficient 0")
    refuse("stray-restart.jpg", inserted(plain, scan, b"\xff\xd0"), "picture.damaged", "0xffd0")
    refuse("stray-bytes.jpg", inserted(plain, scan, b"\x01\x02\x03"), "picture.damaged", "a marker")
    refuse("short-segment.jpg", plain[: scan + 2] + b"\0\1" + plain[scan + 4 :], "picture.damaged", "at least 2")
    refuse("later-height.jpg", inserted(plain, len(plain) - 2, b"\xff\xdc\0\4\0\x15"), "picture.unsupported", "DNL")
    refuse("strange-component.jpg", changed(plain, scan + 5, 9), "picture.damaged", "component 9")
    start, end = segment(plain, 0xDB)
    refuse("no-quantizer.jpg", plain[:start] + plain[end:], "picture.damaged", "Quantization")
    make_bad_scans(picture)


def encoded_two(plain, frame):
    return (
        plain[: frame + 2]
        + struct.pack(">H", 14)
        + plain[frame + 4 : frame + 9]
        + b"\2"
        + plain[frame + 10 : frame + 16]
        + plain[frame + 19 :]
    )


def make_bad_scans(picture):
    whole = encoded(picture, quality=85, progressive=True)
    scans = [at for at in range(len(whole) - 1) if whole[at] == 0xFF and whole[at + 1] == 0xDA]
    # Where tables and header of the last scan begin: behind the data of the scan before.
    last = whole.rindex(b"\xff\xc4", 0, scans[-1])
    refuse("last-scan-missing.jpg", whole[:last] + b"\xff\xd9", "picture.truncated", "missing: 1")
    second = whole.rindex(b"\xff\xc4", 0, scans[1])
    refuse(
        "one-scan-of-ten.jpg",
        whole[:second] + b"\xff\xd9",
        "picture.truncated",
        "component 1, found lowest bits of coefficient 0 missing: 1",
    )
    repeated = whole[last:-2]
    refuse("bomb-scans.jpg", whole[:-2] + repeated * 80 + b"\xff\xd9", "picture.too_large.scans", "found 65")


# BMP


def bmp(bits, rows, width=WIDTH, height=HEIGHT, compression=0, palette=b"", head=40, extra=b"", used=0, at=None):
    start = 14 + head + len(extra) + len(palette) if at is None else at
    if head == 12:
        body = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        body = struct.pack("<IiiHHIIiiII", head, width, height, 1, bits, compression, 0, 2835, 2835, used, 0)
        body += extra if head > 40 else b""
        body = body.ljust(head, b"\0")
    tail = extra if head == 40 else b""
    start = 14 + head + len(tail) + len(palette) if at is None else at
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, start) + body + tail + palette + rows


def padded(line):
    return line + bytes(-len(line) % 4)


def make_bmp():
    colours = [[tuple(sample(y, x, c, 255) for c in range(3)) for x in range(WIDTH)] for y in range(HEIGHT)]

    def lines(pixel, order=reversed):
        return b"".join(padded(b"".join(pixel(p) for p in row)) for row in order(colours))

    full = lines(lambda p: bytes([p[2], p[1], p[0]]))
    write("24.bmp", bmp(24, full), colours, 3)
    write("24-top-down.bmp", bmp(24, lines(lambda p: bytes([p[2], p[1], p[0]]), iter), height=-HEIGHT), colours, 3)
    write("24-gap.bmp", bmp(24, bytes(30) + full, at=84), colours, 3)
    write("24-old.bmp", bmp(24, full, head=12), colours, 3)
    write("24-os2.bmp", bmp(24, full, head=64), colours, 3)
    write("24-v5.bmp", bmp(24, full, head=124), colours, 3)
    write("32.bmp", bmp(32, lines(lambda p: bytes([p[2], p[1], p[0], 7]))), colours, 3)
    masks = struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00)
    fields = lines(lambda p: struct.pack("<I", p[0] << 24 | p[1] << 16 | p[2] << 8))
    write("32-fields.bmp", bmp(32, fields, compression=3, extra=masks), colours, 3)
    write("32-fields-v4.bmp", bmp(32, fields, compression=3, head=108, extra=masks), colours, 3)
    five = [[tuple(to_eight(v >> 3, 5) for v in p) for p in row] for row in colours]
    write("16.bmp", bmp(16, lines(lambda p: struct.pack("<H", p[0] >> 3 << 10 | p[1] >> 3 << 5 | p[2] >> 3))), five, 3)
    six = [[(to_eight(r >> 3, 5), to_eight(g >> 2, 6), to_eight(b >> 3, 5)) for r, g, b in row] for row in colours]
    write(
        "16-fields.bmp",
        bmp(
            16,
            lines(lambda p: struct.pack("<H", p[0] >> 3 << 11 | p[1] >> 2 << 5 | p[2] >> 3)),
            compression=3,
            extra=struct.pack("<III", 0xF800, 0x7E0, 0x1F),
        ),
        six,
        3,
    )
    for bits in (1, 4, 8):
        count = 1 << bits
        table = [((i * 37 + 5) % 256, (i * 91 + 80) % 256, (255 - i * 53) % 256) for i in range(count)]
        numbers = [[p[0] % count for p in row] for row in colours]
        rows = b"".join(padded(packed([(n,) for n in row], bits)) for row in reversed(numbers))
        palette = b"".join(bytes([b, g, r, 0]) for r, g, b in table)
        write(f"{bits}.bmp", bmp(bits, rows, palette=palette), [[table[n] for n in row] for row in numbers], 3)
        old = b"".join(bytes([b, g, r]) for r, g, b in table)
        write(f"{bits}-old.bmp", bmp(bits, rows, palette=old, head=12), [[table[n] for n in row] for row in numbers], 3)
    greys = b"".join(bytes([i, i, i, 0]) for i in range(256))
    grey = b"".join(padded(bytes(p[0] for p in row)) for row in reversed(colours))
    write("8-grey.bmp", bmp(8, grey, palette=greys), [[p[:1] for p in row] for row in colours], 1)
    for name in ("24", "24-top-down", "24-old", "32", "1", "4", "8", "8-grey"):
        with Image.open(FOLDER / f"{name}.bmp") as file, Image.open(FOLDER / f"{name}.bmp.pnm") as expected:
            assert list(file.convert(expected.mode).getdata()) == list(expected.getdata()), name
    make_bad_bmp(full, grey, greys)


def make_bad_bmp(full, grey, greys):
    refuse("rle8.bmp", bmp(8, b"\2\0\0\1", compression=1, palette=greys), "picture.unsupported", "RLE8")
    refuse("rle4.bmp", bmp(4, b"\2\0\0\1", compression=2, palette=greys[:64]), "picture.unsupported", "RLE4")
    refuse("jpeg-inside.bmp", bmp(0, b"\xff\xd8", compression=4), "picture.unsupported", "JPEG")
    refuse("bomb-size.bmp", bmp(24, full, width=0x7FFFFFFF, height=0x7FFFFFFF), "picture.too_large.side", "2147483647")
    refuse("bomb-pixels.bmp", bmp(24, full, width=32767, height=-32767), "picture.too_large.pixels", "1073676289")
    refuse("lying-size.bmp", bmp(24, full, width=4000, height=4000), "picture.truncated", "4000 rows of 12000 bytes")
    refuse("negative-width.bmp", bmp(24, full, width=-13), "picture.damaged", "at least one pixel")
    refuse("least-height.bmp", bmp(24, full, height=-(1 << 31)), "picture.too_large.side", "2147483648")
    refuse("no-height.bmp", bmp(24, full, height=0), "picture.damaged", "at least one pixel")
    refuse("cut-in-rows.bmp", bmp(24, full[:-1]), "picture.truncated", "BMP rows at byte 54")
    refuse("cut-in-head.bmp", bmp(24, full)[:30], "picture.truncated", "40 bytes")
    refuse("mark-only.bmp", b"BM", "picture.truncated", "18 bytes")
    refuse("rows-in-head.bmp", bmp(8, grey, palette=greys, at=54), "picture.damaged", "behind the 1078 bytes")
    refuse("rows-beyond.bmp", bmp(24, full, at=0xFFFFFFFF), "picture.truncated", "found 0 bytes")
    refuse("many-colours.bmp", bmp(8, grey, palette=greys, used=0xFFFFFFFF), "picture.damaged", "at most 256 colours")
    refuse("beyond-palette.bmp", bmp(8, grey, palette=greys[:40], used=10), "picture.damaged", "one of 10 colours")
    refuse("strange-header.bmp", bmp(24, full, head=41), "picture.unsupported", "41 bytes")
    refuse(
        "split-masks.bmp",
        bmp(32, full, compression=3, extra=struct.pack("<III", 0xFF0000, 0xF0F0, 0xFF)),
        "picture.damaged",
        "0xf0f0",
    )
    refuse("three-bits.bmp", bmp(3, full), "picture.unsupported", "3 bits")


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    make_png()
    make_jpeg()
    make_bmp()
    for name, data in (
        ("empty", b""),
        ("text", b"not a picture\n"),
        ("gif", b"GIF89a" + bytes(20)),
        ("start-of.png", SIGNATURE[:4]),
    ):
        refuse(f"{name}.bin" if "." not in name else f"{name}.bin", data, "picture.unknown_format", "found")
    (FOLDER / "refused.txt").write_text("\n".join(sorted(refused)) + "\n")


main()
