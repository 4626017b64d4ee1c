/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The oracle: what the centre is like, and its codes. See oracle.h.
 */
#include "core/base/json.h"
#include "tests/simulation/oracle-private.h"

static gboolean
within (gint64 value, gint64 least, gint64 most)
{
  return value >= least && value <= most;
}

static gboolean
is_interval (gint64 value)
{
  return value == 0 || within (value, 1000, 900000);
}

static gboolean
is_one_of (const char *word, const char *const *words)
{
  return word != NULL && g_strv_contains (words, word);
}

/* ---- policy -------------------------------------------------------------------------------------------- */

void
oracle_preset (Oracle *oracle, const char *name)
{
  Policy *policy = &oracle->policy;

  *policy = (Policy){ .acceptance_ms = 30000,
                      .on_login = "work_offline",
                      .on_reject = "on_break",
                      .on_timeout = "on_break",
                      .max_misses = 1,
                      .lease_ms = 10000,
                      .grace_ms = 60000,
                      .code_grace_ms = 300000 };
  if (is (name, "engage"))
    {
      policy->on_reject = "work_offline";
      policy->return_reject_ms = policy->return_timeout_ms = 10000;
    }
  else if (is (name, "connect"))
    {
      policy->acceptance_ms = 20000;
      policy->on_reject = policy->on_timeout = "available";
    }
  else if (is (name, "twilio"))
    {
      policy->acceptance_ms = 120000;
      policy->on_reject = "available";
      policy->on_timeout = "work_offline";
    }
}

static void
take (gint64 *place, gint64 value)
{
  if (value != -1)
    *place = value;
}

static void
take_word (const char **place, const char *word)
{
  if (word != NULL)
    *place = word;
}

gboolean
oracle_put_policy (Oracle *oracle, const UcCommand *command)
{
  static const char *const presets[] = { "8x8", "engage", "connect", "genesys", "twilio", "webex", NULL };
  static const char *const after[] = { "available", "on_break", "work_offline", NULL };
  Policy wanted = oracle->policy;

  if (command->preset != NULL)
    {
      if (!is_one_of (command->preset, presets) || command->on_login != NULL || command->on_reject != NULL
          || command->on_timeout != NULL || command->acceptance_ms > 0 || command->return_reject_ms > 0
          || command->return_timeout_ms > 0 || command->max_misses > 0 || command->lease_ms > 0
          || command->grace_ms > 0 || command->code_grace_ms > 0)
        return FALSE;
      oracle_preset (oracle, command->preset);
      return TRUE;
    }
  take_word (&wanted.on_login, command->on_login);
  take_word (&wanted.on_reject, command->on_reject);
  take_word (&wanted.on_timeout, command->on_timeout);
  take (&wanted.acceptance_ms, command->acceptance_ms);
  take (&wanted.return_reject_ms, command->return_reject_ms);
  take (&wanted.return_timeout_ms, command->return_timeout_ms);
  take (&wanted.max_misses, command->max_misses);
  take (&wanted.lease_ms, command->lease_ms);
  take (&wanted.grace_ms, command->grace_ms);
  take (&wanted.code_grace_ms, command->code_grace_ms);
  if (!is_one_of (wanted.on_reject, after) || !is_one_of (wanted.on_timeout, after)
      || !within (wanted.acceptance_ms, 1000, 900000) || !within (wanted.return_reject_ms, 0, 3600000)
      || !within (wanted.return_timeout_ms, 0, 3600000) || !within (wanted.max_misses, 1, 100)
      || !within (wanted.lease_ms, 0, 300000) || !within (wanted.grace_ms, 0, 3600000)
      || !within (wanted.code_grace_ms, 0, 86400000)
      || (!is (wanted.on_login, "work_offline") && !is (wanted.on_login, "on_break")))
    return FALSE;
  oracle->policy = wanted;
  return TRUE;
}

/* ---- users, queues, memberships ------------------------------------------------------------------------ */

