/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reader of Prometheus' text format, see exposition.h. Main thread.
 */
#include "exposition.h"

#include <math.h>
#include <string.h>

typedef struct
{
  GHashTable *samples, *families; /* families: name -> type */
  char *family, *type;            /* the present one */
  gboolean helped, sampled;
  /* The histogram whose lines come just now: its labels without le. */
  GString *series;
  double le, upto;
  gboolean open, summed;
  guint line;
  char **why;
} Reader;

static gboolean wrong (Reader *reader, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
wrong (Reader *reader, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  *reader->why = g_strdup_printf ("line %u: %s", reader->line, text);
  return FALSE;
}

static const char *
skip_name (const char *p, gboolean colons)
{
  if (!g_ascii_isalpha (*p) && *p != '_' && !(colons && *p == ':'))
    return NULL;
  while (g_ascii_isalnum (*p) || *p == '_' || (colons && *p == ':'))
    p++;
  return p;
}

/* ---- comments ------------------------------------------------------------------------------------------ */

static gboolean
end_family (Reader *reader)
{
  if (reader->open)
    return wrong (reader, "the histogram %s has no +Inf, sum or count", reader->family);
  if (reader->family != NULL && !reader->sampled)
    return wrong (reader, "%s has no sample", reader->family);
  return TRUE;
}

static gboolean
begin_family (Reader *reader, const char *name)
{
  if (!end_family (reader))
    return FALSE;
  if (g_hash_table_contains (reader->families, name))
    return wrong (reader, "%s comes a second time", name);
  if (!g_str_has_prefix (name, "usher_") && !g_str_has_prefix (name, "process_"))
    return wrong (reader, "%s is no name of ours", name);
  g_hash_table_add (reader->families, g_strdup (name));
  g_free (reader->family);
  reader->family = g_strdup (name);
  g_clear_pointer (&reader->type, g_free);
  reader->helped = TRUE;
  reader->sampled = FALSE;
  return TRUE;
}

static gboolean
read_help (Reader *reader, const char *name, const char *text)
{
  const char *end = skip_name (name, TRUE);

  if (end == NULL || *end != '\0' || *text == '\0')
    return wrong (reader, "HELP of what?");
  for (const char *p = strchr (text, '\\'); p != NULL; p = strchr (p + 2, '\\'))
    if (p[1] != '\\' && p[1] != 'n')
      return wrong (reader, "\\%c is no escape of a help text", p[1]);
  return begin_family (reader, name);
}

static gboolean
read_type (Reader *reader, const char *name, const char *type)
{
  static const char *const types[] = { "counter", "gauge", "histogram", NULL };

  if (!reader->helped || g_strcmp0 (reader->family, name) != 0 || reader->type != NULL || reader->sampled)
    return wrong (reader, "TYPE %s does not follow its HELP", name);
  if (!g_strv_contains (types, type))
    return wrong (reader, "%s is no type", type);
  if ((strcmp (type, "counter") == 0) != g_str_has_suffix (name, "_total"))
    return wrong (reader, "%s is a %s; counters and only they end in _total", name, type);
  reader->type = g_strdup (type);
  return TRUE;
}

static gboolean
read_comment (Reader *reader, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);

  if (g_strv_length (words) < 4)
    return wrong (reader, "a comment that is neither HELP nor TYPE");
  if (strcmp (words[1], "HELP") == 0)
    return read_help (reader, words[2], words[3]);
  return strcmp (words[1], "TYPE") == 0 ? read_type (reader, words[2], words[3])
                                        : wrong (reader, "a comment that is neither HELP nor TYPE");
}

/* ---- samples ------------------------------------------------------------------------------------------- */

/* What follows the value's closing quote, or NULL. */
static const char *
skip_value (const char *p, GString *value)
{
  if (*p++ != '"')
    return NULL;
  for (; *p != '"'; p++)
    if (*p == '\0')
      return NULL;
    else if (*p != '\\')
      g_string_append_c (value, *p);
    else if (*++p == '\\' || *p == '"')
      g_string_append_c (value, *p);
    else if (*p == 'n')
      g_string_append_c (value, '\n');
    else
      return NULL;
  return p + 1;
}

/* Labels of p = "{...}"; le goes to *le, the rest to `others` as it stands. Returns what follows, or NULL. */
static const char *
skip_labels (const char *p, GString *others, GString *le)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  do
    {
      const char *begin = ++p, *end = skip_name (p, FALSE);
      g_autoptr (GString) value = g_string_new (NULL);
      gboolean is_le;

      if (end == NULL || *end != '=' || !g_hash_table_add (names, g_strndup (begin, (gsize)(end - begin))))
        return NULL;
      is_le = strncmp (begin, "le=", 3) == 0;
      p = skip_value (end + 1, is_le ? le : value);
      if (p == NULL)
        return NULL;
      if (!is_le)
        g_string_append_len (others, begin, p - begin);
    }
  while (*p == ',');
  return *p == '}' ? p + 1 : NULL;
}

