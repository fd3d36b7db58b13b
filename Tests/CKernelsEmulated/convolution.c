#include "harness.h"

enum { CASES = 1500, MOST_SEGMENTS = 8 };

typedef struct {
    mw_s8_convolution c;
    int8_t *input;
    size_t output_bytes, first_position, last_position, first_block, last_block;
    const int32_t *bias;
    int32_t input_zero_point;
    /// What lies where the residuals are before a kernel runs; NULL without.
    int8_t *residual;
} one_case;

static size_t any_length(void) {
    return one_in(3) ? random_size(1, 9) : one_in(20) ? random_size(200, 600) : random_size(1, 70);
}

/// Random shape and numbers; the input ends, or begins, beside a page that is not there, with the 3 bytes more that may
/// be read.
static one_case make(size_t index) {
    one_case made = {0};
    mw_s8_convolution *const c = &made.c;
    const bool at_end = index % 2 == 0;
    c->rows = one_in(3) ? random_size(1, 4) : 1;
    c->columns = random_size(1, one_in(4) ? 60 : 15);
    c->segments = one_in(2) ? 1 : random_size(2, 5);
    c->segment_length = any_length();
    c->channels = one_in(3) ? 16 * random_size(1, 3) : random_size(1, 53);
    c->column_stride = one_in(2) ? random_size(1, 4) * c->segment_length : random_size(0, 40);
    c->row_stride = one_in(2) ? c->columns * c->column_stride : random_size(0, 200);
    c->output_stride = c->channels + (one_in(2) ? 0 : random_size(1, 20));
    c->panel_bytes = one_in(3) ? 0 : random_size(1, 40) << 10;
    int32_t *const offsets = guarded(c->segments * sizeof(int32_t), at_end);
    size_t farthest = 0;
    for (size_t s = 0; s < c->segments; s++) {
        offsets[s] = (int32_t)random_size(0, 300);
        if (one_in(10)) offsets[s] = 0;
        farthest = (size_t)offsets[s] > farthest ? (size_t)offsets[s] : farthest;
    }
    c->segment_offsets = offsets;

    const size_t blocks = (c->channels + 15) / 16, padded = blocks * 16, window = c->segments * c->segment_length;
    const size_t input_bytes = (c->rows - 1) * c->row_stride + (c->columns - 1) * c->column_stride + farthest
        + c->segment_length + 3;
    made.input = guarded(input_bytes, at_end);
    fill(made.input, input_bytes, (int)random_between(0, FILLS - 1));
    made.output_bytes = (c->rows * c->columns - 1) * c->output_stride + c->channels;

    const size_t packed_bytes = mw_s8_convolution_packed_bytes(c->channels, c->segments, c->segment_length);
    int8_t *const weights = guarded(c->channels * window, at_end), *const packed = guarded(packed_bytes, true);
    fill(weights, c->channels * window, one_in(3) ? 4 : (int)random_between(0, FILLS - 1));
    mw_s8_convolution_pack(c->channels, c->segments, c->segment_length, weights, packed);
    c->weights = packed;
    int32_t *const bias = guarded(c->channels * sizeof(int32_t), at_end);
    for (size_t i = 0; i < c->channels; i++) {
        bias[i] = (int32_t)random_between(-20000, 20000);
        if (one_in(40)) bias[i] = one_in(2) ? INT32_MAX : INT32_MIN;
    }
    made.bias = bias;
    made.input_zero_point = (int8_t)next_random();
    if (one_in(3)) {
        int32_t *const points = guarded(padded * sizeof(int32_t), at_end);
        for (size_t i = 0; i < padded; i++) points[i] = i < c->channels ? (int32_t)random_between(-128, 127) : 0;
        c->weight_zero_points = points;
    }
    random_requantization(&c->requantization, (mw_requantize_kind)(index % 5), padded, window, at_end);
    if (c->requantization.kind == MW_REQUANTIZE_FLOAT && one_in(2)) {
        c->residual_scale = (float)random_between(1, 4000) / 1000.0f;
        c->residual_zero_point = (int8_t)next_random();
        // In the output's place, or behind it.
        c->residual_distance = one_in(2) ? 0 : (ptrdiff_t)made.output_bytes;
        made.residual = guarded(made.output_bytes, at_end);
        fill(made.residual, made.output_bytes, (int)random_between(0, FILLS - 1));
    }

    made.last_position = c->rows * c->columns;
    made.last_block = blocks;
    if (one_in(4)) {
        made.first_position = random_size(0, made.last_position);
        made.last_position = random_size(made.first_position, made.last_position);
        made.first_block = random_size(0, blocks);
        made.last_block = random_size(made.first_block, blocks);
    }
    return made;
}

static int8_t *run(one_case *made, const mw_s8_convolution_kernel *kernel, bool at_end) {
    mw_s8_convolution *const c = &made->c;
    int32_t *const folded = guarded((c->channels + 15) / 16 * 16 * sizeof(int32_t), at_end);
    mw_s8_convolution_fold(
        c->channels, c->segments, c->segment_length, c->weights, made->input_zero_point, kernel->input_offset,
        c->weight_zero_points, made->bias, folded);
    c->folded_bias = folded;
    int8_t *const output = guarded(made->output_bytes + (size_t)c->residual_distance, at_end);
    if (made->residual != NULL) memcpy(output + c->residual_distance, made->residual, made->output_bytes);
    kernel->run(
        c, made->input, output, made->first_position, made->last_position, made->first_block, made->last_block);
    return output;
}

/// The longest window, all its products the largest, or the smallest, there are.
static one_case longest(bool is_positive) {
    static int32_t offsets[2], bias[1] = {-1};
    one_case made = {0};
    mw_s8_convolution *const c = &made.c;
    c->rows = c->columns = c->channels = 1;
    c->column_stride = c->row_stride = c->output_stride = 1;
    c->segments = 2;
    c->segment_length = 32768;
    offsets[1] = 32768;
    c->segment_offsets = offsets;
    made.input = guarded(65536 + 3, true);
    fill(made.input, 65536 + 3, 1);
    int8_t *const weights = guarded(65536, true);
    fill(weights, 65536, is_positive ? 1 : 2);
    // Beyond what a region holds.
    static int8_t packed[65536 * 16];
    mw_s8_convolution_pack(1, 2, 32768, weights, packed);
    c->weights = packed;
    made.bias = bias;
    made.input_zero_point = 127;
    random_requantization(&c->requantization, MW_REQUANTIZE_TWO_STEP, 16, 1 << 30, true);
    made.output_bytes = made.last_position = made.last_block = 1;
    return made;
}

void check_convolution(void) {
    size_t count = 0;
    const mw_s8_convolution_kernel *const table = mw_s8_convolution_kernels(&count);
    EACH_KERNEL("convolution", mw_s8_convolution_kernel, table, 1, count, kernel, {
        for (size_t index = 0; index < CASES + 2; index++) {
            one_case made = index < CASES ? make(index) : longest(index == CASES);
            const int8_t *const expected = run(&made, &table[0], false);
            const int8_t *const found = run(&made, kernel, index % 2 == 0);
            if (!same(kernel->isa, expected, found, made.output_bytes)) {
                const mw_s8_convolution *const c = &made.c;
                printf(
                    "    case %zu: %zu x %zu, %zu segments of %zu, %zu channels, kind %d, weight zero points: %s\n", index,
                    c->rows, c->columns, c->segments, c->segment_length, c->channels, (int)c->requantization.kind,
                    c->weight_zero_points == NULL ? "no" : "yes");
            }
            release();
        }
    });
}
