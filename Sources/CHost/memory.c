#include "CHost.h"

#include <malloc.h>

// Other C libraries have neither the trouble nor the calls.
#ifdef __GLIBC__
void mw_limit_heaps(int count) { mallopt(M_ARENA_MAX, count); }
void mw_return_free_memory(void) { malloc_trim(0); }
#else
void mw_limit_heaps(int count) { (void)count; }
void mw_return_free_memory(void) {}
#endif