static gboolean
read_number (const char *text, double *value)
{
  char *end;

  if (strcmp (text, "+Inf") == 0)
    *value = INFINITY;
  else if (*text == '\0' || g_ascii_isspace (*text) || g_ascii_isalpha (*text))
    return FALSE;
  else
    {
      *value = g_ascii_strtod (text, &end);
      return *end == '\0';
    }
  return TRUE;
}

/* Lines of one series: buckets that rise to +Inf, sum, count. */
static gboolean
read_of_histogram (Reader *reader, const char *part, const char *labels, const char *le, double value)
{
  double bound;

  if (strcmp (part, "_bucket") == 0)
    {
      if (!read_number (le, &bound))
        return wrong (reader, "a bucket without le");
      if (!reader->open)
        {
          g_string_assign (reader->series, labels);
          reader->le = -INFINITY;
          reader->upto = 0;
          reader->open = TRUE;
          reader->summed = FALSE;
        }
      if (strcmp (reader->series->str, labels) != 0 || bound <= reader->le || value < reader->upto)
        return wrong (reader, "the bucket does not follow the one before it");
      reader->le = bound;
      reader->upto = value;
      return TRUE;
    }
  if (!reader->open || strcmp (reader->series->str, labels) != 0 || !isinf (reader->le))
    return wrong (reader, "%s comes before the last bucket", part);
  if (strcmp (part, "_sum") == 0 && !reader->summed)
    return reader->summed = TRUE;
  if (strcmp (part, "_count") != 0 || !reader->summed)
    return wrong (reader, "%s is no part of a histogram, or in the wrong place", part);
  reader->open = FALSE;
  return value == reader->upto || wrong (reader, "the count is not that of the last bucket");
}

static gboolean
read_sample (Reader *reader, const char *line)
{
  g_autoptr (GString) others = g_string_new (NULL), le = g_string_new (NULL);
  const char *end = skip_name (line, TRUE), *rest;
  g_autofree char *name = end != NULL ? g_strndup (line, (gsize)(end - line)) : NULL;
  g_autofree char *key = NULL;
  gboolean histogram = g_strcmp0 (reader->type, "histogram") == 0;
  double value;

  rest = end == NULL ? NULL : *end == '{' ? skip_labels (end, others, le) : end;
  if (rest == NULL || *rest != ' ')
    return wrong (reader, "no name, or labels that can't be read: %s", line);
  if (!read_number (rest + 1, &value) || !isfinite (value))
    return wrong (reader, "no number: %s", rest + 1);
  if (reader->type == NULL || !g_str_has_prefix (name, reader->family)
      || (!histogram && strcmp (name, reader->family) != 0))
    return wrong (reader, "%s without HELP and TYPE right before it", name);
  if (!histogram && le->len > 0)
    return wrong (reader, "%s is no histogram and has le", name);
  if (value < 0 && strcmp (reader->type, "gauge") != 0)
    return wrong (reader, "%s is negative", name);
  key = g_strndup (line, (gsize)(rest - line));
  if (!g_hash_table_insert (reader->samples, g_strdup (key), g_memdup2 (&value, sizeof value)))
    return wrong (reader, "%s comes twice", key);
  reader->sampled = TRUE;
  return !histogram || read_of_histogram (reader, name + strlen (reader->family), others->str, le->str, value);
}

/* ---- public -------------------------------------------------------------------------------------------- */

static gboolean
read_all (Reader *reader, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint count = g_strv_length (lines);

  if (!g_utf8_validate (text, -1, NULL))
    return wrong (reader, "not UTF-8");
  if (count == 0 || lines[count - 1][0] != '\0')
    return wrong (reader, "the last line does not end");
  for (guint i = 0; i + 1 < count; i++)
    {
      reader->line = i + 1;
      if (lines[i][0] == '#' ? !read_comment (reader, lines[i]) : !read_sample (reader, lines[i]))
        return FALSE;
    }
  return end_family (reader);
}

GHashTable *
exposition_read (const char *text, char **why)
{
  Reader reader = { .why = why, .series = g_string_new (NULL) };
  gboolean good;

  *why = NULL;
  reader.samples = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  reader.families = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  good = read_all (&reader, text);
  g_hash_table_unref (reader.families);
  g_string_free (reader.series, TRUE);
  g_free (reader.family);
  g_free (reader.type);
  if (!good)
    g_clear_pointer (&reader.samples, g_hash_table_unref);
  return reader.samples;
}

double
exposition_value (GHashTable *samples, const char *name)
{
  const double *value = g_hash_table_lookup (samples, name);

  if (value == NULL)
    g_error ("there is no %s", name);
  return *value;
}

char *
exposition_label (const char *sample, const char *label)
{
  const char *p = strchr (sample, '{');

  while (p != NULL && *p != '}')
    {
      const char *begin = p + 1, *end = skip_name (begin, FALSE);
      GString *value = g_string_new (NULL);

      p = skip_value (end + 1, value);
      if (strncmp (begin, label, strlen (label)) == 0 && begin[strlen (label)] == '=')
        return g_string_free (value, FALSE);
      g_string_free (value, TRUE);
    }
  return NULL;
}
