/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The centre's rules: what a refused or missed offer does, how long things wait. A preset is what one vendor does
 * (mission 2.3), as values and not as code: the rest of the engine knows no preset. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#define LEASE_MAX G_GINT64_CONSTANT (300000)
#define GRACE_MAX G_GINT64_CONSTANT (3600000)
#define RETURN_MAX G_GINT64_CONSTANT (3600000)
#define CODE_GRACE_MAX G_GINT64_CONSTANT (86400000)
#define MISSES_MAX 100

/* Webex names no time ("maximum available time"), so it gets the usual one. */
static const struct
{
  const char *name;
  gint64 acceptance_ms;
  const char *on_reject, *on_timeout;
  const char *reason;
  gint64 return_ms;
} presets[] = {
  { "8x8", 30000, "on_break", "on_break", NULL, 0 },
  { "engage", 30000, "work_offline", "on_break", NULL, 10000 },
  { "connect", 20000, "available", "available", NULL, 0 },
  { "genesys", 30000, "on_break", "on_break", "not_responding", 0 },
  { "twilio", 120000, "available", "work_offline", NULL, 0 },
  { "webex", 30000, "on_break", "on_break", "rona", 0 },
};

static const char *const preset_names[] = { "8x8", "engage", "connect", "genesys", "twilio", "webex", NULL };

const char *const *
uc_policy_presets (void)
{
  return preset_names;
}

UcEvent *
uc_policy_preset (const char *name)
{
  UcEvent *event;
  gsize p = 0;

  while (p < G_N_ELEMENTS (presets) && g_strcmp0 (presets[p].name, name) != 0)
    p++;
  if (p == G_N_ELEMENTS (presets))
    return NULL;
  event = uc_event_new (UC_EVENT_POLICY_CHANGED, 0);
  event->preset = g_strdup (presets[p].name);
  event->acceptance_ms = presets[p].acceptance_ms;
  event->on_login = g_strdup ("work_offline");
  event->on_reject = g_strdup (presets[p].on_reject);
  event->on_timeout = g_strdup (presets[p].on_timeout);
  event->reason_reject = g_strdup (presets[p].reason);
  event->reason_timeout = g_strdup (presets[p].reason);
  event->return_reject_ms = presets[p].return_ms;
  event->return_timeout_ms = presets[p].return_ms;
  event->max_misses = 1;
  event->lease_ms = 10000;
  event->grace_ms = 60000;
  event->code_grace_ms = 300000;
  event->pop_on = g_strdup ("offered");
  event->late_save = g_strdup ("independent");
  return event;
}

void
uc_policy_set (UcPolicy *policy, const UcEvent *event)
{
  uc_apply_string (&policy->preset, event->preset);
  policy->acceptance_ms = event->acceptance_ms;
  uc_agent_status_from_word (event->on_login, &policy->on_login);
  uc_agent_status_from_word (event->on_reject, &policy->on_reject);
  uc_agent_status_from_word (event->on_timeout, &policy->on_timeout);
  uc_apply_string (&policy->reason_reject, event->reason_reject);
  uc_apply_string (&policy->reason_timeout, event->reason_timeout);
  policy->return_reject_ms = event->return_reject_ms;
  policy->return_timeout_ms = event->return_timeout_ms;
  policy->max_misses = event->max_misses;
  policy->lease_ms = event->lease_ms;
  policy->grace_ms = event->grace_ms;
  policy->code_grace_ms = event->code_grace_ms;
  uc_apply_string (&policy->pop_on, event->pop_on);
  uc_apply_string (&policy->late_save, event->late_save);
}

/* ---- checking ------------------------------------------------------------------------------------------ */

static gboolean
check_words (const UcEvent *event, GError **error)
{
  static const char *const logins[] = { "work_offline", "on_break", NULL };
  static const char *const after[] = { "on_break", "work_offline", "available", NULL };
  static const char *const saves[] = { "independent", "linked", NULL };

  if (event->preset != NULL && !g_strv_contains (preset_names, event->preset))
    return uc_config_invalid (
        error, "there is no preset '%s': take 8x8, engage, connect, genesys, twilio or webex", event->preset);
  return uc_config_check_word ("the", "policy", "on_login", event->on_login, logins, error)
         && uc_config_check_word ("the", "policy", "on_reject", event->on_reject, after, error)
         && uc_config_check_word ("the", "policy", "on_timeout", event->on_timeout, after, error)
         && uc_config_check_word ("the", "policy", "late_save", event->late_save, saves, error);
}

static gboolean
check_pop_on (const UcEvent *event, GError **error)
{
  static const char *const moments[] = { "offered", "accepted", "completed", NULL };
  g_auto (GStrv) words = g_strsplit (event->pop_on != NULL ? event->pop_on : "", ",", -1);

  for (gsize w = 0; words[w] != NULL; w++)
    if (!uc_config_check_word ("the", "policy", "each word of pop_on", words[w], moments, error))
      return FALSE;
  return TRUE;
}

