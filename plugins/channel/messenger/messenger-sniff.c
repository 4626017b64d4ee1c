/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a file is by its first bytes, and what it may be called. Pure functions, any thread.
 */
#include "messenger-sniff.h"

#include <string.h>

#define MAX_NAME 100

static const struct
{
  const char *mime;
  gsize at, len;
  const char *magic;
  const char *inner; /* four bytes at 8, for containers; NULL = any */
} kinds[] = {
  { "image/png", 0, 8, "\x89PNG\r\n\x1a\n", NULL },
  { "image/jpeg", 0, 3, "\xff\xd8\xff", NULL },
  { "image/gif", 0, 4, "GIF8", NULL },
  { "image/webp", 0, 4, "RIFF", "WEBP" },
  { "audio/wav", 0, 4, "RIFF", "WAVE" },
  { "video/x-msvideo", 0, 4, "RIFF", "AVI " },
  { "image/heic", 4, 4, "ftyp", "heic" },
  { "image/avif", 4, 4, "ftyp", "avif" },
  { "audio/mp4", 4, 4, "ftyp", "M4A " },
  { "video/quicktime", 4, 4, "ftyp", "qt  " },
  { "video/mp4", 4, 4, "ftyp", NULL },
  { "video/webm", 0, 4, "\x1a\x45\xdf\xa3", NULL },
  { "audio/ogg", 0, 4, "OggS", NULL },
  { "audio/flac", 0, 4, "fLaC", NULL },
  { "audio/amr", 0, 5, "#!AMR", NULL },
  { "audio/mpeg", 0, 3, "ID3", NULL },
  { "audio/aac", 0, 2, "\xff\xf1", NULL },
  { "audio/aac", 0, 2, "\xff\xf9", NULL },
  { "audio/mpeg", 0, 2, "\xff\xfb", NULL },
  { "audio/mpeg", 0, 2, "\xff\xf3", NULL },
  { "application/pdf", 0, 5, "%PDF-", NULL },
  { "application/zip", 0, 4, "PK\x03\x04", NULL },
};

const char *
messenger_sniff (const void *bytes, gsize len)
{
  const char *data = bytes;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (len >= kinds[i].at + kinds[i].len && memcmp (data + kinds[i].at, kinds[i].magic, kinds[i].len) == 0
        && (kinds[i].inner == NULL || (len >= 12 && memcmp (data + 8, kinds[i].inner, 4) == 0)))
      return kinds[i].mime;
  return NULL;
}

/* TYPE/SUBTYPE in lower case without parameters; NULL when it is no such thing. */
static char *
bare_type (const char *said)
{
  gsize len = said != NULL ? strcspn (said, "; \t,") : 0;
  g_autofree char *type = len > 0 && len < 80 ? g_ascii_strdown (said, (gssize)len) : NULL;
  gboolean slash = FALSE;

  for (const char *p = type; p != NULL && *p != '\0'; p++)
    {
      if (*p == '/' && !slash && p > type && p[1] != '\0')
        slash = TRUE;
      else if (!g_ascii_isalnum (*p) && strchr (".+-_", *p) == NULL)
        return NULL;
    }
  return slash ? g_steal_pointer (&type) : NULL;
}

char *
messenger_sniff_mime (const void *bytes, gsize len, const char *said)
{
  const char *seen = messenger_sniff (bytes, len);
  g_autofree char *type = bare_type (said);

  if (seen != NULL && g_strcmp0 (seen, "application/zip") != 0)
    return g_strdup (seen);
  if (type == NULL)
    return g_strdup (seen != NULL ? seen : "application/octet-stream");
  /* What claims to be media but does not look like it, and what a browser would run or draw, is only bytes. Office
   * files are archives inside, so there the name of the type says more than the content. */
  if (g_str_has_prefix (type, "image/") || strstr (type, "html") != NULL || strstr (type, "xml") == type
      || g_str_has_suffix (type, "/xml") || g_str_has_suffix (type, "+xml") || strstr (type, "script") != NULL)
    return g_strdup ("application/octet-stream");
  return g_steal_pointer (&type);
}

char *
messenger_sniff_name (const char *said)
{
  g_autofree char *valid = said != NULL ? g_utf8_make_valid (said, -1) : NULL;
  g_autoptr (GString) name = g_string_new (NULL);
  glong chars = 0;

  for (const char *p = valid; p != NULL && *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '/' || c == '\\')
        {
          g_string_truncate (name, 0);
          chars = 0;
        }
      else if (g_unichar_isprint (c) && chars < MAX_NAME && (chars > 0 || (c != '.' && c != ' ')))
        {
          g_string_append_unichar (name, c);
          chars++;
        }
    }
  return name->len > 0 ? g_string_free (g_steal_pointer (&name), FALSE) : NULL;
}
