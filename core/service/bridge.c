/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bridge to the CRM: customers of interactions. Saving is in bridge-save.c. Main thread.
 */
#include "core/service/bridge-private.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/feed.h"

#define MAX_MATCHES 20

/* Finding the customer of one interaction. */
typedef struct
{
  UcBridge *bridge;
  guint64 serial;
  char *interaction, *network, *identity, *name;
  gboolean draft; /* make one if there is none: the interaction is accepted */
  gboolean busy;
  guint attempts;
  guint64 timer;
} Look;

/* ---- calling the CRM ----------------------------------------------------------------------------------- */

void
uc_bridge_call (UcCore *core, UcCrmStart start, gpointer start_data, UcReplyFunc func, gpointer data)
{
  UsherInstance *crm = uc_core_crm (core);

  if (crm == NULL || !uc_instance_is_running (crm))
    {
      g_autofree char *why = crm == NULL
                                 ? g_strdup ("no CRM is configured")
                                 : g_strdup_printf ("the CRM \"%s\" is not running%s%s", crm->name,
                                                    crm->status_message != NULL ? ": " : "",
                                                    crm->status_message != NULL ? crm->status_message : "");
      UsherResult result = { .struct_size = sizeof result, .status = USHER_RETRY, .message = why };

      func (data, &result);
      return;
    }
  start (&crm->plugin->crm, crm->self, uc_reply_new (crm, UC_CRM_TIMEOUT_MS, func, data), start_data);
}

gboolean
uc_bridge_is_temporary (UsherStatus status)
{
  switch (status)
    {
    case USHER_OK:
    case USHER_INVALID:
    case USHER_CONFLICT:
    case USHER_NOT_FOUND:
    case USHER_UNSUPPORTED:
    case USHER_CONTENT:
      return FALSE;
    default:
      return TRUE;
    }
}

gint64
uc_bridge_backoff (guint attempts, gint64 not_before_ms)
{
  gint64 most = MIN (UC_CRM_MAX_RETRY_MS, UC_CRM_FIRST_RETRY_MS << MIN (attempts, 16));
  guint32 dice;

  uc_random_bytes (&dice, sizeof dice);
  return MAX (not_before_ms, most / 2 + (gint64)(dice % (guint32)(most / 2 + 1)));
}

/* ---- looking customers up ------------------------------------------------------------------------------ */

static void look (Look *looking);

static void
look_free (gpointer data)
{
  Look *looking = data;

  uc_loop_timer_remove (looking->bridge->core->loop, looking->timer);
  g_free (looking->interaction);
  g_free (looking->network);
  g_free (looking->identity);
  g_free (looking->name);
  g_free (looking);
}

static void
set_customer (UcBridge *bridge, const char *interaction, const UsherCustomer *customer)
{
  UcCommand command = {
    .type = UC_COMMAND_SET_CUSTOMER,
    .interaction = interaction,
    .customer = customer->id,
    .customer_name = customer->name,
    .draft = customer->draft,
  };

  if (uc_engine_interaction (bridge->core->engine, interaction) != NULL)
    uc_core_submit (bridge->core, &command, NULL, NULL);
  else
    {
      /* Closed meanwhile: the record still belongs to it. */
      UcEvent *event = uc_event_new (UC_EVENT_INTERACTION_CUSTOMER, uc_clock_now ());
      UcTxn *txn = uc_txn_new (bridge->core);

      event->interaction = g_strdup (interaction);
      event->customer = g_strdup (customer->id);
      event->customer_name = g_strdup (customer->name);
      event->draft = customer->draft;
      uc_txn_append (txn, event);
      uc_txn_commit (txn, NULL, NULL);
    }
}

static gboolean
is_certain (const Look *looking, const UsherResult *result)
{
  const UsherCustomer *only = result->customers[1] == NULL ? result->customers[0] : NULL;

  for (const UsherIdentity *const *i = only != NULL ? only->identities : NULL; i != NULL && *i != NULL; i++)
    if (g_strcmp0 ((*i)->network, looking->network) == 0 && g_strcmp0 ((*i)->id, looking->identity) == 0)
      return TRUE;
  return FALSE;
}

