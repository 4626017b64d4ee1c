/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events: the table of types and members, and their JSON form. Any thread.
 */
#include "core/base/event.h"

#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"

typedef enum
{
  MEMBER_INT,
  MEMBER_STRING,
  MEMBER_JSON /* a string that holds JSON text */
} MemberKind;

typedef struct
{
  const char *member;
  const char *key;
  gsize offset;
  MemberKind kind;
} Member;

/* What differs from the rule is set in make_layouts. */
static Member members[] = {
#define X(name) { #name, #name, offsetof (UcEvent, name), MEMBER_STRING },
  UC_EVENT_STRINGS (X)
#undef X
#define X(name) { #name, #name, offsetof (UcEvent, name), MEMBER_INT },
      UC_EVENT_INTS (X)
#undef X
};

/* Members by type. The order here is the order in the JSON. */
static const struct
{
  const char *name;
  const char *members;
} types[UC_EVENT_N_TYPES] = {
  [UC_EVENT_NONE] = { "none", "" },
  [UC_EVENT_USER_CHANGED]
  = { "user.changed", "user login name role permissions capacity acceptance_ms enabled auto_accept scope by" },
  [UC_EVENT_QUEUE_CHANGED]
  = { "queue.changed", "queue name enabled post_processing_ms boost acceptance_ms save_during save_after by" },
  [UC_EVENT_MEMBERSHIP_CHANGED] = { "membership.changed", "user queue enabled removed by" },
  [UC_EVENT_POLICY_CHANGED]
  = { "policy.changed", "preset acceptance_ms on_login on_reject on_timeout reason_reject reason_timeout "
                        "return_reject_ms return_timeout_ms max_misses lease_ms grace_ms code_grace_ms pop_on "
                        "late_save by" },
  [UC_EVENT_CODES_CHANGED] = { "codes.changed", "list name use status queues required enabled removed codes by" },
  [UC_EVENT_FAQ_CHANGED] = { "faq.changed", "faq category question answer language enabled removed by" },
  [UC_EVENT_AGENT_STATUS] = { "agent.status", "agent status asked since idle_since stop_new cause reason "
                                              "misses return_at interaction by" },
  [UC_EVENT_AGENT_PRESENCE] = { "agent.presence", "agent state since deadline" },
  [UC_EVENT_CONVERSATION_OPENED] = { "conversation.opened", "conversation channel network identity name" },
  [UC_EVENT_CONVERSATION_CHANGED] = { "conversation.changed", "conversation interaction agent name picture" },
  [UC_EVENT_INTERACTION_QUEUED]
  = { "interaction.queued", "interaction conversation channel network identity name queue queue_name "
                            "enqueued_at boost acceptance_ms excluded deadline agent cause" },
  [UC_EVENT_INTERACTION_OFFERED]
  = { "interaction.offered", "interaction agent offer deadline acceptance_ms conversation channel network "
                             "identity name queue queue_name enqueued_at customer customer_name draft" },
  [UC_EVENT_OFFER_ENDED] = { "offer.ended", "interaction agent offer cause reason by" },
  [UC_EVENT_INTERACTION_ACCEPTED] = { "interaction.accepted", "interaction agent agent_name accepted_at" },
  [UC_EVENT_INTERACTION_ENDED] = { "interaction.ended", "interaction agent ended_by ended_at deadline" },
  [UC_EVENT_INTERACTION_CLOSED] = { "interaction.closed", "interaction agent cause uncoded by" },
  [UC_EVENT_MESSAGE_ADDED]
  = { "message.added", "conversation interaction agent message n author author_name by code text channel "
                       "identity external_id client_id sent_at state form reply_to attachments "
                       "window_until tagged_until" },
  [UC_EVENT_MESSAGE_STATE]
  = { "message.state", "conversation interaction agent message n state external_id error by" },
  [UC_EVENT_INTERACTION_CUSTOMER] = { "interaction.customer", "interaction agent customer customer_name draft" },
  [UC_EVENT_INTERACTION_SAVE] = { "interaction.save", "interaction agent state mode case_id attempts error by" },
  [UC_EVENT_INTERACTION_CODES] = { "interaction.codes", "interaction agent codes uncoded by" },
  [UC_EVENT_INTERACTION_MATCHES] = { "interaction.matches", "interaction agent matches" },
  [UC_EVENT_INTERACTION_CASE] = { "interaction.case", "interaction agent follows cause by" },
  [UC_EVENT_INTERACTION_OVERDUE] = { "interaction.overdue", "interaction agent deadline" },
  [UC_EVENT_FAQ_USED] = { "faq.used", "faq interaction agent by" },
  [UC_EVENT_CUSTOMER_MERGED] = { "customer.merged", "customer dropped merge removed by" },
  [UC_EVENT_SYSTEM_DRAIN] = { "system.drain", "enabled by" },
  [UC_EVENT_STATE_AGENT]
  = { "state.agent", "agent status asked since idle_since stop_new cause reason misses return_at state deadline" },
  [UC_EVENT_STATE_CONVERSATION] = { "state.conversation", "conversation channel network identity name picture "
                                                          "last_n interaction window_until tagged_until" },
  [UC_EVENT_STATE_INTERACTION]
  = { "state.interaction", "interaction conversation channel network identity name queue queue_name state "
                           "agent offer since deadline acceptance_ms enqueued_at boost excluded accepted_at "
                           "ended_at ended_by customer customer_name draft mode case_id attempts error "
                           "status cause codes matches follows overdue uncoded" },
};

