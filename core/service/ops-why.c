/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * interaction.waiting: who waits; interaction.why: why does nobody take this chat? For people who run a shift: its
 * place in line, and for every agent of its queue the first thing that stands against it. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/service/ops.h"
#include "core/service/view.h"

/* One agent and what was found about him. */
typedef struct
{
  const UcAgent *agent;
  UcVerdict verdict;
} Finding;

typedef struct
{
  UcCore *core;
  const UcInteraction *interaction;
  gboolean all;
  GArray *findings; /* of Finding */
  guint others;     /* who have nothing to do with its queue */
} Asking;

/* ---- words --------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *status, *code, *name; /* name: found */
} Reason;

static void
find_reason (const UcCodeList *list, gpointer data)
{
  Reason *reason = data;

  if (reason->name != NULL || g_strcmp0 (list->use, "status") != 0
      || g_strcmp0 (list->status, reason->status) != 0)
    return;
  for (guint i = 0; i < list->codes->len; i++)
    {
      const UcCode *code = list->codes->pdata[i];

      if (strcmp (code->id, reason->code) == 0)
        reason->name = code->name;
    }
}

/* A status that he asked for. What everybody sees may be something else yet: he finishes a chat. */
static char *
say_status (UcCore *core, const Finding *finding, const char *word)
{
  const UcAgent *agent = finding->agent;
  Reason reason = { uc_agent_status_word (agent->asked), agent->reason, NULL };

  if (agent->shown != agent->asked)
    return g_strdup_printf ("%s as soon as the present chat is over", word);
  if (agent->reason == NULL || *agent->reason == '\0')
    return g_strdup (word);
  uc_engine_each_code_list (core->engine, find_reason, &reason);
  return g_strdup_printf ("%s (reason %s)", word, reason.name != NULL ? reason.name : agent->reason);
}

static char *
say_load (const UcVerdict *verdict)
{
  g_autofree char *wrapping
      = verdict->wrapping > 0 ? g_strdup_printf (", %u of them in wrap-up", verdict->wrapping) : g_strdup ("");

  return g_strdup_printf ("has %u of at most %u chats%s", verdict->load, verdict->capacity, wrapping);
}

static const char *
say_having (const UcInteraction *interaction)
{
  return interaction->state == UC_INTERACTION_OFFERED   ? "is being offered it"
         : interaction->state == UC_INTERACTION_WRAP_UP ? "has it, in wrap-up"
                                                        : "has it";
}

/* Without times: whoever shows it knows the reader's clock. */
static char *
say_verdict (const Asking *asking, const Finding *finding)
{
  switch (finding->verdict.kind)
    {
    case UC_VERDICT_HAS_IT:
      return g_strdup (say_having (asking->interaction));
    case UC_VERDICT_USER_DISABLED:
      return g_strdup ("the account is disabled");
    case UC_VERDICT_NO_MEMBERSHIP:
      return g_strdup ("does not work this queue");
    case UC_VERDICT_MEMBERSHIP_OFF:
      return g_strdup ("has this queue switched off");
    case UC_VERDICT_QUEUE_DISABLED:
      return g_strdup ("works this queue, but it is disabled and gives out nothing");
    case UC_VERDICT_LOGGED_OUT:
      return say_status (asking->core, finding, "logged out");
    case UC_VERDICT_WORK_OFFLINE:
      return say_status (asking->core, finding, "working offline");
    case UC_VERDICT_ON_BREAK:
      return say_status (asking->core, finding, "on break");
    case UC_VERDICT_STOP_NEW:
      return g_strdup ("wants nothing new and is offline after the last chat");
    case UC_VERDICT_AWAY:
      return g_strdup ("the desk has lost its connection");
    case UC_VERDICT_LOST:
      return g_strdup ("the desk lost its connection and did not come back");
    case UC_VERDICT_HAS_OFFER:
      return g_strdup ("is being offered another chat");
    case UC_VERDICT_AT_CAPACITY:
      return say_load (&finding->verdict);
    case UC_VERDICT_TAKEN:
      return g_strdup ("could take it, but somebody else has it");
    case UC_VERDICT_DRAINING:
      return g_strdup ("able, but the server is about to restart and offers nothing");
    case UC_VERDICT_REFUSED:
      return g_strdup ("refused or missed it; it pauses before it is offered again");
    case UC_VERDICT_BEHIND:
      return g_strdup ("able, but another chat comes first");
    case UC_VERDICT_ABLE:
      return g_strdup ("able: it is offered next");
    }
  g_return_val_if_reached (NULL);
}

