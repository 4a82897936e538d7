/// Starting programs: posix_spawn(3) with what it lacks.
#ifndef CLINUX_SPAWN_H
#define CLINUX_SPAWN_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/// How much of something a process may use (setrlimit(2)); a limit above the present hard one stands for that.
struct clinux_resource_limit {
    int resource;
    uint64_t soft;
    uint64_t hard;
};

/// Which processes a new one belongs with.
enum clinux_kin { CLINUX_SAME_GROUP, CLINUX_NEW_GROUP, CLINUX_NEW_SESSION };

/// Where a start can fail.
enum clinux_start_step {
    CLINUX_STEP_CLONE, CLINUX_STEP_GROUP, CLINUX_STEP_DESCRIPTORS, CLINUX_STEP_DIRECTORY, CLINUX_STEP_LIMITS,
    CLINUX_STEP_EXECUTE
};

/// How a program is started.
struct clinux_start {
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// NULL for this process's.
    const char *directory;
    /// They become `first_descriptor` and those behind it. The numbers may be changed.
    int *descriptors;
    int descriptor_count;
    int first_descriptor;
    const struct clinux_resource_limit *limits;
    int limit_count;
    enum clinux_kin kin;
    /// Signals that are blocked in it; no signal is ignored.
    sigset_t blocked;
};

/// Starts a program in a child (clone(2) with CLONE_VM and CLONE_VFORK, execve(2)) and returns when it is executed.
///
/// It inherits the descriptors below `first_descriptor` and those of the list, and none that whoever opened it forgot to make
/// close-on-exec. Nothing of this process is changed for it, and any number of threads may be in here.
///
/// `handle`, unless it is NULL, gets a pidfd, close-on-exec, of a child that may be gone already where SIGCHLD is ignored.
/// Returns 0, or an error number and, in `step`, where it came from; then there is no child.
int clinux_start_program(
    const struct clinux_start *start, pid_t *child, int *handle, enum clinux_start_step *step);

#endif
