/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stored rows back into memory. A row is checked before it is applied: a store that contradicts itself is
 * reported, with the row that does, and never crashes the daemon. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#include "core/base/json.h"

static gboolean wrong (GError **error, const UcEvent *row, const char *id, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static gboolean
wrong (GError **error, const UcEvent *row, const char *id, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "stored row %s of %s: %s", uc_event_type_name (row->type),
               id != NULL ? id : "(no id)", what);
  return FALSE;
}

static gboolean
check_absence (const UcEvent *row, UcAgentStatus asked, GError **error)
{
  UcPresence presence = UC_PRESENCE_NONE;

  if (row->state != NULL && !uc_presence_from_word (row->state, &presence))
    return wrong (error, row, row->agent, "'%s' is not a presence", row->state);
  if (presence == UC_PRESENCE_AWAY && row->deadline <= 0)
    return wrong (error, row, row->agent, "he is away, but not until when");
  if ((presence == UC_PRESENCE_AWAY || presence == UC_PRESENCE_LOST) && asked == UC_AGENT_LOGGED_OUT)
    return wrong (error, row, row->agent, "he is %s, but logged out", row->state);
  if (row->misses < 0 || row->misses > G_MAXUINT16 || row->return_at < 0)
    return wrong (error, row, row->agent, "misses or return_at is out of range");
  if (row->return_at > 0 && (asked == UC_AGENT_AVAILABLE || asked == UC_AGENT_LOGGED_OUT))
    return wrong (error, row, row->agent, "he returns by himself, but is %s", row->asked);
  return TRUE;
}

static gboolean
check_agent (UcEngine *engine, const UcEvent *row, GError **error)
{
  UcAgentStatus asked;

  if (uc_engine_agent (engine, row->agent) == NULL)
    return wrong (error, row, row->agent, "there is no such user");
  if (!uc_agent_status_from_word (row->asked, &asked) || asked == UC_AGENT_OFFERED || asked == UC_AGENT_BUSY
      || asked == UC_AGENT_POST_PROCESSING)
    return wrong (error, row, row->agent, "'%s' is not a status to ask for", row->asked != NULL ? row->asked : "");
  return check_absence (row, asked, error);
}

static gboolean
check_conversation (UcEngine *engine, const UcEvent *row, GError **error)
{
  const UcConversation *same;

  if (!uc_id_valid (row->conversation))
    return wrong (error, row, row->conversation, "the id is not valid");
  if (row->channel == NULL || row->network == NULL || row->identity == NULL)
    return wrong (error, row, row->conversation, "channel, network or identity is missing");
  if (row->last_n < 0)
    return wrong (error, row, row->conversation, "the number of the last line is negative");
  if (uc_engine_conversation (engine, row->conversation) != NULL)
    return wrong (error, row, row->conversation, "it is there twice");
  same = uc_engine_conversation_of (engine, row->channel, row->identity);
  if (same != NULL)
    return wrong (error, row, row->conversation, "%s on channel %s has a conversation already: %s", row->identity,
                  row->channel, same->id);
  return TRUE;
}

/* ---- interactions -------------------------------------------------------------------------------------- */

static gboolean
is (const char *word, const char *other)
{
  return g_strcmp0 (word, other) == 0;
}

static gboolean
check_names (UcEngine *engine, const UcEvent *row, GError **error)
{
  if (!uc_id_valid (row->interaction))
    return wrong (error, row, row->interaction, "the id is not valid");
  if (uc_engine_interaction (engine, row->interaction) != NULL)
    return wrong (error, row, row->interaction, "it is there twice");
  if (uc_engine_conversation (engine, row->conversation) == NULL)
    return wrong (error, row, row->interaction, "there is no conversation %s",
                  row->conversation != NULL ? row->conversation : "(none)");
  if (uc_engine_queue (engine, row->queue) == NULL)
    return wrong (error, row, row->interaction, "there is no queue %s",
                  row->queue != NULL ? row->queue : "(none)");
  if (row->agent != NULL && uc_engine_agent (engine, row->agent) == NULL)
    return wrong (error, row, row->interaction, "there is no user %s", row->agent);
  return TRUE;
}

static gboolean
check_place (UcEngine *engine, const UcEvent *row, GError **error)
{
  gboolean offered = is (row->state, "offered"), wrap_up = is (row->state, "wrap_up");

  if (!offered && !wrap_up && !is (row->state, "waiting") && !is (row->state, "active"))
    return wrong (error, row, row->interaction, "'%s' is not a state of open work",
                  row->state != NULL ? row->state : "");
  if ((row->agent == NULL) != is (row->state, "waiting"))
    return wrong (error, row, row->interaction, "%s",
                  row->agent == NULL ? "it has no agent" : "waiting, but with an agent");
  if (offered && row->offer == NULL)
    return wrong (error, row, row->interaction, "the id of its offer is missing");
  if (offered && uc_engine_agent (engine, row->agent)->offered > 0)
    return wrong (error, row, row->interaction, "%s has another offer already", row->agent);
  if (row->overdue && !wrap_up)
    return wrong (error, row, row->interaction, "%s, but overdue", row->state);
  if ((offered || (wrap_up && !row->overdue)) && row->deadline <= 0)
    return wrong (error, row, row->interaction, "the deadline is missing");
  if (offered && (row->since < 0 || row->since > row->deadline))
    return wrong (error, row, row->interaction, "it was offered after the end of the offer");
  return TRUE;
}

