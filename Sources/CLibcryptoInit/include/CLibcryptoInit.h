// Nothing to call: whoever links this has a libcrypto that does not clean up when the process exits (libcrypto_init.c).
#ifndef MILLWRIGHT_CLIBCRYPTO_INIT_H
#define MILLWRIGHT_CLIBCRYPTO_INIT_H
#endif
