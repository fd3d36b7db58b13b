#ifndef MW_CPICTURES_H
#define MW_CPICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libpng and libjpeg-turbo behind two plain functions: their longjmp ends here, and what they merely warn of is an error,
// because a picture of which a part is missing or damaged must not be judged.

/// How a decoding ended.
typedef enum {
    MW_PICTURE_DECODED = 0,
    /// The library refuses what it reads; the message is the library's own.
    MW_PICTURE_DAMAGED,
    /// `is_late` said so.
    MW_PICTURE_LATE,
    /// More memory than it was given.
    MW_PICTURE_MEMORY,
    /// More scans than it was given.
    MW_PICTURE_SCANS,
} mw_picture_status;

/// Asked at every row and, in a progressive JPEG, at every row of blocks of every scan: true ends the work.
typedef struct {
    bool (*is_late)(void *context);
    void *context;
} mw_picture_watch;

/// Where and why the library gave up.
typedef struct {
    /// How many bytes of the file it had read.
    size_t offset;
    char message[200];
} mw_picture_failure;

/// What the caller has read from the file's head, and checked.
typedef struct {
    uint32_t width, height;
    /// 1 (grey) or 3 (red, green, blue): what is to be written, whatever the file holds.
    uint32_t channels;
} mw_picture_shape;

/// A part of the file, in bytes.
typedef struct {
    size_t offset, length;
} mw_picture_piece;

/// Decodes a PNG of which libpng sees only the pieces named: signature, IHDR, PLTE, tRNS, IDAT, IEND.
///
/// 16 bits become 8 by rounding; transparency is laid on black; checksums of chunks are not looked at again.
/// - pixels: width * height * channels bytes, rows from the top, channels beside each other.
/// - failure: written unless the picture was decoded.
mw_picture_status mw_png_decode(
    const uint8_t *bytes, const mw_picture_piece *pieces, size_t piece_count, mw_picture_shape shape, uint8_t *pixels,
    mw_picture_watch watch, mw_picture_failure *failure);

/// Decodes a JPEG: grey, YCbCr or RGB, 8 bits, baseline or progressive.
///
/// Exact integer transform and smooth chroma; no smoothing across blocks.
/// - memory_limit: bytes that the library may take for itself, at least some 100 KiB.
/// - has_padding: some bytes before the end marker belong to nothing, as USB cameras leave them. Many are an error.
mw_picture_status mw_jpeg_decode(
    const uint8_t *bytes, size_t count, mw_picture_shape shape, uint8_t *pixels, size_t memory_limit, int scan_limit,
    mw_picture_watch watch, mw_picture_failure *failure, bool *has_padding);

/// Luma of ITU-R BT.601: (19595 R + 38470 G + 7471 B + 32768) >> 16.
static inline uint8_t mw_luma(uint8_t red, uint8_t green, uint8_t blue) {
    return (uint8_t)((19595u * red + 38470u * green + 7471u * blue + 32768u) >> 16);
}

#endif
