#include "CFieldIO.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

// Source: The Linux Kernel documentation, Video for Linux API, part I, "Function Reference".

static int control(int descriptor, unsigned long request, void *argument) {
    int result;
    do {
        result = ioctl(descriptor, request, argument);
    } while (result < 0 && errno == EINTR);
    return result;
}

int mw_video_identify(int descriptor, mw_video_identity *identity) {
    struct v4l2_capability capability = {0};
    if (control(descriptor, VIDIOC_QUERYCAP, &capability) < 0) { return -1; }
    // Of this node, not of the whole device behind it.
    unsigned can = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps : capability.capabilities;
    memset(identity, 0, sizeof *identity);
    memcpy(identity->card, capability.card, sizeof identity->card - 1);
    memcpy(identity->bus, capability.bus_info, sizeof identity->bus - 1);
    identity->captures = (can & V4L2_CAP_VIDEO_CAPTURE) != 0;
    identity->streams = (can & V4L2_CAP_STREAMING) != 0;
    return 0;
}

int mw_video_set_format(int descriptor, mw_video_format *wanted) {
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    format.fmt.pix.width = wanted->width;
    format.fmt.pix.height = wanted->height;
    format.fmt.pix.pixelformat = wanted->fourcc;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    if (control(descriptor, VIDIOC_S_FMT, &format) < 0) { return -1; }
    wanted->width = format.fmt.pix.width;
    wanted->height = format.fmt.pix.height;
    wanted->fourcc = format.fmt.pix.pixelformat;
    wanted->row_bytes = format.fmt.pix.bytesperline;
    wanted->is_interlaced = format.fmt.pix.field != V4L2_FIELD_NONE;
    wanted->is_full_range = format.fmt.pix.quantization == V4L2_QUANTIZATION_FULL_RANGE;
    return 0;
}

int mw_video_set_rate(int descriptor, uint32_t frames, uint32_t seconds) {
    struct v4l2_streamparm parameters = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    parameters.parm.capture.timeperframe.numerator = seconds;
    parameters.parm.capture.timeperframe.denominator = frames;
    return control(descriptor, VIDIOC_S_PARM, &parameters);
}

int mw_video_set_exposure(int descriptor, int32_t value) {
    // A camera without automatic exposure refuses the first, which is as good.
    struct v4l2_control manual = {.id = V4L2_CID_EXPOSURE_AUTO, .value = V4L2_EXPOSURE_MANUAL};
    control(descriptor, VIDIOC_S_CTRL, &manual);
    struct v4l2_control exposure = {.id = V4L2_CID_EXPOSURE_ABSOLUTE, .value = value};
    return control(descriptor, VIDIOC_S_CTRL, &exposure);
}

int mw_video_set_gain(int descriptor, int32_t value) {
    struct v4l2_control automatic = {.id = V4L2_CID_AUTOGAIN, .value = 0};
    control(descriptor, VIDIOC_S_CTRL, &automatic);
    struct v4l2_control gain = {.id = V4L2_CID_GAIN, .value = value};
    return control(descriptor, VIDIOC_S_CTRL, &gain);
}

int mw_video_request_buffers(int descriptor, uint32_t count) {
    struct v4l2_requestbuffers request = {
        .count = count, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    return control(descriptor, VIDIOC_REQBUFS, &request) < 0 ? -1 : (int)request.count;
}

const void *mw_video_map(int descriptor, uint32_t index, size_t *length) {
    struct v4l2_buffer buffer = {.index = index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (control(descriptor, VIDIOC_QUERYBUF, &buffer) < 0) { return NULL; }
    void *start = mmap(NULL, buffer.length, PROT_READ, MAP_SHARED, descriptor, buffer.m.offset);
    if (start == MAP_FAILED) { return NULL; }
    *length = buffer.length;
    return start;
}

int mw_video_queue(int descriptor, uint32_t index) {
    struct v4l2_buffer buffer = {.index = index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    return control(descriptor, VIDIOC_QBUF, &buffer);
}

int mw_video_dequeue(int descriptor, mw_video_frame *frame) {
    struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (control(descriptor, VIDIOC_DQBUF, &buffer) < 0) { return -1; }
    frame->index = buffer.index;
    frame->bytes = buffer.bytesused;
    frame->sequence = buffer.sequence;
    frame->is_damaged = (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0;
    frame->is_monotonic = (buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    frame->nanoseconds = (int64_t)buffer.timestamp.tv_sec * 1000000000 + (int64_t)buffer.timestamp.tv_usec * 1000;
    return 0;
}

int mw_video_stream(int descriptor, int is_on) {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    return control(descriptor, is_on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}