static void
set_matches (UcBridge *bridge, const char *interaction, const UsherResult *result)
{
  g_autoptr (GString) out = g_string_new (NULL);
  UcCommand command = { .type = UC_COMMAND_MATCHES, .interaction = interaction };

  uc_json_begin_array (out, NULL);
  for (gsize i = 0; result->customers[i] != NULL && i < MAX_MATCHES; i++)
    {
      const UsherCustomer *customer = result->customers[i];

      uc_json_begin (out);
      uc_json_add_string (out, "customer", customer->id);
      uc_json_add_string (out, "name", customer->name);
      uc_json_add_string (out, "email", customer->email);
      uc_json_add_bool (out, "draft", customer->draft);
      uc_json_end (out);
    }
  uc_json_end_array (out);
  command.matches = out->str;
  if (uc_engine_interaction (bridge->core->engine, interaction) != NULL)
    uc_core_submit (bridge->core, &command, NULL, NULL);
  else
    g_hash_table_remove (bridge->looks, interaction);
}

static void
on_look_timer (gpointer data)
{
  Look *looking = data;

  looking->timer = 0;
  look (looking);
}

typedef struct
{
  UcBridge *bridge;
  guint64 serial; /* of the look: a later one has its own answer */
  char *interaction;
  gboolean draft;
} Asked;

static void
on_found (gpointer data, const UsherResult *result)
{
  g_autofree Asked *asked = data;
  g_autofree char *interaction = asked->interaction;
  UcBridge *bridge = asked->bridge;
  Look *looking = g_hash_table_lookup (bridge->looks, interaction);

  if (looking == NULL || looking->serial != asked->serial)
    return;
  looking->busy = FALSE;
  if (result->status == USHER_OK && result->customers != NULL && result->customers[0] != NULL)
    {
      /* Only who has the identity is certainly it: otherwise the choice is a person's, not ours. The look ends
       * when its event is durable. */
      looking->busy = TRUE;
      if (asked->draft || is_certain (looking, result))
        set_customer (bridge, interaction, result->customers[0]);
      else
        set_matches (bridge, interaction, result);
    }
  else if (result->status == USHER_OK && looking->draft && !asked->draft)
    look (looking); /* accepted while the look-up was under way */
  else if (uc_bridge_is_temporary (result->status))
    {
      g_info ("customer of interaction %s: %s; trying again", interaction, result->message);
      looking->timer
          = uc_loop_timer_in (bridge->core->loop, uc_bridge_backoff (looking->attempts++, result->retry_after_ms),
                              on_look_timer, looking);
    }
  else
    {
      if (result->status != USHER_OK)
        g_warning ("customer of interaction %s: %s", interaction, result->message);
      g_hash_table_remove (bridge->looks, interaction);
    }
}

static void
start_look (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  const Look *looking = data;
  UsherIdentity identity = { sizeof identity, looking->network, looking->identity, looking->name };
  const UsherIdentity *identities[] = { &identity, NULL };
  UsherCustomer draft = {
    .struct_size = sizeof draft,
    .name = looking->name != NULL ? looking->name : looking->identity,
    .draft = true,
    .identities = identities,
  };

  if (looking->draft)
    ops->save_customer (self, &draft, reply);
  else
    ops->lookup (self, &identity, reply);
}

static void
look (Look *looking)
{
  Asked *asked;

  if (looking->busy || looking->timer != 0)
    return;
  looking->busy = TRUE;
  asked = g_new0 (Asked, 1);
  asked->bridge = looking->bridge;
  asked->serial = looking->serial;
  asked->interaction = g_strdup (looking->interaction);
  asked->draft = looking->draft;
  uc_bridge_call (looking->bridge->core, start_look, looking, on_found, asked);
}

