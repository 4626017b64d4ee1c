/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a centre consists of: users, queues, memberships. The same checks stand in front of a command and of a
 * stored row. Changes count at once; a definition that is there already is no event. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define CAPACITY_MAX 100
#define POST_PROCESSING_MAX G_GINT64_CONSTANT (86400000)
#define BOOST_MAX (366 * G_GINT64_CONSTANT (86400000))

gboolean
uc_config_invalid (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (UC_ERROR, UC_ERROR_INVALID, format, args);
  va_end (args);
  return FALSE;
}

gboolean
uc_config_check_id (const char *what, const char *id, GError **error)
{
  if (uc_id_valid (id))
    return TRUE;
  return uc_config_invalid (error,
                            "%s: the id '%s' must be 1 to 128 printable ASCII characters without spaces or commas",
                            what, id != NULL ? id : "");
}

gboolean
uc_config_check_range (const char *what, const char *id, const char *member, gint64 value, gint64 min, gint64 max,
                       GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  return uc_config_invalid (
      error, "%s %s: %s must be from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT, what,
      id, member, min, max, value);
}

gboolean
uc_config_check_word (const char *what, const char *id, const char *member, const char *value,
                      const char *const *words, GError **error)
{
  g_autofree char *choice = NULL;

  if (value != NULL && g_strv_contains (words, value))
    return TRUE;
  choice = g_strjoinv (", ", (char **)words);
  return uc_config_invalid (error, "%s %s: %s must be one of %s; not '%s'", what, id, member, choice,
                            value != NULL ? value : "");
}

gboolean
uc_config_check_acceptance (const char *what, const char *id, gint64 value, GError **error)
{
  return value == 0
         || uc_config_check_range (what, id, "acceptance_ms", value, UC_ACCEPTANCE_MIN_MS, UC_ACCEPTANCE_MAX_MS,
                                   error);
}

/* Who is meant, for people: an id made for a user who never came to be tells nobody anything. */
static const char *
shown_user (UcEngine *engine, const UcEvent *event)
{
  if (event->user != NULL && g_hash_table_contains (engine->agents, event->user))
    return event->user;
  return event->login != NULL && *event->login != '\0' ? event->login : "(new)";
}

static gboolean
is_permission (const char *word)
{
  if (*word == '\0')
    return FALSE;
  for (; *word != '\0'; word++)
    if (!g_ascii_islower (*word) && *word != '_' && *word != '.')
      return FALSE;
  return TRUE;
}

static gboolean
check_permissions (UcEngine *engine, const UcEvent *event, GError **error)
{
  g_auto (GStrv) words = g_strsplit (event->permissions != NULL ? event->permissions : "", ",", -1);

  for (gsize w = 0; words[w] != NULL; w++)
    if (!is_permission (words[w]))
      return uc_config_invalid (
          error, "user %s: permissions must be words of a-z, '.' and '_' separated by commas; '%s' is not one",
          shown_user (engine, event), words[w]);
  return TRUE;
}

static gboolean
check_login (UcEngine *engine, const UcEvent *event, GError **error)
{
  const char *login = event->login != NULL ? event->login : "";
  const UcAgent *holder = g_hash_table_lookup (engine->logins, login);

  if (*login == '\0')
    return uc_config_invalid (error, "user %s: the login is missing", shown_user (engine, event));
  for (const char *at = login; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_isspace (g_utf8_get_char (at)) || g_unichar_iscntrl (g_utf8_get_char (at)))
      return uc_config_invalid (error, "user %s: the login must have no spaces", shown_user (engine, event));
  if (holder != NULL && strcmp (holder->id, event->user) != 0)
    return uc_config_invalid (error, "user %s: the login '%s' belongs to %s (%s) already; choose another",
                              shown_user (engine, event), login, holder->name, holder->id);
  return TRUE;
}

static gboolean
has_word (const char *list, const char *word)
{
  g_auto (GStrv) words = g_strsplit (list != NULL ? list : "", ",", -1);

  return g_strv_contains ((const char *const *)words, word);
}

