/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lease of an agent: here while a desk of his is connected, away once the last one is gone, and nothing of the
 * kind once he has logged out. How long an absence is forgiven is the engine's business. Main thread.
 */
#include "core/service/presence.h"

#include "core/service/desk.h"
#include "core/service/drain.h"

static const char *
word_for (UcCore *core, const UcAgent *agent)
{
  if (agent->asked == UC_AGENT_LOGGED_OUT)
    return agent->presence == UC_PRESENCE_NONE ? NULL : "none";
  if (uc_desks_has (core->desks, agent->id))
    return agent->presence == UC_PRESENCE_HERE ? NULL : "here";
  /* Who never had a desk (a script) is not judged by it. */
  return agent->presence == UC_PRESENCE_HERE ? "away" : NULL;
}

void
uc_presence_update (UcCore *core, const char *user)
{
  const UcAgent *agent = uc_engine_agent (core->engine, user);
  UcCommand command = { .type = UC_COMMAND_PRESENCE, .agent = user };

  /* Stopping, desks are sent away by us: whether they come back is judged after the start. */
  if (agent == NULL || core->stopping || core->recovering || uc_drain_phase (core) >= UC_DRAIN_LEAVING)
    return;
  command.state = word_for (core, agent);
  if (command.state != NULL)
    uc_core_submit (core, &command, NULL, NULL);
}

static void
add_id (const UcAgent *agent, gpointer ids)
{
  g_ptr_array_add (ids, g_strdup (agent->id));
}

void
uc_presence_update_all (UcCore *core)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  uc_engine_each_agent (core->engine, add_id, ids);
  for (guint i = 0; i < ids->len; i++)
    uc_presence_update (core, ids->pdata[i]);
}