/* types[].members split into pointers into members[], made once. */
static const Member **layouts[UC_EVENT_N_TYPES];

static void
name_exceptions (void)
{
  for (gsize m = 0; m < G_N_ELEMENTS (members); m++)
    {
      const char *name = members[m].member;

      if (strcmp (name, "case_id") == 0)
        members[m].key = "case";
      else if (strcmp (name, "attachments") == 0 || strcmp (name, "codes") == 0 || strcmp (name, "matches") == 0)
        members[m].kind = MEMBER_JSON;
    }
}

static void
make_layouts (void)
{
  name_exceptions ();
  for (int t = 0; t < UC_EVENT_N_TYPES; t++)
    {
      g_auto (GStrv) words = g_strsplit (types[t].members, " ", -1);
      GPtrArray *layout = g_ptr_array_new ();

      for (gsize w = 0; words[w] != NULL; w++)
        {
          const Member *found = NULL;

          if (*words[w] == '\0')
            continue;
          for (gsize m = 0; m < G_N_ELEMENTS (members) && found == NULL; m++)
            if (strcmp (members[m].member, words[w]) == 0)
              found = &members[m];
          g_assert (found != NULL);
          g_ptr_array_add (layout, (gpointer)found);
        }
      g_ptr_array_add (layout, NULL);
      layouts[t] = (const Member **)g_ptr_array_free (layout, FALSE);
    }
}

static const Member **
layout_of (UcEventType type)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      make_layouts ();
      g_once_init_leave (&once, 1);
    }
  return layouts[type];
}

static char **
string_at (const UcEvent *event, const Member *member)
{
  return (char **)((char *)event + member->offset);
}

static gint64 *
int_at (const UcEvent *event, const Member *member)
{
  return (gint64 *)((char *)event + member->offset);
}

UcEvent *
uc_event_new (UcEventType type, gint64 at)
{
  UcEvent *event = g_new0 (UcEvent, 1);

  event->type = type;
  event->at = at;
  return event;
}

/* Nearly all members are NULL: sixty calls for nothing would be felt on every event. */
void
uc_event_free (UcEvent *event)
{
  if (event == NULL)
    return;
#define X(name)                                                                                                   \
  if (event->name != NULL)                                                                                        \
    g_free (event->name);
  UC_EVENT_STRINGS (X)
#undef X
  g_free (event);
}

UcEvent *
uc_event_copy (const UcEvent *event)
{
  UcEvent *copy = g_memdup2 (event, sizeof *event);

#define X(name) copy->name = g_strdup (event->name);
  UC_EVENT_STRINGS (X)
#undef X
  return copy;
}

const char *
uc_event_type_name (UcEventType type)
{
  g_return_val_if_fail (type < UC_EVENT_N_TYPES, "none");
  return types[type].name;
}

UcEventType
uc_event_type_from_name (const char *name)
{
  for (int t = 1; t < UC_EVENT_N_TYPES; t++)
    if (g_strcmp0 (types[t].name, name) == 0)
      return t;
  return UC_EVENT_NONE;
}

gboolean
uc_event_type_has (UcEventType type, const char *member)
{
  for (const Member **m = layout_of (type); *m != NULL; m++)
    if (strcmp ((*m)->member, member) == 0)
      return TRUE;
  return FALSE;
}

char *
uc_event_to_json (const UcEvent *event, gsize *len)
{
  GString *out = g_string_sized_new (256);

  uc_json_begin (out);
  uc_json_add_int (out, "seq", event->seq);
  uc_json_add_int (out, "at", event->at);
  uc_json_add_string (out, "type", types[event->type].name);
  for (const Member **m = layout_of (event->type); *m != NULL; m++)
    {
      if ((*m)->kind == MEMBER_INT)
        uc_json_add_int (out, (*m)->key, *int_at (event, *m));
      else if (*string_at (event, *m) == NULL)
        continue;
      else if ((*m)->kind == MEMBER_JSON)
        uc_json_add_raw (out, (*m)->key, *string_at (event, *m));
      else
        uc_json_add_string (out, (*m)->key, *string_at (event, *m));
    }
  uc_json_end (out);
  if (len != NULL)
    *len = out->len;
  return g_string_free (out, FALSE);
}

UcEvent *
uc_event_from_json (const char *json, gsize len, GError **error)
{
  g_autoptr (UcJson) root = uc_json_parse (json, len, NULL, error);
  g_autoptr (UcEvent) event = NULL;
  UcEventType type;

  if (root == NULL)
    return NULL;
  type = uc_event_type_from_name (uc_json_string (uc_json_get (root, "type")));
  if (type == UC_EVENT_NONE)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "unknown event type '%s'",
                   uc_json_string (uc_json_get (root, "type")) != NULL
                       ? uc_json_string (uc_json_get (root, "type"))
                       : "(none)");
      return NULL;
    }
  event = uc_event_new (type, uc_json_int (uc_json_get (root, "at"), 0));
  event->seq = uc_json_int (uc_json_get (root, "seq"), 0);
  for (const Member **m = layout_of (type); *m != NULL; m++)
    {
      const UcJson *value = uc_json_get (root, (*m)->key);

      if ((*m)->kind == MEMBER_INT)
        *int_at (event, *m) = uc_json_int (value, 0);
      else if ((*m)->kind == MEMBER_STRING)
        *string_at (event, *m) = g_strdup (uc_json_string (value));
      else if (value != NULL && !uc_json_is_null (value))
        *string_at (event, *m) = uc_json_print (value, NULL);
    }
  return g_steal_pointer (&event);
}
