/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counts what happened since the start: durable events by type and by one of their words. Main thread.
 */
#include <string.h>

#include "core/service/feed.h"
#include "core/service/metrics.h"

#define MOST_WORDS 8

/* member: which word of the event parts the figure; words: those it may be; any other counts as "other". */
typedef struct
{
  const char *name, *help;
  UcEventType type;
  const char *label;
  gsize member;
  const char *words[MOST_WORDS];
} Family;

#define BY(label, member) label, offsetof (UcEvent, member)

static const Family families[] = {
  { "usher_interactions_queued_total",
    "How often interactions entered a queue, new or once more.",
    UC_EVENT_INTERACTION_QUEUED,
    BY ("cause", cause),
    { "new", "rejected", "timed_out", "agent_lost", "withdrawn", "rested" } },
  { "usher_offers_total", "Offers made to agents.", UC_EVENT_INTERACTION_OFFERED, NULL, 0, { NULL } },
  { "usher_offers_ended_total",
    "Offers that are over, by how; timed_out ones were missed.",
    UC_EVENT_OFFER_ENDED,
    BY ("cause", cause),
    { "accepted", "rejected", "timed_out", "agent_lost", "customer_left", "withdrawn" } },
  { "usher_interactions_ended_total",
    "Chats that ended, by who ended them.",
    UC_EVENT_INTERACTION_ENDED,
    BY ("by", ended_by),
    { "agent", "customer", "system" } },
  { "usher_interactions_closed_total",
    "Interactions that are over with all that belongs to them.",
    UC_EVENT_INTERACTION_CLOSED,
    BY ("cause", cause),
    { "manual", "timed_out", "none", "abandoned", "uncoded", "agent_lost" } },
  { "usher_messages_total",
    "Lines of conversations, by author.",
    UC_EVENT_MESSAGE_ADDED,
    BY ("author", author),
    { "customer", "agent", "system" } },
  { "usher_message_states_total",
    "States that agents' messages reached.",
    UC_EVENT_MESSAGE_STATE,
    BY ("state", state),
    { "queued", "uncertain", "sent", "delivered", "read", "failed" } },
  { "usher_case_states_total",
    "States that transcripts on their way to the CRM reached.",
    UC_EVENT_INTERACTION_SAVE,
    BY ("state", state),
    { "requested", "queued", "saved", "failed" } },
  { "usher_presence_changes_total",
    "Desks that connected or vanished.",
    UC_EVENT_AGENT_PRESENCE,
    BY ("state", state),
    { "here", "away", "lost", "none" } },
};

struct UcHappened
{
  guint64 count[G_N_ELEMENTS (families)][MOST_WORDS + 1]; /* the last one: other words */
};

static guint
place_of (const Family *family, const UcEvent *event)
{
  const char *word = family->label != NULL ? G_STRUCT_MEMBER (char *, event, family->member) : NULL;

  for (guint i = 0; word != NULL && i < MOST_WORDS && family->words[i] != NULL; i++)
    if (strcmp (family->words[i], word) == 0)
      return i;
  return MOST_WORDS;
}

static void
on_event (gpointer data, const UcFeedItem *item)
{
  UcHappened *happened = data;

  for (guint f = 0; f < G_N_ELEMENTS (families); f++)
    if (families[f].type == item->event->type)
      happened->count[f][place_of (&families[f], item->event)]++;
}

static void
write_family (UcMetrics *metrics, const Family *family, const guint64 *count)
{
  g_autofree char *other = NULL;

  if (family->label == NULL)
    {
      uc_metrics_counter (metrics, family->name, family->help, NULL, (double)count[MOST_WORDS]);
      return;
    }
  for (guint i = 0; i < MOST_WORDS && family->words[i] != NULL; i++)
    {
      g_autofree char *label = uc_metrics_label (family->label, family->words[i]);

      uc_metrics_counter (metrics, family->name, family->help, label, (double)count[i]);
    }
  if (count[MOST_WORDS] == 0)
    return;
  other = uc_metrics_label (family->label, "other");
  uc_metrics_counter (metrics, family->name, family->help, other, (double)count[MOST_WORDS]);
}

void
uc_happened_metrics (UcCore *core, UcMetrics *metrics)
{
  for (guint f = 0; f < G_N_ELEMENTS (families); f++)
    write_family (metrics, &families[f], core->happened->count[f]);
}

UcHappened *
uc_happened_new (UcCore *core)
{
  UcHappened *happened = g_new0 (UcHappened, 1);

  uc_feed_listen (core->feed, on_event, happened);
  return happened;
}

void
uc_happened_free (UcHappened *happened)
{
  g_free (happened);
}
