import Accelerators
import Glibc

exit(AcceleratorHost.serve(Array(CommandLine.arguments.dropFirst(2))))
