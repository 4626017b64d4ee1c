/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a desk's client says: calls with their answers, typing, what was seen, pings. Main thread.
 */
#include "core/service/desk-private.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/intake.h"
#include "core/service/ops.h"

#define MAX_FRAME (256 * 1024)

/* ---- calls --------------------------------------------------------------------------------------------- */

typedef struct
{
  UsherDesk *desk;
  char *id;
} Calling;

static void
on_called (gpointer data, const char *result, const GError *error, const char *details)
{
  g_autofree Calling *calling = data;
  g_autofree char *id = calling->id;
  UsherDesk *desk = calling->desk;

  desk->calls--;
  if (desk->phase != UC_DESK_GONE)
    {
      GString *out = uc_desk_frame ("result");

      uc_json_add_string (out, "id", id);
      uc_json_add_bool (out, "ok", error == NULL);
      if (error == NULL)
        uc_json_add_raw (out, "result", result);
      else
        uc_op_add_error (out, error, details);
      uc_json_end (out);
      uc_desk_send_string (desk, out);
    }
  if (desk->phase == UC_DESK_OPEN)
    uc_desk_door_logged_in (desk, error == NULL);
  uc_desk_unref (desk);
}

static void
refuse_call (UsherDesk *desk, const char *id, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (UC_ERROR, code, message);
  Calling *calling = g_new0 (Calling, 1);

  calling->desk = uc_desk_ref (desk);
  calling->id = g_strdup (id);
  desk->calls++;
  on_called (calling, NULL, error, NULL);
}

static void
on_call (UsherDesk *desk, const UcJson *frame)
{
  const UcPrincipal nobody = { .label = (char *)"nobody" };
  gboolean login = desk->phase == UC_DESK_OPEN;
  UcCore *core = desk->desks->core;
  const char *name = uc_json_string (uc_json_get (frame, "call"));
  const char *id = uc_json_string (uc_json_get (frame, "id"));
  const UcJson *args = uc_json_get (frame, "args");
  UcJson *copy = NULL;
  Calling *calling;

  if (name == NULL || id == NULL || strlen (id) > 100)
    {
      uc_desk_end (desk, "protocol", "a call needs \"call\" and \"id\" as strings");
      return;
    }
  if (login && (strcmp (name, "session.login") != 0 || desk->calls > 0))
    {
      uc_desk_end (desk, "protocol", "before hello there is one call at a time, session.login");
      return;
    }
  if (login && !uc_desk_door_may_log_in (desk))
    return;
  if (desk->calls >= UC_DESK_MAX_CALLS)
    {
      desk->desks->calls_refused++;
      refuse_call (desk, id, UC_ERROR_BUSY, "64 calls are unanswered already; wait for an answer");
      return;
    }
  if (args != NULL)
    {
      copy = uc_json_copy (args);
      if (!uc_json_is_object (copy))
        {
          uc_json_free (copy);
          refuse_call (desk, id, UC_ERROR_INVALID, "\"args\" must be an object");
          return;
        }
    }
  calling = g_new0 (Calling, 1);
  calling->desk = uc_desk_ref (desk);
  calling->id = g_strdup (id);
  desk->calls++;
  uc_ops_run (core->ops, name, copy, login ? &nobody : &desk->who, uc_json_string (uc_json_get (frame, "cmd")),
              desk->remote, !login, on_called, calling);
}

/* ---- other frames -------------------------------------------------------------------------------------- */

/* The interaction that a frame names, if this agent has accepted it. */
static const UcInteraction *
own_interaction (UsherDesk *desk, const UcJson *frame)
{
  const char *id = uc_json_string (uc_json_get (frame, "interaction"));
  const UcInteraction *interaction = id != NULL ? uc_engine_interaction (desk->desks->core->engine, id) : NULL;

  return interaction != NULL
                 && (interaction->state == UC_INTERACTION_ACTIVE || interaction->state == UC_INTERACTION_WRAP_UP)
                 && strcmp (interaction->agent->id, desk->who.user) == 0
             ? interaction
             : NULL;
}

static void
on_typing (UsherDesk *desk, const UcJson *typing)
{
  const UcInteraction *interaction = own_interaction (desk, typing);

  if (interaction != NULL && interaction->state == UC_INTERACTION_ACTIVE)
    uc_intake_agent_typing (desk->desks->core->intake, interaction,
                            uc_json_bool (uc_json_get (typing, "on"), FALSE));
}

static void
on_seen (UsherDesk *desk, const UcJson *seen)
{
  const UcInteraction *interaction = own_interaction (desk, seen);

  if (interaction != NULL)
    uc_seen_up_to (desk->desks->seen, interaction->conversation, uc_json_int (uc_json_get (seen, "n"), 0));
}

static void
on_ping (UsherDesk *desk, const UcJson *ping)
{
  GString *out = uc_desk_frame ("pong");

  uc_json_add_int (out, "ping", uc_json_int (ping, 0));
  uc_json_add_int (out, "server_now", uc_clock_now ());
  uc_json_end (out);
  uc_desk_send_string (desk, out);
}

void
uc_desk_input (UsherDesk *desk, const char *text, size_t len)
{
  const UcJsonLimits limits = { MAX_FRAME, 16 };
  g_autoptr (GError) error = NULL;
  g_autoptr (UcJson) frame = NULL;
  const UcJson *part;

  if (desk->phase == UC_DESK_GONE)
    return;
  desk->heard_at = uc_clock_now ();
  frame = uc_json_parse (text, len, &limits, &error);
  if (frame == NULL || !uc_json_is_object (frame))
    {
      g_autofree char *message = g_strdup_printf ("a frame must be a JSON object: %s",
                                                  error != NULL ? error->message : "it is something else");

      uc_desk_end (desk, "protocol", message);
      return;
    }
  part = uc_json_get (frame, "hello");
  if (desk->phase == UC_DESK_OPEN)
    {
      if (part != NULL)
        uc_desk_hello (desk, part);
      else if (uc_json_get (frame, "call") != NULL)
        on_call (desk, frame); /* a front end without HTTP logs in here */
      else
        uc_desk_end (desk, "protocol", "the first frame must be hello");
      return;
    }
  if (part != NULL)
    uc_desk_end (desk, "protocol", "hello was said already");
  else if ((part = uc_json_get (frame, "ping")) != NULL)
    on_ping (desk, part);
  else if (desk->phase != UC_DESK_LIVE && desk->phase != UC_DESK_SYNCING)
    uc_desk_end (desk, "protocol", "wait for welcome");
  else if (uc_json_get (frame, "call") != NULL)
    on_call (desk, frame);
  else if ((part = uc_json_get (frame, "typing")) != NULL)
    on_typing (desk, part);
  else if ((part = uc_json_get (frame, "seen")) != NULL)
    on_seen (desk, part);
  /* Unknown frames are of a newer client: ignored. */
}
