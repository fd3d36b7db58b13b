#include "harness.h"

enum { CASES = 1200 };

typedef struct {
    mw_s8_depthwise d;
    int8_t *input, *weights, *weight_zero_points;
    int32_t *bias;
    size_t output_bytes, first_row, last_row;
} one_case;

static size_t output_size(size_t input, size_t taps, size_t stride, size_t dilation, size_t before) {
    const size_t reach = (taps - 1) * dilation, after = random_size(0, reach);
    return input + before + after < reach + 1 ? 0 : (input + before + after - reach - 1) / stride + 1;
}

/// Random shape and numbers; the input ends, or begins, beside a page that is not there.
static one_case make(size_t index) {
    one_case made = {0};
    mw_s8_depthwise *const d = &made.d;
    const bool at_end = index % 2 == 0, is_usual = one_in(2);
    d->channels = one_in(3) ? 16 * random_size(1, 5) : one_in(12) ? random_size(100, 200) : random_size(1, 40);
    do {
        d->input_rows = random_size(1, 12);
        d->input_columns = random_size(1, one_in(6) ? 60 : 14);
        d->taps_y = is_usual ? 3 : random_size(1, 5);
        d->taps_x = is_usual ? 3 : one_in(10) ? random_size(6, 11) : random_size(1, 5);
        d->stride_y = random_size(1, is_usual ? 2 : 4);
        d->stride_x = random_size(1, is_usual ? 2 : 5);
        d->dilation_y = one_in(4) ? random_size(2, 3) : 1;
        d->dilation_x = one_in(4) ? random_size(2, 3) : 1;
        d->pad_top = random_size(0, (d->taps_y - 1) * d->dilation_y);
        d->pad_left = random_size(0, (d->taps_x - 1) * d->dilation_x);
        d->output_rows = output_size(d->input_rows, d->taps_y, d->stride_y, d->dilation_y, d->pad_top);
        d->output_columns = output_size(d->input_columns, d->taps_x, d->stride_x, d->dilation_x, d->pad_left);
    } while (d->output_rows == 0 || d->output_columns == 0);
    d->input_zero_point = (int8_t)next_random();
    d->ties_up_channels = one_in(2) ? 0 : one_in(2) ? d->channels : random_size(0, d->channels);

    const size_t taps = d->taps_y * d->taps_x;
    const size_t input_bytes = d->input_rows * d->input_columns * d->channels;
    made.input = guarded(input_bytes, at_end);
    fill(made.input, input_bytes, (int)random_between(0, FILLS - 1));
    made.weights = guarded(taps * d->channels, at_end);
    fill(made.weights, taps * d->channels, one_in(2) ? 4 : (int)random_between(0, FILLS - 1));
    made.bias = guarded(d->channels * sizeof(int32_t), at_end);
    for (size_t c = 0; c < d->channels; c++) {
        made.bias[c] = (int32_t)random_between(-5000, 5000);
        if (one_in(60)) made.bias[c] = one_in(2) ? INT32_MAX : INT32_MIN;
    }
    if (one_in(4)) {
        made.weight_zero_points = guarded(d->channels, at_end);
        fill(made.weight_zero_points, d->channels, (int)random_between(0, FILLS - 1));
    }
    random_requantization(&d->requantization, (mw_requantize_kind)(index % 5), (d->channels + 15) / 16 * 16, taps, at_end);
    made.output_bytes = d->output_rows * d->output_columns * d->channels;
    made.last_row = d->output_rows;
    if (one_in(4)) {
        made.first_row = random_size(0, d->output_rows);
        made.last_row = random_size(made.first_row, d->output_rows);
    }
    return made;
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static int8_t *run(const one_case *made, const mw_s8_depthwise_kernel *kernel, bool at_end) {
    const mw_s8_depthwise *const d = &made->d;
    void *const packed = guarded(aligned(kernel->packed_bytes(d)), true);
    void *const scratch = guarded(aligned(kernel->scratch_bytes(d)), true);
    kernel->pack(d, made->weights, made->weight_zero_points, made->bias, packed);
    int8_t *const output = guarded(made->output_bytes, at_end);
    kernel->run(d, packed, made->input, output, made->first_row, made->last_row, scratch);
    return output;
}

void check_depthwise(void) {
    size_t count = 0;
    const mw_s8_depthwise_kernel *const table = mw_s8_depthwise_kernels(&count);
    EACH_KERNEL("depthwise", mw_s8_depthwise_kernel, table, 1, count, kernel, {
        for (size_t index = 0; index < CASES; index++) {
            const one_case made = make(index);
            const int8_t *const expected = run(&made, &table[0], false);
            const int8_t *const found = run(&made, kernel, index % 2 == 0);
            if (!same(kernel->isa, expected, found, made.output_bytes)) {
                const mw_s8_depthwise *const d = &made.d;
                printf(
                    "    case %zu: %zu x %zu x %zu to %zu x %zu, taps %zu x %zu, strides %zu %zu, dilations %zu %zu, "
                    "kind %d\n",
                    index, d->input_rows, d->input_columns, d->channels, d->output_rows, d->output_columns, d->taps_y,
                    d->taps_x, d->stride_y, d->stride_x, d->dilation_y, d->dilation_x, (int)d->requantization.kind);
            }
            release();
        }
    });
}
