// Stands before the C library (LD_PRELOAD), counts the calls that change files under one folder, and lets one of them fail.
//
//   DISK_FAULTS_FOLDER   the folder, without links in its path
//   DISK_FAULTS_AT       number of the call that fails, from 1; 0 or missing: none
//   DISK_FAULTS_KIND     eio     the call fails
//                        enospc  the call fails, where it needs room
//                        short   a write writes half of what it should
//                        kill    the process is killed before the call
//                        torn    a write writes half of what it should, and the process is killed
//                        read    a read fails; reads are counted in place of changes
//                        slow    a sync takes half a second longer
//   DISK_FAULTS_CALLS    how many calls fail from that one on; 1 where it is missing. Of several without room the first
//                        writes half
//   DISK_FAULTS_LOG      file that gets a line a call: its number, its name, the file, the bytes, and what was done
//
// Pages of a mapped file change without a call: those of SQLite's -shm, which is made anew from the log.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum kind { NONE, EIO_ERROR, ENOSPC_ERROR, SHORT, KILL, TORN, READ, SLOW };
enum verdict { GO, FAIL, HALF };

static atomic_long count;
static long at;
static enum kind kind;
static long calls = 1;
static const char *folder;
static int log_file = -1;

static const struct timespec half_a_second = {.tv_nsec = 500000000};
static const char *const kind_names[] = {"", "eio", "enospc", "short", "kill", "torn", "read", "slow"};

// The C library's own. Looked up before the first counted call: looking up takes the loader's lock, which a thread may hold
// that has been stopped for good, because another one writes down how the process crashed.
#define REALS(each) \
    each(write) each(pwrite64) each(pread64) each(fsync) each(fdatasync) each(ftruncate64) each(posix_fallocate64) \
        each(rename) each(unlink) each(mkdir) each(open64) each(usleep)
#define DECLARE(name) static __typeof__(&name) real_##name;
#define LOOK_UP(name) real_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name);
// Before `begin` runs, only what starts before it.
#define REAL(name) (real_##name ? real_##name : (__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define COUNTS_CHANGES (kind != READ)

REALS(DECLARE)

