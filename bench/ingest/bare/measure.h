/* Clocks, and where the values of a series lie, for the bare programs. */
#ifndef MEASURE_H
#define MEASURE_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* A series of milliseconds that grows; memory for it is no part of what is measured, so it is taken at the start. */
typedef struct {
    float *values;
    size_t count, limit;
} series;

static inline series series_make(size_t limit) { return (series){malloc(limit * sizeof(float)), 0, limit}; }

static inline void series_add(series *s, double value) {
    if (s->values && s->count < s->limit) s->values[s->count++] = (float)value;
}

static inline int series_order(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static inline double series_at(const series *s, double share) {
    return s->count ? s->values[(size_t)(share * (double)(s->count - 1))] : 0;
}

/* Prints "name":{"p50":..,"p99":..,"max":..}; sorts the series. */
static inline void series_print(const char *name, series *s) {
    qsort(s->values, s->count, sizeof(float), series_order);
    printf("\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, series_at(s, 0.5), series_at(s, 0.99), series_at(s, 1));
}
#endif
