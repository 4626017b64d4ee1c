/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Webhooks under way: events, their media, delivery to the core, the answer to Meta. Main thread.
 *
 * A webhook whose media are being fetched holds back those of the same people that are about something later, so
 * that a picture and the text after it, and the pictures of an album, stay in order; nothing waits longer than
 * MESSENGER_MEDIA_MS. Meta may lose patience before that and send the same body again: it then waits for the same
 * answer, and nothing is fetched twice. Meta gets 200 once everything is durable or refused for good, and 503 if
 * something should come again.
 */
#include "messenger.h"

#include <string.h>

#define MAX_JOINED 16  /* calls with one body that wait for one answer */
#define MAX_KNOWN 4096 /* events that are known to be durable */

struct MessengerIntake
{
  GQueue hooks;      /* of MessengerHook*, in the order they came */
  guint64 number;    /* of the last one */
  GHashTable *known; /* external ids of messages that were stored: their media need not be fetched again */
  GQueue known_order;
};

/* ---- hooks --------------------------------------------------------------------------------------------- */

static void
item_free (gpointer data)
{
  MessengerItem *item = data;

  if (item->attachments != NULL)
    g_ptr_array_unref (item->attachments);
  g_free (item);
}

static MessengerHook *
hook_new (Messenger *mg, UsherExchange *exchange, const char *signature)
{
  MessengerHook *hook = g_new0 (MessengerHook, 1);

  hook->mg = mg;
  hook->refs = 1;
  hook->link.data = hook;
  hook->number = ++mg->intake->number;
  hook->signature = g_strdup (signature);
  hook->exchanges = g_ptr_array_new ();
  g_ptr_array_add (hook->exchanges, exchange);
  hook->strings = g_string_chunk_new (1024);
  hook->items = g_ptr_array_new_with_free_func (item_free);
  hook->media = g_ptr_array_new_with_free_func (messenger_keep_unref);
  hook->people = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_push_tail_link (&mg->intake->hooks, &hook->link);
  return hook;
}

void
messenger_hook_unref (MessengerHook *hook)
{
  if (--hook->refs > 0)
    return;
  g_free (hook->signature);
  g_ptr_array_unref (hook->exchanges);
  g_hash_table_unref (hook->people);
  g_ptr_array_unref (hook->media);
  g_ptr_array_unref (hook->items);
  g_string_chunk_free (hook->strings);
  g_free (hook);
}

const char *
messenger_hook_keep (MessengerHook *hook, const char *text)
{
  return text != NULL ? g_string_chunk_insert (hook->strings, text) : NULL;
}

MessengerItem *
messenger_hook_add (MessengerHook *hook, UsherInboundKind kind, const char *user_id, gint64 at)
{
  MessengerItem *item = g_new0 (MessengerItem, 1);

  item->hook = hook;
  item->order = hook->items->len;
  item->in = (UsherInbound){ .struct_size = sizeof item->in,
                             .kind = kind,
                             .user_id = messenger_hook_keep (hook, user_id),
                             .at = at != 0 ? at : hook->mg->host->now () };
  g_ptr_array_add (hook->items, item);
  g_hash_table_add (hook->people, (gpointer)item->in.user_id);
  return item;
}

static int
by_time (gconstpointer a, gconstpointer b)
{
  const MessengerItem *one = *(MessengerItem *const *)a, *other = *(MessengerItem *const *)b;

  if (one->in.at != other->in.at)
    return one->in.at < other->in.at ? -1 : 1;
  return one->order < other->order ? -1 : one->order > other->order;
}

/* ---- what is durable already --------------------------------------------------------------------------- */

static void
know (MessengerIntake *intake, const char *id)
{
  char *copy;

  if (g_hash_table_contains (intake->known, id))
    return;
  copy = g_strdup (id);
  g_hash_table_add (intake->known, copy);
  g_queue_push_tail (&intake->known_order, copy);
  if (intake->known_order.length > MAX_KNOWN)
    g_hash_table_remove (intake->known, g_queue_pop_head (&intake->known_order));
}

gboolean
messenger_hook_known (MessengerHook *hook, const char *external_id)
{
  return g_hash_table_contains (hook->mg->intake->known, external_id);
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static void
answer (MessengerHook *hook, int status, const char *text)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&hook->exchanges);

  hook->exchanges = g_ptr_array_new ();
  for (guint i = 0; i < waiting->len; i++)
    messenger_respond (hook->mg, waiting->pdata[i], status, text);
}

