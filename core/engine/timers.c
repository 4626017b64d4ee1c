/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All deadlines in one binary heap. An interaction has at most one (its offer's or its wrap-up's) and knows its
 * place, so a timer that no longer counts is taken out and can't fire. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

static UcInteraction *
at (UcEngine *engine, guint place)
{
  return engine->timers->pdata[place - 1];
}

static void
put (UcEngine *engine, guint place, UcInteraction *interaction)
{
  engine->timers->pdata[place - 1] = interaction;
  interaction->timer = place;
}

/* Equal deadlines go by id, so that the order survives a restart. */
static gboolean
before (const UcInteraction *a, const UcInteraction *b)
{
  if (a->deadline != b->deadline)
    return a->deadline < b->deadline;
  return strcmp (a->id, b->id) < 0;
}

static void
rise (UcEngine *engine, UcInteraction *interaction)
{
  guint place = interaction->timer;

  for (; place > 1 && before (interaction, at (engine, place / 2)); place /= 2)
    put (engine, place, at (engine, place / 2));
  put (engine, place, interaction);
}

static void
sink (UcEngine *engine, UcInteraction *interaction)
{
  guint place = interaction->timer;

  for (guint child = place * 2; child <= engine->timers->len; child = place * 2)
    {
      if (child < engine->timers->len && before (at (engine, child + 1), at (engine, child)))
        child++;
      if (!before (at (engine, child), interaction))
        break;
      put (engine, place, at (engine, child));
      place = child;
    }
  put (engine, place, interaction);
}

static void
take_out (UcEngine *engine, UcInteraction *interaction)
{
  guint place = interaction->timer;
  UcInteraction *last = at (engine, engine->timers->len);

  g_ptr_array_set_size (engine->timers, engine->timers->len - 1);
  interaction->timer = 0;
  if (last == interaction)
    return;
  put (engine, place, last);
  rise (engine, last);
  sink (engine, last);
}

void
uc_timers_set (UcEngine *engine, UcInteraction *interaction, gint64 deadline)
{
  if (interaction->timer != 0)
    take_out (engine, interaction);
  interaction->deadline = deadline;
  if (deadline == 0)
    return;
  g_ptr_array_add (engine->timers, interaction);
  interaction->timer = engine->timers->len;
  rise (engine, interaction);
}

UcInteraction *
uc_timers_first (UcEngine *engine)
{
  return engine->timers->len > 0 ? at (engine, 1) : NULL;
}

gint64
uc_engine_next_deadline (UcEngine *engine)
{
  return engine->timers->len > 0 ? at (engine, 1)->deadline : G_MAXINT64;
}