static char *
say_place (const Asking *asking, const UcPlace *place)
{
  const char *who = place->agent != NULL ? place->agent->name : NULL;
  GString *text;

  switch (place->state)
    {
    case UC_INTERACTION_WAITING:
      break;
    case UC_INTERACTION_OFFERED:
      return g_strdup_printf ("it is being offered to %s", who);
    case UC_INTERACTION_ACTIVE:
      return g_strdup_printf ("%s has it", who);
    case UC_INTERACTION_WRAP_UP:
    case UC_INTERACTION_CLOSED:
      return g_strdup_printf ("the chat is over; %s is doing the wrap-up", who);
    }
  text = g_string_new (NULL);
  g_string_printf (text, "it waits at place %u of %u in the queue %s", place->position, place->waiting,
                   place->queue->name);
  if (!place->queue->enabled)
    g_string_append (text, ", which is disabled");
  if (place->refusals > 0)
    g_string_append_printf (text, "; %u agent%s refused or missed it", place->refusals,
                            place->refusals == 1 ? "" : "s");
  if (place->until != 0)
    g_string_append (text, ", and it pauses before they are asked again");
  return g_string_free (text, FALSE);
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static gboolean
works_queue (const UcAgent *agent, const UcQueue *queue)
{
  for (guint i = 0; i < agent->memberships->len; i++)
    if (((const UcMembership *)agent->memberships->pdata[i])->queue == queue)
      return TRUE;
  return FALSE;
}

static void
find (const UcAgent *agent, gpointer data)
{
  Asking *asking = data;
  Finding finding = { .agent = agent };

  if (!asking->all && agent != asking->interaction->agent && !works_queue (agent, asking->interaction->queue))
    {
      asking->others++;
      return;
    }
  uc_engine_why_agent (asking->core->engine, asking->interaction, agent, &finding.verdict);
  g_array_append_val (asking->findings, finding);
}

/* Who has it; then those who come nearest to getting it: of whom the last condition fails. */
static gint
by_nearness (gconstpointer a, gconstpointer b)
{
  const Finding *one = a, *other = b;
  gboolean has = one->verdict.kind == UC_VERDICT_HAS_IT, others = other->verdict.kind == UC_VERDICT_HAS_IT;

  if (has != others)
    return has ? -1 : 1;
  if (one->verdict.kind != other->verdict.kind)
    return one->verdict.kind > other->verdict.kind ? -1 : 1;
  return g_utf8_collate (one->agent->name, other->agent->name);
}

/* Since when that holds; 0 = that is not known. */
static gint64
since_of (const Finding *finding)
{
  switch (finding->verdict.kind)
    {
    case UC_VERDICT_LOGGED_OUT:
    case UC_VERDICT_WORK_OFFLINE:
    case UC_VERDICT_ON_BREAK:
      return finding->agent->shown == finding->agent->asked ? finding->verdict.since : 0;
    case UC_VERDICT_AWAY:
    case UC_VERDICT_LOST:
      return finding->agent->presence_since;
    default:
      return 0;
    }
}

static void
add_finding (GString *out, const Asking *asking, UcOpCall *call, const Finding *finding)
{
  const UcVerdict *verdict = &finding->verdict;
  g_autofree char *text = say_verdict (asking, finding);

  uc_json_begin_object (out, NULL);
  uc_json_add_string (out, "agent", finding->agent->id);
  uc_json_add_string (out, "name", finding->agent->name);
  uc_json_add_string (out, "verdict", uc_verdict_word (verdict->kind));
  uc_json_add_string (out, "text", text);
  uc_json_add_int (out, "since", since_of (finding));
  /* Of one who is away it is the time when his chats go back in line, not when he returns. */
  uc_json_add_int (out, "until", verdict->kind != UC_VERDICT_AWAY ? verdict->until : 0);
  uc_json_add_string (out, "status", uc_agent_status_word (verdict->status));
  uc_json_add_int (out, "load", verdict->load);
  uc_json_add_int (out, "capacity", verdict->capacity);
  /* It may be of a queue that who asks does not supervise. */
  if (verdict->other != NULL && uc_op_supervises (call, verdict->other->queue->id))
    uc_json_add_string (out, "other", verdict->other->id);
  else
    uc_json_add_null (out, "other");
  uc_json_end (out);
}

/* What was found is of now; nobody is told before it is durable. */
typedef struct
{
  UcOpCall *call;
  char *text;
} Waiting;

static void
on_durable (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Waiting *waiting = data;
  g_autofree char *text = waiting->text;

  if (error != NULL)
    uc_op_fail (waiting->call, error);
  else
    uc_op_reply (waiting->call, text);
}

static void
reply_when_durable (UcOpCall *call, const char *text)
{
  Waiting *waiting = g_new (Waiting, 1);

  *waiting = (Waiting){ call, g_strdup (text) };
  uc_core_barrier (call->core, on_durable, waiting);
}

static void
answer (UcOpCall *call, const UcInteraction *interaction)
{
  g_autoptr (GArray) findings = g_array_new (FALSE, FALSE, sizeof (Finding));
  Asking asking = { call->core, interaction, uc_op_bool (call, "all", FALSE), findings, 0 };
  g_autoptr (GString) out = g_string_sized_new (4096);
  g_autofree char *text = NULL;
  UcPlace place;

  uc_engine_why_place (call->core->engine, interaction, &place);
  uc_engine_each_agent (call->core->engine, find, &asking);
  g_array_sort (findings, by_nearness);
  text = say_place (&asking, &place);
  uc_json_begin (out);
  uc_json_add_string (out, "interaction", interaction->id);
  uc_json_add_string (out, "state", uc_interaction_state_word (place.state));
  uc_json_add_string (out, "text", text);
  uc_json_add_string (out, "queue", place.queue->id);
  uc_json_add_string (out, "queue_name", place.queue->name);
  uc_json_add_string (out, "agent", place.agent != NULL ? place.agent->id : NULL);
  uc_json_add_string (out, "agent_name", place.agent != NULL ? place.agent->name : NULL);
  uc_json_add_int (out, "since", place.since);
  uc_json_add_int (out, "until", place.until);
  uc_json_add_int (out, "enqueued_at", place.enqueued_at);
  uc_json_add_int (out, "boost", place.boost);
  uc_json_add_int (out, "place", place.position);
  uc_json_add_int (out, "ahead", place.before);
  uc_json_add_int (out, "waiting", place.waiting);
  uc_json_add_int (out, "refusals", place.refusals);
  uc_json_begin_array (out, "agents");
  for (guint i = 0; i < findings->len; i++)
    add_finding (out, &asking, call, &g_array_index (findings, Finding, i));
  uc_json_end_array (out);
  uc_json_add_int (out, "others", asking.others);
  uc_json_end (out);
  reply_when_durable (call, out->str);
}

/* ---- those that are over ------------------------------------------------------------------------------- */

static void
fail_unknown (UcOpCall *call)
{
  uc_op_fail_with (call, UC_ERROR_NOT_FOUND,
                   "there is no such interaction, or it is not of a queue that you supervise");
}

static const char *
say_closed (const char *cause)
{
  static const char *const causes[][2] = {
    { "manual", "it is closed: an agent had it and ended the wrap-up" },
    { "timed_out", "it is closed: an agent had it, and the time for the wrap-up was over" },
    { "none", "it is closed: an agent had it and ended the chat" },
    { "abandoned", "it is closed: the customer left before anybody took it" },
    { "uncoded", "it is closed: an agent had it and did not choose a required code in time" },
    { "agent_lost", "it is closed: its agent lost the connection after the chat was over" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (causes); i++)
    if (g_strcmp0 (causes[i][0], cause) == 0)
      return causes[i][1];
  return "it is closed";
}

static void
on_row (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  const UcEvent *row = result == UC_STORE_OK && rows->len > 0 ? rows->pdata[0] : NULL;
  g_autoptr (GString) out = NULL;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return;
    }
  if (row == NULL || !uc_op_supervises (call, row->queue))
    {
      fail_unknown (call);
      return;
    }
  out = g_string_new (NULL);
  uc_json_begin (out);
  uc_json_add_string (out, "interaction", row->interaction);
  uc_json_add_string (out, "state", "closed");
  uc_json_add_string (out, "text", say_closed (uc_engine_closed_cause (call->core->engine, row->interaction)));
  uc_json_add_string (out, "queue", row->queue);
  uc_json_add_string (out, "agent", row->agent);
  uc_json_add_int (out, "enqueued_at", row->enqueued_at);
  uc_json_add_int (out, "since", row->ended_at);
  uc_json_begin_array (out, "agents");
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
interaction_why (UcOpCall *call)
{
  const char *id = uc_op_string (call, "interaction");
  const UcInteraction *interaction = uc_engine_interaction (call->core->engine, id);
  UcInteractionQuery query = { .interaction = id, .limit = 1 };

  if (interaction == NULL)
    uc_store_interactions (call->core->store, &query, on_row, call);
  else if (uc_op_supervises (call, interaction->queue->id))
    answer (call, interaction);
  else
    fail_unknown (call);
}

/* ---- who waits ----------------------------------------------------------------------------------------- */

typedef struct
{
  UcOpCall *call;
  const char *queue; /* NULL = all that the caller supervises */
  GPtrArray *list;   /* of UcInteraction* */
} Gathering;

static void
gather (const UcInteraction *interaction, gpointer data)
{
  Gathering *gathering = data;

  if (interaction->state == UC_INTERACTION_WAITING
      && (gathering->queue == NULL || strcmp (gathering->queue, interaction->queue->id) == 0)
      && uc_op_supervises (gathering->call, interaction->queue->id))
    g_ptr_array_add (gathering->list, (gpointer)interaction);
}

/* As routing sees them: by the static key of their place. */
static gint
by_place (gconstpointer a, gconstpointer b)
{
  const UcInteraction *one = *(UcInteraction *const *)a, *other = *(UcInteraction *const *)b;
  gint64 key = one->enqueued_at - one->boost, others = other->enqueued_at - other->boost;

  return key != others ? (key < others ? -1 : 1) : strcmp (one->id, other->id);
}

static void
interaction_waiting (UcOpCall *call)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  Gathering gathering = { call, uc_op_string (call, "queue"), list };
  guint limit = (guint)uc_op_int (call, "limit", 50);
  g_autoptr (GString) out = g_string_sized_new (4096);

  uc_engine_each_interaction (call->core->engine, gather, &gathering);
  g_ptr_array_sort (list, by_place);
  uc_json_begin (out);
  uc_json_begin_array (out, "interactions");
  for (guint i = 0; i < MIN (limit, list->len); i++)
    {
      uc_view_interaction_open (out, NULL, call->core, list->pdata[i]);
      uc_json_end (out);
    }
  uc_json_end_array (out);
  uc_json_add_int (out, "waiting", list->len);
  uc_json_end (out);
  reply_when_durable (call, out->str);
}

/* ---- table --------------------------------------------------------------------------------------------- */

static const UcOpArg waiting_args[] = {
  { "queue", UC_ARG_STRING, FALSE, 0, 100, "of this queue only" },
  { "limit", UC_ARG_INT, FALSE, 1, 200, "at most so many; default 50" },
  { NULL },
};
static const UcOpArg why_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id" },
  { "all", UC_ARG_BOOL, FALSE, 0, 0, "also those who do not work its queue; otherwise they are counted" },
  { NULL },
};

const UcOp uc_ops_why[] = {
  { "interaction.waiting", "supervise", UC_OP_NO_USER, waiting_args, interaction_waiting,
    "Interactions that wait, in the order of their places." },
  { "interaction.why", "supervise", UC_OP_NO_USER, why_args, interaction_why,
    "Why nobody takes it: its place in line, and for each agent what stands against it." },
  { NULL },
};