gboolean
uc_config_check_user (UcEngine *engine, const UcEvent *event, GError **error)
{
  const char *who = shown_user (engine, event);

  if (!uc_config_check_id ("user", event->user, error) || !check_login (engine, event, error))
    return FALSE;
  if (event->name == NULL || *event->name == '\0')
    return uc_config_invalid (error, "user %s: the name is missing", who);
  if (g_strcmp0 (event->role, "agent") != 0 && g_strcmp0 (event->role, "supervisor") != 0
      && g_strcmp0 (event->role, "administrator") != 0)
    return uc_config_invalid (error, "user %s: the role must be agent, supervisor or administrator, not '%s'", who,
                              event->role != NULL ? event->role : "");
  if (event->permissions != NULL && *event->permissions != '\0' && !check_permissions (engine, event, error))
    return FALSE;
  if (event->scope != NULL && strcmp (event->scope, "all") != 0 && strcmp (event->scope, "queues") != 0)
    return uc_config_invalid (error, "user %s: the scope must be all or queues, not '%s'", who, event->scope);
  if (event->auto_accept && has_word (event->permissions, "interaction.reject"))
    return uc_config_invalid (error,
                              "user %s: auto_accept and the permission interaction.reject exclude each other: who "
                              "accepts everything at once has nothing to reject",
                              who);
  return uc_config_check_range ("user", who, "capacity", event->capacity, 1, CAPACITY_MAX, error)
         && uc_config_check_acceptance ("user", who, event->acceptance_ms, error);
}

/* NULL = the default. */
static gboolean
check_case_state (const UcEvent *event, const char *member, const char *state, GError **error)
{
  static const char *const states[] = { "open", "closed", NULL };

  return state == NULL || uc_config_check_word ("queue", event->queue, member, state, states, error);
}

gboolean
uc_config_check_queue (UcEngine *engine, const UcEvent *event, GError **error)
{
  if (!uc_config_check_id ("queue", event->queue, error))
    return FALSE;
  if (event->name == NULL || *event->name == '\0')
    return uc_config_invalid (error, "queue %s: the name is missing", event->queue);
  return uc_config_check_range ("queue", event->queue, "post_processing_ms", event->post_processing_ms, 0,
                                POST_PROCESSING_MAX, error)
         && uc_config_check_range ("queue", event->queue, "boost", event->boost, -BOOST_MAX, BOOST_MAX, error)
         && uc_config_check_acceptance ("queue", event->queue, event->acceptance_ms, error)
         && check_case_state (event, "save_during", event->save_during, error)
         && check_case_state (event, "save_after", event->save_after, error);
}

gboolean
uc_config_check_membership (UcEngine *engine, const UcEvent *event, GError **error)
{
  if (!uc_config_check_id ("membership: user", event->user, error)
      || !uc_config_check_id ("membership: queue", event->queue, error))
    return FALSE;
  if (!g_hash_table_contains (engine->agents, event->user))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND, "membership of %s in %s: there is no user %s", event->user,
                   event->queue, event->user);
      return FALSE;
    }
  if (!g_hash_table_contains (engine->queues, event->queue))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND, "membership of %s in %s: there is no queue %s",
                   event->user, event->queue, event->queue);
      return FALSE;
    }
  return TRUE;
}

UcMembership *
uc_agent_membership (const UcAgent *agent, const char *queue)
{
  for (guint m = 0; m < agent->memberships->len; m++)
    {
      UcMembership *membership = agent->memberships->pdata[m];

      if (strcmp (membership->queue->id, queue) == 0)
        return membership;
    }
  return NULL;
}

/* ---- users --------------------------------------------------------------------------------------------- */

static gboolean
same_user (const UcAgent *agent, const UcEvent *event)
{
  return agent != NULL && strcmp (agent->login, event->login) == 0 && strcmp (agent->name, event->name) == 0
         && strcmp (agent->role, event->role) == 0 && strcmp (agent->permissions, event->permissions) == 0
         && agent->capacity == event->capacity && agent->acceptance_ms == event->acceptance_ms
         && agent->enabled == (event->enabled != 0) && agent->auto_accept == (event->auto_accept != 0)
         && g_strcmp0 (agent->scope, event->scope) == 0;
}

