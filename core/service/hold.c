/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Waiting for a store that can't take a change, see hold.h. Main thread.
 */
#include "core/service/hold.h"

#include "core/base/clock.h"
#include "core/service/alarm.h"
#include "core/service/shell.h"
#include "core/service/space.h"

#define FIRST_MS 1000
#define MOST_MS 16000
/* A store that fails again so soon is not tried as often. */
#define SOON_MS 30000
/* What is written to find out: more than most changes, so that they find the room that it found. */
#define TRIAL_BYTES (24 * 1024)
#define SPACE "core"
#define KEY "trial"

static void try_later (UcCore *core);

static void
let_go (gpointer data)
{
  UcCore *core = data;
  UcBatch *batch = uc_batch_new ();

  core->hold_timer = 0;
  uc_batch_kv (batch, SPACE, KEY, NULL, 0);
  uc_store_commit (core->store, batch, NULL, NULL);
  g_clear_pointer (&core->held, g_free);
  core->held_until = uc_clock_now ();
  uc_alarm_clear (core, "store");
  uc_shell_resume (core);
}

static void
raise_alarm (UcCore *core, const char *why)
{
  uc_alarm_raise (
      core, "store",
      "changes can't be stored: %s; until a write succeeds, which is tried every few seconds, nothing new "
      "is taken and what is stored can be read",
      why != NULL ? why : "no reason given");
}

static void
on_tried (gpointer data, UcStoreResult result, const char *why)
{
  UcCore *core = data;

  if (core->stopping)
    return;
  switch (result)
    {
    case UC_STORE_UNKNOWN:
      uc_shell_give_up (why);
      break;
    case UC_STORE_OK:
      /* Not from inside the store's callback: everything is begun anew. */
      core->hold_timer = uc_loop_timer_in (core->loop, 0, let_go, core);
      break;
    default:
      raise_alarm (core, why);
      core->hold_ms = MIN (core->hold_ms * 2, MOST_MS);
      try_later (core);
    }
}

static void
try_now (gpointer data)
{
  UcCore *core = data;
  UcBatch *batch = uc_batch_new ();
  g_autofree char *bytes = g_malloc0 (TRIAL_BYTES);

  core->hold_timer = 0;
  uc_space_look (core);
  uc_batch_kv (batch, SPACE, KEY, bytes, TRIAL_BYTES);
  uc_store_commit (core->store, batch, on_tried, core);
}

static void
try_later (UcCore *core)
{
  core->hold_timer = uc_loop_timer_in (core->loop, core->hold_ms, try_now, core);
}

void
uc_hold (UcCore *core)
{
  gboolean again = core->held_until != 0 && uc_clock_now () - core->held_until < SOON_MS;

  core->hold_ms = again ? MIN (core->hold_ms * 2, MOST_MS) : FIRST_MS;
  if (again)
    raise_alarm (core, core->held);
  uc_space_look (core);
  try_later (core);
}
