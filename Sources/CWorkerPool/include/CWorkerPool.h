#ifndef MW_CWORKERPOOL_H
#define MW_CWORKERPOOL_H

#include <stddef.h>

/// A few threads that share short pieces of work with their caller. Between two pieces a thread watches for a few
/// microseconds, then sleeps in the kernel: an idle box does not spin.
typedef struct mw_worker_pool mw_worker_pool;

/// workers: threads beside the caller, 1...63. Returns NULL where the system gives no memory or thread.
mw_worker_pool *mw_worker_pool_create(size_t workers);

/// Calls work(context, part) once for each part in 0...workers and returns when all have returned: whatever they wrote is
/// then seen by the caller. One call at a time.
///
/// Parts go to whoever comes first. A worker that the system has not run in time leaves its part to the caller, so a box that
/// is busy with something else computes no slower than on one thread.
void mw_worker_pool_run(mw_worker_pool *pool, void (*work)(void *context, size_t part), void *context);

void mw_worker_pool_destroy(mw_worker_pool *pool);

#endif
