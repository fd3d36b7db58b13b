// The sqlite3 header, and the few calls that Swift cannot make: the pseudo destructor SQLITE_TRANSIENT is a cast.
#ifndef MW_CSQLITE_SHIM_H
#define MW_CSQLITE_SHIM_H

#include <sqlite3.h>

static inline int mw_sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *text, sqlite3_uint64 bytes) {
    return sqlite3_bind_text64(statement, index, text, bytes, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// A zero-length blob needs a pointer too, else SQLite binds NULL.
static inline int mw_sqlite3_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, count == 0 ? "" : bytes, count, SQLITE_TRANSIENT);
}

static int mw_sqlite3_note_wal_pages(void *pages, sqlite3 *db, const char *name, int count) {
    (void)db;
    (void)name;
    *(int *)pages = count;
    return SQLITE_OK;
}

// After each commit in WAL mode `*pages` is the number of pages in the log; replaces the automatic checkpoint.
static inline void mw_sqlite3_watch_wal(sqlite3 *db, int *pages) {
    sqlite3_wal_hook(db, mw_sqlite3_note_wal_pages, pages);
}

#endif
