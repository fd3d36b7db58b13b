#!/bin/sh
# Cross-compiles the C kernels with a test program for 64-bit Arm and runs it under qemu's user mode: on a CPU with the
# matrix instructions, on one with the dot product only, on one with neither. Exit status: 0 all passed, 1 a kernel
# differs or is not there, 77 tools are missing.
set -eu
cd "$(dirname "$0")"

missing=""
command -v qemu-aarch64 >/dev/null || command -v qemu-aarch64-static >/dev/null || missing="$missing qemu-user"
command -v aarch64-linux-gnu-gcc >/dev/null || missing="$missing gcc-aarch64-linux-gnu"
if [ -n "$missing" ]; then
    echo "aarch64 kernels: SKIPPED, install$missing (apt-get install$missing)" >&2
    exit 77
fi
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sources="*.c ../../Sources/CKernels/*/*.c"
flags="-O2 -std=c11 -Wall -Wextra -Werror -ffp-contract=off -static"
# clang, because it compiles the product; it takes libc and linker from the gcc package.
# shellcheck disable=SC2086
if clang --target=aarch64-linux-gnu -fuse-ld=lld $flags $sources -lm -o "$work/kernels" 2>"$work/clang.log"; then
    echo "compiler: $(clang --version | head -n 1)"
else
    echo "compiler: $(aarch64-linux-gnu-gcc --version | head -n 1) (clang cannot: $(head -n 1 "$work/clang.log"))"
    aarch64-linux-gnu-gcc $flags $sources -lm -o "$work/kernels"
fi

run() { # cpu, then the kernel that must be the best of each operator
    cpu=$1
    shift
    echo "cpu $cpu:"
    "$qemu" -cpu "$cpu" "$work/kernels" "$@"
}
others="lookup=neon elementwise=neon pooling=scalar quantize=scalar resize=scalar"
# shellcheck disable=SC2086
run max convolution=neon_i8mm depthwise=neon_dotprod distance=neon_dotprod $others
# shellcheck disable=SC2086
run neoverse-n1 convolution=neon_dotprod depthwise=neon_dotprod distance=neon_dotprod $others
# shellcheck disable=SC2086
run cortex-a53 convolution=neon depthwise=neon distance=scalar $others
