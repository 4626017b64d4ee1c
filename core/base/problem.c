/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problems of a configuration, collected so that all can be shown at once, and the guess what was meant.
 * Any thread, as long as a list has one user.
 */
#include "core/base/conf.h"

#include <string.h>

static void
problem_free (gpointer data)
{
  UcProblem *problem = data;

  g_free (problem->file);
  g_free (problem->message);
  g_free (problem);
}

GPtrArray *
uc_problems_new (void)
{
  return g_ptr_array_new_with_free_func (problem_free);
}

void
uc_problem_add (GPtrArray *problems, const char *file, guint line, const char *format, ...)
{
  UcProblem *problem = g_new0 (UcProblem, 1);
  va_list args;

  va_start (args, format);
  problem->message = g_strdup_vprintf (format, args);
  va_end (args);
  problem->file = g_strdup (file);
  problem->line = line;
  g_ptr_array_add (problems, problem);
}

char *
uc_problem_text (const UcProblem *problem)
{
  if (problem->line == 0)
    return g_strdup_printf ("%s: %s", problem->file, problem->message);
  return g_strdup_printf ("%s:%u: %s", problem->file, problem->line, problem->message);
}

static int
by_position (gconstpointer a, gconstpointer b)
{
  const UcProblem *x = *(const UcProblem *const *)a, *y = *(const UcProblem *const *)b;
  int order = strcmp (x->file, y->file);

  return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

void
uc_problems_sort (GPtrArray *problems)
{
  g_ptr_array_sort (problems, by_position);
}

#define MAX_WORD 64

/* Edits to turn a into b; swapping two neighbours counts as one, because that is how people mistype. */
static guint
distance (const char *a, gsize a_len, const char *b, gsize b_len)
{
  guint rows[3][MAX_WORD + 1];
  guint *before = rows[0], *last = rows[1], *row = rows[2];

  for (guint j = 0; j <= b_len; j++)
    last[j] = j;
  for (guint i = 1; i <= a_len; i++)
    {
      guint *spare = before;

      row[0] = i;
      for (guint j = 1; j <= b_len; j++)
        {
          char x = g_ascii_tolower (a[i - 1]), y = g_ascii_tolower (b[j - 1]);

          row[j] = MIN (MIN (last[j], row[j - 1]) + 1, last[j - 1] + (x == y ? 0 : 1));
          if (i > 1 && j > 1 && x == g_ascii_tolower (b[j - 2]) && g_ascii_tolower (a[i - 2]) == y)
            row[j] = MIN (row[j], before[j - 2] + 1);
        }
      before = last;
      last = row;
      row = spare;
    }
  return last[b_len];
}

const char *
uc_nearest (const char *word, const char *const *candidates)
{
  const char *best = NULL;
  gsize len = strlen (word);
  guint best_distance = G_MAXUINT;

  if (len > MAX_WORD)
    return NULL;
  for (; candidates != NULL && *candidates != NULL; candidates++)
    {
      gsize candidate_len = strlen (*candidates);
      guint d;

      if (candidate_len > MAX_WORD)
        continue;
      d = distance (word, len, *candidates, candidate_len);
      /* A third of the letters wrong is a typo, more is another word. */
      if (d < best_distance && d <= MAX (1, MAX (len, candidate_len) / 3) && d < MAX (len, candidate_len))
        {
          best = *candidates;
          best_distance = d;
        }
    }
  return best;
}
