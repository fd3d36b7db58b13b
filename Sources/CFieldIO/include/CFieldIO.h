#ifndef MW_CFIELDIO_H
#define MW_CFIELDIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/// Takes a terminal for this process alone: another that opens it is refused (TIOCEXCL).
///
/// Returns 0, or -1 with errno.
int mw_serial_claim(int descriptor);

/// Lets others open it again (TIOCNXCL); a port forgets by itself when nobody has it open.
int mw_serial_release(int descriptor);

/// Has the driver of a serial port raise RTS while it sends, which turns an RS-485 line round (TIOCSRS485).
///
/// Returns 0, or -1 with errno: the port cannot.
int mw_serial_rs485(int descriptor);

/// Gives a file another name, unless there is a file of that name already (renameat2 with RENAME_NOREPLACE).
///
/// Returns 0, or -1 with errno: EEXIST, EXDEV, or EINVAL where the file system cannot promise that.
int mw_rename_new(int from_folder, const char *from, int to_folder, const char *to);

// Cameras by V4L2, one plane, buffers of the driver mapped here. Each returns -1 with errno when the driver refuses.

typedef struct {
    char card[33];
    char bus[33];
    int captures;
    int streams;
} mw_video_identity;

typedef struct {
    uint32_t width;
    uint32_t height;
    uint32_t fourcc;
    uint32_t row_bytes;
    int is_interlaced;
    int is_full_range;
} mw_video_format;

typedef struct {
    uint32_t index;
    uint32_t bytes;
    uint32_t sequence;
    int is_damaged;
    /// Whether `nanoseconds` are of CLOCK_MONOTONIC.
    int is_monotonic;
    int64_t nanoseconds;
} mw_video_frame;

int mw_video_identify(int descriptor, mw_video_identity *identity);

/// Asks for a format; what the driver will give stands there afterwards, and may differ.
int mw_video_set_format(int descriptor, mw_video_format *wanted);

int mw_video_set_rate(int descriptor, uint32_t frames, uint32_t seconds);

/// In units of 100 us; ends automatic exposure.
int mw_video_set_exposure(int descriptor, int32_t value);

/// In units of the camera; ends automatic gain.
int mw_video_set_gain(int descriptor, int32_t value);

/// Returns how many buffers there are; 0 gives them back.
int mw_video_request_buffers(int descriptor, uint32_t count);

/// Returns the buffer's first byte, to be given back with munmap(2); NULL with errno.
const void *mw_video_map(int descriptor, uint32_t index, size_t *length);

int mw_video_queue(int descriptor, uint32_t index);
int mw_video_dequeue(int descriptor, mw_video_frame *frame);
int mw_video_stream(int descriptor, int is_on);

#endif
