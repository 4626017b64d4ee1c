/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ids from the kernel's random generator. Any thread.
 */
#include "core/base/id.h"

#include <errno.h>
#include <sys/random.h>

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

char *
uc_id_new (const char *prefix)
{
  /* Crockford's base 32: no i, l, o, u, so ids survive being read aloud. */
  static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  guint8 raw[26];
  char text[27];

  uc_random_bytes (raw, sizeof raw);
  for (gsize i = 0; i < sizeof raw; i++)
    text[i] = digits[raw[i] & 31];
  text[26] = '\0';
  return g_strconcat (prefix, "_", text, NULL);
}
