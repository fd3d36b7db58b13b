#ifndef MW_RUNTIME_H
#define MW_RUNTIME_H

// Debian 12 has a compiler and an emulator for LoongArch, but no libc: what the kernels and their test program use of
// one, for a process that runs them and ends.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// <assert.h>
_Noreturn void mw_fail(const char *what, const char *file, int line);
#define assert(condition) ((condition) ? (void)0 : mw_fail(#condition, __FILE__, __LINE__))

// <string.h>
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t count);

// <math.h>: one instruction each, or a few lines for what is computed once a tensor.
static inline float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline double fabs(double x) { return __builtin_fabs(x); }
static inline float fminf(float a, float b) { return __builtin_fminf(a, b); }
static inline double fmax(double a, double b) { return __builtin_fmax(a, b); }
#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
long lrintf(float x);
float rintf(float x);
float roundf(float x);
float truncf(float x);
double ceil(double x);
double ldexp(double x, int exponent);
float ldexpf(float x, int exponent);
int ilogb(double x);

// <stdio.h>: %s, %d and %zu alone.
int printf(const char *format, ...);
void perror(const char *what);

// <stdlib.h>
_Noreturn void exit(int status);
static inline long long llabs(long long number) { return number < 0 ? -number : number; }

// <unistd.h>
enum { _SC_PAGESIZE = 30 };
long sysconf(int name);

// <sys/mman.h>
enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 32 };
#define MAP_FAILED ((void *)-1)
void *mmap(void *address, size_t bytes, int protection, int flags, int file, long offset);
int mprotect(void *address, size_t bytes, int protection);

#endif
