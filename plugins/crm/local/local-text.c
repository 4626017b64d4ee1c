/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folding, words and e-mail addresses. Any thread.
 */
#include "local-text.h"

#include <string.h>

#define MOST_WORDS 16
/* The trigram index knows no shorter words. */
#define INDEXED_LENGTH 3

char *
local_text_fold (const char *text)
{
  g_autofree char *cased = g_utf8_casefold (text, -1);
  g_autofree char *apart = g_utf8_normalize (cased, -1, G_NORMALIZE_NFKD);
  g_autoptr (GString) bare = g_string_new (NULL);

  for (const char *p = apart; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      /* Only the block of Latin, Greek and Cyrillic accents: elsewhere such marks tell words apart. */
      if (c < 0x300 || c > 0x36f)
        g_string_append_unichar (bare, c);
    }
  return g_utf8_normalize (bare->str, -1, G_NORMALIZE_NFKC);
}

char *
local_text_email_key (const char *email)
{
  g_autofree char *normal = g_utf8_normalize (email, -1, G_NORMALIZE_NFC);

  return g_utf8_casefold (normal, -1);
}

char *
local_text_line (const char *text)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gsize end = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      gboolean blank = g_unichar_isspace (c) || g_unichar_iscntrl (c);

      if (blank && line->len == 0)
        continue;
      g_string_append_unichar (line, g_unichar_iscntrl (c) ? ' ' : c);
      if (!blank)
        end = line->len;
    }
  return g_strndup (line->str, end);
}

const char *
local_text_email_problem (const char *email)
{
  const char *at = strchr (email, '@');
  const char *domain = at != NULL ? at + 1 : NULL;

  if (at == NULL)
    return "it has no @";
  if (strchr (domain, '@') != NULL)
    return "it has more than one @";
  if (at == email)
    return "nothing stands before the @";
  for (const char *p = email; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isspace (g_utf8_get_char (p)) || strchr ("<>,;\"()", *p) != NULL)
      return "it holds a space or a sign that no address has";
  if (strchr (domain, '.') == NULL)
    return "the part after the @ has no dot";
  if (domain[0] == '.' || domain[strlen (domain) - 1] == '.' || strstr (domain, "..") != NULL)
    return "the part after the @ has a dot too many";
  return NULL;
}

void
local_json_text (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++)
    if (*p == '"' || *p == '\\')
      g_string_append_printf (out, "\\%c", *p);
    else if ((guchar)*p < 0x20)
      g_string_append_printf (out, "\\u%04x", (guint)*p);
    else
      g_string_append_c (out, *p);
  g_string_append_c (out, '"');
}

char *
local_text_list (char **words)
{
  GString *list = g_string_new (NULL);

  for (char **word = words; *word != NULL; word++)
    g_string_append_printf (list, "%s%s", word == words ? "" : word[1] != NULL ? ", " : " or ", *word);
  return g_string_free (list->len > 0 ? list : g_string_append (list, "none"), FALSE);
}

/* "+4930..." is looked for among the digits of telephone numbers. */
static const char *
skip_plus (const char *word)
{
  return word[0] == '+' && g_ascii_isdigit (word[1]) ? word + 1 : word;
}

static void
add_match (GString *match, const char *word)
{
  if (match->len > 0)
    g_string_append (match, " AND ");
  g_string_append_c (match, '"');
  for (const char *p = word; *p != '\0'; p++)
    {
      if (*p == '"')
        g_string_append_c (match, '"');
      g_string_append_c (match, *p);
    }
  g_string_append_c (match, '"');
}

LocalNeedle *
local_needle_new (const char *text)
{
  LocalNeedle *needle = g_new0 (LocalNeedle, 1);
  g_autofree char *folded = local_text_fold (text != NULL ? text : "");
  g_autoptr (GString) phrase = g_string_new (NULL);
  g_autoptr (GString) words = g_string_new (NULL);
  g_autoptr (GString) match = g_string_new (NULL);
  const char *p = folded;

  for (guint n = 0; n < MOST_WORDS && *p != '\0';)
    {
      const char *begin = p;
      g_autofree char *part = NULL;
      const char *word;

      while (*p != '\0' && !g_unichar_isspace (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      part = g_strndup (begin, p - begin);
      while (*p != '\0' && g_unichar_isspace (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      word = skip_plus (part);
      if (*word == '\0')
        continue;
      n++;
      g_string_append_printf (phrase, "%s%s", phrase->len > 0 ? " " : "", word);
      g_string_append_printf (words, "%s%s", words->len > 0 ? "\n" : "", word);
      if (g_utf8_strlen (word, -1) >= INDEXED_LENGTH)
        add_match (match, word);
    }
  needle->phrase = g_strdup (phrase->str);
  needle->words = g_strdup (words->str);
  needle->match = match->len > 0 ? g_strdup (match->str) : NULL;
  return needle;
}

void
local_needle_free (LocalNeedle *needle)
{
  g_free (needle->phrase);
  g_free (needle->words);
  g_free (needle->match);
  g_free (needle);
}

gboolean
local_needle_in (const char *haystack, const char *words)
{
  gsize hay_len = strlen (haystack);

  while (*words != '\0')
    {
      gsize len = strcspn (words, "\n");

      if (memmem (haystack, hay_len, words, len) == NULL)
        return FALSE;
      words += len + (words[len] == '\n');
    }
  return TRUE;
}

int
local_needle_rank (const char *haystack, const char *phrase)
{
  gsize len = strlen (phrase);
  int rank = 2;

  for (const char *p = haystack; (p = strstr (p, phrase)) != NULL && len > 0; p += len)
    {
      if (p == haystack || p[-1] == '\n')
        return 0;
      if (!g_unichar_isalnum (g_utf8_get_char (g_utf8_prev_char (p))))
        rank = 1;
    }
  return rank;
}

void
local_haystack_add (GString *haystack, const char *text)
{
  g_autofree char *folded = NULL;

  if (text == NULL || *text == '\0')
    return;
  folded = local_text_fold (text);
  g_strdelimit (folded, "\r\n", ' ');
  if (haystack->len > 0)
    g_string_append_c (haystack, '\n');
  g_string_append (haystack, folded);
}

void
local_haystack_add_phone (GString *haystack, const char *phone)
{
  g_autoptr (GString) digits = g_string_new (NULL);

  local_haystack_add (haystack, phone);
  for (const char *p = phone; p != NULL && *p != '\0'; p++)
    if (g_ascii_isdigit (*p))
      g_string_append_c (digits, *p);
  if (digits->len > 0 && strcmp (digits->str, phone) != 0)
    local_haystack_add (haystack, digits->str);
}
