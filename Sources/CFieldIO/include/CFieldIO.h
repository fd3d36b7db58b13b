#ifndef MW_CFIELDIO_H
#define MW_CFIELDIO_H

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

#endif
