#include <math.h>
#include <stdlib.h>

#define TARGET

#include "../requantize/requantize.h"
#include "fixed_point.h"

/// More than this, and what is computed again costs more than the quicker way saves: one byte in 500.
enum { MOST_NEAR = 64 };

/// How far the share of one side in a sum, its exactly scaled number times `parts`, ever is from the side times
/// `factor`.
/// most: the largest magnitude of a scaled number.
static double farthest(
    const mw_fixed_point *by, int32_t zero_point, int32_t sign, double parts, float factor, int64_t *most) {
    double farthest = 0;
    *most = 0;
    for (int32_t stored = -128; stored <= 127; stored++) {
        const int32_t x = stored - zero_point;
        const int64_t side = scaled(x, by->left, by->multiplier, by->right, by->rounding);
        farthest = fmax(farthest, fabs((double)(sign * side) * parts - (double)x * (double)factor));
        if (llabs(side) > *most) *most = llabs(side);
    }
    return farthest;
}

/// What one unit of an operand is, in the units that sides are scaled to.
static double unit_of(const mw_fixed_point *by) { return ldexp((double)by->multiplier, by->left - 31 - by->right); }

/// Half of the distance between float32 numbers of this magnitude, which one rounding may be wrong by.
static double half_unit(double magnitude) { return ldexp(1, ilogb(fmax(magnitude, 1)) - 24); }

void mw_s8_add_prepare(mw_s8_add *add) {
    const mw_fixed_point *const sum = &add->scale_sum;
    add->near = 0;
    if (add->kind != MW_ADD_TWO_STEP || sum->rounding == MW_FLOOR) return;
    const double parts = MW_FIXED_ONE * unit_of(sum);
    const float a = (float)(add->sign_a * unit_of(&add->scale_a) * parts);
    const float b = (float)(add->sign_b * unit_of(&add->scale_b) * parts);
    int64_t most_a, most_b;
    const double far_a = farthest(&add->scale_a, add->zero_point_a, add->sign_a, parts, a, &most_a);
    const double far_b = farthest(&add->scale_b, add->zero_point_b, add->sign_b, parts, b, &most_b);
    // Neither the sum nor what it is moved left to saturates.
    if ((most_a + most_b) > (INT32_MAX >> sum->left)) return;
    const double zeros = (double)add->zero_point_a * (double)a + (double)add->zero_point_b * (double)b;
    const double most = 256 * (fabs((double)a) + fabs((double)b)) + MW_FIXED_ONE;
    if (most > (double)MW_FIXED_MOST * MW_FIXED_ONE) return;
    // The offset and what is first added to it are each rounded once. A result within 255 steps is wrong by half a part
    // above 2^23 parts; below by a quarter, and its conversion to an integer by half a part more. The first of the two
    // roundings moves the second one's edge.
    const double moved = sum->right > 0 ? ldexp(MW_FIXED_ONE, -sum->right - 1) : 0;
    const double wrong = far_a + far_b + moved + 2 * half_unit(most) + 0.75;
    // A little for the arithmetic above.
    if (!(wrong < MOST_NEAR - 1)) return;
    add->near = (int32_t)ceil(wrong + 0.01);
    add->float_a = a;
    add->float_b = b;
    add->float_offset = (float)(0.5 * MW_FIXED_ONE + add->near - zeros);
}
