#define _GNU_SOURCE
#include "CVendorRuntimes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int mw_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

// Between fork and the end only functions that are safe there: other threads of the caller may hold any lock.
pid_t mw_guard_group(int lifeline) {
    pid_t guard = fork();
    if (guard != 0) {
        // Here too, so that the group is there whoever comes first; the guard may have done it already.
        if (guard > 0)
            setpgid(guard, guard);
        return guard;
    }
    setpgid(0, 0);
    // What ends the tools of the group does not end what watches over them.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (dup2(lifeline, STDIN_FILENO) < 0)
        _exit(1);
    closefrom(STDIN_FILENO + 1);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
        ;
    kill(0, SIGKILL);
    _exit(0);
}

void mw_end_group(pid_t guard) {
    kill(-guard, SIGKILL);
    while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
        ;
}
