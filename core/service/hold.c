/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Waiting for a store that can't take a change, see hold.h. Main thread.
 */
#include "core/service/hold.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/service/alarm.h"
#include "core/service/shell.h"
#include "core/service/space.h"

#define FIRST_MS 1000
#define MOST_MS 16000
/* A store that fails again so soon is not tried as often: a small write may find the room that others don't. */
#define SOON_MS 30000

static void try_later (UcCore *core);

static void
let_go (UcCore *core)
{
  g_clear_pointer (&core->held, g_free);
  core->held_until = uc_clock_now ();
  uc_alarm_clear (core, "store");
  uc_shell_resume (core);
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
      let_go (core);
      break;
    default:
      uc_alarm_raise (core, "store",
                      "changes can't be stored: %s; until a write succeeds, which is tried every few seconds, "
                      "nothing new is taken and what is stored can be read",
                      why != NULL ? why : "no reason given");
      core->hold_ms = MIN (core->hold_ms * 2, MOST_MS);
      try_later (core);
    }
}

static void
try_now (gpointer data)
{
  UcCore *core = data;
  UcBatch *batch = uc_batch_new ();
  g_autofree char *now = g_strdup_printf ("%" G_GINT64_FORMAT, uc_clock_now ());

  core->hold_timer = 0;
  uc_space_look (core);
  uc_batch_kv (batch, "core", "written", now, strlen (now));
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
  uc_space_look (core);
  try_later (core);
}
