/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The oracle: the commands, and the comparison with what the engine did. See oracle.h.
 */
#include "tests/simulation/oracle-private.h"

static void
work_free (Work *work)
{
  g_ptr_array_unref (work->codes);
  g_free (work);
}

Oracle *
oracle_new (OracleFault fault)
{
  Oracle *oracle = g_new0 (Oracle, 1);

  oracle->fault = fault;
  oracle->agents = g_ptr_array_new_with_free_func (g_free);
  oracle->queues = g_ptr_array_new_with_free_func (g_free);
  oracle->memberships = g_ptr_array_new_with_free_func (g_free);
  oracle->work = g_ptr_array_new_with_free_func ((GDestroyNotify)work_free);
  oracle->talks = g_ptr_array_new_with_free_func (g_free);
  oracle->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)oracle_list_free);
  oracle->acts = g_array_new (FALSE, FALSE, sizeof (Act));
  oracle->words = g_string_chunk_new (1024);
  oracle_preset (oracle, "8x8");
  return oracle;
}

void
oracle_free (Oracle *oracle)
{
  g_ptr_array_unref (oracle->agents);
  g_ptr_array_unref (oracle->queues);
  g_ptr_array_unref (oracle->memberships);
  g_ptr_array_unref (oracle->work);
  g_ptr_array_unref (oracle->talks);
  g_ptr_array_unref (oracle->lists);
  g_array_unref (oracle->acts);
  g_string_chunk_free (oracle->words);
  g_free (oracle);
}

