#include "runtime.h"

#include <stdarg.h>

// Numbers of Linux for every architecture since 2012.
enum { SYS_WRITE = 64, SYS_EXIT_GROUP = 94, SYS_MMAP = 222, SYS_MPROTECT = 226 };
/// The largest that LoongArch's kernels are built with: what is a multiple of it is one of every other.
enum { PAGE_BYTES = 65536 };

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long a7 __asm__("$a7") = number;
    register long a0 __asm__("$a0") = a;
    register long a1 __asm__("$a1") = b;
    register long a2 __asm__("$a2") = c;
    register long a3 __asm__("$a3") = d;
    register long a4 __asm__("$a4") = e;
    register long a5 __asm__("$a5") = f;
    __asm__ volatile("syscall 0"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8", "memory");
    return a0;
}

_Noreturn void exit(int status) {
    for (;;) call(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}

int main(int count, char **values);

__attribute__((used)) static void begin(long *stack) { exit(main((int)stack[0], (char **)(stack + 1))); }

__asm__(".globl _start\n_start: move $a0, $sp\n bl begin\n");

// Loops that the compiler must not turn into calls of themselves: -fno-builtin.

void *memmove(void *to, const void *from, size_t count) {
    char *const target = to;
    const char *const source = from;
    if (target <= source) {
        for (size_t i = 0; i < count; i++) target[i] = source[i];
    } else {
        for (size_t i = count; i > 0; i--) target[i - 1] = source[i - 1];
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    char *const target = to;
    const char *const source = from;
    for (size_t i = 0; i < count; i++) target[i] = source[i];
    return to;
}

void *memset(void *to, int byte, size_t count) {
    char *const target = to;
    for (size_t i = 0; i < count; i++) target[i] = (char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t count) {
    const unsigned char *const left = a, *const right = b;
    for (size_t i = 0; i < count; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}

int strncmp(const char *a, const char *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i] || a[i] == 0) return (unsigned char)a[i] - (unsigned char)b[i];
    }
    return 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, SIZE_MAX); }

static void write_text(const char *text, size_t length) { call(SYS_WRITE, 1, (long)text, (long)length, 0, 0, 0); }

static void write_number(uint64_t number, bool is_negative) {
    char digits[21];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    if (is_negative) digits[--first] = '-';
    write_text(digits + first, sizeof digits - first);
}

int printf(const char *format, ...) {
    va_list values;
    va_start(values, format);
    while (*format != 0) {
        const char *plain = format;
        while (*format != 0 && *format != '%') format++;
        write_text(plain, (size_t)(format - plain));
        if (*format == 0) break;
        if (format[1] == 's') {
            const char *const text = va_arg(values, const char *);
            write_text(text, strlen(text));
            format += 2;
        } else if (format[1] == 'd') {
            const int number = va_arg(values, int);
            write_number(number < 0 ? 0 - (uint64_t)number : (uint64_t)number, number < 0);
            format += 2;
        } else {
            write_number(va_arg(values, size_t), false);
            format += 3;
        }
    }
    va_end(values);
    return 0;
}

void perror(const char *what) { printf("%s failed\n", what); }

_Noreturn void mw_fail(const char *what, const char *file, int line) {
    printf("%s:%d: %s does not hold\n", file, line, what);
    exit(2);
}

long sysconf(int name) { return name == _SC_PAGESIZE ? PAGE_BYTES : -1; }

void *mmap(void *address, size_t bytes, int protection, int flags, int file, long offset) {
    const long result = call(SYS_MMAP, (long)address, (long)bytes, protection, flags, file, offset);
    return result < 0 && result > -4096 ? MAP_FAILED : (void *)result;
}

int mprotect(void *address, size_t bytes, int protection) {
    return (int)call(SYS_MPROTECT, (long)address, (long)bytes, protection, 0, 0, 0);
}

long lrintf(float x) {
    float whole;
    long result;
    __asm__("ftintrne.l.s %0, %1" : "=f"(whole) : "f"(x));
    __asm__("movfr2gr.d %0, %1" : "=r"(result) : "f"(whole));
    return result;
}

float rintf(float x) {
    // From 2^23 on there is nothing behind the point.
    return x > -8388608.0f && x < 8388608.0f ? __builtin_copysignf((float)lrintf(x), x) : x;
}

float truncf(float x) {
    return x > -8388608.0f && x < 8388608.0f ? __builtin_copysignf((float)(int32_t)x, x) : x;
}

float roundf(float x) {
    const float cut = truncf(x), rest = x - cut;
    if (rest == 0) return x;
    return __builtin_copysignf(rest >= 0.5f ? cut + 1 : rest <= -0.5f ? cut - 1 : cut, x);
}

double ceil(double x) {
    if (!(x > -0x1p52 && x < 0x1p52)) return x;
    const double cut = (double)(int64_t)x;
    return cut < x ? cut + 1 : cut;
}

double ldexp(double x, int exponent) {
    for (; exponent > 0; exponent--) x *= 2;
    for (; exponent < 0; exponent++) x /= 2;
    return x;
}

float ldexpf(float x, int exponent) { return (float)ldexp(x, exponent); }

int ilogb(double x) {
    int exponent = 0;
    for (x = fabs(x); x >= 2; x /= 2) exponent++;
    for (; x < 1 && x > 0; x *= 2) exponent--;
    return exponent;
}
