/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bridge to the CRM: customers of interactions. Saving is in bridge-save.c. Main thread.
 */
#include "core/service/bridge-private.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/service/feed.h"

#define MAX_MATCHES 20
/* After a start: whose customer the CRM could not say by then, of the last days. */
#define NOBODYS_MS (3 * 24 * 3600 * (gint64)1000)
#define MAX_NOBODYS 20000

/* Finding the customer of one interaction. */
typedef struct
{
  UcBridge *bridge;
  guint64 serial;
  char *interaction, *network, *identity, *name;
  gboolean looked; /* nobody has the identity and nobody could be it, or a person said that none of them is */
  gboolean draft;  /* then make one: the interaction is accepted */
  gboolean busy;
  gboolean waiting; /* in waiting_looks */
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
uc_bridge_backoff (UcBridge *bridge, gint64 attempts, gint64 not_before_ms)
{
  return uc_backoff (bridge->dice, UC_CRM_FIRST_RETRY_MS, UC_CRM_MAX_RETRY_MS, attempts,
                     MIN (not_before_ms, UC_CRM_MAX_WAIT_MS));
}

/* ---- looking customers up ------------------------------------------------------------------------------ */

static void look (Look *looking);

static void
look_free (gpointer data)
{
  Look *looking = data;

  uc_loop_timer_remove (looking->bridge->core->loop, looking->timer);
  if (looking->waiting)
    g_queue_remove (&looking->bridge->waiting_looks, looking);
  g_free (looking->interaction);
  g_free (looking->network);
  g_free (looking->identity);
  g_free (looking->name);
  g_free (looking);
}

/* Answers come by name: the look may be gone, or another one begun, when one arrives. */
typedef struct
{
  UcBridge *bridge;
  guint64 serial;
  guint64 ticket; /* of the breaker */
  char *interaction;
  gboolean draft; /* what was asked for */
} Asked;

static Asked *
asked_new (const Look *looking)
{
  Asked *asked = g_new0 (Asked, 1);

  asked->bridge = looking->bridge;
  asked->serial = looking->serial;
  asked->interaction = g_strdup (looking->interaction);
  asked->draft = looking->draft && looking->looked;
  return asked;
}

static void
asked_free (Asked *asked)
{
  g_free (asked->interaction);
  g_free (asked);
}

static Look *
look_of (const Asked *asked)
{
  Look *looking = g_hash_table_lookup (asked->bridge->looks, asked->interaction);

  return looking != NULL && looking->serial == asked->serial ? looking : NULL;
}

/* Whether a person said meanwhile that it is none of the matches. */
static gboolean
goes_on (const Look *looking)
{
  const UcInteraction *interaction = uc_engine_interaction (looking->bridge->core->engine, looking->interaction);

  return looking->looked && looking->draft && interaction != NULL && interaction->customer == NULL;
}

/* What the CRM said is durable. If the engine did not want it, asking again would not change that; if it could not
 * be stored, the engine is read again, and all looks begin anew. */
static void
on_told (gpointer data, const GError *error, GPtrArray *events)
{
  Asked *asked = data;
  Look *looking = look_of (asked);

  if (error != NULL)
    g_warning ("customer of interaction %s: %s", asked->interaction, error->message);
  if (looking != NULL && error == NULL && goes_on (looking))
    {
      looking->busy = FALSE;
      look (looking);
    }
  else if (looking != NULL)
    g_hash_table_remove (asked->bridge->looks, asked->interaction);
  asked_free (asked);
}

static void
set_customer (Look *looking, const UsherCustomer *customer)
{
  UcCore *core = looking->bridge->core;
  UcCommand command = {
    .type = UC_COMMAND_SET_CUSTOMER,
    .interaction = looking->interaction,
    .customer = customer->id,
    .customer_name = customer->name,
    .draft = customer->draft,
  };

  if (uc_engine_interaction (core->engine, looking->interaction) != NULL)
    uc_core_submit (core, &command, on_told, asked_new (looking));
  else
    {
      /* Closed meanwhile: the record still belongs to it. */
      UcEvent *event = uc_event_new (UC_EVENT_INTERACTION_CUSTOMER, uc_clock_now ());
      UcTxn *txn = uc_txn_new (core);

      event->interaction = g_strdup (looking->interaction);
      event->customer = g_strdup (customer->id);
      event->customer_name = g_strdup (customer->name);
      event->draft = customer->draft;
      uc_txn_append (txn, event);
      uc_txn_commit (txn, on_told, asked_new (looking));
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

/* The chat is over and nobody can be asked: it gets a record of its own, as when nobody chose. */
static void
nobody_left_to_choose (Look *looking)
{
  looking->busy = FALSE;
  looking->looked = TRUE;
  if (looking->draft)
    look (looking);
  else
    g_hash_table_remove (looking->bridge->looks, looking->interaction);
}

static void
set_matches (Look *looking, const UsherResult *result)
{
  UcCore *core = looking->bridge->core;
  g_autoptr (GString) out = g_string_new (NULL);
  UcCommand command = { .type = UC_COMMAND_MATCHES, .interaction = looking->interaction };

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
  if (uc_engine_interaction (core->engine, looking->interaction) != NULL)
    uc_core_submit (core, &command, on_told, asked_new (looking));
  else
    nobody_left_to_choose (looking);
}

static void
on_look_timer (gpointer data)
{
  Look *looking = data;

  looking->timer = 0;
  look (looking);
}

/* Only who has the identity is certainly it: otherwise the choice is a person's, not ours, and who was asked and
 * said none of them is not asked again. */
static void
take_answer (Look *looking, gboolean draft, const UsherResult *result)
{
  gboolean any = result->customers != NULL && result->customers[0] != NULL;

  if (any && (draft || is_certain (looking, result)))
    {
      looking->busy = TRUE;
      set_customer (looking, result->customers[0]);
    }
  else if (any && !looking->looked)
    {
      looking->busy = TRUE;
      set_matches (looking, result);
    }
  else if (looking->draft && !draft)
    {
      looking->looked = TRUE;
      look (looking);
    }
  else
    g_hash_table_remove (looking->bridge->looks, looking->interaction);
}

static void
look_again_later (Look *looking, const UsherResult *result)
{
  UcBridge *bridge = looking->bridge;
  gint64 wait = uc_bridge_backoff (bridge, looking->attempts++, result->retry_after_ms);

  g_info ("customer of interaction %s: %s; trying again", looking->interaction, result->message);
  /* While the CRM is away, when to try is not its own affair. */
  if (uc_breaker_is_open (bridge->breaker))
    look (looking);
  else
    looking->timer = uc_loop_timer_in (bridge->core->loop, wait, on_look_timer, looking);
}

static void
on_found (gpointer data, const UsherResult *result)
{
  Asked *asked = data;
  UcBridge *bridge = asked->bridge;
  Look *looking = look_of (asked);
  gboolean draft = asked->draft;

  bridge->looking--;
  uc_bridge_answered (bridge, asked->ticket, asked->interaction, result);
  asked_free (asked);
  if (looking != NULL)
    {
      looking->busy = FALSE;
      if (result->status == USHER_OK)
        take_answer (looking, draft, result);
      else if (uc_bridge_is_temporary (result->status))
        look_again_later (looking, result);
      else
        {
          g_warning ("customer of interaction %s: %s", looking->interaction, result->message);
          g_hash_table_remove (bridge->looks, looking->interaction);
        }
    }
  uc_bridge_go (bridge);
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

  if (looking->draft && looking->looked)
    ops->save_customer (self, &draft, reply);
  else
    ops->lookup (self, &identity, reply);
}

static void
line_up (Look *looking)
{
  if (looking->busy || looking->waiting || looking->timer != 0)
    return;
  looking->waiting = TRUE;
  g_queue_push_tail (&looking->bridge->waiting_looks, looking);
}

/* Afterwards it may be over, and any other, too. */
static void
look (Look *looking)
{
  UcBridge *bridge = looking->bridge;

  line_up (looking);
  uc_bridge_go (bridge);
}

void
uc_bridge_look_begin (gpointer data)
{
  Look *looking = data;
  Asked *asked = asked_new (looking);

  looking->waiting = FALSE;
  looking->busy = TRUE;
  looking->bridge->save_next = TRUE;
  asked->ticket = uc_breaker_begin (looking->bridge->breaker);
  looking->bridge->looking++;
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

static Look *
look_at (UcBridge *bridge, const char *interaction, const char *network, const char *identity, const char *name)
{
  Look *looking = g_hash_table_lookup (bridge->looks, interaction);

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
  return looking;
}

static Look *
look_at_live (UcBridge *bridge, const UcInteraction *interaction)
{
  const UcConversation *conversation = interaction->conversation;

  return look_at (bridge, interaction->id, conversation->network, conversation->identity, conversation->name);
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

static void ask_description (UcBridge *bridge);

static void
on_describe_timer (gpointer data)
{
  UcBridge *bridge = data;

  bridge->describe_timer = 0;
  ask_description (bridge);
}

static void
on_described (gpointer data, const UsherResult *result)
{
  UcBridge *bridge = data;

  if (result->status == USHER_OK)
    keep_description (bridge->core, result->data);
  else
    g_warning ("the CRM does not say what its records look like: %s", result->message);
  if (uc_bridge_is_temporary (result->status) && bridge->describe_timer == 0)
    bridge->describe_timer = uc_loop_timer_in (
        bridge->core->loop, uc_bridge_backoff (bridge, bridge->describe_attempts++, result->retry_after_ms),
        on_describe_timer, bridge);
}

static void
start_describe (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  ops->describe (self, reply);
}

/* Each time it starts: it may have been started with other settings. What it said before holds until then. */
static void
ask_description (UcBridge *bridge)
{
  UcCore *core = bridge->core;
  const UsherInstance *crm = running_crm (core);

  if (crm == NULL)
    return;
  if (core->crm_description == NULL)
    keep_description (core, NULL);
  if (crm->plugin->crm.describe != NULL)
    uc_bridge_call (core, start_describe, NULL, on_described, bridge);
}

/* ---- what happens -------------------------------------------------------------------------------------- */

/* A look that is over found nobody, or those whom nobody chose; one that is under way may still find somebody. */
static void
want_draft (UcBridge *bridge, const UcInteraction *interaction)
{
  gboolean over = !g_hash_table_contains (bridge->looks, interaction->id);
  Look *looking;

  if (uc_core_crm (bridge->core) == NULL || !makes_drafts (bridge->core, interaction->conversation->channel))
    return;
  looking = look_at_live (bridge, interaction);
  looking->looked = looking->looked || over || interaction->matches != NULL;
  looking->draft = TRUE;
  look (looking);
}

void
uc_bridge_make_draft (UcBridge *bridge, const UcInteraction *interaction)
{
  Look *looking = look_at_live (bridge, interaction);

  looking->looked = looking->draft = TRUE;
  look (looking);
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
      if (g_strcmp0 (event->cause, "new") == 0 && uc_core_crm (bridge->core) != NULL)
        look (look_at (bridge, event->interaction, event->network, event->identity, event->name));
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
    case UC_EVENT_INTERACTION_CASE:
      uc_bridge_case_settled (bridge, event->interaction);
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

/* The CRM may have been away while they came and went. Only then the saves: a case waits for its customer. */
static void
on_nobodys (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcBridge *bridge = data;

  if (result != UC_STORE_OK)
    g_warning ("chats whose customer is not known yet can't be read: %s", why);
  for (guint i = rows->len; i > 0; i--)
    {
      const UcEvent *row = rows->pdata[i - 1];
      Look *looking;

      if (!makes_drafts (bridge->core, row->channel))
        continue;
      looking = look_at (bridge, row->interaction, row->network, row->identity, row->name);
      looking->draft = TRUE;
      looking->looked = looking->looked || row->matches != NULL;
      look (looking);
    }
  uc_bridge_save_reload (bridge);
}

static void
reload_closed (UcBridge *bridge)
{
  UcInteractionQuery query = { .nobodys = TRUE, .since = uc_clock_now () - NOBODYS_MS, .limit = MAX_NOBODYS };

  if (uc_core_crm (bridge->core) != NULL)
    uc_store_interactions (bridge->core->store, &query, on_nobodys, bridge);
  else
    uc_bridge_save_reload (bridge);
}

void
uc_bridge_reload (UcBridge *bridge)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  g_hash_table_remove_all (bridge->looks);
  /* They are read again after the closed ones; until then no answer to the past must find them. */
  g_hash_table_remove_all (bridge->saves);
  uc_engine_each_interaction (bridge->core->engine, look_again, list);
  for (guint i = 0; uc_core_crm (bridge->core) != NULL && i < list->len; i++)
    {
      const UcInteraction *interaction = list->pdata[i];
      Look *looking = look_at_live (bridge, interaction);

      looking->draft
          = interaction->accepted_at != 0 && makes_drafts (bridge->core, interaction->conversation->channel);
      look (looking);
    }
  reload_closed (bridge);
}

void
uc_bridge_kick (UcBridge *bridge)
{
  GHashTableIter iter;
  gpointer value;

  bridge->describe_attempts = 0;
  uc_breaker_reset (bridge->breaker);
  ask_description (bridge);
  g_hash_table_iter_init (&iter, bridge->looks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Look *looking = value;

      uc_loop_timer_remove (bridge->core->loop, looking->timer);
      looking->timer = 0;
      line_up (looking);
    }
  uc_bridge_go (bridge);
  uc_bridge_save_kick (bridge);
}

UcBridge *
uc_bridge_new (UcCore *core)
{
  UcBridge *bridge = g_new0 (UcBridge, 1);

  bridge->core = core;
  bridge->looks = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, look_free);
  bridge->saves = uc_bridge_saves_new ();
  bridge->named = uc_bridge_named_new ();
  uc_bridge_pace_init (bridge);
  uc_feed_listen (core->feed, on_event, bridge);
  return bridge;
}

void
uc_bridge_free (UcBridge *bridge)
{
  if (bridge == NULL)
    return;
  uc_loop_timer_remove (bridge->core->loop, bridge->describe_timer);
  g_clear_pointer (&bridge->core->crm_description, g_free);
  g_hash_table_unref (bridge->looks);
  g_hash_table_unref (bridge->saves);
  g_hash_table_unref (bridge->named);
  uc_bridge_pace_clear (bridge);
  g_free (bridge);
}
