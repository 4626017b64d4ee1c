/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A random day of a small centre: an engine over a store, each step committed with what made it, now and then a
 * restart. For the tests of what is stored.
 */
#pragma once

#include "tests/core/engine/world.h"
#include "tests/core/store/kit.h"

typedef struct
{
  Kit *kit;
  World *world;
  GRand *rand;
  guint ids;
  GPtrArray *sent;    /* of UcEvent*: agents' messages */
  GStringChunk *text; /* of commands */
  gboolean reborn;    /* the engine was loaded and has not made an event since */
} Day;

/* With everything defined once, so that the rest has something to speak of. */
Day *day_new (Kit *kit, guint32 seed);
void day_free (Day *day);
/* Some commands. compare: an engine loaded from the store must be the same now and then, and goes on in its place.
 */
void day_run (Day *day, guint commands, gboolean compare);
/* FALSE: refused. */
gboolean day_step (Day *day, UcCommand command);
