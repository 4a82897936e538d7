/// The Linux calls that glibc hides from Swift behind _GNU_SOURCE, variadics or macros.
///
/// Each does one call and nothing else; errors are the call's own: -1 and errno.
#ifndef CLINUX_H
#define CLINUX_H

#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// Makes every open descriptor numbered `lowest` or above close-on-exec: close_range(2), or fcntl(2) of each.
int clinux_keep_from_children(int lowest);

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *length);

/// pipe2(2) with O_CLOEXEC and, if asked, O_NONBLOCK on both ends.
int clinux_pipe(int ends[2], int nonblocking);

/// signalfd(2), non-blocking and close-on-exec.
int clinux_signalfd(const sigset_t *signals);

/// The number of the next signal waiting in a signalfd; 0 when there is none.
int clinux_next_signal(int descriptor);

/// openat2(2). `resolve` takes the CLINUX_RESOLVE_ bits. ENOSYS on kernels before 5.6.
int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve);

extern const uint64_t CLINUX_RESOLVE_BENEATH;
extern const uint64_t CLINUX_RESOLVE_NO_MAGICLINKS;
extern const int CLINUX_O_PATH;

/// open(2) of a path relative to a directory, without the variadic mode.
int clinux_openat(int directory, const char *path, int flags);

/// open(2) that creates a file with the given mode where there is none.
int clinux_create(const char *path, int flags, mode_t mode);

/// fcntl(2) F_DUPFD_CLOEXEC: a copy of the descriptor numbered `lowest` or above.
int clinux_duplicate(int descriptor, int lowest);

/// Sets O_NONBLOCK with fcntl(2).
int clinux_set_nonblocking(int descriptor);

/// epoll_create1(2), close-on-exec.
int clinux_epoll_create(void);

/// epoll_ctl(2): watches for input once (EPOLLIN | EPOLLONESHOT), adding or re-arming as asked.
int clinux_epoll_arm(int epoll, int descriptor, uint64_t mark, int isNew);

/// epoll_ctl(2) EPOLL_CTL_DEL.
int clinux_epoll_remove(int epoll, int descriptor);

/// epoll_wait(2) without waiting; fills `marks` and returns their number.
int clinux_epoll_take(int epoll, uint64_t *marks, int capacity);

/// prctl(2) PR_SET_NAME: what ps and top show.
int clinux_set_process_name(const char *name);

/// pidfd_open(2), close-on-exec: readable when the child has ended.
int clinux_pidfd_open(pid_t child);

/// Whether a child has ended, without reaping it: waitid(2) with WNOWAIT. 1, 0, or -1 where there is no such child.
int clinux_has_ended(pid_t child);

/// What poll(2) reports when the peer of a stream socket has shut its sending side.
extern const short CLINUX_POLLRDHUP;

/// eventfd(2), non-blocking and close-on-exec.
int clinux_eventfd(void);

/// prlimit(2): sets the soft and the hard limit of another process. Raising is not attempted.
int clinux_limit(pid_t process, int resource, uint64_t value);

/// open(2) with O_TMPFILE for reading and writing: a file without a name in a directory.
int clinux_open_unnamed(const char *directory);

/// mkostemp(3) and unlink(2): the same where O_TMPFILE is not known. `path` ends with XXXXXX.
int clinux_open_and_remove(char *path);

/// posix_spawn_file_actions_addchdir_np(3): the child's working directory.
int clinux_spawn_in(posix_spawn_file_actions_t *actions, const char *directory);

/// prctl(2) PR_SET_CHILD_SUBREAPER: orphaned descendants become children of this process.
int clinux_adopt_orphans(void);

/// sched_getaffinity(2): how many processors this process may run on; -1 where that fails.
int clinux_processor_count(void);

/// crypt(3): the password hashed as the setting (a hash) says; NULL where that is not understood.
const char *clinux_crypt(const char *password, const char *setting);

/// malloc_trim(3): hands free heap pages back to the kernel.
void clinux_trim_heap(void);

#endif
