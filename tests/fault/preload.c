/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes chosen calls of a real program fail, or ends it there: preloaded by tests. It counts the calls that touch
 * files whose path matches USHER_FAULT_PATH (a pattern for fnmatch, * also matches /) and strikes at the N-th:
 *
 *   USHER_FAULT=ACTION:CALL:N[:ERRNO]   kill-before:sync:17   fail-from:write:3:ENOSPC   count:sync
 *
 * ACTION: kill-before, kill-within (a write; half of its bytes are written), kill-after: SIGKILL to itself; fail
 * (once), fail-from (from there on) with ERRNO (default EIO); count (never strikes).
 * CALL: open, write, sync (fsync and fdatasync), truncate, rename, unlink; begin = the first write to a file since
 * it was opened or synced, which is where a commit begins; any = all of them.
 * preload-memory.so has memory besides, which needs no path: malloc and all that is like it; its errno is ENOMEM.
 * Not where a sanitizer has its own.
 * USHER_FAULT_COUNT names a file that always holds the count, as 8 bytes in the order of the machine.
 * Any thread.
 */
#undef _FORTIFY_SOURCE /* its inline functions have the names that are defined here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FDS 65536
#define EXPORT __attribute__ ((visibility ("default")))

typedef enum
{
  CALL_OPEN = 1 << 0,
  CALL_WRITE = 1 << 1,
  CALL_SYNC = 1 << 2,
  CALL_TRUNCATE = 1 << 3,
  CALL_RENAME = 1 << 4,
  CALL_UNLINK = 1 << 5,
  CALL_BEGIN = 1 << 6,
  CALL_MEMORY = 1 << 7,
  CALL_ANY = (1 << 6) - 1 /* a beginning is a write already, and memory is no file */
} Call;

typedef enum
{
  COUNT,
  KILL_BEFORE,
  KILL_WITHIN,
  KILL_AFTER,
  FAIL,
  FAIL_FROM
} Action;

/* What becomes of a call. */
typedef enum
{
  GOES_ON,
  FAILS,
  ENDS_WITHIN,
  ENDS_AFTER
} Fate;

static const char *pattern;
static Action action;
static unsigned calls;
static unsigned long wanted;
static int wanted_errno = EIO;
static atomic_ulong own_count;
static atomic_ulong *count = &own_count;
/* By descriptor: 0 = none of ours, CLEAN, DIRTY = written to since it was opened or synced. */
static atomic_uchar files[MAX_FDS];

enum
{
  CLEAN = 1,
  DIRTY = 2
};

/* ---- what is asked for --------------------------------------------------------------------------------- */

static _Noreturn void
refuse (const char *what, const char *value)
{
  dprintf (STDERR_FILENO, "fault: %s: \"%s\"; see tests/fault/preload.c\n", what, value);
  _exit (64);
}

static int
errno_of (const char *name)
{
  for (int i = 1; i < 134; i++)
    if (strerrorname_np (i) != NULL && strcmp (strerrorname_np (i), name) == 0)
      return i;
  refuse ("unknown errno", name);
}

static unsigned
position (const char *word, const char *const *words, const char *what)
{
  for (unsigned i = 0; words[i] != NULL; i++)
    if (word != NULL && strcmp (words[i], word) == 0)
      return i;
  refuse (what, word != NULL ? word : "");
}

#ifdef FAULT_MEMORY
#define MEMORY "memory",
#else
#define MEMORY
#endif

static void
read_fault (const char *text)
{
  static const char *const actions[]
      = { "count", "kill-before", "kill-within", "kill-after", "fail", "fail-from", NULL };
  static const char *const names[]
      = { "open", "write", "sync", "truncate", "rename", "unlink", "begin", MEMORY "any", NULL };
  char *copy = strdup (text), *rest = copy;
  const char *word;
  unsigned call;

  action = (Action)position (strsep (&rest, ":"), actions, "unknown action");
  call = position (strsep (&rest, ":"), names, "unknown call");
  calls = strcmp (names[call], "any") == 0 ? (unsigned)CALL_ANY : 1U << call;
  word = strsep (&rest, ":");
  wanted = word != NULL ? strtoul (word, NULL, 10) : 0;
  if (wanted == 0 && action != COUNT)
    refuse ("the number of the call is missing", text);
  if (action == KILL_WITHIN && !(calls & (CALL_WRITE | CALL_BEGIN)))
    refuse ("only a write has a middle", text);
  if (rest != NULL)
    wanted_errno = errno_of (rest);
  free (copy);
}

