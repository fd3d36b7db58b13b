#ifndef MW_CCHECKSUM_H
#define MW_CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected, RFC 3720 appendix B.4) carried on over `count` more bytes.
///
/// state: 0xFFFFFFFF to begin with; the checksum is the complement of the last state.
uint32_t mw_crc32c(uint32_t state, const void *bytes, size_t count);

/// The same by tables alone, as a CPU without the instruction computes it.
uint32_t mw_crc32c_by_tables(uint32_t state, const void *bytes, size_t count);

#endif
