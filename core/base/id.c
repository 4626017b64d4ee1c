/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ids from the kernel's random generator. Any thread.
 */
#include "core/base/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define POOL 4096

void
uc_random_bytes (void *buf, gsize len)
{
  guint8 *p = buf;

  while (len > 0)
    {
      ssize_t got = getrandom (p, len, 0);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        g_error ("getrandom: %s; ids would be guessable, stopping", g_strerror (errno));
      p += got;
      len -= (gsize)got;
    }
}

/* As the kernel gives them, but many at once: a message takes several ids, and each would be a call. A byte is
 * given out once; no process of ours goes on after fork without exec. */
static void
take_bytes (guint8 *buf, gsize len)
{
  static __thread guint8 pool[POOL];
  static __thread gsize left;

  if (left < len)
    {
      uc_random_bytes (pool, sizeof pool);
      left = sizeof pool;
    }
  left -= len;
  memcpy (buf, pool + left, len);
}

char *
uc_id_new (const char *prefix)
{
  /* Crockford's base 32: no i, l, o, u, so ids survive being read aloud. */
  static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  guint8 raw[26];
  gsize len = strlen (prefix);
  char *id = g_malloc (len + 1 + sizeof raw + 1), *text = id + len + 1;

  take_bytes (raw, sizeof raw);
  memcpy (id, prefix, len);
  id[len] = '_';
  for (gsize i = 0; i < sizeof raw; i++)
    text[i] = digits[raw[i] & 31];
  text[sizeof raw] = '\0';
  return id;
}
