// Preloaded into martinet by scripts/costs, so that what a worker does can be counted and is the same each time.
//
// In the supervisor: workers are started under callgrind. In a worker: the clocks advance by a step with each look at
// them, and by what poll(2) waited where nothing came, instead of with the time. A worker under callgrind is fifty times
// slower than it is: what it does by time (look at a file again, write a log, end a turn) would be done fifty times as
// often for a request, and never as often twice.

#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    STEP_NANOSECONDS = 5000,
    SECOND = 1000000000,
    MOST_ARGUMENTS = 32,
    MOST_VARIABLES = 1024,
};

// Names of the environment. The first two come from costs; the last tells a worker that it is one.
static const char *const binary_name = "COSTS_BINARY", *const report_name = "COSTS_REPORT";
static char worker_mark[] = "COSTS_WORKER=1";
static const char *binary, *report;

typedef int poll_function(struct pollfd *, nfds_t, int);
typedef int ppoll_function(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
typedef int execve_function(const char *, char *const[], char *const[]);

static int is_worker;
static poll_function *real_poll;
static ppoll_function *real_ppoll;
static execve_function *real_execve;

// Once: what is preloaded is counted with the rest, and has to be little.
__attribute__((constructor)) static void begin(void) {
    is_worker = getenv("COSTS_WORKER") != NULL;
    real_poll = (poll_function *)dlsym(RTLD_NEXT, "poll");
    real_ppoll = (ppoll_function *)dlsym(RTLD_NEXT, "ppoll");
    real_execve = (execve_function *)dlsym(RTLD_NEXT, "execve");
    binary = getenv(binary_name);
    report = getenv(report_name);
}

// MARK: the clock of a worker

static atomic_int_fast64_t passed;

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!is_worker || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
        return (int)syscall(SYS_clock_gettime, clock, time);
    static atomic_int_fast64_t starts[2];    // in whole seconds, so that each run renews its dates at the same requests
    atomic_int_fast64_t *start = &starts[clock == CLOCK_REALTIME];
    int_fast64_t unset = 0;
    if (atomic_load(start) == 0) {
        struct timespec real;
        syscall(SYS_clock_gettime, clock, &real);
        atomic_compare_exchange_strong(start, &unset, real.tv_sec);
    }
    int_fast64_t now = atomic_fetch_add(&passed, STEP_NANOSECONDS);
    time->tv_sec = (time_t)(atomic_load(start) + now / SECOND);
    time->tv_nsec = now % SECOND;
    return 0;
}

int poll(struct pollfd *entries, nfds_t count, int milliseconds) {
    int ready = real_poll(entries, count, milliseconds);
    if (ready == 0 && milliseconds > 0 && is_worker)
        atomic_fetch_add(&passed, (int_fast64_t)milliseconds * (SECOND / 1000));
    return ready;
}

int ppoll(struct pollfd *entries, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    int ready = real_ppoll(entries, count, timeout, mask);
    if (ready == 0 && timeout && is_worker)
        atomic_fetch_add(&passed, (int_fast64_t)timeout->tv_sec * SECOND + timeout->tv_nsec);
    return ready;
}

// MARK: the workers of a supervisor

// Called in the child, on its small stack and in its parent's memory while that waits: what is large is not on the stack.
int execve(const char *path, char *const arguments[], char *const environment[]) {
    if (is_worker || !binary || !report) return real_execve(path, arguments, environment);

    static char output[4096];
    static char *command[MOST_ARGUMENTS], *variables[MOST_VARIABLES];
    snprintf(output, sizeof output, "--callgrind-out-file=%s", report);
    char *const valgrind[] = {"valgrind", "--quiet", "--tool=callgrind", "--vgdb=no", output, (char *)binary};
    int to = 0;
    for (size_t from = 0; from < sizeof valgrind / sizeof *valgrind; from++) command[to++] = valgrind[from];
    for (int from = 1; arguments[from] && to < MOST_ARGUMENTS - 1; from++) command[to++] = arguments[from];
    command[to] = NULL;
    to = 0;
    variables[to++] = worker_mark;
    for (int from = 0; environment[from] && to < MOST_VARIABLES - 1; from++) variables[to++] = environment[from];
    variables[to] = NULL;
    return real_execve("/usr/bin/valgrind", command, variables);
}