static void
shut_out (Oracle *oracle, Agent *agent)
{
  Work *work = oracle_offer_of (oracle, agent);

  if (work != NULL)
    oracle_give_back (oracle, work, "withdrawn");
  agent->asked = "logged_out";
  agent->return_at = 0;
  oracle_settle (oracle, agent);
  if (is (agent->presence, "away") || is (agent->presence, "lost"))
    oracle_presence (oracle, agent, "none", 0);
}

gboolean
oracle_put_user (Oracle *oracle, const UcCommand *command)
{
  static const char *const roles[] = { "agent", "supervisor", "administrator", NULL };
  gboolean may_reject = is (command->permissions, "interaction.reject");
  Agent *agent = oracle_find (oracle->agents, command->user);
  Work *work;

  if (command->user == NULL || command->login == NULL || !is_one_of (command->role, roles)
      || (command->auto_accept && may_reject) || !within (command->capacity, 1, 100)
      || !is_interval (command->acceptance_ms))
    return FALSE;
  if (agent == NULL)
    {
      agent = g_new0 (Agent, 1);
      *agent
          = (Agent){ .id = command->user, .bit = oracle->agents->len, .asked = "logged_out", .presence = "none" };
      g_ptr_array_add (oracle->agents, agent);
    }
  agent->enabled = command->enabled != 0;
  agent->auto_accept = command->auto_accept != 0;
  agent->may_reject = may_reject;
  agent->capacity = command->capacity;
  agent->acceptance_ms = command->acceptance_ms;
  if (!agent->enabled)
    shut_out (oracle, agent);
  else if (agent->auto_accept && (work = oracle_offer_of (oracle, agent)) != NULL)
    oracle_accept (oracle, work);
  return TRUE;
}

gboolean
oracle_put_queue (Oracle *oracle, const UcCommand *command)
{
  const gint64 year = 366 * G_GINT64_CONSTANT (86400000);
  Queue *queue = oracle_find (oracle->queues, command->queue);

  if (command->queue == NULL || !within (command->post_processing_ms, 0, 86400000)
      || !within (command->boost, -year, year) || !is_interval (command->acceptance_ms))
    return FALSE;
  if (queue == NULL)
    {
      queue = g_new0 (Queue, 1);
      g_ptr_array_add (oracle->queues, queue);
    }
  *queue = (Queue){ command->queue, command->enabled != 0, command->boost, command->acceptance_ms,
                    command->post_processing_ms };
  return TRUE;
}

gboolean
oracle_put_membership (Oracle *oracle, const UcCommand *command)
{
  const Agent *agent = oracle_find (oracle->agents, command->user);
  const Queue *queue = oracle_find (oracle->queues, command->queue);
  Membership *membership = NULL;

  if (agent == NULL || queue == NULL)
    return FALSE;
  for (guint m = 0; m < oracle->memberships->len && membership == NULL; m++)
    {
      membership = oracle->memberships->pdata[m];
      if (membership->agent != agent || membership->queue != queue)
        membership = NULL;
    }
  if (membership != NULL)
    g_ptr_array_remove (oracle->memberships, membership);
  if (command->removed)
    return TRUE;
  membership = g_new0 (Membership, 1);
  *membership = (Membership){ agent, queue, command->enabled != 0 };
  g_ptr_array_add (oracle->memberships, membership);
  return TRUE;
}

/* ---- codes --------------------------------------------------------------------------------------------- */

void
oracle_list_free (List *list)
{
  g_ptr_array_unref (list->active);
  g_ptr_array_unref (list->retired);
  g_free (list);
}

static gboolean
names (GPtrArray *words, const char *word)
{
  for (guint w = 0; w < words->len; w++)
    if (is (words->pdata[w], word))
      return TRUE;
  return FALSE;
}

static gboolean
is_for (const List *list, const Queue *queue)
{
  g_auto (GStrv) queues = g_strsplit (list->queues != NULL ? list->queues : "", ",", -1);

  return is (list->use, "disposition")
         && (list->queues == NULL || g_strv_contains ((const char *const *)queues, queue->id));
}

