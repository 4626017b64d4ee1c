/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dice, agenda and scheduler of one seed. Each step lets exactly one thing happen: a turn of the core's main loop,
 * a slice of one of its threads, or something in the world outside. One thread.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node.h"

Sim sim;
void (*sim_listener) (const char *line);

const char *const sim_lies[SIM_LIE_N]
    = { [SIM_LIE_NONE] = "none",     [SIM_LIE_FSYNC] = "fsync",   [SIM_LIE_ACK] = "ack",
        [SIM_LIE_COMMIT] = "commit", [SIM_LIE_RESEND] = "resend", [SIM_LIE_OUTBOX] = "outbox" };

typedef struct
{
  gint64 at;
  guint64 serial;
  const char *what;
  SimFunc func;
  gpointer data;
} Entry;

static GArray *agenda; /* of Entry, latest first, so that the next is cheap to take */
static guint64 serial;
static GSList *blocks;
static GPtrArray *lists, *tables;

/* ---- dice ---------------------------------------------------------------------------------------------- */

guint64
sim_dice (guint64 *state)
{
  /* splitmix64 */
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

gint64
sim_range (gint64 from, gint64 to)
{
  return from + (gint64)(sim_dice (&sim.dice) % (guint64)(to - from + 1));
}

gboolean
sim_chance (guint permille)
{
  return sim_dice (&sim.dice) % 1000 < permille;
}

gboolean
sim_fault (guint permille)
{
  return !sim.quiet && sim_chance (permille);
}

gint64
sim_delay (gint64 usual)
{
  if (sim_fault (20))
    return sim_range (usual, usual * 50 + 1000);
  return sim_range (0, usual);
}

void
sim_mix (guint64 value)
{
  sim.digest ^= value;
  sim_dice (&sim.digest);
  sim.digest = sim.digest * G_GUINT64_CONSTANT (0xd1342543de82ef95) + 1;
}

/* ---- findings ------------------------------------------------------------------------------------------ */

static const char *pending;

void
sim_tell_if (const char *text)
{
  pending = text;
}

void
sim_tell (const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  gint64 ms = sim.now - SIM_EPOCH;

  if (pending != NULL)
    {
      const char *before = pending;

      pending = NULL;
      sim_tell ("%s", before);
    }
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  line = g_strdup_printf ("%4" G_GINT64_FORMAT ".%03d  %s", ms / 1000, (int)(ms % 1000), text);
  if (sim_listener != NULL)
    sim_listener (line);
  else
    puts (line);
}

void
sim_broken (const char *format, ...)
{
  va_list args;
  char *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  sim_trace ("BROKEN: %s", text);
  if (sim.broken == NULL)
    sim.broken = text;
  else
    g_free (text);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

gpointer
sim_alloc (gsize size)
{
  gpointer block = g_malloc0 (size);

  blocks = g_slist_prepend (blocks, block);
  return block;
}

char *
sim_strdup (const char *text)
{
  char *copy = g_strdup (text);

  if (copy != NULL)
    blocks = g_slist_prepend (blocks, copy);
  return copy;
}

char *
sim_printf (const char *format, ...)
{
  va_list args;
  char *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  blocks = g_slist_prepend (blocks, text);
  return text;
}

GPtrArray *
sim_list (void)
{
  GPtrArray *list = g_ptr_array_new ();

  g_ptr_array_add (lists, list);
  return list;
}

GHashTable *
sim_table (void)
{
  GHashTable *table = g_hash_table_new (g_str_hash, g_str_equal);

  g_ptr_array_add (tables, table);
  return table;
}

GHashTable *
sim_numbers (void)
{
  GHashTable *table = g_hash_table_new (NULL, NULL);

  g_ptr_array_add (tables, table);
  return table;
}

/* ---- agenda -------------------------------------------------------------------------------------------- */

void
sim_later (gint64 ms, const char *what, SimFunc func, gpointer data)
{
  Entry entry = { sim.now + MAX (ms, 0), ++serial, what, func, data };
  guint low = 0, high = agenda->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (agenda, Entry, middle).at > entry.at)
        low = middle + 1;
      else
        high = middle;
    }
  g_array_insert_val (agenda, low, entry);
}

static gint64
agenda_next (void)
{
  return agenda->len > 0 ? g_array_index (agenda, Entry, agenda->len - 1).at : G_MAXINT64;
}

/* Any of those that are due: what is on its way at the same time arrives in any order. */
static void
agenda_run (void)
{
  guint due = 1, index;
  Entry entry;

  while (due < agenda->len && due < 8 && g_array_index (agenda, Entry, agenda->len - 1 - due).at <= sim.now)
    due++;
  index = agenda->len - 1 - (guint)sim_range (0, due - 1);
  entry = g_array_index (agenda, Entry, index);
  g_array_remove_index (agenda, index);
  sim_mix (entry.serial);
  sim_tell_if (entry.what);
  entry.func (entry.data);
}

static void
agenda_run_in_turn (gpointer data)
{
  agenda_run ();
  /* It came by a socket, in a turn of the loop, or by a source beside it: then the rest is for the next turn. */
  if (sim_chance (800))
    loop_run_deferred ();
  sim_tell_if (NULL);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

void
sim_begin (guint64 seed, SimLie lie)
{
  gboolean tracing = sim.tracing;

  sim = (Sim){ .seed = seed, .dice = seed, .ids = ~seed, .now = SIM_EPOCH, .lie = lie, .tracing = tracing };
  sim_dice (&sim.ids);
  agenda = g_array_new (FALSE, FALSE, sizeof (Entry));
  lists = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  tables = g_ptr_array_new_with_free_func ((GDestroyNotify)g_hash_table_unref);
  serial = 0;
}

void
sim_end (void)
{
  g_array_unref (agenda);
  g_ptr_array_unref (lists);
  g_ptr_array_unref (tables);
  g_slist_free_full (g_steal_pointer (&blocks), g_free);
  g_free (sim.broken);
  g_free (sim.journal);
}

static void
turn (gpointer data)
{
  loop_turn ();
}

gboolean
sim_step (gint64 until)
{
  gint64 timer, thread, next;
  gboolean loop = loop_is_ready (&timer), world;
  guint threads = machine_runnable (&thread), pick;

  world = agenda_next () <= sim.now;
  if (!loop && !world && threads == 0)
    {
      next = MIN (MIN (timer, thread), agenda_next ());
      if (next > until)
        {
          sim.now = MAX (sim.now, until);
          return FALSE;
        }
      sim.now = MAX (sim.now, next);
      return TRUE;
    }
  sim.facts.steps++;
  pick = (guint)sim_range (0, (loop ? 1 : 0) + (world ? 1 : 0) + (gint64)threads - 1);
  sim_mix ((guint64)sim.now << 8 ^ pick);
  if (pick < threads)
    machine_run (pick);
  else if (loop && pick == threads)
    node_run (turn, NULL);
  else
    node_run (agenda_run_in_turn, NULL);
  node_settle ();
  return TRUE;
}