/* Whether the channel's section wants records for people nobody knows. */
static gboolean
makes_drafts (UcCore *core, const char *channel)
{
  const UsherInstance *instance = uc_core_instance (core, UC_KIND_CHANNEL, channel);
  const char *word = instance != NULL ? uc_settings_string (instance->settings, "auto_create_customer") : NULL;

  return g_strcmp0 (word, "off") != 0;
}

static void
want_customer (UcBridge *bridge, const char *interaction, const char *network, const char *identity,
               const char *name, gboolean draft)
{
  Look *looking = g_hash_table_lookup (bridge->looks, interaction);

  if (uc_core_crm (bridge->core) == NULL)
    return;
  if (looking == NULL)
    {
      looking = g_new0 (Look, 1);
      looking->bridge = bridge;
      looking->serial = ++bridge->serial;
      looking->interaction = g_strdup (interaction);
      looking->network = g_strdup (network);
      looking->identity = g_strdup (identity);
      looking->name = g_strdup (name);
      g_hash_table_insert (bridge->looks, looking->interaction, looking);
    }
  looking->draft = looking->draft || draft;
  look (looking);
}

/* ---- what the CRM can do ------------------------------------------------------------------------------- */

static UsherInstance *
running_crm (UcCore *core)
{
  UsherInstance *crm = uc_core_crm (core);

  return crm != NULL && uc_instance_is_running (crm) ? crm : NULL;
}

gboolean
uc_bridge_can_merge (UcCore *core)
{
  const UsherInstance *crm = running_crm (core);

  return crm != NULL && crm->plugin->crm.merge_customers != NULL && crm->plugin->crm.unmerge_customers != NULL;
}

static void
add_part (GString *out, const UcJson *description, const char *key)
{
  const UcJson *part = uc_json_get (description, key);
  char *json = uc_json_is_array (part) ? uc_json_print (part, NULL) : NULL;

  uc_json_add_raw (out, key, json != NULL ? json : "[]");
  free (json);
}

/* What desks are told of it; a CRM without the slot has no more than the members everybody knows. */
static void
keep_description (UcCore *core, const char *data)
{
  static const char *const parts[]
      = { "customer_fields", "case_fields", "severities", "priorities", "categories" };
  g_autoptr (UcJson) description = data != NULL ? uc_json_parse (data, strlen (data), NULL, NULL) : NULL;
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  for (gsize p = 0; p < G_N_ELEMENTS (parts); p++)
    add_part (out, description, parts[p]);
  uc_json_add_bool (out, "merge", uc_bridge_can_merge (core));
  uc_json_end (out);
  g_free (core->crm_description);
  core->crm_description = g_string_free (out, FALSE);
}

static void
on_described (gpointer data, const UsherResult *result)
{
  if (result->status == USHER_OK)
    keep_description (data, result->data);
  else
    g_warning ("the CRM does not say what its records look like: %s", result->message);
}

static void
start_describe (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->describe (self, reply);
}

static void
ask_description (UcCore *core)
{
  const UsherInstance *crm = running_crm (core);

  if (crm == NULL || core->crm_description != NULL)
    return;
  keep_description (core, NULL);
  if (crm->plugin->crm.describe != NULL)
    uc_bridge_call (core, start_describe, NULL, on_described, core);
}

/* ---- what happens -------------------------------------------------------------------------------------- */

static void
want_draft (UcBridge *bridge, const UcInteraction *interaction)
{
  const UcConversation *conversation = interaction->conversation;

  if (makes_drafts (bridge->core, conversation->channel))
    want_customer (bridge, interaction->id, conversation->network, conversation->identity, conversation->name,
                   TRUE);
}

void
uc_bridge_make_draft (UcBridge *bridge, const UcInteraction *interaction)
{
  const UcConversation *conversation = interaction->conversation;

  want_customer (bridge, interaction->id, conversation->network, conversation->identity, conversation->name, TRUE);
}