static gboolean
read_codes (Oracle *oracle, List *list, const char *text)
{
  const char *json = text != NULL ? text : "[]";
  g_autoptr (UcJson) root = uc_json_parse (json, strlen (json), NULL, NULL);

  for (const UcJson *code = uc_json_first (root); code != NULL; code = uc_json_next (code))
    g_ptr_array_add (uc_json_bool (uc_json_get (code, "active"), TRUE) ? list->active : list->retired,
                     g_string_chunk_insert_const (oracle->words, uc_json_string (uc_json_get (code, "code"))));
  return root != NULL;
}

gboolean
oracle_put_list (Oracle *oracle, const UcCommand *command)
{
  List *old = oracle_find (oracle->lists, command->list), *list;
  g_auto (GStrv) queues = g_strsplit (command->queues != NULL ? command->queues : "", ",", -1);

  if (command->list == NULL)
    return FALSE;
  if (command->removed)
    {
      g_ptr_array_remove (oracle->lists, old);
      return TRUE;
    }
  for (gsize q = 0; queues[q] != NULL; q++)
    if (oracle_find (oracle->queues, queues[q]) == NULL)
      return FALSE;
  list = g_new0 (List, 1);
  *list = (List){ .id = command->list,
                  .use = command->use != NULL ? command->use : "disposition",
                  .status = command->status,
                  .queues = command->queues,
                  .required = command->required != 0,
                  .enabled = command->enabled != 0,
                  .active = g_ptr_array_new (),
                  .retired = g_ptr_array_new () };
  if (!read_codes (oracle, list, command->codes) || (command->queues != NULL && !is (list->use, "disposition"))
      || is (list->use, "status") != (list->status != NULL)
      || (list->required && list->enabled && list->active->len == 0))
    {
      oracle_list_free (list);
      return FALSE;
    }
  if (old != NULL)
    g_ptr_array_remove (oracle->lists, old);
  g_ptr_array_add (oracle->lists, list);
  return TRUE;
}

/* A reason is one of the lists for it, if there are any; it is owed if one of them is required. */
gboolean
oracle_reason (Oracle *oracle, const char *use, const char *status, const char *reason)
{
  gboolean any = FALSE, required = FALSE;

  for (guint l = 0; l < oracle->lists->len; l++)
    {
      const List *list = oracle->lists->pdata[l];

      if (!list->enabled || !is (list->use, use) || !is (list->status, status))
        continue;
      if (reason != NULL && names (list->active, reason))
        return TRUE;
      any = TRUE;
      required = required || list->required;
    }
  return !any || (reason == NULL && !required);
}

static gboolean
has_code_of (const Work *work, const List *list)
{
  gsize len = strlen (list->id);

  for (guint c = 0; c < work->codes->len; c++)
    {
      const char *code = work->codes->pdata[c];

      if (strncmp (code, list->id, len) == 0 && code[len] == '/')
        return TRUE;
    }
  return FALSE;
}

gboolean
oracle_lacks_codes (Oracle *oracle, const Work *work)
{
  for (guint l = 0; l < oracle->lists->len; l++)
    {
      const List *list = oracle->lists->pdata[l];

      if (list->required && list->enabled && is_for (list, work->queue) && !has_code_of (work, list))
        return TRUE;
    }
  return FALSE;
}

static gboolean
may_choose (Oracle *oracle, const Work *work, const char *word)
{
  const char *slash = strchr (word, '/');
  g_autofree char *id = slash != NULL ? g_strndup (word, (gsize)(slash - word)) : NULL;
  const List *list = oracle_find (oracle->lists, id);

  return names (work->codes, word)
         || (list != NULL && list->enabled && is_for (list, work->queue) && names (list->active, slash + 1));
}

gboolean
oracle_choose_codes (Oracle *oracle, Work *work, const char *codes)
{
  g_auto (GStrv) words = g_strsplit (codes != NULL ? codes : "", ",", -1);

  for (gsize w = 0; words[w] != NULL; w++)
    if (!may_choose (oracle, work, words[w]))
      return FALSE;
  g_ptr_array_set_size (work->codes, 0);
  for (gsize w = 0; words[w] != NULL; w++)
    g_ptr_array_add (work->codes, g_string_chunk_insert_const (oracle->words, words[w]));
  return TRUE;
}
