// libpng, used from C only (`CPictures`): it reports errors by longjmp, which must not cross Swift.
#include <png.h>
