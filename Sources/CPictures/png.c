#include "CPictures.h"

#include <assert.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What must survive a longjmp lives in the frame of the function that does not call setjmp.
typedef struct {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    const mw_picture_piece *pieces;
    size_t piece_count;
    /// The piece being read, and how much of it has been.
    size_t piece, used;
    /// Of a picture with a palette, the colours as they are written, transparency laid on black.
    uint8_t palette[256][3];
    int palette_colours;
    /// Rows as libpng gives them: one of them, or all where the picture is interlaced.
    uint8_t *rows;
    mw_picture_shape shape;
    mw_picture_watch watch;
    mw_picture_failure *failure;
    mw_picture_status status;
} job;

/// Chunks that libpng keeps: none beside those that it is given. A limit for a library that is other than it is known to be.
enum { CHUNK_BYTES = 1 << 16, KEPT_CHUNKS = 4 };

static void give_up(png_structp png, png_const_charp message) {
    job *work = png_get_error_ptr(png);
    if (work->status == MW_PICTURE_DECODED) work->status = MW_PICTURE_DAMAGED;
    snprintf(work->failure->message, sizeof work->failure->message, "%s", message);
    png_longjmp(png, 1);
}

static void read_pieces(png_structp png, png_bytep target, size_t count) {
    job *work = png_get_io_ptr(png);
    while (count > 0) {
        if (work->piece == work->piece_count) png_error(png, "no more chunks");
        const mw_picture_piece *piece = &work->pieces[work->piece];
        size_t part = piece->length - work->used;
        if (part > count) part = count;
        memcpy(target, work->bytes + piece->offset + work->used, part);
        target += part;
        count -= part;
        work->used += part;
        if (work->used == piece->length) {
            work->piece += 1;
            work->used = 0;
        }
    }
}

// 255 is odd, so there are no ties: the nearest of value * alpha / 255.
static uint8_t on_black(uint8_t value, uint8_t alpha) { return (uint8_t)((value * alpha + 127u) / 255u); }

/// One row of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels to 1 or 3.
static void convert_row(const uint8_t *row, int stored, uint8_t *target, mw_picture_shape shape) {
    bool has_alpha = stored == 2 || stored == 4;
    for (uint32_t x = 0; x < shape.width; x++, row += stored) {
        uint8_t red = row[0], green = stored > 2 ? row[1] : red, blue = stored > 2 ? row[2] : red;
        if (has_alpha) {
            uint8_t alpha = row[stored - 1];
            red = on_black(red, alpha), green = on_black(green, alpha), blue = on_black(blue, alpha);
        }
        if (shape.channels == 1) {
            *target++ = stored > 2 ? mw_luma(red, green, blue) : red;
        } else {
            *target++ = red, *target++ = green, *target++ = blue;
        }
    }
}

/// One row of numbers of colours to 1 or 3 channels.
static void convert_palette_row(job *work, const uint8_t *row, uint8_t *target) {
    for (uint32_t x = 0; x < work->shape.width; x++) {
        // libpng takes what lies beyond the palette for black.
        if (row[x] >= work->palette_colours) {
            char message[64];
            snprintf(message, sizeof message, "colour %d of a palette of %d", row[x], work->palette_colours);
            png_error(work->png, message);
        }
        const uint8_t *colour = work->palette[row[x]];
        if (work->shape.channels == 1) {
            *target++ = mw_luma(colour[0], colour[1], colour[2]);
        } else {
            *target++ = colour[0], *target++ = colour[1], *target++ = colour[2];
        }
    }
}

static void read_palette(job *work) {
    png_colorp colours = NULL;
    png_bytep alphas = NULL;
    int alpha_count = 0;
    png_get_PLTE(work->png, work->info, &colours, &work->palette_colours);
    png_get_tRNS(work->png, work->info, &alphas, &alpha_count, NULL);
    for (int index = 0; index < work->palette_colours; index++) {
        uint8_t alpha = index < alpha_count ? alphas[index] : 255;
        work->palette[index][0] = on_black(colours[index].red, alpha);
        work->palette[index][1] = on_black(colours[index].green, alpha);
        work->palette[index][2] = on_black(colours[index].blue, alpha);
    }
}

