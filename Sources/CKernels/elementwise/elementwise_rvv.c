#include "../cpu/cpu.h"

#if MW_HAS_RVV

#define ISA rvv
#define TARGET MW_RVV
#define HAS_VECTORS

#include "elementwise_body.h"

#endif
