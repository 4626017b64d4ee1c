/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An engine under test with a clock of its own. Each step is followed by uc_engine_check, a failing step must
 * leave no trace, and all events are kept as the journal would keep them.
 */
#pragma once

#include "core/base/error.h"
#include "core/engine/engine.h"

typedef struct
{
  UcEngine *engine;
  gint64 now;
  guint64 seeds;
  GPtrArray *events;  /* of UcEvent*: what the last step made */
  GPtrArray *journal; /* of UcEvent*: everything so far */
  gboolean fast;      /* don't compare the state around failing steps */
} World;

World *world_new (void);
void world_free (World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

gboolean world_step (World *world, UcCommand command, GError **error);
/* The step must succeed, and make events of exactly these types (words separated by spaces; NULL = any). */
void world_do (World *world, const char *where, const char *types, UcCommand command);
/* The step must fail with this code and a message that contains these words. */
void world_refuses (World *world, const char *where, UcError code, const char *words, UcCommand command);
#define DO(world, types, ...) world_do (world, G_STRLOC, types, (UcCommand){ __VA_ARGS__ })
#define REFUSES(world, code, words, ...) world_refuses (world, G_STRLOC, code, words, (UcCommand){ __VA_ARGS__ })

/* The last step's event of this type. */
const UcEvent *world_event (World *world, UcEventType type);

/* ---- short words for common steps; ids are what the test gives */
void world_queue (World *world, const char *id, gint64 post_processing_ms);
/* A user with permission to reject, capacity 1, 30 s to accept, an enabled member of queue "q" if there is one. */
void world_user (World *world, const char *id);
void world_user_with (World *world, const char *id, gint64 capacity, const char *permissions);
void world_status (World *world, const char *agent, const char *status);
/* Logs in and goes available. */
void world_available (World *world, const char *agent);
/* A message of customer `who` to queue "q"; ids: conversation "c-WHO", interaction "i-WHO". */
void world_customer (World *world, const char *who);
void world_customer_to (World *world, const char *who, const char *queue);
void world_accept (World *world, const char *agent, const char *interaction);
void world_tick (World *world, gint64 now);

const UcAgent *world_agent (World *world, const char *id);
const UcInteraction *world_interaction (World *world, const char *id);
/* Who the interaction is offered to, "" = nobody. */
const char *world_offered_to (World *world, const char *interaction);
#define ASSERT_STATUS(world, id, word)                                                                            \
  g_assert_cmpstr (uc_agent_status_word (world_agent (world, id)->shown), ==, word)
#define ASSERT_STATE(world, id, word)                                                                             \
  g_assert_cmpstr (uc_interaction_state_word (world_interaction (world, id)->state), ==, word)

/* ---- the state as rows, as a store would keep them, and as one text to compare */
GPtrArray *world_rows (UcEngine *engine);
char *world_dump (UcEngine *engine);
/* A new engine from these rows, given in this order. */
UcEngine *world_restore (GPtrArray *rows, GError **error);
/* One line of JSON each. */
char *world_text (GPtrArray *events);
