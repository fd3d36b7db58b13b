#define _GNU_SOURCE
#include "CFieldIO.h"

#include <stdio.h>

int mw_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
    return renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE);
}
