#ifndef MW_CHOSTCLOCK_H
#define MW_CHOSTCLOCK_H

#include <stdbool.h>
#include <stdint.h>

/// What the kernel knows of its wall clock (adjtimex(2)); changes nothing.
///
/// isSynchronized: whether a time server's program keeps it, as far as the kernel was told.
/// Returns the largest error that the clock may have, in microseconds; -1 when the kernel does not say.
int64_t mw_clock_error(bool *isSynchronized);

#endif
