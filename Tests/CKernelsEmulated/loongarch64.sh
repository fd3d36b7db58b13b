#!/bin/bash
# The plain C kernels for LoongArch, which has no kernels of its own: compiled with clang, which must make vectors of the
# hot loops (LSX, LASX), and run without them under qemu's user mode (which had none before version 8.1, and Debian 12 has
# 7.2), where all results must be those of this machine.
# Exit status: 0 all passed, 1 a result differs or a loop has no vectors, 77 tools are missing.
set -euo pipefail
cd "$(dirname "$0")"

missing=""
command -v qemu-loongarch64 >/dev/null || command -v qemu-loongarch64-static >/dev/null || missing="$missing qemu-user"
# The Swift toolchain's clang has no LoongArch, and no clang before 18 makes vectors for it.
clang=$(command -v clang-19 || command -v clang-22 || true)
[ -n "$clang" ] || missing="$missing clang-19"
if [ -n "$missing" ]; then
    echo "loongarch64 kernels: SKIPPED, install$missing (apt-get install$missing)" >&2
    exit 77
fi
qemu=$(command -v qemu-loongarch64 || command -v qemu-loongarch64-static)
echo "compiler: $("$clang" --version | head -n 1)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags="-O2 -std=c11 -Wall -Wextra -Werror -ffp-contract=off"
# No libc for LoongArch is packaged: loongarch64/ has what the test program uses of one.
target="--target=loongarch64-linux-gnu -nostdlibinc -isystem loongarch64/include -fno-math-errno"
plain="-mno-lsx -mno-lasx"

# Per function the instruction on vectors that its hot loop cannot do without: products of bytes in 32 bits, of fixed
# points in 64 bits, of floats, sums, comparisons.
hot="
convolution/convolution_scalar mw_s8_convolve__scalar (mul|madd|mulw..|maddw..)[.](w|h)
convolution/convolution_scalar mw_s8_convolve__scalar (mul|madd)[.]d
convolution/convolution_scalar mw_s8_convolve__scalar fmul[.]s
depthwise/depthwise_scalar mw_s8_depthwise_run__scalar (mul|madd|mulw..|maddw..)[.](w|h)
depthwise/depthwise_scalar mw_s8_depthwise_run__scalar (mul|madd)[.]d
depthwise/depthwise_scalar mw_s8_depthwise_run__scalar fmul[.]s
elementwise/elementwise_scalar mw_s8_add__scalar madd[.]w
elementwise/elementwise_scalar mw_s8_add__scalar madd[.]d
elementwise/elementwise_scalar mw_s8_add__scalar fmadd[.]s
elementwise/elementwise_scalar mw_s8_multiply__scalar (mul|madd)[.]d
elementwise/elementwise_scalar mw_s8_maximum__scalar max[.](b|w)
elementwise/elementwise_scalar mw_s8_minimum__scalar min[.](b|w)
pooling/pooling_scalar mw_s8_average_pool__scalar add[.]w
pooling/pooling_scalar mw_s8_max_pool__scalar max[.](b|w)
quantize/quantize_scalar mw_s8_quantize__scalar f(mul|div)[.]s
resize/resize_scalar mw_s8_resize_bilinear__scalar (mul|madd)[.]w
"
status=0
for isa in lsx lasx; do
    vectors=0
    while read -r file function pattern; do
        [ -n "$file" ] || continue
        # shellcheck disable=SC2086
        "$clang" $target -m$isa $flags -S -o "$work/one.s" "../../Sources/CKernels/$file.c"
        # 256 bits begin with xv, 128 with v; clang takes the narrower ones where it finds them cheaper.
        count=$(awk -v name="$function:" -v wanted="^x?v$pattern\$" '
            /^[a-z_0-9]+:/ { inside = $1 == name }
            inside && $1 ~ wanted { count++ }
            END { print count + 0 }' "$work/one.s")
        if [ "$count" -eq 0 ]; then
            echo "$isa: no vectors in $function, where $pattern was expected"
            status=1
        fi
        vectors=$((vectors + (count > 0)))
    done <<<"$hot"
    echo "$isa: vectors in $vectors hot loops"
done

# shellcheck disable=SC2086
"$clang" $target $flags $plain -fno-builtin -c loongarch64/runtime.c -o "$work/runtime.o"
mkdir "$work/objects"
for file in *.c ../../Sources/CKernels/*/*.c; do
    object=${file#../../Sources/CKernels/}
    # shellcheck disable=SC2086
    "$clang" $target $flags $plain -c "$file" -o "$work/objects/${object//\//_}.o"
done
ld.lld -static -o "$work/kernels" "$work/objects"/*.o "$work/runtime.o"
# shellcheck disable=SC2086
"$clang" $flags *.c ../../Sources/CKernels/*/*.c -lm -o "$work/here"
"$work/here" scalar >"$work/expected"
"$qemu" "$work/kernels" scalar >"$work/found" || status=1
cat "$work/found"
if ! diff "$work/expected" "$work/found" >"$work/difference"; then
    echo "other results than on $(uname -m):"
    cat "$work/difference"
    status=1
fi
exit $status
