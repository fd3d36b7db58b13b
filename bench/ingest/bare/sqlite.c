/* How fast SQLite itself is: rows of four columns, write-ahead log, full sync, no index, checkpoints where it makes them.
 *
 *     sqlite DATABASE SECONDS ROWS_A_COMMIT */
#include "measure.h"
#include <sqlite3.h>
#include <sys/resource.h>

static double processor_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "usage: sqlite DATABASE SECONDS ROWS_A_COMMIT\n"), 2;
    const int batch = atoi(arguments[3]);
    sqlite3 *database;
    sqlite3_stmt *insert;
    if (sqlite3_open(arguments[1], &database)
        || sqlite3_exec(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE telemetry(series INTEGER, ts INTEGER, value, quality INTEGER)", 0, 0, 0)
        || sqlite3_prepare_v2(database, "INSERT INTO telemetry VALUES(?,?,?,?)", -1, &insert, 0)) return 1;
    series commits = series_make(2000000);
    const int64_t start = nanoseconds(CLOCK_MONOTONIC), first = nanoseconds(CLOCK_REALTIME);
    const int64_t end = start + (int64_t)(atof(arguments[2]) * 1e9);
    const double before = processor_seconds();
    int64_t rows = 0;
    while (nanoseconds(CLOCK_MONOTONIC) < end) {
        const int64_t begin = nanoseconds(CLOCK_MONOTONIC);
        if (sqlite3_exec(database, "BEGIN IMMEDIATE", 0, 0, 0)) return 1;
        for (int row = 0; row < batch; row++, rows++) {
            sqlite3_bind_int64(insert, 1, rows % 1000);
            sqlite3_bind_int64(insert, 2, first + rows * 1000);
            sqlite3_bind_double(insert, 3, 20 + (double)(rows % 700) / 100);
            sqlite3_bind_int(insert, 4, 192);
            if (sqlite3_step(insert) != SQLITE_DONE) return 1;
            sqlite3_reset(insert);
        }
        if (sqlite3_exec(database, "COMMIT", 0, 0, 0)) return 1;
        series_add(&commits, (double)(nanoseconds(CLOCK_MONOTONIC) - begin) / 1e6);
    }
    const double span = (double)(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
    printf("{\"version\":\"%s\",\"samples_per_second\":%.0f,\"us_per_sample\":%.3f,", sqlite3_libversion(),
        (double)rows / span, (processor_seconds() - before) / (double)rows * 1e6);
    series_print("commit_ms", &commits);
    puts("}");
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return 0;
}
