#ifndef MW_CVENDORRUNTIMES_H
#define MW_CVENDORRUNTIMES_H

// Declarations of our own of the C interfaces that vendors publish for their inference libraries: names, layouts and
// constants only. No vendor header is included and no vendor library is linked; functions are found at run time.

#include <sys/types.h>

#include "acl.h"
#include "bmrt.h"
#include "cvi.h"
#include "rknn.h"

/// Ends this process when the other end of a socket is closed, even while a library's function does not return.
/// Returns 0, or an errno value where the system gives no thread.
int mw_end_with_peer(int socket);

/// fcntl's arguments vary in number, which not every language can call: F_DUPFD_CLOEXEC, then F_ADD_SEALS against
/// another size. Both return what fcntl returns.
int mw_copy_descriptor(int descriptor, int lowest);
int mw_seal_size(int descriptor);
/// 1 where a file has those seals, else 0.
int mw_has_sealed_size(int descriptor);

/// What only GNU names: memfd_create, closed on exec and open to seals; posix_spawn_file_actions_addclosefrom_np; pipe2,
/// closed on exec.
int mw_memory_file(const char *name);
int mw_close_from(void *spawn_file_actions, int lowest);
int mw_pipe(int *ends);

/// Starts a process that leads a group of its own and ends all of it (SIGKILL) when the other end of a pipe is closed,
/// as it is when this process ends, however it does. Returns its id, which is the group's, or -1 with errno set.
pid_t mw_guard_group(int lifeline);
/// Ends what is left of such a group, and waits for the guard.
void mw_end_group(pid_t guard);

#endif
