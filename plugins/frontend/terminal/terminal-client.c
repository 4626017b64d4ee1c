/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One connection is one desk of the core; frames pass from one to the other unread. Main thread, unless a comment
 * says otherwise; terminal.h tells which thread owns what.
 */
#include "terminal.h"

#include <string.h>
#include <unistd.h>

/* So many frames of one client in one turn of the core's loop. */
#define TURN 32

void
terminal_frame_free (gpointer data)
{
  TerminalFrame *frame = data;

  g_free (frame->text);
  g_free (frame);
}

TerminalClient *
terminal_client_new (Terminal *terminal, int fd, uid_t uid)
{
  TerminalClient *client = g_new0 (TerminalClient, 1);

  client->terminal = terminal;
  client->fd = fd;
  client->uid = uid;
  terminal_split_init (&client->split, TERMINAL_FRAME_IN_MAX);
  g_queue_init (&client->inbox);
  g_queue_init (&client->outbox);
  return client;
}

void
terminal_client_free (gpointer data)
{
  TerminalClient *client = data;

  if (client->fd >= 0)
    close (client->fd);
  terminal_split_clear (&client->split);
  g_queue_clear_full (&client->inbox, terminal_frame_free);
  g_queue_clear_full (&client->outbox, terminal_frame_free);
  g_free (client);
}

/* Also on the I/O thread. */
gboolean
terminal_client_queue (TerminalClient *client, const char *text, gsize len)
{
  TerminalFrame *frame;

  if (client->gone || client->cut || client->closing)
    return TRUE;
  /* A snapshot alone may be long; what counts is what lies there unread. */
  if (client->outbox_bytes > 0 && client->outbox_bytes + len > client->terminal->backlog_max)
    return FALSE;
  frame = g_new0 (TerminalFrame, 1);
  frame->text = g_malloc (len + 1);
  memcpy (frame->text, text, len);
  frame->text[len] = '\n';
  frame->len = len + 1;
  g_queue_push_tail (&client->outbox, frame);
  client->outbox_bytes += frame->len;
  terminal_io_look (client);
  return TRUE;
}

static void
end (TerminalClient *client, gboolean at_once)
{
  g_mutex_lock (&client->terminal->lock);
  client->closing = TRUE;
  client->cut |= at_once;
  terminal_io_look (client);
  g_mutex_unlock (&client->terminal->lock);
}

/* ---- from the client ----------------------------------------------------------------------------------- */

static void
on_came (void *data)
{
  static const char full[]
      = "{\"type\":\"bye\",\"code\":\"busy\",\"message\":\"usherd takes no more desks just now; "
        "connect again in a moment\"}";
  TerminalClient *client = data;
  Terminal *terminal = client->terminal;
  g_autofree char *who = g_strdup_printf ("unix:%u", (guint)client->uid);

  client->desk = terminal->host->desk_open (terminal->instance, who, client);
  if (client->desk != NULL)
    return;
  g_mutex_lock (&terminal->lock);
  terminal_client_queue (client, full, sizeof full - 1);
  g_mutex_unlock (&terminal->lock);
  end (client, FALSE);
}

/* The next frame for the core; NULL: there is none, and the client is asked for more. */
static TerminalFrame *
take (TerminalClient *client)
{
  TerminalFrame *frame;

  g_mutex_lock (&client->terminal->lock);
  frame = g_queue_pop_head (&client->inbox);
  if (frame == NULL)
    client->told = FALSE;
  else
    client->inbox_bytes -= frame->len;
  if (client->paused && client->inbox.length < TERMINAL_INBOX_FRAMES / 2
      && client->inbox_bytes < TERMINAL_INBOX_BYTES / 2)
    {
      client->paused = FALSE;
      terminal_io_look (client);
    }
  g_mutex_unlock (&client->terminal->lock);
  return frame;
}

/* TRUE: there may be more. */
static gboolean
pass_on (TerminalClient *client, guint most)
{
  TerminalFrame *frame = NULL;

  for (guint i = 0; i < most && (frame = take (client)) != NULL; i++)
    {
      if (client->desk != NULL)
        client->terminal->host->desk_input (client->desk, frame->text, frame->len);
      terminal_frame_free (frame);
    }
  return frame != NULL;
}

static void
on_sent (void *data)
{
  TerminalClient *client = data;

  if (pass_on (client, TURN))
    client->terminal->host->invoke (client->terminal->instance, on_sent, client);
}

static void
on_left (void *data)
{
  TerminalClient *client = data;
  Terminal *terminal = client->terminal;

  /* Whoever writes a last message and goes has written it. */
  pass_on (client, G_MAXUINT);
  if (client->desk != NULL)
    terminal->host->desk_close (client->desk);
  client->desk = NULL;
  g_mutex_lock (&terminal->lock);
  g_hash_table_remove (terminal->clients, client);
  g_mutex_unlock (&terminal->lock);
}

/* Invocations run in their order, and one that waits for its turn is counted by `told`: on_left may come before
 * it, so the last one to come frees the client. */
static void
on_left_or_later (void *data)
{
  TerminalClient *client = data;
  gboolean busy;

  g_mutex_lock (&client->terminal->lock);
  busy = client->told;
  g_mutex_unlock (&client->terminal->lock);
  if (busy)
    client->terminal->host->invoke (client->terminal->instance, on_left_or_later, client);
  else
    on_left (client);
}

/* I/O thread. */
void
terminal_client_came (TerminalClient *client)
{
  client->terminal->host->invoke (client->terminal->instance, on_came, client);
}

/* I/O thread. */
void
terminal_client_sent (TerminalClient *client)
{
  client->terminal->host->invoke (client->terminal->instance, on_sent, client);
}

/* I/O thread. */
void
terminal_client_left (TerminalClient *client)
{
  client->terminal->host->invoke (client->terminal->instance, on_left_or_later, client);
}

/* ---- from the core ------------------------------------------------------------------------------------- */

void
terminal_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  Terminal *terminal = self;
  TerminalClient *client = desk_data;
  gboolean queued;

  if (client->desk == NULL)
    return;
  g_mutex_lock (&terminal->lock);
  queued = terminal_client_queue (client, frame, len);
  g_mutex_unlock (&terminal->lock);
  if (queued)
    return;
  terminal_log (terminal, USHER_LOG_NOTICE,
                "a client of user %u does not read; cut off. It goes on from here when it connects again.",
                (guint)client->uid);
  client->desk = NULL;
  terminal->host->desk_close (desk);
  end (client, TRUE);
}

void
terminal_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  TerminalClient *client = desk_data;

  client->desk = NULL;
  end (client, FALSE);
}