static void check_time(job *work) {
    if (!work->watch.is_late(work->watch.context)) return;
    work->status = MW_PICTURE_LATE;
    png_error(work->png, "out of time");
}

static void read_rows(job *work, uint8_t *pixels) {
    png_structp png = work->png;
    mw_picture_shape shape = work->shape;
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, work->info);
    int stored = png_get_channels(png, work->info);
    size_t row_bytes = png_get_rowbytes(png, work->info), target_bytes = (size_t)shape.width * shape.channels;
    if (png_get_bit_depth(png, work->info) != 8 || stored < 1 || stored > 4
        || row_bytes != (size_t)shape.width * (size_t)stored) {
        png_error(png, "rows of another size than the head says");
    }
    bool is_interlaced = passes > 1;
    // Zeroed, because the passes of an interlaced picture fill in between.
    work->rows = calloc(is_interlaced ? shape.height : 1, row_bytes);
    if (work->rows == NULL) {
        work->status = MW_PICTURE_MEMORY;
        png_error(png, "no memory for the rows");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < shape.height; y++) {
            check_time(work);
            uint8_t *row = work->rows + (is_interlaced ? y * row_bytes : 0);
            png_read_row(png, row, NULL);
            if (pass < passes - 1) continue;
            if (work->palette_colours > 0) {
                convert_palette_row(work, row, pixels + y * target_bytes);
            } else {
                convert_row(row, stored, pixels + y * target_bytes, shape);
            }
        }
    }
    png_read_end(png, NULL);
}

static void read_png(job *work, uint8_t *pixels) {
    png_structp png = work->png;
    if (setjmp(png_jmpbuf(png))) return;
    png_set_read_fn(png, work, read_pieces);
    png_set_user_limits(png, work->shape.width, work->shape.height);
    png_set_chunk_cache_max(png, KEPT_CHUNKS);
    png_set_chunk_malloc_max(png, CHUNK_BYTES);
    // Every chunk's checksum has been compared before.
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_read_info(png, work->info);
    if (png_get_image_width(png, work->info) != work->shape.width
        || png_get_image_height(png, work->info) != work->shape.height) {
        png_error(png, "another size than the head says");
    }
    if (png_get_color_type(png, work->info) == PNG_COLOR_TYPE_PALETTE) {
        read_palette(work);
        png_set_packing(png);
    } else {
        png_set_expand(png);
        png_set_scale_16(png);
    }
    read_rows(work, pixels);
}

mw_picture_status mw_png_decode(
    const uint8_t *bytes, const mw_picture_piece *pieces, size_t piece_count, mw_picture_shape shape, uint8_t *pixels,
    mw_picture_watch watch, mw_picture_failure *failure) {
    assert(shape.channels == 1 || shape.channels == 3);
    job work = {
        .bytes = bytes, .pieces = pieces, .piece_count = piece_count, .shape = shape, .watch = watch,
        .failure = failure, .status = MW_PICTURE_DECODED,
    };
    work.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &work, give_up, give_up);
    work.info = work.png == NULL ? NULL : png_create_info_struct(work.png);
    if (work.info == NULL) {
        work.status = MW_PICTURE_MEMORY;
        snprintf(failure->message, sizeof failure->message, "libpng does not start");
    } else {
        read_png(&work, pixels);
    }
    png_destroy_read_struct(&work.png, &work.info, NULL);
    free(work.rows);
    if (work.status != MW_PICTURE_DECODED) {
        size_t last = piece_count - 1;
        failure->offset = work.piece < piece_count ? pieces[work.piece].offset + work.used
                                                   : pieces[last].offset + pieces[last].length;
    }
    return work.status;
}