static void
share_count (const char *path)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void *page = MAP_FAILED;

  if (fd >= 0 && ftruncate (fd, (off_t)sizeof *count) == 0)
    page = mmap (NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED)
    refuse ("the file for the count can't be used", path);
  close (fd);
  count = page;
  atomic_store (count, 0);
}

__attribute__ ((constructor)) static void
begin (void)
{
  const char *fault = getenv ("USHER_FAULT"), *path = getenv ("USHER_FAULT_COUNT");

  if (path != NULL)
    share_count (path);
  if (fault == NULL)
    return;
  read_fault (fault);
  pattern = getenv ("USHER_FAULT_PATH");
  if (calls == CALL_MEMORY)
    wanted_errno = ENOMEM;
  else if (pattern == NULL)
    refuse ("USHER_FAULT_PATH is missing beside USHER_FAULT", fault);
}

/* ---- striking ------------------------------------------------------------------------------------------ */

static _Noreturn void
die (void)
{
  kill (getpid (), SIGKILL);
  for (;;)
    pause ();
}

static Fate
meet (unsigned which)
{
  unsigned long n;

  if (!(which & calls))
    return GOES_ON;
  n = atomic_fetch_add (count, 1) + 1;
  if (action == COUNT || (action == FAIL_FROM ? n < wanted : n != wanted))
    return GOES_ON;
  switch (action)
    {
    case KILL_BEFORE:
      die ();
    case KILL_WITHIN:
      return ENDS_WITHIN;
    case KILL_AFTER:
      return ENDS_AFTER;
    default:
      errno = wanted_errno;
      return FAILS;
    }
}

static bool
is_ours (const char *path)
{
  return pattern != NULL && fnmatch (pattern, path, 0) == 0;
}

static Fate
meet_path (Call call, const char *path)
{
  return is_ours (path) ? meet (call) : GOES_ON;
}

static Fate
meet_fd (Call call, int fd)
{
  unsigned which = call;

  if (fd < 0 || fd >= MAX_FDS || files[fd] == 0)
    return GOES_ON;
  if (call == CALL_WRITE && atomic_exchange (&files[fd], DIRTY) == CLEAN)
    which |= CALL_BEGIN;
  if (call == CALL_SYNC)
    files[fd] = CLEAN;
  return meet (which);
}

/* The C library's own, which the definitions below stand in front of. */
#define REAL(name) ((__typeof__ (&(name)))real (#name))

static void *
real (const char *name)
{
  void *found = dlsym (RTLD_NEXT, name);

  if (found == NULL)
    refuse ("the C library has no such function", name);
  return found;
}

/* For calls that are done as a whole or not at all. */
#define STRIKE(fate, failed, call)                                                                                \
  do                                                                                                              \
    {                                                                                                             \
      Fate fate_ = (fate);                                                                                        \
      __typeof__ (call) result_;                                                                                  \
                                                                                                                  \
      if (fate_ == FAILS)                                                                                         \
        return failed;                                                                                            \
      result_ = (call);                                                                                           \
      if (fate_ != GOES_ON)                                                                                       \
        die ();                                                                                                   \
      return result_;                                                                                             \
    }                                                                                                             \
  while (0)

/* ---- opening ------------------------------------------------------------------------------------------- */

static mode_t
mode_of (int flags, va_list args)
{
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg (args, mode_t) : 0;
}

static int
note (int fd, const char *path, Fate fate)
{
  if (fate != GOES_ON)
    die ();
  if (fd >= 0 && fd < MAX_FDS)
    files[fd] = is_ours (path) ? CLEAN : 0;
  return fd;
}

#define DEFINE_OPEN(name)                                                                                         \
  EXPORT int name (const char *path, int flags, ...)                                                              \
  {                                                                                                               \
    Fate fate = meet_path (CALL_OPEN, path);                                                                      \
    va_list args;                                                                                                 \
    mode_t mode;                                                                                                  \
                                                                                                                  \
    va_start (args, flags);                                                                                       \
    mode = mode_of (flags, args);                                                                                 \
    va_end (args);                                                                                                \
    return fate == FAILS ? -1 : note (REAL (name) (path, flags, mode), path, fate);                               \
  }
DEFINE_OPEN (open)
DEFINE_OPEN (open64)

