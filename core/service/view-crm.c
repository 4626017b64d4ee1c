/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON shapes of what the CRM holds. Main thread.
 */
#include "core/service/view.h"

#include <string.h>

static void
add_fields (GString *out, const char *fields)
{
  g_autoptr (UcJson) check = fields != NULL ? uc_json_parse (fields, strlen (fields), NULL, NULL) : NULL;

  uc_json_add_raw (out, "fields", check != NULL && uc_json_is_object (check) ? fields : "{}");
}

/* A plugin's JSON text as it is, when it is an array; a wrong one must not break the answer around it. */
static void
add_array (GString *out, const char *key, const char *json)
{
  const UcJsonLimits limits = { 8 * 1024 * 1024, 8 };
  g_autoptr (UcJson) check = json != NULL ? uc_json_parse (json, strlen (json), &limits, NULL) : NULL;

  uc_json_add_raw (out, key, check != NULL && uc_json_is_array (check) ? json : "[]");
}

void
uc_view_customer (GString *out, const char *key, const UsherCustomer *customer)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "id", customer->id);
  uc_json_add_string (out, "account", customer->account);
  uc_json_add_string (out, "name", customer->name);
  uc_json_add_string (out, "first_name", customer->first_name);
  uc_json_add_string (out, "last_name", customer->last_name);
  uc_json_add_string (out, "email", customer->email);
  uc_json_add_string (out, "phone", customer->phone);
  uc_json_add_string (out, "company", customer->company);
  uc_json_add_string (out, "notes", customer->notes);
  add_fields (out, customer->fields);
  uc_json_add_bool (out, "draft", customer->draft);
  uc_json_add_int (out, "version", customer->version);
  uc_json_add_int (out, "created_at", customer->created_at);
  uc_json_add_int (out, "updated_at", customer->updated_at);
  uc_json_begin_array (out, "identities");
  for (const UsherIdentity *const *i = customer->identities; i != NULL && *i != NULL; i++)
    {
      uc_json_begin (out);
      uc_json_add_string (out, "network", (*i)->network);
      uc_json_add_string (out, "id", (*i)->id);
      uc_json_add_string (out, "name", (*i)->name);
      uc_json_end (out);
    }
  uc_json_end_array (out);
  add_array (out, "merges", customer->merges);
  uc_json_end (out);
}

void
uc_view_case (GString *out, const char *key, const UsherCase *record, gboolean transcript)
{
  uc_json_begin_object (out, key);
  uc_json_add_string (out, "id", record->id);
  uc_json_add_string (out, "number", record->number);
  uc_json_add_string (out, "customer", record->customer_id);
  uc_json_add_string (out, "interaction", record->interaction);
  uc_json_add_string (out, "subject", record->subject);
  uc_json_add_string (out, "state", record->state);
  uc_json_add_string (out, "severity", record->severity);
  uc_json_add_string (out, "priority", record->priority);
  uc_json_add_string (out, "category", record->category);
  uc_json_add_string (out, "follow_up_of", record->follow_up_of);
  uc_json_add_string (out, "queue", record->queue);
  uc_json_add_string (out, "channel", record->channel);
  uc_json_add_string (out, "agent", record->agent);
  uc_json_add_string (out, "notes", record->notes);
  add_fields (out, record->fields);
  add_array (out, "codes", record->codes);
  uc_json_add_int (out, "version", record->version);
  uc_json_add_int (out, "started_at", record->started_at);
  uc_json_add_int (out, "ended_at", record->ended_at);
  uc_json_add_int (out, "created_at", record->created_at);
  uc_json_add_int (out, "updated_at", record->updated_at);
  if (transcript)
    {
      add_array (out, "transcript", record->transcript);
      add_array (out, "comments", record->comments);
      add_array (out, "history", record->history);
      add_array (out, "follow_ups", record->follow_ups);
    }
  uc_json_end (out);
}
