// A histogram of durations in nanoseconds with about 1.5 % resolution and a fixed size.

#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>
#include <string.h>

enum { LATENCY_STEP_BITS = 6, LATENCY_STEPS = 1 << LATENCY_STEP_BITS };

struct latency {
    uint64_t count;
    uint64_t buckets[64 * LATENCY_STEPS];
};

static void latency_reset(struct latency *latency) {
    memset(latency, 0, sizeof *latency);
}

// Each power of two is split in LATENCY_STEPS buckets of equal width.
static void latency_add(struct latency *latency, uint64_t nanoseconds) {
    uint64_t value = nanoseconds < LATENCY_STEPS ? LATENCY_STEPS : nanoseconds;
    int power = 63 - __builtin_clzll(value);
    uint64_t step = (value >> (power - LATENCY_STEP_BITS)) & (LATENCY_STEPS - 1);
    latency->buckets[(uint64_t)power * LATENCY_STEPS + step]++;
    latency->count++;
}

// The duration, in microseconds, below which `share` (0...1) of the durations lie.
static double latency_at(const struct latency *latency, double share) {
    uint64_t wanted = (uint64_t)(share * (double)latency->count);
    uint64_t seen = 0;
    for (int index = 0; index < 64 * LATENCY_STEPS; index++) {
        seen += latency->buckets[index];
        if (seen > wanted) {
            int power = index / LATENCY_STEPS;
            double step = index % LATENCY_STEPS + 0.5;
            return (double)(1ULL << power) * (1 + step / LATENCY_STEPS) / 1000;
        }
    }
    return 0;
}

#endif
