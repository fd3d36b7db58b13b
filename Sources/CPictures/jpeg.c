#include "CPictures.h"

#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

// What must survive a longjmp lives in the frame of the function that does not call setjmp. The library's records come
// first in ours, so that a pointer to the one is a pointer to the other.
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    mw_picture_status status;
    mw_picture_failure *failure;
    bool has_padding;
} errors;

typedef struct {
    struct jpeg_progress_mgr manager;
    mw_picture_watch watch;
    int scan_limit;
} progress;

/// Bytes before the end marker that belong to nothing and that libjpeg counts, which are those beyond its own buffer of up to
/// eight: USB cameras leave one to seven.
enum { PADDING_LIMIT = 8, END_OF_IMAGE = 0xD9 };

static void give_up(j_common_ptr common) {
    errors *state = (errors *)common->err;
    if (state->status == MW_PICTURE_DECODED) {
        int code = state->manager.msg_code;
        bool is_memory = code == JERR_OUT_OF_MEMORY || code == JERR_NO_BACKING_STORE;
        state->status = is_memory ? MW_PICTURE_MEMORY : MW_PICTURE_DAMAGED;
    }
    char message[JMSG_LENGTH_MAX];
    state->manager.format_message(common, message);
    snprintf(state->failure->message, sizeof state->failure->message, "%s", message);
    longjmp(state->escape, 1);
}

static void note(j_common_ptr common, int level) {
    errors *state = (errors *)common->err;
    if (level >= 0) return;
    switch (state->manager.msg_code) {
    case JWRN_JFIF_MAJOR: return; // says nothing of the picture
    case JWRN_EXTRANEOUS_DATA:
        if (state->manager.msg_parm.i[1] == END_OF_IMAGE && state->manager.msg_parm.i[0] <= PADDING_LIMIT) {
            state->has_padding = true;
            return;
        }
    }
    give_up(common);
}

/// Gives up for a reason of our own.
static void refuse(errors *state, mw_picture_status status, const char *message) {
    state->status = status;
    snprintf(state->failure->message, sizeof state->failure->message, "%s", message);
    longjmp(state->escape, 1);
}

static void keep_silent(j_common_ptr common) { (void)common; }

static void check(j_common_ptr common) {
    const progress *state = (const progress *)common->progress;
    errors *failed = (errors *)common->err;
    if (state->watch.is_late(state->watch.context)) refuse(failed, MW_PICTURE_LATE, "out of time");
    if (((j_decompress_ptr)common)->input_scan_number > state->scan_limit) {
        refuse(failed, MW_PICTURE_SCANS, "too many scans");
    }
}

static void read_jpeg(
    j_decompress_ptr jpeg, errors *state, progress *watched, const uint8_t *bytes, size_t count, mw_picture_shape shape,
    uint8_t *pixels, size_t memory_limit) {
    if (setjmp(state->escape)) return;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &watched->manager;
    jpeg->mem->max_memory_to_use = (long)memory_limit;
    jpeg_mem_src(jpeg, bytes, count);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->image_width != shape.width || jpeg->image_height != shape.height) {
        refuse(state, MW_PICTURE_DAMAGED, "another size than the head says");
    }
    jpeg->out_color_space = shape.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg->do_block_smoothing = FALSE;
    jpeg_start_decompress(jpeg);
    if (jpeg->output_components != (int)shape.channels) refuse(state, MW_PICTURE_DAMAGED, "other channels than asked for");
    size_t row_bytes = (size_t)shape.width * shape.channels;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = pixels + jpeg->output_scanline * row_bytes;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

mw_picture_status mw_jpeg_decode(
    const uint8_t *bytes, size_t count, mw_picture_shape shape, uint8_t *pixels, size_t memory_limit, int scan_limit,
    mw_picture_watch watch, mw_picture_failure *failure, bool *has_padding) {
    assert(shape.channels == 1 || shape.channels == 3);
    struct jpeg_decompress_struct jpeg = {0};
    errors state = {.status = MW_PICTURE_DECODED, .failure = failure};
    jpeg.err = jpeg_std_error(&state.manager);
    state.manager.error_exit = give_up;
    state.manager.emit_message = note;
    state.manager.output_message = keep_silent;
    progress watched = {.manager.progress_monitor = check, .watch = watch, .scan_limit = scan_limit};
    read_jpeg(&jpeg, &state, &watched, bytes, count, shape, pixels, memory_limit);
    if (state.status != MW_PICTURE_DECODED) failure->offset = jpeg.src == NULL ? 0 : count - jpeg.src->bytes_in_buffer;
    *has_padding = state.has_padding;
    jpeg_destroy_decompress(&jpeg);
    return state.status;
}
