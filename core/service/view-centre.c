/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON shapes of what the centre consists of besides people and queues: its policy, codes, channels. Main thread.
 */
#include "core/service/alarm.h"
#include "core/service/view.h"

#include <string.h>

void
uc_view_words (GString *out, const char *key, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words != NULL ? words : "", ",", -1);

  uc_json_begin_array (out, key);
  for (gsize i = 0; list[i] != NULL; i++)
    if (*list[i] != '\0')
      uc_json_add_string (out, NULL, list[i]);
  uc_json_end_array (out);
}

void
uc_view_policy (GString *out, const char *key, const UcPolicy *policy)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "preset", policy->preset);
  uc_json_add_int (out, "acceptance_ms", policy->acceptance_ms);
  uc_json_add_string (out, "on_login", uc_agent_status_word (policy->on_login));
  uc_json_add_string (out, "on_reject", uc_agent_status_word (policy->on_reject));
  uc_json_add_string (out, "on_timeout", uc_agent_status_word (policy->on_timeout));
  uc_json_add_string (out, "reason_reject", policy->reason_reject);
  uc_json_add_string (out, "reason_timeout", policy->reason_timeout);
  uc_json_add_int (out, "return_reject_ms", policy->return_reject_ms);
  uc_json_add_int (out, "return_timeout_ms", policy->return_timeout_ms);
  uc_json_add_int (out, "max_misses", policy->max_misses);
  uc_json_add_int (out, "lease_ms", policy->lease_ms);
  uc_json_add_int (out, "grace_ms", policy->grace_ms);
  uc_json_add_int (out, "code_grace_ms", policy->code_grace_ms);
  uc_view_words (out, "pop_on", policy->pop_on);
  uc_json_add_string (out, "late_save", policy->late_save);
  uc_json_end (out);
}

void
uc_view_code_list (GString *out, const char *key, const UcCodeList *list)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "list", list->id);
  uc_json_add_string (out, "name", list->name);
  uc_json_add_string (out, "use", list->use);
  uc_json_add_string (out, "status", list->status);
  if (list->queues != NULL)
    uc_view_words (out, "queues", list->queues);
  else
    uc_json_add_null (out, "queues");
  uc_json_add_bool (out, "required", list->required);
  uc_json_add_bool (out, "enabled", list->enabled);
  uc_json_add_raw (out, "codes", list->json != NULL ? list->json : "[]");
  uc_json_end (out);
}

static void
add_enabled (const UcCodeList *list, gpointer data)
{
  if (list->enabled)
    uc_view_code_list (data, NULL, list);
}

static const char *
capability_word (UsherCapability capability)
{
  return capability == USHER_NATIVE ? "native" : capability == USHER_EMULATE ? "emulate" : "none";
}

static void
add_channel (GString *out, const UsherInstance *instance)
{
  static const char *const units[] = { "code_points", "bytes", "utf16" };
  const UsherChannelCapabilities *caps;

  uc_json_begin (out);
  uc_json_add_string (out, "channel", instance->name);
  uc_json_add_string (out, "state", uc_instance_state_word (instance->state));
  /* What an instance can do is known once it was created. */
  if (instance->self != NULL)
    {
      caps = uc_instance_capabilities (instance);
      uc_json_add_string (out, "network", caps->network);
      uc_json_add_int (out, "max_text", caps->max_text);
      uc_json_add_string (out, "text_unit", units[CLAMP (caps->text_unit, 0, 2)]);
      uc_json_add_string (out, "typing_in", capability_word (caps->typing_in));
      uc_json_add_string (out, "typing_out", capability_word (caps->typing_out));
      uc_json_add_string (out, "receipts_delivered", capability_word (caps->receipts_delivered));
      uc_json_add_string (out, "receipts_read", capability_word (caps->receipts_read));
      uc_json_add_string (out, "media_in", capability_word (caps->media_in));
      uc_json_add_string (out, "media_out", capability_word (caps->media_out));
      uc_json_add_int (out, "reply_window_ms", caps->reply_window_ms);
      uc_json_add_int (out, "tagged_window_ms", caps->tagged_window_ms);
    }
  uc_json_end (out);
}

void
uc_view_instances (GString *out, const char *key, const UcCore *core)
{
  uc_json_begin_array (out, key);
  for (guint i = 0; i < core->instances->len; i++)
    uc_view_instance (out, NULL, core->instances->pdata[i]);
  uc_json_end_array (out);
}

void
uc_view_centre (GString *out, const UcCore *core, gboolean supervises)
{
  uc_view_policy (out, "policy", uc_engine_policy (core->engine));
  uc_json_begin_array (out, "codes");
  uc_engine_each_code_list (core->engine, add_enabled, out);
  uc_json_end_array (out);
  uc_json_begin_array (out, "channels");
  for (guint i = 0; i < core->instances->len; i++)
    if (((UsherInstance *)core->instances->pdata[i])->kind == UC_KIND_CHANNEL)
      add_channel (out, core->instances->pdata[i]);
  uc_json_end_array (out);
  if (core->crm_description != NULL)
    uc_json_add_raw (out, "crm", core->crm_description);
  else
    uc_json_add_null (out, "crm");
  if (supervises)
    {
      uc_view_instances (out, "instances", core);
      uc_alarms_view (out, core);
    }
}
