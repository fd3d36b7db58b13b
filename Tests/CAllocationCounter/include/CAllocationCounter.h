#ifndef MW_ALLOCATION_COUNTER_H
#define MW_ALLOCATION_COUNTER_H

#include <stdint.h>

/// Linked into a test program, this stands before glibc's allocator and counts what the calling thread asks of it
/// between start and stop: malloc, calloc, realloc, posix_memalign, aligned_alloc and memalign.
void mw_allocation_counter_start(void);

/// The allocations of this thread since start.
uint64_t mw_allocation_counter_stop(void);

/// The bytes of this thread from start to stop, all together: what was given back meanwhile counts too.
uint64_t mw_allocation_counter_bytes(void);

#endif
