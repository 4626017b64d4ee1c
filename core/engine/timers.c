/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All deadlines in one binary heap. A timer is part of what it belongs to and knows its place, so one that no
 * longer counts is taken out and can't fire. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

static UcTimer *
at (UcEngine *engine, guint place)
{
  return engine->timers->pdata[place - 1];
}

static void
put (UcEngine *engine, guint place, UcTimer *timer)
{
  engine->timers->pdata[place - 1] = timer;
  timer->place = place;
}

/* Equal times go by kind and id, so that the order survives a restart. */
static gboolean
before (const UcTimer *a, const UcTimer *b)
{
  if (a->at != b->at)
    return a->at < b->at;
  if (a->kind != b->kind)
    return a->kind < b->kind;
  return strcmp (a->id, b->id) < 0;
}

static void
rise (UcEngine *engine, UcTimer *timer)
{
  guint place = timer->place;

  for (; place > 1 && before (timer, at (engine, place / 2)); place /= 2)
    put (engine, place, at (engine, place / 2));
  put (engine, place, timer);
}

static void
sink (UcEngine *engine, UcTimer *timer)
{
  guint place = timer->place;

  for (guint child = place * 2; child <= engine->timers->len; child = place * 2)
    {
      if (child < engine->timers->len && before (at (engine, child + 1), at (engine, child)))
        child++;
      if (!before (at (engine, child), timer))
        break;
      put (engine, place, at (engine, child));
      place = child;
    }
  put (engine, place, timer);
}

static void
take_out (UcEngine *engine, UcTimer *timer)
{
  guint place = timer->place;
  UcTimer *last = at (engine, engine->timers->len);

  g_ptr_array_set_size (engine->timers, engine->timers->len - 1);
  timer->place = 0;
  if (last == timer)
    return;
  put (engine, place, last);
  rise (engine, last);
  sink (engine, last);
}

void
uc_timers_init (UcTimer *timer, UcTimerKind kind, gpointer owner, const char *id)
{
  *timer = (UcTimer){ .kind = kind, .owner = owner, .id = id };
}

void
uc_timers_set (UcEngine *engine, UcTimer *timer, gint64 when)
{
  if (timer->at == when)
    return;
  if (timer->place != 0)
    take_out (engine, timer);
  timer->at = when;
  if (when == 0)
    return;
  g_ptr_array_add (engine->timers, timer);
  timer->place = engine->timers->len;
  rise (engine, timer);
}

UcTimer *
uc_timers_first (UcEngine *engine)
{
  return engine->timers->len > 0 ? at (engine, 1) : NULL;
}

gint64
uc_engine_next_deadline (UcEngine *engine)
{
  return engine->timers->len > 0 ? at (engine, 1)->at : G_MAXINT64;
}
