/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Addresses, ids, texts, times, pictures and error conditions: pure functions, any thread.
 */
#include "xmpp-text.h"

#include <string.h>

/* ---- text ---------------------------------------------------------------------------------------------- */

static gboolean
legal (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD)
         || (c >= 0x10000 && c <= 0x10FFFF);
}

char *
jabber_text_clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (clean, legal (c) ? c : 0xFFFD);
    }
  return g_string_free (clean, FALSE);
}

char *
jabber_text_cut (const char *text, glong chars)
{
  return g_utf8_substring (text, 0, MIN (chars, g_utf8_strlen (text, -1)));
}

/* ---- addresses and ids --------------------------------------------------------------------------------- */

char *
jabber_jid_bare_of (const char *jid)
{
  return g_strndup (jid, strcspn (jid, "/"));
}

static gboolean
none_of (const char *text, gsize len, const char *bad)
{
  for (gsize i = 0; i < len; i++)
    if ((guchar)text[i] <= 0x20 || text[i] == 0x7F || strchr (bad, text[i]) != NULL)
      return FALSE;
  return len > 0;
}

gboolean
jabber_jid_is_local_part (const char *text)
{
  return none_of (text, strlen (text), "\"&'/:<>@") && strlen (text) <= 255 && g_utf8_validate (text, -1, NULL);
}

gboolean
jabber_jid_is_domain (const char *text)
{
  return none_of (text, strlen (text), "\"&'/<>@\\") && strlen (text) <= 255 && g_utf8_validate (text, -1, NULL);
}

gboolean
jabber_jid_is_person (const char *jid)
{
  const char *at = strchr (jid, '@');
  g_autofree char *local = NULL;

  if (at == NULL || strlen (jid) > JABBER_MAX_JID)
    return FALSE;
  local = g_strndup (jid, (gsize)(at - jid));
  return jabber_jid_is_local_part (local) && jabber_jid_is_domain (at + 1);
}

char *
jabber_external_id (const char *bare, const char *id)
{
  g_autofree char *sum = NULL;

  if (strlen (id) > JABBER_MAX_ID || strpbrk (id, "\r\n") != NULL)
    {
      sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, id, -1);
      return g_strconcat (bare, "/sha256:", sum, NULL);
    }
  return g_strconcat (bare, "/", id, NULL);
}

const char *
jabber_external_stanza (const char *external_id, const char *bare)
{
  gsize len = strlen (bare);

  if (external_id == NULL || strncmp (external_id, bare, len) != 0 || external_id[len] != '/')
    return NULL;
  return external_id + len + 1;
}

/* ---- times and pictures -------------------------------------------------------------------------------- */

gint64
jabber_time_parse (const char *stamp)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = stamp != NULL ? g_date_time_new_from_iso8601 (stamp, utc) : NULL;

  return time != NULL ? g_date_time_to_unix (time) * 1000 + g_date_time_get_microsecond (time) / 1000 : 0;
}

const char *
jabber_image_type (const void *bytes, gsize len)
{
  if (len >= 8 && memcmp (bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
    return "image/png";
  if (len >= 3 && memcmp (bytes, "\xff\xd8\xff", 3) == 0)
    return "image/jpeg";
  if (len >= 6 && (memcmp (bytes, "GIF87a", 6) == 0 || memcmp (bytes, "GIF89a", 6) == 0))
    return "image/gif";
  if (len >= 12 && memcmp (bytes, "RIFF", 4) == 0 && memcmp ((const char *)bytes + 8, "WEBP", 4) == 0)
    return "image/webp";
  return NULL;
}

const char *
jabber_link_kind (const char *url)
{
  static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".gif", ".webp" };
  g_autofree char *lower = g_ascii_strdown (url, (gssize)strcspn (url, "?#"));

  if (g_str_has_prefix (lower, "geo:"))
    return "location";
  if (!g_str_has_prefix (lower, "http://") && !g_str_has_prefix (lower, "https://"))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return "image";
  return "link";
}

/* ---- errors -------------------------------------------------------------------------------------------- */

UsherStatus
jabber_error_status (const char *type, const char *condition)
{
  if (g_strcmp0 (type, "wait") == 0)
    return USHER_RETRY;
  if (g_strcmp0 (type, "modify") == 0)
    return USHER_CONTENT;
  if (g_strcmp0 (condition, "policy-violation") == 0)
    return USHER_POLICY;
  /* `cancel`, `auth` and what no standard names: this person can't be written to. */
  return USHER_RECIPIENT;
}

char *
jabber_error_sentence (const char *condition, const char *text)
{
  static const struct
  {
    const char *condition, *sentence;
  } known[] = {
    { "service-unavailable", "This address does not exist, or takes no messages from us." },
    { "item-not-found", "This address does not exist." },
    { "recipient-unavailable", "The customer can't be reached now." },
    { "gone", "The customer no longer uses this address." },
    { "remote-server-not-found", "The customer's XMPP server can't be found." },
    { "remote-server-timeout", "The customer's XMPP server does not answer." },
    { "not-authorized", "The customer's server does not let us write to this address." },
    { "forbidden", "The customer's server does not let us write to this address." },
    { "not-acceptable", "The customer's server does not take this message." },
    { "policy-violation", "The customer's server does not take this message: it breaks a rule there." },
    { "resource-constraint", "The customer's server has no room for this message now." },
  };
  const char *sentence = "The message came back.";

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_strcmp0 (condition, known[i].condition) == 0)
      sentence = known[i].sentence;
  if (text != NULL && *text != '\0')
    return g_strdup_printf ("%s (%s: %s)", sentence, condition != NULL ? condition : "undefined", text);
  return g_strdup_printf ("%s (%s)", sentence, condition != NULL ? condition : "undefined");
}

/* ---- back-off ------------------------------------------------------------------------------------------ */

gint64
jabber_backoff (guint attempt, gint64 min, gint64 max, guint32 dice)
{
  gint64 wait = min;

  for (guint i = 1; i < attempt && wait < max; i++)
    wait *= 2;
  wait = MIN (wait, max);
  return wait - (gint64)(dice % (guint32)(wait / 2 + 1));
}
