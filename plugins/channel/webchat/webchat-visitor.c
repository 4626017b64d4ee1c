/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Visitors: what is known about one customer while a client is open and a minute longer (so that coming back does
 * not escape a limit), and the addresses they come from. Main thread.
 */
#include "webchat.h"

#include <string.h>

#define SWEEP_MS 30000
#define RECEIPT_MS 300
#define RECEIPT_AGAIN_MS 2000
#define TYPING_REPEAT_MS 2500

static void receipts_later (Webchat *wc, WebchatVisitor *visitor, gint64 ms);

/* ---- forgetting ---------------------------------------------------------------------------------------- */

static gboolean
visitor_is_over (gpointer key, gpointer value, gpointer data)
{
  Webchat *wc = data;
  WebchatVisitor *visitor = value;

  if (visitor->clients->len > 0 || visitor->in_flight > 0 || visitor->telling || visitor->receipt_timer != 0
      || visitor->used_at + WEBCHAT_KEEP_MS > wc->host->now ())
    return FALSE;
  webchat_visitor_free (visitor);
  return TRUE;
}

static gboolean
address_is_over (gpointer key, gpointer value, gpointer data)
{
  Webchat *wc = data;
  WebchatAddress *address = value;

  return address->live == 0 && webchat_rate_idle (&address->sessions, wc->host->now ());
}

static void
sweep (void *data)
{
  Webchat *wc = data;

  g_hash_table_foreach_steal (wc->visitors, visitor_is_over, wc);
  g_hash_table_foreach_remove (wc->addresses, address_is_over, wc);
  wc->sweep = g_hash_table_size (wc->visitors) + g_hash_table_size (wc->addresses) > 0
                  ? wc->host->timer_add (wc->instance, SWEEP_MS, sweep, wc)
                  : 0;
}

static void
sweep_later (Webchat *wc)
{
  if (wc->sweep == 0)
    wc->sweep = wc->host->timer_add (wc->instance, SWEEP_MS, sweep, wc);
}

WebchatAddress *
webchat_address_get (Webchat *wc, const char *key)
{
  WebchatAddress *address = g_hash_table_lookup (wc->addresses, key);

  if (address == NULL)
    {
      address = g_new0 (WebchatAddress, 1);
      g_hash_table_insert (wc->addresses, g_strdup (key), address);
      sweep_later (wc);
    }
  return address;
}

WebchatVisitor *
webchat_visitor_find (Webchat *wc, const char *id)
{
  return g_hash_table_lookup (wc->visitors, id);
}

WebchatVisitor *
webchat_visitor_get (Webchat *wc, const char *id)
{
  WebchatVisitor *visitor = webchat_visitor_find (wc, id);

  if (visitor == NULL)
    {
      visitor = g_new0 (WebchatVisitor, 1);
      visitor->wc = wc;
      g_strlcpy (visitor->id, id, sizeof visitor->id);
      visitor->clients = g_ptr_array_new ();
      g_hash_table_insert (wc->visitors, visitor->id, visitor);
      sweep_later (wc);
    }
  visitor->used_at = wc->host->now ();
  return visitor;
}

void
webchat_visitor_free (WebchatVisitor *visitor)
{
  Webchat *wc = visitor->wc;

  if (visitor->receipt_timer != 0 && !wc->gone)
    wc->host->timer_remove (wc->instance, visitor->receipt_timer);
  g_ptr_array_unref (visitor->clients);
  g_free (visitor->agent);
  g_free (visitor);
}

/* ---- telling its clients ------------------------------------------------------------------------------- */

/* A send may end a client, so the list is copied first. */
static GPtrArray *
clients_now (WebchatVisitor *visitor)
{
  GPtrArray *copy = g_ptr_array_new_full (visitor->clients->len, (GDestroyNotify)webchat_client_unref);

  for (guint i = 0; i < visitor->clients->len; i++)
    g_ptr_array_add (copy, webchat_client_ref (visitor->clients->pdata[i]));
  return copy;
}

void
webchat_visitor_push (Webchat *wc, WebchatVisitor *visitor, gint64 n, const char *text)
{
  g_autoptr (GPtrArray) clients = NULL;

  visitor->max_n = MAX (visitor->max_n, n);
  if (visitor->clients->len == 1)
    {
      WebchatClient *only = webchat_client_ref (visitor->clients->pdata[0]);

      webchat_client_push (only, n, text);
      webchat_client_unref (only);
      return;
    }
  clients = clients_now (visitor);
  for (guint i = 0; i < clients->len; i++)
    webchat_client_push (clients->pdata[i], n, text);
}

void
webchat_visitor_catch_up (Webchat *wc, WebchatVisitor *visitor, gint64 n)
{
  g_autoptr (GPtrArray) clients = clients_now (visitor);

  visitor->max_n = MAX (visitor->max_n, n);
  for (guint i = 0; i < clients->len; i++)
    {
      WebchatClient *client = clients->pdata[i];

      if (client->live && !client->fetching && !client->behind && client->sent_n < n)
        webchat_client_fetch (client, client->sent_n, FALSE);
    }
}

void
webchat_visitor_tell (Webchat *wc, WebchatVisitor *visitor, const char *text)
{
  g_autoptr (GPtrArray) clients = clients_now (visitor);

  for (guint i = 0; i < clients->len; i++)
    {
      WebchatClient *client = clients->pdata[i];

      if (!client->live)
        continue;
      webchat_client_send (client, text);
      if (!client->fetching)
        webchat_client_flush (client);
    }
}

