// Nothing to declare: it is opened at run time only.
