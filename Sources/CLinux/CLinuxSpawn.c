#define _GNU_SOURCE
#include "CLinuxSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What runs in the child runs in this process's memory, as in glibc's posix_spawn(3), while the thread that started it waits:
// it makes system calls and nothing else. Sanitizers must not take these calls for this process's own.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// ThreadSanitizer has clone(2) behave as fork(2), but does not know this name.
int __clone(int (*)(void *), void *, int, void *, ...);
#define clone __clone
#endif
#endif
#define UNINSTRUMENTED __attribute__((no_sanitize("address", "thread")))

// More than the calls below need, with all that a compiler may add.
enum { STACK_SIZE = 16 * 1024 };

struct child {
    const struct clinux_start *start;
    enum clinux_start_step step;
    int error;
};

UNINSTRUMENTED static void default_all_signals(void) {
    // A handler of this process's must not run in the child, and who is ignored would stay so in the program. The kernel's
    // structure, which for SIG_DFL is all zero.
    static const unsigned long by_default[8];
    for (int signal = 1; signal <= 64; signal++) {
        syscall(SYS_rt_sigaction, signal, by_default, NULL, 8);
    }
}

UNINSTRUMENTED static int place_descriptors(const struct clinux_start *start) {
    int end = start->first_descriptor + start->descriptor_count;
    // One that has a number which another is to get moves out of the way.
    for (int index = 0; index < start->descriptor_count; index++) {
        int *number = &start->descriptors[index];
        if (*number < end && *number != start->first_descriptor + index) {
            *number = fcntl(*number, F_DUPFD_CLOEXEC, end);
            if (*number < 0) return -1;
        }
    }
    for (int index = 0; index < start->descriptor_count; index++) {
        int number = start->descriptors[index], wanted = start->first_descriptor + index;
        long result = number == wanted ? fcntl(number, F_SETFD, 0) : syscall(SYS_dup3, number, wanted, 0);
        if (result < 0) return -1;
    }
    if (syscall(SYS_close_range, end, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return 0;
    // Kernels before 5.11.
    struct rlimit limit;
    int last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
    for (int number = end; number < last; number++) {
        fcntl(number, F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

UNINSTRUMENTED static int set_limits(const struct clinux_start *start) {
    for (int index = 0; index < start->limit_count; index++) {
        const struct clinux_resource_limit *wanted = &start->limits[index];
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)wanted->resource, &limit) != 0) return -1;
        if (wanted->hard < limit.rlim_max) limit.rlim_max = wanted->hard;
        limit.rlim_cur = wanted->soft < limit.rlim_max ? wanted->soft : limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)wanted->resource, &limit) != 0) return -1;
    }
    return 0;
}

UNINSTRUMENTED static int join_kin(enum clinux_kin kin) {
    switch (kin) {
    case CLINUX_SAME_GROUP: return 0;
    case CLINUX_NEW_GROUP: return setpgid(0, 0);
    case CLINUX_NEW_SESSION: return setsid() < 0 ? -1 : 0;
    }
    return 0;
}

UNINSTRUMENTED static void execute(struct child *child) {
    const struct clinux_start *start = child->start;
    default_all_signals();
    child->step = CLINUX_STEP_GROUP;
    if (join_kin(start->kin) != 0) return;
    child->step = CLINUX_STEP_DESCRIPTORS;
    if (place_descriptors(start) != 0) return;
    child->step = CLINUX_STEP_DIRECTORY;
    if (start->directory != NULL && chdir(start->directory) != 0) return;
    child->step = CLINUX_STEP_LIMITS;
    if (set_limits(start) != 0) return;
    child->step = CLINUX_STEP_EXECUTE;
    pthread_sigmask(SIG_SETMASK, &start->blocked, NULL);
    execve(start->path, start->arguments, start->environment);
}

UNINSTRUMENTED static int run(void *argument) {
    struct child *child = argument;
    execute(child);
    child->error = errno;
    // Not _exit(3): ThreadSanitizer would end this process's threads.
    syscall(SYS_exit_group, 127);
    return 127;
}

UNINSTRUMENTED int clinux_start_program(
    const struct clinux_start *start, pid_t *process, int *handle, enum clinux_start_step *step) {
    // In this thread's own stack, which waits meanwhile. Touched to its end, since a limit of memory could keep the child from
    // growing it.
    _Alignas(16) char stack[STACK_SIZE];
    memset(stack, 0, sizeof stack);
    __asm__ volatile("" : : "r"(stack) : "memory");
    struct child child = {.start = start, .step = CLINUX_STEP_CLONE, .error = 0};
    sigset_t all, before;
    int cancelling;
    sigfillset(&all);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int flags = CLONE_VM | CLONE_VFORK | SIGCHLD | (handle != NULL ? CLONE_PIDFD : 0);
    pid_t number = clone(run, stack + sizeof stack, flags, &child, handle);
    int error = number < 0 ? errno : child.error;
    if (number > 0 && error != 0) {
        waitpid(number, NULL, 0);
        if (handle != NULL) close(*handle);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_setcancelstate(cancelling, NULL);
    *process = number;
    *step = child.step;
    return error;
}
