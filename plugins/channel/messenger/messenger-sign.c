/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Meta's signatures: HMAC-SHA256 in hex. Pure functions, any thread.
 */
#include "messenger-sign.h"

#include <string.h>

#define PREFIX "sha256="

static char *
hmac (const char *key, const void *data, gsize len)
{
  return g_compute_hmac_for_data (G_CHECKSUM_SHA256, (const guchar *)key, strlen (key),
                                  len > 0 ? data : (const guchar *)"", len);
}

char *
messenger_sign (const char *app_secret, const void *body, gsize len)
{
  g_autofree char *hex = hmac (app_secret, body, len);

  return g_strconcat (PREFIX, hex, NULL);
}

char *
messenger_sign_proof (const char *app_secret, const char *token)
{
  return hmac (app_secret, token, strlen (token));
}

gboolean
messenger_sign_equal (const char *a, const char *b)
{
  gsize len = strlen (a);
  volatile guint8 differ = 0;

  if (len != strlen (b))
    return FALSE;
  for (gsize i = 0; i < len; i++)
    differ |= (guint8)a[i] ^ (guint8)b[i];
  return differ == 0;
}

gboolean
messenger_sign_ok (const char *app_secret, const void *body, gsize len, const char *header)
{
  g_autofree char *expected = NULL, *given = NULL;

  if (header == NULL || !g_str_has_prefix (header, PREFIX))
    return FALSE;
  expected = hmac (app_secret, body, len);
  given = g_ascii_strdown (header + strlen (PREFIX), -1);
  return messenger_sign_equal (expected, given);
}
