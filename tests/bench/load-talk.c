/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the load generator says: nothing but messages (bare), the protocol of the chat widget (widget), and the
 * desk protocol (desk). Frames are looked at as text: the server writes its members in a fixed order.
 */
#include "tests/bench/load.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_LEN 100

static gboolean
begins (const char *text, gsize len, const char *with)
{
  gsize with_len = strlen (with);

  return len >= with_len && memcmp (text, with, with_len) == 0;
}

/* The string after `"key":"` into value; FALSE when there is none. */
static gboolean
find_string (const char *text, gsize len, const char *key, char value[VALUE_LEN])
{
  const char *end = text + len, *at = memmem (text, len, key, strlen (key));
  gsize n = 0;

  if (at == NULL)
    return FALSE;
  for (at += strlen (key); at < end && *at != '"' && n < VALUE_LEN - 1; at++)
    value[n++] = *at;
  value[n] = '\0';
  return at < end && *at == '"';
}

/* ---- bare ---------------------------------------------------------------------------------------------- */

static void
bare_opened (LoadConn *conn)
{
  load_conn_ready (conn);
}

static void
bare_message (LoadConn *conn, guint seq, const char *body)
{
  load_conn_send (conn, body, strlen (body));
}

/* ---- widget -------------------------------------------------------------------------------------------- */

/* Begins a chat; what this says is not counted. */
static void
widget_ask (LoadConn *conn)
{
  load_conn_printf (conn,
                    "{\"message\":{\"id\":\"ask-%u\",\"text\":\"Is somebody there?\",\"name\":\"Customer %u\"}}",
                    conn->calls, conn->index);
}

static void
widget_ask_anew (LoadConn *conn)
{
  conn->calls++;
  widget_ask (conn);
}

static void
widget_opened (LoadConn *conn)
{
  load_conn_printf (conn, "{\"hello\":{\"token\":\"%s\",\"after\":0}}", conn->token);
}

static void
widget_state (LoadConn *conn, const char *text, gsize len)
{
  char state[VALUE_LEN];

  if (!find_string (text, len, "\"state\":\"", state))
    return;
  if (conn->role == LOAD_SENDER && strcmp (state, "active") == 0)
    load_conn_ready (conn);
  if (conn->role == LOAD_CALLER && strcmp (state, "ended") == 0 && load_counts.sending)
    widget_ask_anew (conn);
}

static void
widget_welcome (LoadConn *conn, const char *text, gsize len)
{
  if (conn->role == LOAD_SENDER || conn->role == LOAD_CALLER)
    widget_ask_anew (conn);
  else
    load_conn_ready (conn);
}

/* As the widget does: the same message with the same id, as soon as the server likes. */
static void
widget_refused (LoadConn *conn, const char *text, gsize len)
{
  const char *after = memmem (text, len, "\"retry_after_ms\":", 17);

  load_counts.refused++;
  if (after == NULL)
    load_conn_complain (conn, "a message was refused", text, len);
  else
    load_conn_again (conn, atoi (after + 17));
}

static void
widget_again (LoadConn *conn)
{
  if (conn->unacked)
    load_resend (conn);
  else
    widget_ask (conn);
}

static void
widget_text (LoadConn *conn, const char *text, gsize len)
{
  if (begins (text, len, "{\"ack\":{\"id\":\"ask-"))
    {
      if (conn->role == LOAD_CALLER)
        load_conn_ready (conn);
    }
  else if (begins (text, len, "{\"ack\":"))
    load_acked (conn);
  else if (begins (text, len, "{\"state\":{"))
    widget_state (conn, text + 9, len - 9);
  else if (begins (text, len, "{\"welcome\":"))
    widget_welcome (conn, text, len);
  else if (begins (text, len, "{\"refused\":"))
    widget_refused (conn, text, len);
  else if (begins (text, len, "{\"error\":") || begins (text, len, "{\"reset\":"))
    load_conn_complain (conn, "the server complains", text, len);
}

static void
widget_message (LoadConn *conn, guint seq, const char *body)
{
  load_conn_printf (conn, "{\"message\":{\"id\":\"m-%u\",\"text\":\"%s\",\"name\":\"Customer %u\"}}", seq, body,
                    conn->index);
}

