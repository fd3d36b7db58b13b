#define ISA scalar
#define TARGET

#include "elementwise_body.h"
