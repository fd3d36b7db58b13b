#define ISA scalar
#define TARGET

#include "quantize_body.h"