#define DEFINE_OPENAT(name)                                                                                       \
  EXPORT int name (int dir, const char *path, int flags, ...)                                                     \
  {                                                                                                               \
    Fate fate = meet_path (CALL_OPEN, path);                                                                      \
    va_list args;                                                                                                 \
    mode_t mode;                                                                                                  \
                                                                                                                  \
    va_start (args, flags);                                                                                       \
    mode = mode_of (flags, args);                                                                                 \
    va_end (args);                                                                                                \
    return fate == FAILS ? -1 : note (REAL (name) (dir, path, flags, mode), path, fate);                          \
  }
DEFINE_OPENAT (openat)
DEFINE_OPENAT (openat64)

EXPORT int
close (int fd)
{
  if (fd >= 0 && fd < MAX_FDS)
    files[fd] = 0;
  return REAL (close) (fd);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

EXPORT ssize_t
write (int fd, const void *bytes, size_t len)
{
  Fate fate = meet_fd (CALL_WRITE, fd);

  if (fate == ENDS_WITHIN)
    len /= 2;
  STRIKE (fate, -1, REAL (write) (fd, bytes, len));
}

EXPORT ssize_t
pwrite (int fd, const void *bytes, size_t len, off_t at)
{
  Fate fate = meet_fd (CALL_WRITE, fd);

  if (fate == ENDS_WITHIN)
    len /= 2;
  STRIKE (fate, -1, REAL (pwrite) (fd, bytes, len, at));
}

EXPORT ssize_t
pwrite64 (int fd, const void *bytes, size_t len, off64_t at)
{
  Fate fate = meet_fd (CALL_WRITE, fd);

  if (fate == ENDS_WITHIN)
    len /= 2;
  STRIKE (fate, -1, REAL (pwrite64) (fd, bytes, len, at));
}

EXPORT ssize_t
writev (int fd, const struct iovec *parts, int n)
{
  Fate fate = meet_fd (CALL_WRITE, fd);

  if (fate == ENDS_WITHIN)
    n = (n + 1) / 2;
  STRIKE (fate, -1, REAL (writev) (fd, parts, n));
}

EXPORT int
fsync (int fd)
{
  STRIKE (meet_fd (CALL_SYNC, fd), -1, REAL (fsync) (fd));
}

EXPORT int
fdatasync (int fd)
{
  STRIKE (meet_fd (CALL_SYNC, fd), -1, REAL (fdatasync) (fd));
}

EXPORT int
ftruncate (int fd, off_t len)
{
  STRIKE (meet_fd (CALL_TRUNCATE, fd), -1, REAL (ftruncate) (fd, len));
}

EXPORT int
ftruncate64 (int fd, off64_t len)
{
  STRIKE (meet_fd (CALL_TRUNCATE, fd), -1, REAL (ftruncate64) (fd, len));
}

/* ---- names --------------------------------------------------------------------------------------------- */

EXPORT int
rename (const char *from, const char *to)
{
  STRIKE (meet_path (CALL_RENAME, to), -1, REAL (rename) (from, to));
}

EXPORT int
unlink (const char *path)
{
  STRIKE (meet_path (CALL_UNLINK, path), -1, REAL (unlink) (path));
}

/* ---- memory -------------------------------------------------------------------------------------------- */

#ifdef FAULT_MEMORY
/* By the names that the C library calls them itself: looking them up would need memory. */
void *__libc_malloc (size_t n);
void *__libc_calloc (size_t count, size_t n);
void *__libc_realloc (void *old, size_t n);
void *__libc_memalign (size_t alignment, size_t n);

EXPORT void *
malloc (size_t n)
{
  return meet (CALL_MEMORY) == FAILS ? NULL : __libc_malloc (n);
}

EXPORT void *
calloc (size_t many, size_t n)
{
  return meet (CALL_MEMORY) == FAILS ? NULL : __libc_calloc (many, n);
}

EXPORT void *
realloc (void *old, size_t n)
{
  return meet (CALL_MEMORY) == FAILS ? NULL : __libc_realloc (old, n);
}

EXPORT void *
memalign (size_t alignment, size_t n)
{
  return meet (CALL_MEMORY) == FAILS ? NULL : __libc_memalign (alignment, n);
}

EXPORT void *
aligned_alloc (size_t alignment, size_t n)
{
  return memalign (alignment, n);
}

EXPORT int
posix_memalign (void **to, size_t alignment, size_t n)
{
  void *made = memalign (alignment, n);

  if (made == NULL)
    return ENOMEM;
  *to = made;
  return 0;
}
#endif