static void
hook_over (MessengerHook *hook)
{
  messenger_timer_drop (hook->mg, &hook->media_timer);
  messenger_timer_drop (hook->mg, &hook->answer_timer);
  if (hook->again)
    answer (hook, 503, "Not everything could be stored now; send it again.\n");
  else
    answer (hook, 200, "EVENT_RECEIVED\n");
  g_queue_unlink (&hook->mg->intake->hooks, &hook->link);
  messenger_stop_check (hook->mg);
  messenger_hook_unref (hook);
}

static void
on_answer_limit (void *data)
{
  MessengerHook *hook = data;

  hook->answer_timer = 0;
  messenger_log (hook->mg, USHER_LOG_WARNING,
                 "a webhook call could not be stored in time; Meta is asked to send it again");
  answer (hook, 503, "Not stored in time; send it again.\n");
}

/* ---- delivery ------------------------------------------------------------------------------------------ */

typedef struct
{
  MessengerHook *hook;
  guint from, count;
} Chunk;

static void
chunk_free (gpointer data)
{
  Chunk *chunk = data;

  messenger_hook_unref (chunk->hook);
  g_free (chunk);
}

static void on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count);

static void
deliver (MessengerHook *hook, guint from, guint count)
{
  Messenger *mg = hook->mg;
  const UsherInbound *items[MESSENGER_DELIVER];
  Chunk *chunk = g_new (Chunk, 1);

  for (guint i = 0; i < count; i++)
    items[i] = &((MessengerItem *)hook->items->pdata[from + i])->in;
  hook->refs++;
  hook->waiting++;
  *chunk = (Chunk){ hook, from, count };
  mg->host->deliver (mg->instance, items, count, on_delivered, messenger_expect (mg, chunk, chunk_free));
}

static void
stored (MessengerHook *hook, const MessengerItem *item)
{
  if (item->in.kind == USHER_INBOUND_MESSAGE || item->in.kind == USHER_INBOUND_ECHO)
    know (hook->mg->intake, item->in.external_id);
  if (item->in.kind == USHER_INBOUND_MESSAGE && !item->in.passive)
    messenger_profile_want (hook->mg, item->in.user_id);
}

static gboolean
comes_again (UsherStatus status)
{
  return status == USHER_RETRY || status == USHER_BUSY || status == USHER_UNCERTAIN || status == USHER_CANCELLED
         || status == USHER_LOST;
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Chunk *chunk = messenger_arrived (data);
  MessengerHook *hook = chunk->hook;
  Messenger *mg = hook->mg;

  if (result->status == USHER_OK)
    for (guint i = 0; i < chunk->count; i++)
      stored (hook, hook->items->pdata[chunk->from + i]);
  else if (comes_again (result->status))
    hook->again = TRUE;
  else if (chunk->count > 1)
    /* Which of them it was is not said: each on its own, so that the others are not lost with it. */
    for (guint i = 0; i < chunk->count; i++)
      deliver (hook, chunk->from + i, 1);
  else
    {
      g_autofree char *why
          = messenger_clean (mg, result->message != NULL ? result->message : "no reason given", 200);
      g_autofree char *text = g_strdup_printf ("an event was refused for good and dropped: %s", why);

      messenger_count (mg, USHER_LOG_WARNING, &mg->counts.refused, text);
    }
  if (--hook->waiting == 0)
    hook_over (hook);
  chunk_free (chunk);
}

static void
deliver_all (MessengerHook *hook)
{
  guint n = hook->items->len;

  hook->delivered = TRUE;
  messenger_timer_drop (hook->mg, &hook->media_timer);
  if (n == 0)
    {
      hook_over (hook);
      return;
    }
  for (guint i = 0; i < n; i++)
    {
      MessengerItem *item = hook->items->pdata[i];

      if (item->attachments == NULL)
        continue;
      g_ptr_array_add (item->attachments, NULL);
      item->in.attachments = (const UsherAttachment *const *)item->attachments->pdata;
    }
  for (guint from = 0; from < n; from += MESSENGER_DELIVER)
    deliver (hook, from, MIN (MESSENGER_DELIVER, n - from));
}

/* ---- order --------------------------------------------------------------------------------------------- */

static gboolean
share_somebody (const MessengerHook *a, const MessengerHook *b)
{
  GHashTableIter iter;
  gpointer user_id;

  g_hash_table_iter_init (&iter, a->people);
  while (g_hash_table_iter_next (&iter, &user_id, NULL))
    if (g_hash_table_contains (b->people, user_id))
      return TRUE;
  return FALSE;
}

