#include "CLibcryptoInit.h"

#include <openssl/crypto.h>
#include <stddef.h>

// By default libcrypto frees all that it holds when the process exits, also what a thread that ends at that moment is
// freeing itself. OpenSSL 3.0.19 then frees it twice: one exit of some thousands, right after the store had been closed,
// ended with SIGABRT, or not at all. Nobody needs that memory back from a process that ends, so it is left alone.
//
// Before main, because the first user of libcrypto in a process decides, and libcurl and libmosquitto use it too.
__attribute__((constructor)) static void leave_memory_at_exit(void) {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
