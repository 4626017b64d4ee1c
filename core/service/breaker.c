/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When something outside is tried again, see breaker.h. Main thread.
 */
#include "core/service/breaker.h"

#include "core/base/id.h"

/* One that can't be reached says nothing about the others; three say it. */
#define FAILING 3
#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS (60 * 1000)
/* However long the other side wants to be left alone: somebody may have repaired it meanwhile. */
#define LONGEST_REQUEST_MS (15 * 60 * 1000)
/* So many at once are as good as all. */
#define WIDEST 512

struct UcBreaker
{
  UcLoop *loop;
  GRand *dice;
  UcLoopFunc go;
  gpointer data;
  GHashTable *failing; /* keys of what failed since something went well */
  guint pauses;
  guint64 timer;   /* nothing goes through */
  guint window;    /* so many may be under way; 0 = any number */
  guint under_way; /* begun since the last pause, and not over */
  guint64 pass;    /* the ticket of today */
};

gint64
uc_backoff (GRand *dice, gint64 base_ms, gint64 cap_ms, gint64 n, gint64 not_before_ms)
{
  gint64 most = n < 30 ? MIN (cap_ms, base_ms << n) : cap_ms;
  gint64 wait = (gint64)(g_rand_double (dice) * (double)most);

  return MAX (not_before_ms, 0) + MAX (UC_BACKOFF_FLOOR_MS, wait);
}

GRand *
uc_backoff_dice (void)
{
  guint32 seed[4];

  uc_random_bytes (seed, sizeof seed);
  return g_rand_new_with_seed_array (seed, G_N_ELEMENTS (seed));
}

UcBreaker *
uc_breaker_new (UcLoop *loop, GRand *dice, UcLoopFunc go, gpointer data)
{
  UcBreaker *breaker = g_new0 (UcBreaker, 1);

  *breaker = (UcBreaker){ .loop = loop, .dice = dice, .go = go, .data = data };
  breaker->failing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return breaker;
}

void
uc_breaker_free (UcBreaker *breaker)
{
  if (breaker == NULL)
    return;
  uc_loop_timer_remove (breaker->loop, breaker->timer);
  g_hash_table_unref (breaker->failing);
  g_free (breaker);
}

gboolean
uc_breaker_lets (const UcBreaker *breaker)
{
  return breaker->timer == 0 && (breaker->window == 0 || breaker->under_way < breaker->window);
}

guint64
uc_breaker_begin (UcBreaker *breaker)
{
  breaker->under_way++;
  return breaker->pass;
}

static void
on_pause_over (gpointer data)
{
  UcBreaker *breaker = data;

  breaker->timer = 0;
  breaker->go (breaker->data);
}

gboolean
uc_breaker_pause (UcBreaker *breaker, guint64 ticket, gint64 ms)
{
  if (ticket != breaker->pass)
    return FALSE;
  breaker->pass++;
  breaker->window = 1;
  breaker->under_way = 0;
  breaker->pauses++;
  breaker->timer = uc_loop_timer_in (breaker->loop, ms, on_pause_over, breaker);
  return TRUE;
}

gboolean
uc_breaker_good (UcBreaker *breaker, guint64 ticket)
{
  if (ticket != breaker->pass)
    return FALSE;
  breaker->under_way--;
  g_hash_table_remove_all (breaker->failing);
  if (breaker->window == 0)
    return FALSE;
  breaker->pauses = 0;
  breaker->window = breaker->window < WIDEST ? breaker->window * 2 : 0;
  return TRUE;
}

gboolean
uc_breaker_bad (UcBreaker *breaker, guint64 ticket, const char *key, gint64 not_before_ms)
{
  if (ticket != breaker->pass)
    return FALSE;
  breaker->under_way--;
  g_hash_table_add (breaker->failing, g_strdup (key));
  /* All that may go at once failed: nobody is left whose success would let the others go. */
  if (g_hash_table_size (breaker->failing) < (breaker->window != 0 ? MIN (FAILING, breaker->window) : FAILING))
    return FALSE;
  return uc_breaker_pause (breaker, ticket,
                           uc_backoff (breaker->dice, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, breaker->pauses,
                                       MIN (not_before_ms, LONGEST_REQUEST_MS)));
}

void
uc_breaker_drop (UcBreaker *breaker, guint64 ticket)
{
  if (ticket == breaker->pass)
    breaker->under_way--;
}

gboolean
uc_breaker_reset (UcBreaker *breaker)
{
  gboolean was_shut = breaker->timer != 0 || breaker->window != 0;

  uc_loop_timer_remove (breaker->loop, breaker->timer);
  breaker->timer = 0;
  breaker->window = breaker->pauses = breaker->under_way = 0;
  breaker->pass++;
  g_hash_table_remove_all (breaker->failing);
  return was_shut;
}

guint
uc_breaker_pauses (const UcBreaker *breaker)
{
  return breaker->pauses;
}

gboolean
uc_breaker_is_open (const UcBreaker *breaker)
{
  return breaker->timer != 0 || breaker->window == 1;
}