__attribute__((constructor)) static void begin(void) {
    REALS(LOOK_UP)
    folder = getenv("DISK_FAULTS_FOLDER");
    const char *number = getenv("DISK_FAULTS_AT");
    at = number ? atol(number) : 0;
    const char *many = getenv("DISK_FAULTS_CALLS");
    if (many) calls = atol(many);
    const char *name = getenv("DISK_FAULTS_KIND");
    for (int index = EIO_ERROR; name && index <= SLOW; index++) {
        if (strcmp(name, kind_names[index]) == 0) kind = (enum kind)index;
    }
    const char *path = getenv("DISK_FAULTS_LOG");
    if (path) log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_inside(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int path_of(int descriptor, char path[PATH_MAX]) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0 && is_inside(path);
}

// Two threads write at the same time: each line is one call of write(2) on a file that is appended to.
static void note(long number, const char *call, const char *path, size_t bytes, const char *what) {
    if (log_file < 0) return;
    // Not dprintf: another thread may be in exit(3), which flushes the streams of everybody.
    char line[PATH_MAX + 128];
    int length = snprintf(line, sizeof line, "%ld %s %s %zu %s\n", number, call, path + strlen(folder), bytes, what);
    ssize_t written = syscall(SYS_write, log_file, line, (size_t)length);
    (void)written;
}

// What becomes of a call on `path`; errno is set where it fails.
static enum verdict judge(const char *call, const char *path, size_t bytes, int is_write, int needs_room) {
    long number = atomic_fetch_add(&count, 1) + 1;
    int is_first = at > 0 && number == at;
    int is_later = at > 0 && number > at && number - at < calls;
    int is_sync = strcmp(call, "fsync") == 0 || strcmp(call, "fdatasync") == 0;
    enum verdict verdict = GO;
    int code = EIO;
    if (is_first || is_later) {
        switch (kind) {
        case EIO_ERROR:
        case READ: verdict = FAIL; break;
        case ENOSPC_ERROR:
            code = ENOSPC;
            if (needs_room) verdict = calls > 1 && is_first && is_write && bytes > 1 ? HALF : FAIL;
            break;
        case SHORT: verdict = is_write && bytes > 1 ? HALF : GO; break;
        case KILL:
            note(number, call, path, bytes, "killed");
            kill(getpid(), SIGKILL);
            break;
        case TORN:
            verdict = is_write && bytes > 1 ? HALF : GO;
            if (verdict == GO) {
                note(number, call, path, bytes, "killed");
                kill(getpid(), SIGKILL);
            }
            break;
        case SLOW:
            if (is_sync) nanosleep(&half_a_second, NULL);
            break;
        case NONE: break;
        }
    }
    note(number, call, path, bytes, verdict == FAIL ? "failed" : verdict == HALF ? "half" : "done");
    if (verdict == FAIL) errno = code;
    return verdict;
}

static void end_torn(void) {
    if (kind == TORN) kill(getpid(), SIGKILL);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    char path[PATH_MAX];
    if (COUNTS_CHANGES && path_of(descriptor, path)) {
        switch (judge("write", path, length, 1, 1)) {
        case FAIL: return -1;
        case HALF:
            length = (size_t)REAL(write)(descriptor, bytes, length / 2);
            end_torn();
            return (ssize_t)length;
        case GO: break;
        }
    }
    return REAL(write)(descriptor, bytes, length);
}

static ssize_t write_at(
    ssize_t (*real)(int, const void *, size_t, off64_t), int descriptor, const void *bytes, size_t length, off64_t offset
) {
    char path[PATH_MAX];
    if (COUNTS_CHANGES && path_of(descriptor, path)) {
        switch (judge("pwrite", path, length, 1, 1)) {
        case FAIL: return -1;
        case HALF:
            length = (size_t)real(descriptor, bytes, length / 2, offset);
            end_torn();
            return (ssize_t)length;
        case GO: break;
        }
    }
    return real(descriptor, bytes, length, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return write_at(REAL(pwrite64), descriptor, bytes, length, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    return write_at(REAL(pwrite64), descriptor, bytes, length, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t length, off64_t offset) {
    char path[PATH_MAX];
    if (kind == READ && path_of(descriptor, path) && judge("pread", path, length, 0, 0) == FAIL) return -1;
    return REAL(pread64)(descriptor, bytes, length, offset);
}

int fsync(int descriptor) {
    char path[PATH_MAX];
    if (COUNTS_CHANGES && path_of(descriptor, path) && judge("fsync", path, 0, 0, 0) == FAIL) return -1;
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    char path[PATH_MAX];
    if (COUNTS_CHANGES && path_of(descriptor, path) && judge("fdatasync", path, 0, 0, 0) == FAIL) return -1;
    return REAL(fdatasync)(descriptor);
}

static int grows(int descriptor, off64_t length) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && status.st_size < length;
}

int ftruncate64(int descriptor, off64_t length) {
    char path[PATH_MAX];
    if (COUNTS_CHANGES && path_of(descriptor, path)
        && judge("ftruncate", path, (size_t)length, 0, grows(descriptor, length)) == FAIL)
        return -1;
    return REAL(ftruncate64)(descriptor, length);
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
    char path[PATH_MAX];
    if (COUNTS_CHANGES && path_of(descriptor, path)
        && judge("posix_fallocate", path, (size_t)length, 0, 1) == FAIL)
        return errno;
    return REAL(posix_fallocate64)(descriptor, offset, length);
}

int posix_fallocate(int descriptor, off_t offset, off_t length) { return posix_fallocate64(descriptor, offset, length); }

int rename(const char *from, const char *to) {
    if (COUNTS_CHANGES && is_inside(from) && judge("rename", from, 0, 0, 1) == FAIL) return -1;
    return REAL(rename)(from, to);
}

int unlink(const char *path) {
    if (COUNTS_CHANGES && is_inside(path) && judge("unlink", path, 0, 0, 0) == FAIL) return -1;
    return REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
    if (COUNTS_CHANGES && is_inside(path) && access(path, F_OK) != 0 && judge("mkdir", path, 0, 0, 1) == FAIL) return -1;
    return REAL(mkdir)(path, mode);
}

// Only an opening that makes the file changes anything.
static int makes(const char *path, int flags) {
    return COUNTS_CHANGES && (flags & O_CREAT) && is_inside(path) && access(path, F_OK) != 0;
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (makes(path, flags) && judge("open", path, 0, 0, 1) == FAIL) return -1;
    return REAL(open64)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (makes(path, flags) && judge("open", path, 0, 0, 1) == FAIL) return -1;
    return REAL(open64)(path, flags, mode);
}

// The store's longest waits for a disk that has failed say nothing here; SQLite's for a lock are shorter and stay.
int usleep(useconds_t microseconds) { return microseconds > 100000 ? 0 : REAL(usleep)(microseconds); }