static UcEvent *
user_event (UcStep *step)
{
  const UcCommand *command = step->command;
  UcEvent *event = uc_step_event (step, UC_EVENT_USER_CHANGED);

  event->user = g_strdup (command->user);
  event->login = g_strdup (command->login);
  event->name = g_strdup (command->name != NULL && *command->name != '\0' ? command->name : command->login);
  event->role = g_strdup (command->role);
  event->permissions = g_strdup (command->permissions != NULL ? command->permissions : "");
  event->capacity = command->capacity;
  event->acceptance_ms = command->acceptance_ms;
  event->enabled = command->enabled != 0;
  event->auto_accept = command->auto_accept != 0;
  event->scope = g_strdup (command->scope);
  event->by = g_strdup (command->by);
  return event;
}

/* Who is shut out can't be at the desk: his offer goes to another at once, he counts as logged out, and what he
 * has in hand stays his until it is ended. */
static void
shut_out (UcStep *step, UcAgent *agent)
{
  UcStatusChange change;

  for (guint i = agent->interactions->len; i > 0 && agent->offered > 0; i--)
    {
      UcInteraction *interaction = agent->interactions->pdata[i - 1];

      if (interaction->state == UC_INTERACTION_OFFERED)
        uc_step_offer_withdraw (step, interaction);
    }
  change = uc_agent_unchanged (agent, "changed", NULL);
  change.asked = UC_AGENT_LOGGED_OUT;
  change.reason = NULL;
  change.return_at = 0;
  uc_step_status (step, agent, &change);
  uc_step_presence_over (step, agent);
}

gboolean
uc_step_put_user (UcStep *step)
{
  g_autoptr (UcEvent) event = user_event (step);
  UcAgent *agent;

  if (!uc_config_check_user (step->engine, event, step->error))
    return FALSE;
  agent = g_hash_table_lookup (step->engine->agents, event->user);
  if (same_user (agent, event))
    return TRUE;
  uc_step_emit (step, g_steal_pointer (&event));
  if (agent != NULL && !agent->enabled)
    shut_out (step, agent);
  else if (agent != NULL && agent->auto_accept)
    uc_step_accept_at_once (step, agent);
  return TRUE;
}

/* ---- queues and memberships ---------------------------------------------------------------------------- */

static gboolean
same_queue (const UcQueue *queue, const UcEvent *event)
{
  return queue != NULL && strcmp (queue->name, event->name) == 0 && queue->enabled == (event->enabled != 0)
         && queue->post_processing_ms == event->post_processing_ms && queue->boost == event->boost
         && queue->acceptance_ms == event->acceptance_ms && g_strcmp0 (queue->save_during, event->save_during) == 0
         && g_strcmp0 (queue->save_after, event->save_after) == 0;
}

gboolean
uc_step_put_queue (UcStep *step)
{
  const UcCommand *command = step->command;
  g_autoptr (UcEvent) event = uc_step_event (step, UC_EVENT_QUEUE_CHANGED);

  event->queue = g_strdup (command->queue);
  event->name = g_strdup (command->name != NULL && *command->name != '\0' ? command->name : command->queue);
  event->enabled = command->enabled != 0;
  event->post_processing_ms = command->post_processing_ms;
  event->boost = command->boost;
  event->acceptance_ms = command->acceptance_ms;
  event->save_during = g_strdup (command->save_during);
  event->save_after = g_strdup (command->save_after);
  event->by = g_strdup (command->by);
  if (!uc_config_check_queue (step->engine, event, step->error))
    return FALSE;
  if (same_queue (g_hash_table_lookup (step->engine->queues, event->queue), event))
    return TRUE;
  uc_step_emit (step, g_steal_pointer (&event));
  return TRUE;
}

gboolean
uc_step_put_membership (UcStep *step)
{
  const UcCommand *command = step->command;
  g_autoptr (UcEvent) event = uc_step_event (step, UC_EVENT_MEMBERSHIP_CHANGED);
  UcMembership *membership;

  event->user = g_strdup (command->user);
  event->queue = g_strdup (command->queue);
  event->removed = command->removed != 0;
  event->enabled = command->enabled != 0 && !event->removed;
  event->by = g_strdup (command->by);
  if (!uc_config_check_membership (step->engine, event, step->error))
    return FALSE;
  membership = uc_agent_membership (g_hash_table_lookup (step->engine->agents, event->user), event->queue);
  if (event->removed ? membership == NULL : membership != NULL && membership->enabled == (event->enabled != 0))
    return TRUE;
  uc_step_emit (step, g_steal_pointer (&event));
  return TRUE;
}
