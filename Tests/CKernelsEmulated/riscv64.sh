#!/bin/sh
# Cross-compiles the C kernels with a test program for 64-bit RISC-V and runs it under qemu's user mode: on CPUs with
# vector registers of three lengths, and on one without. Lanes behind an operation's length are filled with ones, so
# that a kernel which relies on them fails. Exit status: 0 all passed, 1 a kernel differs or is not there, 77 tools are
# missing.
set -eu
cd "$(dirname "$0")"

missing=""
command -v qemu-riscv64 >/dev/null || command -v qemu-riscv64-static >/dev/null || missing="$missing qemu-user"
command -v riscv64-linux-gnu-gcc >/dev/null || missing="$missing gcc-riscv64-linux-gnu"
if [ -n "$missing" ]; then
    echo "riscv64 kernels: SKIPPED, install$missing (apt-get install$missing)" >&2
    exit 77
fi
qemu=$(command -v qemu-riscv64 || command -v qemu-riscv64-static)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# clang, because it compiles the product, and Debian 12's gcc has no vector intrinsics; it takes libc and start files
# from the gcc package.
clang --target=riscv64-linux-gnu -fuse-ld=lld -O2 -std=c11 -Wall -Wextra -Werror -ffp-contract=off -static \
    *.c ../../Sources/CKernels/*/*.c -lm -o "$work/kernels"
echo "compiler: $(clang --version | head -n 1)"

run() { # cpu, the kernel that must be the best of each operator
    "$qemu" -cpu "$1" "$work/kernels" "convolution=$2" "depthwise=$2" "lookup=$2" distance=scalar \
        "elementwise=$2" "pooling=$2" "quantize=$2" "resize=$2"
}
for bits in 128 256 512; do
    echo "cpu with vectors of $bits bits:"
    run "rv64,v=true,vlen=$bits,vext_spec=v1.0,rvv_ta_all_1s=true,rvv_ma_all_1s=true" rvv
done
echo "cpu without vectors:"
run rv64 scalar
