#define ISA scalar
#define TARGET

#include "resize_body.h"
