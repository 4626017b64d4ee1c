/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Visitor ids and the tokens that prove them. Pure; any thread.
 */
#include "webchat-token.h"

#include <string.h>

#define MAC_LEN 32
#define RAW_LEN (WEBCHAT_VISITOR_LEN + 8 + MAC_LEN)
#define TEXT_LEN ((RAW_LEN * 8 + 5) / 6)

/* Part of what is signed: a MAC made for anything else with the same key is not a token. */
#define PURPOSE "usher webchat token 1"

void
webchat_visitor_make (WebchatVisitorId visitor, const guint8 random[WEBCHAT_VISITOR_RANDOM])
{
  static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

  visitor[0] = 'v';
  visitor[1] = '_';
  for (guint i = 0; i < WEBCHAT_VISITOR_RANDOM; i++)
    visitor[2 + i] = alphabet[random[i] & 31];
  visitor[WEBCHAT_VISITOR_LEN] = '\0';
}

static void
sign (const guint8 *key, const guint8 *raw, guint8 mac[MAC_LEN])
{
  gsize len = MAC_LEN;
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, key, WEBCHAT_KEY_LEN);

  g_hmac_update (hmac, (const guchar *)PURPOSE, sizeof PURPOSE);
  g_hmac_update (hmac, raw, WEBCHAT_VISITOR_LEN + 8);
  g_hmac_get_digest (hmac, mac, &len);
  g_hmac_unref (hmac);
}

/* The time it takes says nothing about where the first difference is. */
static gboolean
same_mac (const guint8 *a, const guint8 *b)
{
  volatile guint8 difference = 0;

  for (guint i = 0; i < MAC_LEN; i++)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

char *
webchat_token_make (const guint8 key[WEBCHAT_KEY_LEN], const char *visitor, gint64 expires_at)
{
  guint8 raw[RAW_LEN];
  guint64 expiry = GUINT64_TO_BE ((guint64)expires_at);
  char *text;

  memcpy (raw, visitor, WEBCHAT_VISITOR_LEN);
  memcpy (raw + WEBCHAT_VISITOR_LEN, &expiry, sizeof expiry);
  sign (key, raw, raw + WEBCHAT_VISITOR_LEN + 8);
  text = g_base64_encode (raw, sizeof raw);
  text[TEXT_LEN] = '\0'; /* no padding */
  g_strdelimit (text, "+", '-');
  return g_strdelimit (text, "/", '_');
}

static gboolean
decode (const char *token, guint8 raw[RAW_LEN])
{
  char text[TEXT_LEN + 4];
  gsize len, padded = TEXT_LEN;

  if (strlen (token) != TEXT_LEN)
    return FALSE;
  for (gsize i = 0; i < TEXT_LEN; i++)
    {
      if (!g_ascii_isalnum (token[i]) && token[i] != '-' && token[i] != '_')
        return FALSE;
      text[i] = token[i] == '-' ? '+' : token[i] == '_' ? '/' : token[i];
    }
  while (padded % 4 != 0)
    text[padded++] = '=';
  text[padded] = '\0';
  g_base64_decode_inplace (text, &len);
  if (len != RAW_LEN)
    return FALSE;
  memcpy (raw, text, RAW_LEN);
  return TRUE;
}

WebchatTokenState
webchat_token_read (const guint8 key[WEBCHAT_KEY_LEN], const char *token, gint64 now, WebchatVisitorId visitor,
                    gint64 *expires_at)
{
  guint8 raw[RAW_LEN], mac[MAC_LEN];
  guint64 expiry;

  if (token == NULL || !decode (token, raw))
    return WEBCHAT_TOKEN_FORGED;
  sign (key, raw, mac);
  if (!same_mac (mac, raw + WEBCHAT_VISITOR_LEN + 8))
    return WEBCHAT_TOKEN_FORGED;
  memcpy (visitor, raw, WEBCHAT_VISITOR_LEN);
  visitor[WEBCHAT_VISITOR_LEN] = '\0';
  memcpy (&expiry, raw + WEBCHAT_VISITOR_LEN, sizeof expiry);
  *expires_at = (gint64)GUINT64_FROM_BE (expiry);
  return *expires_at > now ? WEBCHAT_TOKEN_GOOD : WEBCHAT_TOKEN_EXPIRED;
}