void
webchat_visitor_set_state (Webchat *wc, WebchatVisitor *visitor, const char *state, const char *agent)
{
  g_autofree char *text = NULL;

  if (state == NULL || strcmp (state, "active") != 0)
    agent = NULL;
  if (state == NULL || (strcmp (visitor->state, state) == 0 && g_strcmp0 (visitor->agent, agent) == 0))
    return;
  g_strlcpy (visitor->state, state, sizeof visitor->state);
  g_free (visitor->agent);
  visitor->agent = g_strdup (agent);
  text = webchat_frame_state (wc, visitor->state, visitor->agent);
  webchat_visitor_tell (wc, visitor, text);
}

typedef struct
{
  Webchat *wc;
  WebchatVisitorId id;
} Refresh;

static void
refreshed (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
           const char *agent)
{
  g_autofree Refresh *refresh = data;
  Webchat *wc = refresh->wc;
  WebchatVisitor *visitor = wc->gone ? NULL : webchat_visitor_find (wc, refresh->id);

  if (visitor != NULL && result->status == USHER_OK)
    webchat_visitor_set_state (wc, visitor, state, agent);
  webchat_paid (wc);
  webchat_unref (wc);
}

void
webchat_visitor_refresh (Webchat *wc, WebchatVisitor *visitor)
{
  Refresh *refresh = g_new (Refresh, 1);

  refresh->wc = webchat_ref (wc);
  memcpy (refresh->id, visitor->id, sizeof refresh->id);
  webchat_owe (wc);
  wc->host->history (wc->instance, visitor->id, visitor->max_n, 1, refreshed, refresh);
}

/* ---- receipts ------------------------------------------------------------------------------------------ */

typedef struct
{
  Webchat *wc;
  WebchatVisitorId id;
  gint64 got, read;
} Receipt;

static void
receipts_told (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  g_autofree Receipt *receipt = data;
  Webchat *wc = receipt->wc;
  WebchatVisitor *visitor = wc->gone ? NULL : webchat_visitor_find (wc, receipt->id);

  if (visitor != NULL)
    {
      gboolean again = result->status == USHER_BUSY || result->status == USHER_RETRY;

      visitor->telling = FALSE;
      if (!again)
        {
          visitor->got_told = MAX (visitor->got_told, receipt->got);
          visitor->read_told = MAX (visitor->read_told, receipt->read);
        }
      if (visitor->got > visitor->got_told || visitor->read > visitor->read_told)
        receipts_later (wc, visitor, again ? RECEIPT_AGAIN_MS : RECEIPT_MS);
    }
  webchat_paid (wc);
  webchat_unref (wc);
}

static void
receipts_tell (Webchat *wc, WebchatVisitor *visitor)
{
  Receipt *receipt = g_new (Receipt, 1);
  UsherInbound delivered = { .struct_size = sizeof delivered,
                             .kind = USHER_INBOUND_RECEIPT,
                             .user_id = visitor->id,
                             .receipt = USHER_RECEIPT_DELIVERED,
                             .upto = visitor->got };
  UsherInbound read = delivered;
  const UsherInbound *items[2];
  size_t count = 0;

  read.receipt = USHER_RECEIPT_READ;
  read.upto = visitor->read;
  if (visitor->got > visitor->got_told && visitor->got > visitor->read) /* read includes delivered */
    items[count++] = &delivered;
  if (visitor->read > visitor->read_told)
    items[count++] = &read;
  *receipt = (Receipt){ .wc = webchat_ref (wc), .got = visitor->got, .read = visitor->read };
  memcpy (receipt->id, visitor->id, sizeof receipt->id);
  visitor->telling = TRUE;
  webchat_owe (wc);
  wc->host->deliver (wc->instance, items, count, receipts_told, receipt);
}

static void
receipts_due (void *data)
{
  WebchatVisitor *visitor = data;

  visitor->receipt_timer = 0;
  if (!visitor->telling)
    receipts_tell (visitor->wc, visitor);
}

static void
receipts_later (Webchat *wc, WebchatVisitor *visitor, gint64 ms)
{
  if (visitor->receipt_timer == 0 && !visitor->telling)
    visitor->receipt_timer = wc->host->timer_add (wc->instance, ms, receipts_due, visitor);
}

void
webchat_visitor_confirm (Webchat *wc, WebchatVisitor *visitor, gint64 got, gint64 read)
{
  /* Nobody can confirm a line that was not given yet. */
  visitor->read = MAX (visitor->read, MIN (read, visitor->max_n));
  visitor->got = MAX (visitor->got, MIN (MAX (got, visitor->read), visitor->max_n));
  if (visitor->got > visitor->got_told || visitor->read > visitor->read_told)
    receipts_later (wc, visitor, RECEIPT_MS);
}

/* ---- typing -------------------------------------------------------------------------------------------- */

void
webchat_visitor_typing (Webchat *wc, WebchatVisitor *visitor, gboolean on)
{
  gint64 now = wc->host->now ();

  if (on == visitor->typing && (!on || (now >= visitor->typing_at && now - visitor->typing_at < TYPING_REPEAT_MS)))
    return;
  visitor->typing = on;
  visitor->typing_at = now;
  wc->host->typing (wc->instance, visitor->id, on);
}
