/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Texts of slot arguments: checked, trimmed, bounded, copied. Main thread.
 */
#include "local-check-text.h"

#include <string.h>

#include "local-text.h"

gboolean
local_invalid (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (LOCAL_ERROR, USHER_INVALID, format, args);
  va_end (args);
  return FALSE;
}

gboolean
local_take_text (LocalPool *pool, const LocalMember *member, const char **slot, gboolean cut, GError **error)
{
  char *text;
  gsize length;

  if (*slot == NULL)
    return TRUE;
  if (!g_utf8_validate (*slot, -1, NULL))
    return local_invalid (error, "The %s is not valid UTF-8 text.", member->label);
  text = local_pool_take (pool, member->line ? local_text_line (*slot) : g_strdup (*slot));
  length = member->line ? (gsize)g_utf8_strlen (text, -1) : strlen (text);
  if (length > member->most && cut && member->line)
    *g_utf8_offset_to_pointer (text, member->most) = '\0';
  else if (length > member->most && member->line)
    return local_invalid (
        error, "The %s is %" G_GSIZE_FORMAT " characters long and at most %" G_GSIZE_FORMAT " fit. Shorten it.",
        member->label, length, member->most);
  else if (length > member->most)
    return local_invalid (
        error, "The %s is %" G_GSIZE_FORMAT " bytes long and at most %" G_GSIZE_FORMAT " KiB fit. Shorten it.",
        member->label, length, member->most / LOCAL_KIB);
  *slot = text;
  return TRUE;
}

gboolean
local_take_texts (LocalPool *pool, gpointer copy, const LocalMember *members, gsize count, gboolean cut,
                  GError **error)
{
  for (gsize i = 0; i < count; i++)
    if (!local_take_text (pool, &members[i], (const char **)((char *)copy + members[i].offset), cut, error))
      return FALSE;
  return TRUE;
}

gpointer
local_bounded_copy (LocalPool *pool, const void *from, gsize from_size, gsize size)
{
  gpointer to = local_pool_alloc (pool, size);

  memcpy (to, from, MIN (from_size, size));
  *(size_t *)to = size;
  return to;
}

gboolean
local_check_object (const UsherHost *host, const char *fields, GError **error)
{
  const char *why = NULL;
  UsherJson *json;

  if (fields == NULL || *fields == '\0')
    return TRUE;
  json = host->json_parse (fields, strlen (fields), &why);
  if (json == NULL)
    return local_invalid (error, "The site's own fields are not a JSON object: %s.", why);
  host->json_free (json);
  if (fields[strspn (fields, " \t\r\n")] != '{')
    return local_invalid (error, "The site's own fields must be one JSON object, like {\"tier\":\"gold\"}.");
  return TRUE;
}

/* The name of who does it comes from the core and must not make a save fail: too long is cut. */
gboolean
local_take_author (LocalPool *pool, const char **author, GError **error)
{
  static const LocalMember member = { 0, "author's name", LOCAL_NAME_LENGTH, TRUE };

  if (!local_take_text (pool, &member, author, TRUE, error))
    return FALSE;
  if (*author != NULL && **author == '\0')
    *author = NULL;
  return TRUE;
}

gboolean
local_check_state (const char *state, GError **error)
{
  if (state == NULL || strcmp (state, "open") == 0 || strcmp (state, "closed") == 0)
    return TRUE;
  return local_invalid (error, "A case is \"open\" or \"closed\", not \"%s\".", state);
}
