// Nothing to declare: it is put before the C library with LD_PRELOAD, and told by its environment what to do.
