/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bridge to the CRM: a customer who mentions a case number ("about C-1042") continues that case, if it is his. The
 * number is kept until it is known who he is; then the CRM is asked for his cases. Main thread.
 */
#include "core/service/bridge-private.h"

#include <string.h>

#define MAX_CASES 100

/* "C-1042", "INC-77", "#1042": up to four letters and a dash, or a hash, then digits. NULL = none. */
static char *
find_number (const char *text)
{
  static const char pattern[] = "(?<![\\w-])(?:[A-Za-z]{1,4}-|#)\\d{1,12}(?![\\w-])";
  g_autoptr (GRegex) regex = NULL;
  g_autoptr (GMatchInfo) match = NULL;

  /* Nearly every message ends here. */
  if (strpbrk (text, "-#") == NULL || strpbrk (text, "0123456789") == NULL)
    return NULL;
  regex = g_regex_new (pattern, 0, 0, NULL);
  g_regex_match (regex, text, 0, &match);
  return g_match_info_matches (match) ? g_match_info_fetch (match, 0) : NULL;
}

typedef struct
{
  UcBridge *bridge;
  char *interaction, *customer, *number;
} Naming;

static void
naming_free (Naming *naming)
{
  g_free (naming->interaction);
  g_free (naming->customer);
  g_free (naming->number);
  g_free (naming);
}

static gboolean
is_number (const UsherCase *record, const char *number)
{
  const char *digits = record->number != NULL ? strrchr (record->number, '-') : NULL;

  if (record->number == NULL)
    return FALSE;
  return g_ascii_strcasecmp (record->number, number) == 0
         || (*number == '#' && strcmp (digits != NULL ? digits + 1 : record->number, number + 1) == 0);
}

static void
on_cases (gpointer data, const UsherResult *result)
{
  Naming *naming = data;
  UcEngine *engine = naming->bridge->core->engine;
  UcCommand command = { .type = UC_COMMAND_FOLLOW, .interaction = naming->interaction, .cause = "named" };
  const UcInteraction *interaction = uc_engine_interaction (engine, naming->interaction);

  if (result->status != USHER_OK)
    g_info ("the case that interaction %s names can't be looked up: %s", naming->interaction, result->message);
  for (const UsherCase *const *c = result->status == USHER_OK ? result->cases : NULL; c != NULL && *c != NULL; c++)
    if (is_number (*c, naming->number) && interaction != NULL && interaction->follows == NULL
        && g_strcmp0 (interaction->customer, naming->customer) == 0)
      {
        command.follows = (*c)->id;
        uc_core_submit (naming->bridge->core, &command, NULL, NULL);
        break;
      }
  naming_free (naming);
}

static void
start_list (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  UsherCrmQuery query
      = { .struct_size = sizeof query, .customer_id = ((Naming *)data)->customer, .limit = MAX_CASES };

  ops->list_cases (self, &query, reply);
}

/* Only his own: a number that somebody else's case has must not open that to him. */
static void
look_up (UcBridge *bridge, const UcInteraction *interaction, const char *number)
{
  Naming *naming = g_new0 (Naming, 1);

  naming->bridge = bridge;
  naming->interaction = g_strdup (interaction->id);
  naming->customer = g_strdup (interaction->customer);
  naming->number = g_strdup (number);
  uc_bridge_call (bridge->core, start_list, naming, on_cases, naming);
}

void
uc_bridge_case_message (UcBridge *bridge, const UcEvent *message)
{
  const UcInteraction *interaction;
  g_autofree char *number = NULL;

  if (g_strcmp0 (message->author, "customer") != 0 || message->text == NULL || uc_core_crm (bridge->core) == NULL)
    return;
  interaction = uc_engine_interaction (bridge->core->engine, message->interaction);
  if (interaction == NULL || interaction->follows != NULL
      || g_hash_table_contains (bridge->named, interaction->id))
    return;
  number = find_number (message->text);
  if (number == NULL)
    return;
  if (interaction->customer != NULL)
    look_up (bridge, interaction, number);
  g_hash_table_insert (bridge->named, g_strdup (interaction->id), g_steal_pointer (&number));
}

void
uc_bridge_case_customer_known (UcBridge *bridge, const char *interaction)
{
  const char *number = g_hash_table_lookup (bridge->named, interaction);
  const UcInteraction *now = uc_engine_interaction (bridge->core->engine, interaction);

  if (number != NULL && now != NULL && now->customer != NULL && now->follows == NULL)
    look_up (bridge, now, number);
}
