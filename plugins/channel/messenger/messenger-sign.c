/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Meta's signatures: HMAC-SHA256 in hex. Pure functions, any thread.
 */
#include "messenger-sign.h"

#include <nettle/base16.h>
#include <nettle/hmac.h>
#include <string.h>

#define PREFIX "sha256="

static char *
hmac (const char *key, const void *data, gsize len)
{
  /* GLib's takes five times as long, and every webhook comes through here. */
  struct hmac_sha256_ctx sum;
  guint8 digest[SHA256_DIGEST_SIZE];
  char *hex = g_malloc0 (BASE16_ENCODE_LENGTH (sizeof digest) + 1);

  hmac_sha256_set_key (&sum, strlen (key), (const guint8 *)key);
  if (len > 0)
    hmac_sha256_update (&sum, len, data);
  hmac_sha256_digest (&sum, sizeof digest, digest);
  base16_encode_update (hex, sizeof digest, digest);
  return hex;
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