gboolean
uc_policy_check (const UcEvent *event, GError **error)
{
  const struct
  {
    const char *member;
    gint64 value, min, max;
  } ranges[] = {
    { "acceptance_ms", event->acceptance_ms, UC_ACCEPTANCE_MIN_MS, UC_ACCEPTANCE_MAX_MS },
    { "return_reject_ms", event->return_reject_ms, 0, RETURN_MAX },
    { "return_timeout_ms", event->return_timeout_ms, 0, RETURN_MAX },
    { "max_misses", event->max_misses, 1, MISSES_MAX },
    { "lease_ms", event->lease_ms, 0, LEASE_MAX },
    { "grace_ms", event->grace_ms, 0, GRACE_MAX },
    { "code_grace_ms", event->code_grace_ms, 0, CODE_GRACE_MAX },
  };

  for (gsize r = 0; r < G_N_ELEMENTS (ranges); r++)
    if (!uc_config_check_range ("the", "policy", ranges[r].member, ranges[r].value, ranges[r].min, ranges[r].max,
                                error))
      return FALSE;
  return check_words (event, error) && check_pop_on (event, error);
}

/* ---- changing ------------------------------------------------------------------------------------------ */

/* As an event, without the envelope. */
static UcEvent *
event_of (const UcPolicy *policy)
{
  UcEvent *event = uc_event_new (UC_EVENT_POLICY_CHANGED, 0);

  event->preset = g_strdup (policy->preset);
  event->acceptance_ms = policy->acceptance_ms;
  event->on_login = g_strdup (uc_agent_status_word (policy->on_login));
  event->on_reject = g_strdup (uc_agent_status_word (policy->on_reject));
  event->on_timeout = g_strdup (uc_agent_status_word (policy->on_timeout));
  event->reason_reject = g_strdup (policy->reason_reject);
  event->reason_timeout = g_strdup (policy->reason_timeout);
  event->return_reject_ms = policy->return_reject_ms;
  event->return_timeout_ms = policy->return_timeout_ms;
  event->max_misses = policy->max_misses;
  event->lease_ms = policy->lease_ms;
  event->grace_ms = policy->grace_ms;
  event->code_grace_ms = policy->code_grace_ms;
  event->pop_on = g_strdup (policy->pop_on);
  event->late_save = g_strdup (policy->late_save);
  return event;
}

static gboolean
same (const UcEvent *a, const UcEvent *b)
{
  g_autofree char *x = uc_event_to_json (a, NULL), *y = uc_event_to_json (b, NULL);

  return strcmp (x, y) == 0;
}

static void
take_string (char **place, const char *value, gboolean empty_is_none)
{
  if (value != NULL)
    uc_apply_string (place, empty_is_none && *value == '\0' ? NULL : value);
}

static void
take_int (gint64 *place, gint64 value)
{
  if (value != -1)
    *place = value;
}

static void
take_members (UcEvent *event, const UcCommand *command)
{
  take_string (&event->on_login, command->on_login, FALSE);
  take_string (&event->on_reject, command->on_reject, FALSE);
  take_string (&event->on_timeout, command->on_timeout, FALSE);
  take_string (&event->reason_reject, command->reason_reject, TRUE);
  take_string (&event->reason_timeout, command->reason_timeout, TRUE);
  take_string (&event->pop_on, command->pop_on, TRUE);
  take_string (&event->late_save, command->late_save, FALSE);
  take_int (&event->acceptance_ms, command->acceptance_ms);
  take_int (&event->return_reject_ms, command->return_reject_ms);
  take_int (&event->return_timeout_ms, command->return_timeout_ms);
  take_int (&event->max_misses, command->max_misses);
  take_int (&event->lease_ms, command->lease_ms);
  take_int (&event->grace_ms, command->grace_ms);
  take_int (&event->code_grace_ms, command->code_grace_ms);
}

/* Ints count as absent at 0 too here: whoever names a preset sets nothing else. */
static gboolean
stands_alone (const UcCommand *c)
{
  return c->on_login == NULL && c->on_reject == NULL && c->on_timeout == NULL && c->reason_reject == NULL
         && c->reason_timeout == NULL && c->pop_on == NULL && c->late_save == NULL && c->acceptance_ms <= 0
         && c->return_reject_ms <= 0 && c->return_timeout_ms <= 0 && c->max_misses <= 0 && c->lease_ms <= 0
         && c->grace_ms <= 0 && c->code_grace_ms <= 0;
}

static UcEvent *
wanted_policy (UcStep *step)
{
  const UcCommand *command = step->command;
  g_autoptr (UcEvent) preset = NULL;
  UcEvent *event;

  if (command->preset != NULL)
    {
      event = uc_policy_preset (command->preset);
      if (event == NULL)
        uc_step_fail (step, UC_ERROR_INVALID,
                      "there is no preset '%s': take 8x8, engage, connect, genesys, twilio or webex",
                      command->preset);
      return event;
    }
  event = event_of (&step->engine->policy);
  take_members (event, command);
  preset = uc_policy_preset (event->preset);
  if (preset != NULL && !same (preset, event))
    g_clear_pointer (&event->preset, g_free);
  return event;
}

gboolean
uc_step_put_policy (UcStep *step)
{
  g_autoptr (UcEvent) event = NULL, present = event_of (&step->engine->policy);

  if (step->command->preset != NULL && !stands_alone (step->command))
    return uc_step_fail (step, UC_ERROR_INVALID,
                         "a preset sets every member of the policy: give the preset, or the members");
  event = wanted_policy (step);
  if (event == NULL || !uc_policy_check (event, step->error))
    return FALSE;
  if (same (event, present))
    return TRUE;
  event->at = step->now;
  event->by = g_strdup (step->command->by);
  uc_step_emit (step, g_steal_pointer (&event));
  return TRUE;
}
