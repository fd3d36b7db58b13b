#define _GNU_SOURCE
#include "CHost.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int let_go_of_segments(struct dl_phdr_info *file, size_t size, void *unused) {
  (void)size;
  (void)unused;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int index = 0; index < file->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &file->dlpi_phdr[index];
    // What could ever be written to, the relocated tables included, may differ from the file.
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (file->dlpi_addr + segment->p_vaddr) & ~(page - 1);
    const uintptr_t end = (file->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
    if (end > begin) madvise((void *)begin, end - begin, MADV_DONTNEED);
  }
  return 0;
}

void mw_let_go_of_program_pages(void) { dl_iterate_phdr(let_go_of_segments, NULL); }

// Other C libraries have neither the trouble nor the calls.
#ifdef __GLIBC__
void mw_limit_heaps(int count) { mallopt(M_ARENA_MAX, count); }
void mw_return_free_memory(void) { malloc_trim(0); }
#else
void mw_limit_heaps(int count) { (void)count; }
void mw_return_free_memory(void) {}
#endif
