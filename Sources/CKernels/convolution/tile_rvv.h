// A tile of one size of register groups; read once a size, with LONG, SHORT and BYTE defined as in
// requantize_rvv.h, and ROWS(X), which is X(0) X(1) ... for as many positions as the registers hold.

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define INT32 JOIN(JOIN(vint32, LONG), _t)
#define FLOAT32 JOIN(JOIN(vfloat32, LONG), _t)
#define INT8 JOIN(JOIN(vint8, BYTE), _t)
#define INT16 JOIN(JOIN(vint16, SHORT), _t)
#define OF32(instruction) JOIN(JOIN(JOIN(__riscv_, instruction), _i32), LONG)
#define OFF32(instruction) JOIN(JOIN(JOIN(__riscv_, instruction), _f32), LONG)
#define OF16(instruction) JOIN(JOIN(JOIN(__riscv_, instruction), _i16), SHORT)
#define NAME(name) JOIN(JOIN(name, _), LONG)

/// The sums of one position by float scales and with their residuals, rounded once.
MW_RVV_INLINE INT8 NAME(with_residual)(
    const mw_s8_convolution *c, const int8_t *output, size_t channel, INT32 sums, size_t count) {
    const mw_requantization *const how = &c->requantization;
    const INT32 stored = OF32(vsext_vf4)(JOIN(__riscv_vle8_v_i8, BYTE)(output + c->residual_distance, count), count);
    const FLOAT32 residual = OFF32(vfcvt_f_x_v)(OF32(vsub_vx)(stored, c->residual_zero_point, count), count);
    const FLOAT32 scaled = NAME(mw_scale_float_rvv)(how, channel, sums, count);
    const FLOAT32 sum = OFF32(vfadd_vv)(scaled, OFF32(vfmul_vf)(residual, c->residual_scale, count), count);
    return NAME(mw_narrow_rvv)(OF32(vfcvt_x_f_v)(sum, count), how->zero_point, how->low, how->high, count);
}

/// Sums of `rows` positions by 16 channels stay in registers through the whole window. A lane of packed weights is four
/// bytes of one channel; they are widened to 16 bits, one vector a byte.
MW_RVV_INLINE void NAME(tile)(
    const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block, const int rows) {
    const size_t groups = mw_segment_groups(c->segment_length), stride = c->column_stride, channel = block * 16;
    const int8_t *weights = c->weights + block * c->segments * groups * 64;
    const INT32 bias = OF32(vle32_v)(c->folded_bias + channel, 16);
#define START(r) INT32 sums##r = bias;
    ROWS(START)
#undef START
    for (size_t segment = 0; segment < c->segments; segment++) {
        const int8_t *const from = input + c->segment_offsets[segment];
        for (size_t k = 0; k < groups * 4; k += 4, weights += 64) {
            // As bytes, because the weights need not be aligned.
            const INT32 four = JOIN(JOIN(JOIN(__riscv_vreinterpret_v_i8, LONG), _i32), LONG)(
                JOIN(__riscv_vle8_v_i8, LONG)(weights, 64));
            const INT16 low = OF16(vnsra_wx)(four, 0, 16), high = OF16(vnsra_wx)(four, 16, 16);
            const INT16 first = OF16(vsra_vx)(OF16(vsll_vx)(low, 8, 16), 8, 16);
            const INT16 second = OF16(vsra_vx)(low, 8, 16);
            const INT16 third = OF16(vsra_vx)(OF16(vsll_vx)(high, 8, 16), 8, 16);
            const INT16 fourth = OF16(vsra_vx)(high, 8, 16);
#define MULTIPLY(r)                                                       \
    if (r < rows) {                                                       \
        const int8_t *const x = from + r * stride + k;                    \
        sums##r = OF32(vwmacc_vx)(sums##r, x[0], first, 16);              \
        sums##r = OF32(vwmacc_vx)(sums##r, x[1], second, 16);             \
        sums##r = OF32(vwmacc_vx)(sums##r, x[2], third, 16);              \
        sums##r = OF32(vwmacc_vx)(sums##r, x[3], fourth, 16);             \
    }
            ROWS(MULTIPLY)
#undef MULTIPLY
        }
    }
    const size_t count = mw_smaller(c->channels - channel, 16);
    const size_t ties_up = mw_is_away(c->requantization.kind) ? 0 : 16;
    if (c->weight_zero_points != NULL) {
        const INT32 points = OF32(vle32_v)(c->weight_zero_points + channel, 16);
#define SUBTRACT(r) \
    if (r < rows) sums##r = OF32(vnmsac_vx)(sums##r, mw_sum_window(c, input + r * stride), points, 16);
        ROWS(SUBTRACT)
#undef SUBTRACT
    }
#define FINISH(r)                                                                            \
    if (r < rows) {                                                                          \
        int8_t *const to = output + r * c->output_stride + channel;                          \
        const INT8 bytes = c->residual_scale == 0                                            \
            ? NAME(mw_requantize_rvv)(&c->requantization, channel, ties_up, sums##r, 16)     \
            : NAME(with_residual)(c, to, channel, sums##r, count);                           \
        JOIN(__riscv_vse8_v_i8, BYTE)(to, bytes, count);                                     \
    }
    ROWS(FINISH)
#undef FINISH
}

#define DEFINE(r)                                                                                                      \
    MW_RVV static void JOIN(NAME(tile), _##r)(                                                                         \
        const mw_s8_convolution *c, const int8_t *input, int8_t *output, size_t block) {                               \
        NAME(tile)(c, input, output, block, r + 1);                                                                    \
    }
ROWS(DEFINE)
#undef DEFINE

static const mw_tile NAME(tiles)[] = {
    NULL,
#define ENTRY(r) JOIN(NAME(tile), _##r),
    ROWS(ENTRY)
#undef ENTRY
};

#undef NAME
#undef OF16
#undef OF32
#undef OFF32
#undef INT16
#undef INT8
#undef FLOAT32
#undef INT32
#undef JOIN
#undef JOIN_
#undef ROWS
#undef BYTE
#undef SHORT
#undef LONG
