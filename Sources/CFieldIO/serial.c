#include "CFieldIO.h"

#include <linux/serial.h>
#include <sys/ioctl.h>

// Swift imports no variadic function, and ioctl(2) is one.

int mw_serial_claim(int descriptor) { return ioctl(descriptor, TIOCEXCL); }

int mw_serial_release(int descriptor) { return ioctl(descriptor, TIOCNXCL); }

int mw_serial_rs485(int descriptor) {
    struct serial_rs485 settings = {.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND};
    return ioctl(descriptor, TIOCSRS485, &settings);
}
