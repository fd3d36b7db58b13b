#if defined(__x86_64__)

#define TARGET "avx2,fma,avx512f,avx512bw,avx512vnni"
#define HAS_VBMI 0

#include "depthwise_avx512.h"
#include "kernels.h"

size_t mw_s8_depthwise_packed_bytes__avx512_vnni(const mw_s8_depthwise *d) {
    const mw_strips s = mw_strips_of(d, 4);
    return mw_packed_size(&s, d);
}

size_t mw_s8_depthwise_scratch_bytes__avx512_vnni(const mw_s8_depthwise *d) {
    const mw_strips s = mw_strips_of(d, 4);
    return mw_strips_scratch_bytes(&s);
}

void mw_s8_depthwise_pack__avx512_vnni(
    const mw_s8_depthwise *restrict d, const int8_t *restrict weights, const int8_t *restrict weight_zero_points,
    const int32_t *restrict bias, void *restrict packed) {
    const mw_strips s = mw_strips_of(d, 4);
    mw_pack_bytes(&s, d, weights, weight_zero_points, bias, OFFSET, packed);
}

__attribute__((target(TARGET))) static void make(
    const mw_strips *s, const mw_s8_depthwise *d, const mw_strip *strip) {
    make_strip(s, d, strip);
}

__attribute__((target(TARGET))) static void compute(
    const mw_strips *s, const mw_s8_depthwise *d, const void *packed, const mw_strip_band *band) {
    compute_band(s, d, packed, band);
}

void mw_s8_depthwise_run__avx512_vnni(
    const mw_s8_depthwise *restrict d, const void *restrict packed, const int8_t *restrict input,
    int8_t *restrict output, size_t first_row, size_t last_row, void *restrict scratch) {
    const mw_strips s = mw_strips_of(d, 4);
    mw_strips_walk(&s, d, packed, input, output, first_row, last_row, scratch, make, compute);
}

#endif
