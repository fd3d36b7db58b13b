#include "CHost.h"

#include <string.h>
#include <sys/timex.h>

int64_t mw_clock_error(bool *isSynchronized) {
    struct timex state;
    memset(&state, 0, sizeof state);
    int result = adjtimex(&state);
    *isSynchronized = result >= 0 && result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
    return result < 0 ? -1 : state.maxerror;
}