/* ---- desk ---------------------------------------------------------------------------------------------- */

static void
desk_call (LoadConn *conn, const char *name, const char *args)
{
  conn->calls++;
  load_conn_printf (conn, "{\"call\":\"%s\",\"id\":\"%u\",\"cmd\":\"%u-%u-%" G_GINT64_FORMAT "\",\"args\":%s}",
                    name, conn->calls, conn->index, conn->calls, conn->begun_ns, args);
}

static void
desk_opened (LoadConn *conn)
{
  load_conn_printf (conn, "{\"hello\":{\"token\":\"%s\",\"client\":\"bench/1\",\"beats\":true}}", conn->token);
}

static void
desk_offered (LoadConn *conn, const char *text, gsize len)
{
  char interaction[VALUE_LEN], offer[VALUE_LEN];
  g_autofree char *args = NULL;

  if (!find_string (text, len, "\"interaction\":\"", interaction)
      || !find_string (text, len, "\"offer\":\"", offer))
    {
      load_conn_complain (conn, "an offer without its ids", text, len);
      return;
    }
  if (conn->ended_ns != 0)
    {
      load_counts.offers++;
      if (load_counts.measuring)
        load_histogram_add (&load_counts.offer, load_now_ns () - conn->ended_ns);
      conn->ended_ns = 0;
    }
  args = g_strdup_printf ("{\"interaction\":\"%s\",\"offer\":\"%s\"}", interaction, offer);
  desk_call (conn, "interaction.accept", args);
}

static void
desk_accepted (LoadConn *conn, const char *text, gsize len)
{
  char interaction[VALUE_LEN];

  if (conn->role != LOAD_TAKER || !find_string (text, len, "\"interaction\":\"", interaction))
    return;
  g_free (conn->interaction);
  conn->interaction = g_strdup (interaction);
  load_conn_ready (conn);
}

static void
desk_result (LoadConn *conn, const char *text, gsize len)
{
  if (memmem (text, len, "\"ok\":true", 9) == NULL)
    load_conn_complain (conn, "a call failed", text, len);
  else if (conn->role != LOAD_TAKER)
    load_conn_ready (conn);
}

static void
desk_text (LoadConn *conn, const char *text, gsize len)
{
  char type[VALUE_LEN];

  if (!find_string (text, len, "\"type\":\"", type))
    return;
  if (strcmp (type, "message.added") == 0)
    load_count_text (conn, text, len);
  else if (strcmp (type, "interaction.offered") == 0)
    desk_offered (conn, text, len);
  else if (strcmp (type, "interaction.accepted") == 0)
    desk_accepted (conn, text, len);
  else if (strcmp (type, "result") == 0)
    desk_result (conn, text, len);
  else if (strcmp (type, "heartbeat") == 0)
    load_conn_printf (conn, "{\"ping\":1}");
  else if (strcmp (type, "welcome") == 0 && conn->role == LOAD_IDLE)
    load_conn_ready (conn);
  else if (strcmp (type, "welcome") == 0)
    desk_call (conn, "agent.set_status", "{\"status\":\"available\"}");
  else if (strcmp (type, "bye") == 0)
    load_conn_complain (conn, "the desk was closed", text, len);
}

void
load_taker_end (LoadConn *conn)
{
  g_autofree char *args = g_strdup_printf ("{\"interaction\":\"%s\"}", conn->interaction);

  g_clear_pointer (&conn->interaction, g_free);
  conn->ended_ns = load_now_ns ();
  desk_call (conn, "interaction.end", args);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static const LoadTalk talks[] = {
  { .name = "bare", .opened = bare_opened, .text = load_count_text, .message = bare_message },
  { .name = "widget",
    .opened = widget_opened,
    .text = widget_text,
    .message = widget_message,
    .again = widget_again,
    .in_turn = TRUE },
  { .name = "desk", .opened = desk_opened, .text = desk_text },
};

const LoadTalk *
load_talk_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (talks); i++)
    if (strcmp (talks[i].name, name) == 0)
      return &talks[i];
  return NULL;
}
