#ifndef MW_CHOST_H
#define MW_CHOST_H

#include <stdbool.h>
#include <stdint.h>

/// What the kernel knows of its wall clock (adjtimex(2)); changes nothing.
///
/// isSynchronized: whether a time server's program keeps it, as far as the kernel was told.
/// Returns the largest error that the clock may have, in microseconds; -1 when the kernel does not say.
int64_t mw_clock_error(bool *isSynchronized);

/// Keeps the C library from giving each thread a heap of its own; to be called before threads are made.
///
/// What is freed in one heap is of no use in another: with 10,000 tags that was 5 MB of 42.
void mw_limit_heaps(int count);

/// Gives free pages of the heaps back to the system: what a large configuration took to be read.
void mw_return_free_memory(void);

/// Lets go of the pages of program and libraries: those that are still needed are mapped again as they are touched.
///
/// Only pages that cannot have been written to; the kernel keeps them as long as there is room.
void mw_let_go_of_program_pages(void);

#endif
