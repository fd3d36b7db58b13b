// The zlib header, and the one call that Swift cannot make: inflateInit2 is a macro.
#ifndef MW_CZLIB_SHIM_H
#define MW_CZLIB_SHIM_H

#include <zlib.h>

/// Begins a stream without zlib's own header, as archives hold it.
static inline int mw_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

#endif