gpointer
oracle_find (GPtrArray *list, const char *id)
{
  for (guint i = 0; i < list->len && id != NULL; i++)
    if (strcmp (*(char **)list->pdata[i], id) == 0)
      return list->pdata[i];
  return NULL;
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static Talk *
talk_at (Oracle *oracle, const char *channel, const char *identity)
{
  for (guint t = 0; t < oracle->talks->len; t++)
    {
      Talk *talk = oracle->talks->pdata[t];

      if (is (talk->channel, channel) && is (talk->identity, identity))
        return talk;
    }
  return NULL;
}

static void
queue_up (Oracle *oracle, const UcCommand *command, Talk *talk, const Queue *queue)
{
  Work *work = g_new0 (Work, 1);

  *work = (Work){ .id = command->new_interaction,
                  .talk = talk,
                  .queue = queue,
                  .state = WAITING,
                  .key = oracle->now - (oracle->fault == ORACLE_NO_BOOST ? 0 : queue->boost),
                  .acceptance_ms = command->acceptance_ms,
                  .codes = g_ptr_array_new () };
  talk->open = work;
  g_ptr_array_add (oracle->work, work);
  oracle_act (oracle, UC_EVENT_INTERACTION_QUEUED, work, NULL, "new", 0);
}

static gboolean
has_content (const UcCommand *command)
{
  return (command->text != NULL && *command->text != '\0')
         || (command->attachments != NULL && !is (command->attachments, "[]"));
}

static gboolean
receive (Oracle *oracle, const UcCommand *command)
{
  Talk *talk = talk_at (oracle, command->channel, command->identity);
  const Queue *queue = oracle_find (oracle->queues, command->queue);
  gboolean starts = !command->passive && (talk == NULL || talk->open == NULL);

  if (command->channel == NULL || command->network == NULL || command->identity == NULL
      || command->new_message == NULL || !has_content (command) || command->window_until < 0
      || command->tagged_until < 0 || command->acceptance_ms < 0
      || (command->acceptance_ms > 0 && (command->acceptance_ms < 1000 || command->acceptance_ms > 900000))
      || (talk == NULL && command->new_conversation == NULL)
      || (starts && (queue == NULL || command->new_interaction == NULL)))
    return FALSE;
  if (talk == NULL)
    {
      talk = g_new0 (Talk, 1);
      *talk = (Talk){ command->new_conversation, command->channel, command->identity, NULL };
      g_ptr_array_add (oracle->talks, talk);
    }
  if (starts)
    queue_up (oracle, command, talk, queue);
  return TRUE;
}

static void
end (Oracle *oracle, Work *work, const char *by, gint64 deadline)
{
  if (work->ended_at == 0)
    work->ended_at = oracle->now;
  oracle_act (oracle, UC_EVENT_INTERACTION_ENDED, work, work->agent, by, deadline);
  if (work->talk->open == work)
    work->talk->open = NULL;
}

static gboolean
customer_end (Oracle *oracle, const UcCommand *command)
{
  Talk *talk = oracle_find (oracle->talks, command->conversation);
  Work *work = talk != NULL ? talk->open : NULL;
  Agent *agent;

  if (talk == NULL || work == NULL)
    return talk != NULL;
  if (work->state == ACTIVE)
    {
      work->left = TRUE;
      end (oracle, work, "customer", 0);
      return TRUE;
    }
  agent = work->agent;
  if (work->state == OFFERED)
    oracle_act (oracle, UC_EVENT_OFFER_ENDED, work, agent, "customer_left", 0);
  work->state = WAITING;
  work->agent = NULL;
  if (agent != NULL)
    oracle_settle (oracle, agent);
  end (oracle, work, "customer", 0);
  oracle_close (oracle, work, "abandoned");
  return TRUE;
}

/* ---- agents -------------------------------------------------------------------------------------------- */

static Work *
his (Oracle *oracle, const UcCommand *command, State state)
{
  const Agent *agent = oracle_find (oracle->agents, command->agent);
  Work *work = oracle_find (oracle->work, command->interaction);

  return agent != NULL && work != NULL && work->agent == agent && work->state == state ? work : NULL;
}

static gboolean
take_offer (Oracle *oracle, const UcCommand *command)
{
  Work *work = his (oracle, command, OFFERED);

  if (work == NULL || oracle->now >= work->deadline)
    return FALSE;
  if (command->type == UC_COMMAND_ACCEPT)
    oracle_accept (oracle, work);
  else if (!work->agent->may_reject || !oracle_reason (oracle, "reject", NULL, command->reason))
    return FALSE;
  else
    oracle_not_taken (oracle, work, FALSE);
  return TRUE;
}

static gboolean
end_chat (Oracle *oracle, const UcCommand *command)
{
  Work *work = his (oracle, command, ACTIVE);
  gint64 wrap_up = work != NULL ? work->queue->post_processing_ms : 0;

  if (work == NULL)
    return FALSE;
  if (wrap_up > 0)
    work->deadline = oracle->now + wrap_up;
  if (!work->left || wrap_up > 0)
    end (oracle, work, work->left ? "customer" : "agent", work->deadline);
  if (wrap_up > 0)
    work->state = WRAP_UP;
  else if (oracle_lacks_codes (oracle, work))
    oracle_overdue (oracle, work);
  else
    oracle_handled (oracle, work, "none");
  return TRUE;
}

static gboolean
wrap_up_done (Oracle *oracle, const UcCommand *command)
{
  Work *work = his (oracle, command, WRAP_UP);

  if (work == NULL || oracle_lacks_codes (oracle, work))
    return FALSE;
  oracle_handled (oracle, work, "manual");
  return TRUE;
}

static gboolean
set_codes (Oracle *oracle, const UcCommand *command)
{
  Work *work = oracle_find (oracle->work, command->interaction);

  if (work == NULL || (work->state != ACTIVE && work->state != WRAP_UP)
      || (command->agent != NULL && !is (command->agent, work->agent->id))
      || !oracle_choose_codes (oracle, work, command->codes))
    return FALSE;
  if (work->overdue && !oracle_lacks_codes (oracle, work))
    oracle_handled (oracle, work, "manual");
  return TRUE;
}

static gboolean
may_have (Oracle *oracle, const UcCommand *command, const Agent *agent, const char *asked, const char *cause)
{
  gboolean out = is (asked, "logged_out");

  if (is (agent->asked, "logged_out") && !out && !is (cause, "login"))
    return FALSE;
  if ((!out && !agent->enabled) || oracle_offer_of (oracle, agent) != NULL
      || (out && oracle_load (oracle, agent) > 0))
    return FALSE;
  return (is (asked, agent->asked) && command->reason == NULL) || !is (command->by, agent->id)
         || (command->cause != NULL && !is (command->cause, "by_hand"))
         || oracle_reason (oracle, "status", asked, command->reason);
}

static gboolean
set_status (Oracle *oracle, const UcCommand *command)
{
  static const char *const words[] = { "available", "on_break", "work_offline", "logged_out", NULL };
  Agent *agent = oracle_find (oracle->agents, command->agent);
  const char *asked = command->status != NULL        ? command->status
                      : is (command->cause, "login") ? oracle->policy.on_login
                                                     : "nothing";
  const char *cause = command->cause != NULL ? command->cause : is (asked, "logged_out") ? "logout" : "by_hand";

  if (agent == NULL || !g_strv_contains (words, asked)
      || (is (cause, "login")    ? is (asked, "logged_out")
          : is (cause, "logout") ? !is (asked, "logged_out")
                                 : !is (cause, "by_hand")))
    return FALSE;
  if (is (cause, "login") ? !is (agent->asked, "logged_out")
                          : is (asked, "logged_out") && is (agent->asked, "logged_out"))
    return TRUE;
  if (!may_have (oracle, command, agent, asked, cause))
    return FALSE;
  if (is (asked, "available"))
    {
      if (!is (agent->asked, "available") || agent->stop_new)
        agent->idle_since = oracle->now;
      agent->stop_new = FALSE;
    }
  agent->asked = asked;
  agent->return_at = 0;
  oracle_settle (oracle, agent);
  if (is (asked, "logged_out") && (is (agent->presence, "away") || is (agent->presence, "lost")))
    oracle_presence (oracle, agent, "none", 0);
  return TRUE;
}

static gboolean
stop_new (Oracle *oracle, const UcCommand *command)
{
  Agent *agent = oracle_find (oracle->agents, command->agent);

  if (agent == NULL || is (agent->asked, "logged_out"))
    return FALSE;
  if (command->enabled)
    {
      agent->stop_new = TRUE;
      agent->return_at = 0;
    }
  else if (agent->stop_new)
    {
      agent->stop_new = FALSE;
      agent->asked = "available";
      agent->idle_since = oracle->now;
      agent->return_at = 0;
    }
  oracle_settle (oracle, agent);
  return TRUE;
}

static gboolean
presence (Oracle *oracle, const UcCommand *command)
{
  static const char *const words[] = { "here", "away", "none", NULL };
  Agent *agent = oracle_find (oracle->agents, command->agent);

  if (agent == NULL || command->state == NULL || !g_strv_contains (words, command->state))
    return FALSE;
  if (!is (command->state, "away"))
    {
      if (!is (agent->presence, command->state))
        oracle_presence (oracle, agent, command->state, 0);
    }
  else if (is (agent->presence, "here") && is (agent->asked, "logged_out"))
    oracle_presence (oracle, agent, "none", 0);
  else if (is (agent->presence, "here"))
    {
      oracle_presence (oracle, agent, "away", oracle->now + oracle->policy.grace_ms);
      oracle_presence_due (oracle, agent);
    }
  return TRUE;
}

/* Offers are taken back in the order of the ids. */
static gboolean
drain (Oracle *oracle, const UcCommand *command)
{
  if (!command->enabled && command->removed)
    return FALSE;
  oracle->draining = command->enabled != 0;
  while (command->removed)
    {
      Work *first = NULL;

      for (guint w = 0; w < oracle->work->len; w++)
        {
          Work *work = oracle->work->pdata[w];

          if (work->state == OFFERED && (first == NULL || strcmp (work->id, first->id) < 0))
            first = work;
        }
      if (first == NULL)
        break;
      oracle_give_back (oracle, first, "withdrawn");
    }
  return TRUE;
}

/* ---- what must happen ---------------------------------------------------------------------------------- */

/* FALSE = refused. *judged FALSE: it has nothing to do with who gets what, and no matter whether it is refused. */
static gboolean
obey (Oracle *oracle, const UcCommand *command, gboolean *judged)
{
  switch (command->type)
    {
    case UC_COMMAND_PUT_USER:
      return oracle_put_user (oracle, command);
    case UC_COMMAND_PUT_QUEUE:
      return oracle_put_queue (oracle, command);
    case UC_COMMAND_PUT_MEMBERSHIP:
      return oracle_put_membership (oracle, command);
    case UC_COMMAND_PUT_POLICY:
      return oracle_put_policy (oracle, command);
    case UC_COMMAND_PUT_CODES:
      return oracle_put_list (oracle, command);
    case UC_COMMAND_SET_STATUS:
      return set_status (oracle, command);
    case UC_COMMAND_STOP_NEW:
      return stop_new (oracle, command);
    case UC_COMMAND_PRESENCE:
      return presence (oracle, command);
    case UC_COMMAND_RECEIVE:
      return receive (oracle, command);
    case UC_COMMAND_CUSTOMER_END:
      return customer_end (oracle, command);
    case UC_COMMAND_ACCEPT:
    case UC_COMMAND_REJECT:
      return take_offer (oracle, command);
    case UC_COMMAND_END:
      return end_chat (oracle, command);
    case UC_COMMAND_WRAP_UP_DONE:
      return wrap_up_done (oracle, command);
    case UC_COMMAND_SET_CODES:
      *judged = command->queue == NULL || oracle_find (oracle->work, command->interaction) != NULL;
      return set_codes (oracle, command);
    case UC_COMMAND_DRAIN:
      return drain (oracle, command);
    case UC_COMMAND_TICK:
      oracle_tick (oracle);
      return TRUE;
    default:
      *judged = FALSE;
      return TRUE;
    }
}

static gboolean
is_about_routing (UcEventType type)
{
  switch (type)
    {
    case UC_EVENT_INTERACTION_QUEUED:
    case UC_EVENT_INTERACTION_OFFERED:
    case UC_EVENT_OFFER_ENDED:
    case UC_EVENT_INTERACTION_ACCEPTED:
    case UC_EVENT_INTERACTION_ENDED:
    case UC_EVENT_INTERACTION_OVERDUE:
    case UC_EVENT_INTERACTION_CLOSED:
    case UC_EVENT_AGENT_PRESENCE:
      return TRUE;
    default:
      return FALSE;
    }
}

static guint64
agents_in (Oracle *oracle, const char *list)
{
  g_auto (GStrv) ids = g_strsplit (list, ",", -1);
  guint64 set = 0;

  for (gsize i = 0; ids[i] != NULL; i++)
    {
      const Agent *agent = oracle_find (oracle->agents, ids[i]);

      if (agent != NULL)
        set |= G_GUINT64_CONSTANT (1) << agent->bit;
    }
  return set;
}

static const char *
cause_of (const UcEvent *event)
{
  return event->type == UC_EVENT_AGENT_PRESENCE      ? event->state
         : event->type == UC_EVENT_INTERACTION_ENDED ? event->ended_by
                                                     : event->cause;
}

static gboolean
same (Oracle *oracle, const Act *act, const UcEvent *event)
{
  return act->type == event->type && is (act->interaction, event->interaction) && is (act->agent, event->agent)
         && is (act->cause, cause_of (event)) && act->deadline == event->deadline
         && act->ended_at == event->ended_at
         && act->refused == (event->excluded != NULL ? agents_in (oracle, event->excluded) : 0);
}

static char *
say (const char *type, const char *interaction, const char *agent, const char *cause, gint64 deadline)
{
  return g_strdup_printf ("%s of %s agent %s cause %s until %" G_GINT64_FORMAT, type,
                          interaction != NULL ? interaction : "-", agent != NULL ? agent : "-",
                          cause != NULL ? cause : "-", deadline);
}

static char *
differs (Oracle *oracle, guint a, const UcEvent *event)
{
  const Act *act = a < oracle->acts->len ? &g_array_index (oracle->acts, Act, a) : NULL;
  g_autofree char *must = act == NULL ? g_strdup ("nothing")
                                      : say (uc_event_type_name (act->type), act->interaction, act->agent,
                                             act->cause, act->deadline);
  g_autofree char *did = event == NULL ? g_strdup ("nothing")
                                       : say (uc_event_type_name (event->type), event->interaction, event->agent,
                                              cause_of (event), event->deadline);

  return g_strdup_printf ("ORACLE act %u must be: %s; the engine did: %s", a, must, did);
}

char *
oracle_step (Oracle *oracle, const UcCommand *command, gint64 now, gboolean done, GPtrArray *events)
{
  gboolean judged = TRUE, taken;
  guint a = 0;

  oracle->now = now;
  g_array_set_size (oracle->acts, 0);
  if (command->type == 0)
    oracle->draining = FALSE; /* that is all a restart forgets */
  taken = obey (oracle, command, &judged);
  if (judged && taken != done)
    return g_strdup_printf ("REFUSAL the command must be %s; the engine %s it", taken ? "taken" : "refused",
                            done ? "took" : "refused");
  if (taken && done)
    oracle_route (oracle);
  for (guint e = 0; e < events->len; e++)
    {
      const UcEvent *event = events->pdata[e];

      if (!is_about_routing (event->type))
        continue;
      if (a == oracle->acts->len || !same (oracle, &g_array_index (oracle->acts, Act, a), event))
        return differs (oracle, a, event);
      a++;
    }
  return a < oracle->acts->len ? differs (oracle, a, NULL) : NULL;
}

char *
oracle_compare (Oracle *oracle, UcEngine *engine)
{
  for (guint a = 0; a < oracle->agents->len; a++)
    {
      const Agent *must = oracle->agents->pdata[a];
      const UcAgent *agent = uc_engine_agent (engine, must->id);

      if (!is (must->asked, uc_agent_status_word (agent->asked)) || must->stop_new != agent->stop_new
          || must->idle_since != agent->idle_since || must->misses != agent->misses
          || must->return_at != agent->return_at || !is (must->presence, uc_presence_word (agent->presence))
          || must->presence_deadline != agent->presence_deadline)
        return g_strdup_printf (
            "STANDING %s must be: %s%s, %s, idle %" G_GINT64_FORMAT " misses %" G_GINT64_FORMAT
            " returns %" G_GINT64_FORMAT "; is: %s%s, %s, idle %" G_GINT64_FORMAT
            " misses %u returns %" G_GINT64_FORMAT,
            must->id, must->asked, must->stop_new ? " stop_new" : "", must->presence, must->idle_since,
            must->misses, must->return_at, uc_agent_status_word (agent->asked), agent->stop_new ? " stop_new" : "",
            uc_presence_word (agent->presence), agent->idle_since, agent->misses, agent->return_at);
    }
  return NULL;
}
