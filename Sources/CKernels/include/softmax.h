#ifndef MW_SOFTMAX_H
#define MW_SOFTMAX_H

#include "CKernels.h"

typedef enum {
    /// round(e * (1 / (sum * output_scale))), ties away from zero. TensorFlow Lite's for int8.
    MW_SOFTMAX_ROUND = 0,
    /// trunc(e * (1 / (sum * output_scale)) + 0.5). TensorFlow Lite's for uint8.
    MW_SOFTMAX_ADD_HALF = 1,
    /// round_half_even(e * output_scale / sum), output_scale the inverse. ONNX Runtime's.
    MW_SOFTMAX_DIVIDE = 2,
} mw_softmax_kind;

/// A softmax of each row of [rows, columns], in float on a table of exponentials.
typedef struct {
    mw_softmax_kind kind;
    size_t rows, columns;
    /// exponentials[d]: for an input d below the largest of its row; above 0 at d = 0.
    float exponentials[256];
    float output_scale;
    int32_t zero_point, low, high;
} mw_s8_softmax;

/// Each sum is taken in float from the first element to the last, one rounding each: it cannot be split among lanes,
/// and so there is one form for every instruction set. The output may be the input.
void mw_s8_softmax_run(const mw_s8_softmax *restrict softmax, const int8_t *input, int8_t *output);

#endif
