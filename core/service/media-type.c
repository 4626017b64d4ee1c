/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Magic bytes, declared types, ranges and file names. Any thread.
 */
#include "core/service/media-type.h"

#include <string.h>

#define MAX_MIME 127

#define AT(offset, text)                                                                                          \
  (len >= (offset) + sizeof (text) - 1 && memcmp (bytes + (offset), text, sizeof (text) - 1) == 0)

/* ISO base media: the brand says what it is. Those that no browser is sure to play are downloads. */
static const char *
sniff_ftyp (const guint8 *bytes, gsize len)
{
  static const char *const films[]
      = { "isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "dash", "MSNV" };

  if (AT (8, "M4A ") || AT (8, "M4B "))
    return "audio/mp4";
  if (AT (8, "M4V "))
    return "video/mp4";
  for (gsize i = 0; i < G_N_ELEMENTS (films); i++)
    if (memcmp (bytes + 8, films[i], 4) == 0)
      return "video/mp4";
  return NULL;
}

/* The name of the document type is near the beginning of a Matroska file. */
static gboolean
is_webm (const guint8 *bytes, gsize len)
{
  for (gsize at = 4; at < 40; at++)
    if (AT (at, "webm"))
      return TRUE;
  return FALSE;
}

const char *
uc_media_type_sniff (const guint8 *bytes, gsize len)
{
  if (AT (0, "\x89PNG\r\n\x1a\n"))
    return "image/png";
  if (AT (0, "\xff\xd8\xff"))
    return "image/jpeg";
  if (AT (0, "GIF87a") || AT (0, "GIF89a"))
    return "image/gif";
  if (AT (0, "RIFF") && AT (8, "WEBP"))
    return "image/webp";
  if (AT (0, "RIFF") && AT (8, "WAVE"))
    return "audio/wav";
  if (AT (0, "OggS"))
    return "audio/ogg";
  if (AT (0, "\x1a\x45\xdf\xa3") && is_webm (bytes, len))
    return "video/webm";
  if (AT (0, "ID3") || (len >= 2 && bytes[0] == 0xff && (bytes[1] & 0xe6) == 0xe2))
    return "audio/mpeg";
  if (len >= 12 && AT (4, "ftyp"))
    return sniff_ftyp (bytes, len);
  return NULL;
}

/* ---- declared types ------------------------------------------------------------------------------------ */

char *
uc_media_mime_clean (const char *mime)
{
  g_autofree char *text = NULL;
  const char *slash;

  if (mime == NULL || strlen (mime) > MAX_MIME)
    return NULL;
  text = g_ascii_strdown (mime, (gssize)strcspn (mime, "; "));
  slash = strchr (text, '/');
  if (slash == NULL || slash == text || slash[1] == '\0' || strchr (slash + 1, '/') != NULL)
    return NULL;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("/.+-_", *p) == NULL)
      return NULL;
  return g_steal_pointer (&text);
}

/* ---- ranges -------------------------------------------------------------------------------------------- */

static gboolean
read_number (const char **text, gint64 *number)
{
  const char *p = *text;

  if (!g_ascii_isdigit (*p))
    return FALSE;
  for (*number = 0; g_ascii_isdigit (*p); p++)
    *number = *number > G_MAXINT32 * (gint64)1000 ? *number : *number * 10 + (*p - '0');
  *text = p;
  return TRUE;
}

UcRangeKind
uc_media_range (const char *header, gint64 size, gint64 *from, gint64 *len)
{
  const char *p = header;
  gint64 first, last;
  gboolean has_first, has_last;

  if (p == NULL || g_ascii_strncasecmp (p, "bytes=", 6) != 0)
    return UC_RANGE_NONE;
  p += 6;
  has_first = read_number (&p, &first);
  if (*p++ != '-')
    return UC_RANGE_NONE;
  has_last = read_number (&p, &last);
  if (*p != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first))
    return UC_RANGE_NONE;
  if (!has_first)
    {
      /* The last so many bytes. */
      first = MAX (0, size - last);
      last = last > 0 ? size - 1 : -1;
    }
  else if (!has_last)
    last = size - 1;
  if (first >= size || last < first)
    return UC_RANGE_UNSATISFIABLE;
  *from = first;
  *len = MIN (last, size - 1) - first + 1;
  return UC_RANGE_PART;
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* Without what a file system or a header would take for something else. */
static char *
plain_name (const char *name)
{
  GString *out = g_string_new (NULL);

  for (const char *p = name; *p != '\0'; p++)
    g_string_append_c (out, g_ascii_isalnum (*p) || strchr (" ._-()", *p) != NULL ? *p : '_');
  return g_string_free (out, FALSE);
}

char *
uc_media_disposition (const char *name)
{
  g_autofree char *plain = NULL;
  g_autofree char *encoded = NULL;

  if (name == NULL || *name == '\0')
    return g_strdup ("attachment");
  plain = plain_name (name);
  encoded = g_uri_escape_string (name, NULL, FALSE);
  return g_strdup_printf ("attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, encoded);
}
