#include "../requantize/requantize_rvv.h"

#if MW_HAS_RVV

#include "kernels.h"
#include "tiles.h"

// There is no dot product: inputs are multiplied one at a time by 16 channels' weights, 16 bits by 16 into 32, which costs
// as much as two products added in 16 bits and widened, and never saturates; layout.h has the bound of a whole window.
//
// 16 lanes of 32 bits are a group of four registers where those have 128 bits, of two where 256, one where 512 or more:
// the smaller the group, the more positions share a load of weights.

MW_DEFINE_REQUANTIZE_RVV(m4, m2, m1, 8, m8)
MW_DEFINE_REQUANTIZE_RVV(m2, m1, mf2, 16, m4)
MW_DEFINE_REQUANTIZE_RVV(m1, mf2, mf4, 32, m2)

#define LONG m4
#define SHORT m2
#define BYTE m1
#define ROWS(X) X(0) X(1) X(2) X(3)
#include "tile_rvv.h"

#define LONG m2
#define SHORT m1
#define BYTE mf2
#define ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#include "tile_rvv.h"

#define LONG m1
#define SHORT mf2
#define BYTE mf4
#define ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#include "tile_rvv.h"

MW_RVV void mw_s8_convolve__rvv(
    const mw_s8_convolution *restrict c, const int8_t *restrict input, int8_t *restrict output, size_t first_position,
    size_t last_position, size_t first_block, size_t last_block) {
    mw_assert_convolution(c, first_position, last_position, first_block, last_block);
    const size_t register_bytes = __riscv_vlenb();
    const bool is_narrow = register_bytes < 32;
    const mw_tile *const tiles = is_narrow ? tiles_m4 : register_bytes < 64 ? tiles_m2 : tiles_m1;
    mw_convolve_by_blocks(
        c, input, output, first_position, last_position, first_block, last_block, tiles, is_narrow ? 4 : 8);
}

#endif
