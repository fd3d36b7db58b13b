#define ISA scalar
#define TARGET

#include "pooling_body.h"
