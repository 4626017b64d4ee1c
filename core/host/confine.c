/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * no_new_privs, resource limits, Landlock, seccomp, in this order: each needs the one before or less than the one
 * after. Everything here is tested for, not assumed. Main thread.
 */
#include "config.h"

#include "core/host/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/error.h"

#define MAX_FILES 4096
#define MAX_DATA (1024L * 1024 * 1024)

/* ---- limits -------------------------------------------------------------------------------------------- */

static void
lower (int which, rlim_t to)
{
  struct rlimit limit;

  if (getrlimit (which, &limit) != 0)
    return;
  limit.rlim_max = MIN (limit.rlim_max, to);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (which, &limit);
}

static void
set_limits (void)
{
  lower (RLIMIT_NOFILE, MAX_FILES);
#ifndef USHER_SANITIZED
  lower (RLIMIT_DATA, MAX_DATA);
#endif
}

/* ---- Landlock ------------------------------------------------------------------------------------------ */

/* The kernel's numbers and structs, because Debian 12 has no header for the newer ones. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_VERSION 1u
#define LANDLOCK_PATH_BENEATH 1

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_ABI_1 ((1ull << 13) - 1)
#define FS_REFER (1ull << 13)    /* ABI 2 */
#define FS_TRUNCATE (1ull << 14) /* ABI 3 */
#define SCOPE_ABSTRACT_SOCKET (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)
#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_OF_A_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

typedef struct
{
  guint64 handled_fs;
  guint64 handled_net;
  guint64 scoped; /* ABI 6; older kernels take a longer struct whose rest is 0 */
} Ruleset;

typedef struct
{
  guint64 allowed;
  gint32 parent;
} __attribute__ ((packed)) PathRule;

static void
allow (int ruleset, const char *path, guint64 access)
{
  int fd = open (path, O_PATH | O_CLOEXEC);
  PathRule rule = { .allowed = access, .parent = fd };
  struct stat st;

  /* What is not there need not be allowed. */
  if (fd < 0)
    return;
  if (fstat (fd, &st) == 0 && !S_ISDIR (st.st_mode))
    rule.allowed &= FS_OF_A_FILE;
  syscall (SYS_landlock_add_rule, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0);
  close (fd);
}

/* What programs need to resolve names, speak TLS and find their libraries. */
static void
allow_system (int ruleset, guint64 handled)
{
  static const char *const readable[] = { "/usr",
                                          "/lib",
                                          "/lib32",
                                          "/lib64",
                                          "/libx32",
                                          "/bin",
                                          "/sbin",
                                          "/etc/ca-certificates",
                                          "/etc/crypto-policies",
                                          "/etc/gai.conf",
                                          "/etc/gnutls",
                                          "/etc/host.conf",
                                          "/etc/hosts",
                                          "/etc/ld.so.cache",
                                          "/etc/localtime",
                                          "/etc/nsswitch.conf",
                                          "/etc/pkcs11",
                                          "/etc/pki",
                                          "/etc/protocols",
                                          "/etc/resolv.conf",
                                          "/etc/services",
                                          "/etc/ssl",
                                          "/etc/terminfo",
                                          "/etc/timezone",
                                          "/proc/self",
                                          "/proc/sys",
                                          "/proc/meminfo",
                                          "/proc/cpuinfo",
                                          "/run/nscd",
                                          "/run/resolvconf",
                                          "/run/systemd/resolve",
                                          "/sys/devices/system/cpu",
                                          "/var/lib/ca-certificates",
                                          "/dev/random",
                                          "/dev/urandom" };

  for (gsize i = 0; i < G_N_ELEMENTS (readable); i++)
    allow (ruleset, readable[i], FS_READ & handled);
  allow (ruleset, "/dev/null", (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE) & handled);
  allow (ruleset, PKGDATADIR, FS_READ & handled);
}

static void
allow_own (int ruleset, guint64 handled, const UcConfine *confine)
{
  g_autofree char *folder = g_path_get_dirname (confine->file);
  /* For a build tree, whose files are nowhere in particular. */
  const char *more = g_getenv ("USHER_PLUGIN_HOST_READ");
  g_auto (GStrv) folders = g_strsplit (more != NULL ? more : "", ":", -1);

  allow (ruleset, folder, FS_READ & handled);
  for (gsize i = 0; folders[i] != NULL; i++)
    if (folders[i][0] == '/')
      allow (ruleset, folders[i], FS_READ & handled);
  if (confine->data_dir != NULL)
    allow (ruleset, confine->data_dir, handled & ~FS_EXECUTE);
  for (gsize i = 0; confine->writable != NULL && confine->writable[i] != NULL; i++)
    allow (ruleset, confine->writable[i], handled & ~FS_EXECUTE);
}

static void
use_landlock (const UcConfine *confine, GString *words)
{
  long abi = syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
  Ruleset rules = { .handled_fs = FS_ABI_1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0),
                    .scoped = abi >= 6 ? SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL : 0 };
  int ruleset;

  if (abi < 1)
    {
      g_string_append_printf (words, ", no Landlock (%s)",
                              errno == ENOSYS ? "the kernel has none" : "it is switched off");
      return;
    }
  ruleset = (int)syscall (SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (ruleset < 0)
    {
      g_string_append_printf (words, ", no Landlock (%s)", g_strerror (errno));
      return;
    }
  allow_system (ruleset, rules.handled_fs);
  allow_own (ruleset, rules.handled_fs, confine);
  if (syscall (SYS_landlock_restrict_self, ruleset, 0) == 0)
    g_string_append_printf (words, ", Landlock (ABI %ld)", abi);
  else
    g_string_append_printf (words, ", no Landlock (%s)", g_strerror (errno));
  close (ruleset);
}

