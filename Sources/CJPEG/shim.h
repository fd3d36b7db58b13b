// libjpeg-turbo, used from C only (`CPictures`): it reports errors by longjmp, which must not cross Swift. Its own newer
// interface (TurboJPEG) decodes a picture in one call that nothing ends in the middle: no time, no limit of memory.
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>
