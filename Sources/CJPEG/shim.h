// libjpeg-turbo, used from C only (`CPictures`): it reports errors by longjmp, which must not cross Swift.
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>
