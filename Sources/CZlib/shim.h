/// The system's zlib, and a function for what it only shows as a macro.
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

/// deflateInit2 with gzip framing (RFC 1952): a window of 32 KiB, plus 16 for the framing.
static inline int shim_deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

#endif