/* By when things happened: webhooks that were sent at the same time arrive in any order. */
static gboolean
goes_before (const MessengerHook *a, const MessengerHook *b)
{
  return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static gboolean
is_held_back (const MessengerHook *hook)
{
  if (hook->due)
    return FALSE;
  for (const GList *link = hook->mg->intake->hooks.head; link != NULL; link = link->next)
    {
      const MessengerHook *other = link->data;

      if (other != hook && !other->delivered && goes_before (other, hook) && share_somebody (other, hook))
        return TRUE;
    }
  return FALSE;
}

static MessengerHook *
next_to_deliver (MessengerIntake *intake)
{
  for (GList *link = intake->hooks.head; link != NULL; link = link->next)
    {
      MessengerHook *hook = link->data;

      if (!hook->delivered && hook->media_open == 0 && !is_held_back (hook))
        return hook;
    }
  return NULL;
}

/* Delivers whatever may be delivered now. */
static void
advance (MessengerIntake *intake)
{
  MessengerHook *hook;

  while ((hook = next_to_deliver (intake)) != NULL)
    deliver_all (hook);
}

void
messenger_hook_media_done (MessengerHook *hook)
{
  if (--hook->media_open == 0)
    advance (hook->mg->intake);
}

static void
on_media_limit (void *data)
{
  MessengerHook *hook = data;

  hook->media_timer = 0;
  hook->due = TRUE;
  if (hook->media_open > 0)
    messenger_media_end (hook, "it could not be fetched in time");
  else
    advance (hook->mg->intake);
}

/* ---- in and out ---------------------------------------------------------------------------------------- */

gboolean
messenger_intake_join (Messenger *mg, UsherExchange *exchange, const char *signature)
{
  for (GList *link = mg->intake->hooks.head; link != NULL; link = link->next)
    {
      MessengerHook *hook = link->data;

      if (strcmp (hook->signature, signature) != 0 || hook->exchanges->len == 0
          || hook->exchanges->len >= MAX_JOINED)
        continue;
      g_ptr_array_add (hook->exchanges, exchange);
      return TRUE;
    }
  return FALSE;
}

void
messenger_intake_take (Messenger *mg, UsherExchange *exchange, const char *signature, const UsherJson *root)
{
  MessengerHook *hook;

  if (mg->intake->hooks.length >= MESSENGER_MAX_HOOKS)
    {
      messenger_respond (mg, exchange, 503, "Too much is under way; send it again.\n");
      return;
    }
  hook = hook_new (mg, exchange, signature);
  messenger_events (hook, root);
  g_ptr_array_sort (hook->items, by_time);
  if (hook->items->len > 0)
    hook->at = ((MessengerItem *)hook->items->pdata[0])->in.at;
  hook->answer_timer = mg->host->timer_add (mg->instance, MESSENGER_ANSWER_MS, on_answer_limit, hook);
  hook->media_timer = mg->host->timer_add (mg->instance, MESSENGER_MEDIA_MS, on_media_limit, hook);
  messenger_media_start (hook);
  advance (mg->intake);
}

MessengerIntake *
messenger_intake_new (void)
{
  MessengerIntake *intake = g_new0 (MessengerIntake, 1);

  intake->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return intake;
}

void
messenger_intake_free (MessengerIntake *intake)
{
  g_queue_clear (&intake->known_order);
  g_hash_table_unref (intake->known);
  g_free (intake);
}

/* What is not with the core yet comes again: Meta is told so. */
void
messenger_intake_stop (Messenger *mg)
{
  g_autoptr (GPtrArray) early = g_ptr_array_new ();

  for (GList *link = mg->intake->hooks.head; link != NULL; link = link->next)
    {
      MessengerHook *hook = link->data;

      if (hook->delivered)
        continue;
      hook->delivered = hook->again = TRUE;
      g_ptr_array_add (early, hook);
    }
  for (guint i = 0; i < early->len; i++)
    {
      messenger_media_end (early->pdata[i], "the channel is stopping");
      hook_over (early->pdata[i]);
    }
}

gboolean
messenger_intake_idle (Messenger *mg)
{
  return g_queue_is_empty (&mg->intake->hooks);
}

void
messenger_intake_abort (Messenger *mg)
{
  for (GList *link = mg->intake->hooks.head; link != NULL; link = link->next)
    answer (link->data, 503, "The channel is stopping; send it again.\n");
}

void
messenger_intake_destroy (Messenger *mg)
{
  MessengerHook *hook;

  for (GList *link = mg->intake->hooks.head; link != NULL; link = link->next)
    ((MessengerHook *)link->data)->delivered = TRUE; /* the core takes nothing more */
  while ((hook = g_queue_peek_head (&mg->intake->hooks)) != NULL)
    {
      messenger_media_end (hook, "the channel is stopping");
      g_queue_unlink (&mg->intake->hooks, &hook->link);
      messenger_hook_unref (hook);
    }
}