static void
on_event (gpointer data, const UcFeedItem *item)
{
  UcBridge *bridge = data;
  const UcEvent *event = item->event;
  const UcInteraction *interaction;

  switch (event->type)
    {
    case UC_EVENT_INTERACTION_QUEUED:
      if (g_strcmp0 (event->cause, "new") == 0)
        want_customer (bridge, event->interaction, event->network, event->identity, event->name, FALSE);
      break;
    case UC_EVENT_INTERACTION_ACCEPTED:
      interaction = uc_engine_interaction (bridge->core->engine, event->interaction);
      if (interaction != NULL && interaction->customer == NULL && interaction->matches == NULL)
        want_draft (bridge, interaction);
      break;
    case UC_EVENT_INTERACTION_ENDED:
      /* Nobody chose among the matches: the chat must not be left without any record. */
      interaction = uc_engine_interaction (bridge->core->engine, event->interaction);
      if (interaction != NULL && interaction->customer == NULL && interaction->accepted_at != 0)
        want_draft (bridge, interaction);
      break;
    case UC_EVENT_INTERACTION_MATCHES:
      g_hash_table_remove (bridge->looks, event->interaction);
      break;
    case UC_EVENT_INTERACTION_CUSTOMER:
      g_hash_table_remove (bridge->looks, event->interaction);
      uc_bridge_save_customer_known (bridge, event->interaction);
      uc_bridge_case_customer_known (bridge, event->interaction);
      break;
    case UC_EVENT_MESSAGE_ADDED:
      uc_bridge_case_message (bridge, event);
      break;
    case UC_EVENT_INTERACTION_CODES:
      uc_bridge_save_codes_changed (bridge, event->interaction);
      break;
    case UC_EVENT_INTERACTION_CLOSED:
      g_hash_table_remove (bridge->named, event->interaction);
      /* Abandoned before anybody took it: no record is made, nothing is waited for. */
      if (g_strcmp0 (event->cause, "abandoned") == 0)
        g_hash_table_remove (bridge->looks, event->interaction);
      break;
    case UC_EVENT_INTERACTION_SAVE:
      uc_bridge_save_event (bridge, event);
      break;
    default:
      break;
    }
}

static void
look_again (const UcInteraction *interaction, gpointer data)
{
  GPtrArray *list = data;

  if (interaction->customer == NULL && interaction->matches == NULL)
    g_ptr_array_add (list, (gpointer)interaction);
}

void
uc_bridge_reload (UcBridge *bridge)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  g_hash_table_remove_all (bridge->looks);
  uc_engine_each_interaction (bridge->core->engine, look_again, list);
  for (guint i = 0; i < list->len; i++)
    {
      const UcInteraction *interaction = list->pdata[i];
      const UcConversation *conversation = interaction->conversation;

      want_customer (bridge, interaction->id, conversation->network, conversation->identity, conversation->name,
                     interaction->accepted_at != 0 && makes_drafts (bridge->core, conversation->channel));
    }
  uc_bridge_save_reload (bridge);
}

void
uc_bridge_kick (UcBridge *bridge)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  ask_description (bridge->core);
  g_hash_table_iter_init (&iter, bridge->looks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (list, value);
  for (guint i = 0; i < list->len; i++)
    {
      Look *looking = list->pdata[i];

      uc_loop_timer_remove (bridge->core->loop, looking->timer);
      looking->timer = 0;
      look (looking);
    }
  uc_bridge_save_kick (bridge);
}

UcBridge *
uc_bridge_new (UcCore *core)
{
  UcBridge *bridge = g_new0 (UcBridge, 1);

  bridge->core = core;
  bridge->looks = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, look_free);
  bridge->saves = uc_bridge_saves_new ();
  bridge->named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  uc_feed_listen (core->feed, on_event, bridge);
  return bridge;
}

void
uc_bridge_free (UcBridge *bridge)
{
  if (bridge == NULL)
    return;
  g_hash_table_unref (bridge->looks);
  g_hash_table_unref (bridge->saves);
  g_hash_table_unref (bridge->named);
  g_free (bridge);
}
