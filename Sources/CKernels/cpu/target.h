#ifndef MW_TARGET_H
#define MW_TARGET_H

// For kernels whose formula the compiler turns into vectors by itself: one body, included by a file for each ISA
// (instruction set). That file defines ISA, the name, and TARGET, what functions are made for; scalar leaves TARGET
// empty.

#define MW_JOIN_(name, isa) name##__##isa
#define MW_JOIN(name, isa) MW_JOIN_(name, isa)
#define KERNEL_NAME(name) MW_JOIN(name, ISA)

#define BODY TARGET static inline __attribute__((always_inline))

/// Before a loop whose turns do not depend on each other, though its pointers may be equal. RISC-V has vectors only where
/// the file says so with HAS_VECTORS, and clang reports a loop that it was told to make vectors of and could not.
#if defined(__riscv) && !defined(HAS_VECTORS)
#define INDEPENDENT
#elif defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

#endif