static gboolean
check_end (UcEngine *engine, const UcEvent *row, GError **error)
{
  const UcConversation *conversation = uc_engine_conversation (engine, row->conversation);
  const char *by = row->ended_by;

  if (by != NULL && !is (by, "agent") && !is (by, "customer") && !is (by, "system"))
    return wrong (error, row, row->interaction, "'%s' can't end a chat", by);
  if (is (row->state, "wrap_up") ? by == NULL : by != NULL && (!is (row->state, "active") || !is (by, "customer")))
    return wrong (error, row, row->interaction, "%s, but %s", row->state,
                  by != NULL ? "it has ended" : "it has not ended");
  if (by == NULL && conversation->open != NULL)
    return wrong (error, row, row->interaction, "conversation %s has an open interaction already: %s",
                  conversation->id, conversation->open->id);
  return TRUE;
}

static gboolean
is_array (const char *text)
{
  g_autoptr (UcJson) root = text != NULL ? uc_json_parse (text, strlen (text), NULL, NULL) : NULL;

  return text == NULL || uc_json_is_array (root);
}

static gboolean
check_crm (const UcEvent *row, GError **error)
{
  if (!is_array (row->codes) || !is_array (row->matches))
    return wrong (error, row, row->interaction, "its codes or matches are not JSON arrays");
  if (row->acceptance_ms < 0)
    return wrong (error, row, row->interaction, "its acceptance interval is negative");
  return TRUE;
}

static gboolean
check_save (const UcEvent *row, GError **error)
{
  if (row->status != NULL && !is (row->status, "requested") && !is (row->status, "queued")
      && !is (row->status, "saved") && !is (row->status, "failed"))
    return wrong (error, row, row->interaction, "'%s' is not a state of a save", row->status);
  return TRUE;
}

/* What the state gives no meaning to is left behind by an earlier one, and dropped. The strings are the row's. */
static UcEvent
normalized (const UcEvent *row)
{
  UcEvent copy = *row;

  if (!is (row->state, "offered"))
    copy.offer = NULL;
  if (is (row->state, "active") || row->deadline < 0
      || (is (row->state, "waiting") && (row->excluded == NULL || *row->excluded == '\0')))
    copy.deadline = 0;
  return copy;
}

static gboolean
restore_interaction (UcEngine *engine, const UcEvent *row, GError **error)
{
  UcEvent copy;

  if (!check_names (engine, row, error) || !check_place (engine, row, error) || !check_end (engine, row, error)
      || !check_save (row, error) || !check_crm (row, error))
    return FALSE;
  copy = normalized (row);
  uc_engine_apply (engine, &copy);
  return TRUE;
}

gboolean
uc_engine_restore (UcEngine *engine, const UcEvent *row, GError **error)
{
  gboolean right;

  switch (row->type)
    {
    case UC_EVENT_POLICY_CHANGED:
      right = uc_policy_check (row, error);
      break;
    case UC_EVENT_CODES_CHANGED:
      right = uc_codes_check (engine, row, error);
      break;
    case UC_EVENT_USER_CHANGED:
      right = uc_config_check_user (engine, row, error);
      if (!right)
        g_prefix_error (error, "stored row of %s: ", row->user != NULL ? row->user : "(no id)");
      break;
    case UC_EVENT_QUEUE_CHANGED:
      right = uc_config_check_queue (engine, row, error);
      break;
    case UC_EVENT_MEMBERSHIP_CHANGED:
      right = uc_config_check_membership (engine, row, error);
      break;
    case UC_EVENT_STATE_AGENT:
      right = check_agent (engine, row, error);
      break;
    case UC_EVENT_STATE_CONVERSATION:
      right = check_conversation (engine, row, error);
      break;
    case UC_EVENT_STATE_INTERACTION:
      return restore_interaction (engine, row, error);
    default:
      return wrong (error, row, NULL, "this type is not part of the state");
    }
  if (right)
    uc_engine_apply (engine, row);
  return right;
}

void
uc_engine_restored (UcEngine *engine, const char *seed, gint64 now, GPtrArray *events)
{
  UcCommand nobody = { .seed = seed };
  UcStep step = { engine, &nobody, seed, now, events, 0, NULL };

  g_return_if_fail (uc_id_valid (seed));
  uc_step_route (&step);
}

/* ---- conversations that come and go -------------------------------------------------------------------- */

void
uc_engine_add_conversation (UcEngine *engine, const UcEvent *row)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (row->type == UC_EVENT_STATE_CONVERSATION);
  if (uc_engine_conversation (engine, row->conversation) != NULL)
    return;
  if (check_conversation (engine, row, &error))
    uc_engine_apply (engine, row);
  else
    g_critical ("%s", error->message);
}

void
uc_engine_forget_conversation (UcEngine *engine, const char *id)
{
  UcConversation *conversation = g_hash_table_lookup (engine->conversations, id);

  if (conversation == NULL || conversation->interactions > 0)
    return;
  g_hash_table_remove (engine->addresses, conversation);
  g_hash_table_remove (engine->conversations, id);
}