/* ---- seccomp ------------------------------------------------------------------------------------------- */

#if defined(HAVE_SECCOMP) && !defined(USHER_SANITIZED)
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static const char *const allowed[] = {
  /* Files. Not truncate: before ABI 3 Landlock lets it pass, and our user owns usherd's files, too. */
  "access", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
  "faccessat", "faccessat2", "fadvise64", "fallocate", "fchmod", "fchmodat", "fchown", "fdatasync", "flock",
  "fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "getdents64", "link", "linkat", "lseek", "lstat",
  "mkdir", "mkdirat", "newfstatat", "open", "openat", "pread64", "preadv", "pwrite64", "pwritev", "read",
  "readahead", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "sendfile", "stat",
  "statfs", "statx", "sync_file_range", "umask", "unlink", "unlinkat", "utimensat", "write", "writev",
  /* waiting */
  "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
  "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "pipe", "pipe2", "poll", "ppoll",
  "pselect6", "select", "signalfd4", "timerfd_create", "timerfd_gettime", "timerfd_settime",
  /* network; which families: see below */
  "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
  "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socketpair",
  /* memory */
  "brk", "madvise", "membarrier", "memfd_create", "mincore", "mlock", "mlock2", "mmap", "mprotect", "mremap",
  "msync", "munlock", "munmap",
  /* threads, time, who am I */
  "arch_prctl", "clock_getres", "clock_gettime", "clock_nanosleep", "exit", "exit_group", "futex", "futex_waitv",
  "get_robust_list", "getcpu", "getegid", "geteuid", "getgid", "getgroups", "getpgrp", "getpid", "getppid",
  "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "gettid", "gettimeofday",
  "getuid", "nanosleep", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
  "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sched_get_priority_max", "sched_get_priority_min",
  "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list", "set_tid_address",
  "sigaltstack", "sysinfo", "time", "times", "uname"
};

static gboolean
add_special (scmp_filter_ctx filter)
{
  static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
  static const unsigned long requests[] = { FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS };
  static const int commands[]
      = { F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD,     F_GETFL,     F_SETFL,
          F_GETLK,     F_SETLK,         F_SETLKW,     F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
          F_ADD_SEALS, F_GET_SEALS,     F_GETPIPE_SZ, F_SETPIPE_SZ };
  static const int prctls[] = { PR_SET_NAME, PR_GET_NAME };
  int failed = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (socket), 1,
                                SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t)families[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (ioctl), 1, SCMP_A1 (SCMP_CMP_EQ, requests[i]));
  /* With F_SETOWN and F_SETSIG any process of our user could be killed, usherd first. */
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (fcntl), 1,
                                SCMP_A1 (SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (prctls); i++)
    failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (prctl), 1,
                                SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t)prctls[i]));
  /* Threads, but no processes. clone3 hides its flags from us; without it glibc takes clone. */
  failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (clone), 1,
                              SCMP_A0 (SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  failed |= seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (clone3), 0);
  /* abort () may end us, and nobody else. */
  failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (tgkill), 1,
                              SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t)getpid ()));
  /* Limits of its own may be read. */
  failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (prlimit64), 2, SCMP_A0 (SCMP_CMP_EQ, 0),
                              SCMP_A2 (SCMP_CMP_EQ, 0));
  return failed == 0;
}

static gboolean
fill (scmp_filter_ctx filter)
{
  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    {
      int number = seccomp_syscall_resolve_name (allowed[i]);

      /* One that this machine does not know needs no rule. */
      if (number != __NR_SCMP_ERROR && number >= 0 && seccomp_rule_add (filter, SCMP_ACT_ALLOW, number, 0) != 0)
        return FALSE;
    }
  return add_special (filter);
}

static void
use_seccomp (GString *words)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ERRNO (EPERM));
  int error;

  if (filter == NULL)
    {
      g_string_append (words, ", no seccomp (libseccomp can't be used)");
      return;
    }
  (void)seccomp_attr_set (filter, SCMP_FLTATR_CTL_TSYNC, 1);
  error = fill (filter) ? seccomp_load (filter) : -EINVAL;
  if (error == 0)
    g_string_append (words, ", seccomp");
  else
    g_string_append_printf (words, ", no seccomp (%s)", g_strerror (-error));
  seccomp_release (filter);
}
#elif defined(USHER_SANITIZED)
static void
use_seccomp (GString *words)
{
  g_string_append (words, ", no seccomp (built with sanitizers)");
}
#else
static void
use_seccomp (GString *words)
{
  g_string_append (words, ", no seccomp (built without libseccomp)");
}
#endif

char *
uc_confine (const UcConfine *confine, GError **error)
{
  GString *words = g_string_new ("no new privileges, limits");

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_UNSUPPORTED, "it can't be confined: no_new_privs: %s",
                   g_strerror (errno));
      g_string_free (words, TRUE);
      return NULL;
    }
  set_limits ();
  use_landlock (confine, words);
  use_seccomp (words);
  return g_string_free (words, FALSE);
}
