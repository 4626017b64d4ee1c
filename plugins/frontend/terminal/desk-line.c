/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line to the core. Pure.
 */
#include "desk-line.h"

#include <string.h>

#define MAX_DELAY_MS 30000
#define HANDSHAKE_MS 30000
/* A line that dies sooner than this after the welcome counts as one more failed try. */
#define STABLE_MS 5000
#define UNANSWERED_MAX 64

typedef struct
{
  char *id, *text;
  gboolean sent;
  DeskAnswered done;
  gpointer data;
  GDestroyNotify data_free;
} Call;

struct DeskLine
{
  const DeskLineOps *ops;
  gpointer data;
  DeskLinePhase phase;
  char *login, *password, *token;
  gboolean fresh; /* resume makes no sense */
  guint attempt;
  gint64 retry_at, heard_at, live_at, heartbeat_ms, asked_ms;
  char *why;
  GPtrArray *calls; /* of Call*, in the order they were made */
  guint64 next_id;
};

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->id);
  g_free (call->text);
  if (call->data_free != NULL)
    call->data_free (call->data);
  g_free (call);
}

static void
forget_secret (char **secret)
{
  if (*secret != NULL)
    memset (*secret, 0, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

DeskLine *
desk_line_new (const DeskLineOps *ops, gpointer data)
{
  DeskLine *line = g_new0 (DeskLine, 1);

  line->ops = ops;
  line->data = data;
  line->heartbeat_ms = 10000;
  line->calls = g_ptr_array_new_with_free_func (call_free);
  return line;
}

static void
forget_who (DeskLine *line)
{
  forget_secret (&line->password);
  forget_secret (&line->token);
  g_clear_pointer (&line->login, g_free);
}

void
desk_line_free (DeskLine *line)
{
  forget_who (line);
  g_free (line->why);
  g_ptr_array_unref (line->calls);
  g_free (line);
}

DeskLinePhase
desk_line_phase (const DeskLine *line)
{
  return line->phase;
}

gint64
desk_line_retry_at (const DeskLine *line, guint *attempt)
{
  *attempt = line->attempt;
  return line->retry_at;
}

const char *
desk_line_why (const DeskLine *line)
{
  return line->why;
}

guint
desk_line_open_calls (const DeskLine *line)
{
  return line->calls->len;
}

char *
desk_line_unique (void)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_auto (GStrv) parts = g_strsplit (uuid, "-", -1);

  return g_strjoinv ("", parts);
}

static void
set_phase (DeskLine *line, DeskLinePhase phase)
{
  line->phase = phase;
  line->ops->changed (line->data);
}

static void
send_frame (DeskLine *line, cJSON *frame)
{
  char *text = cJSON_PrintUnformatted (frame);

  line->ops->send (line->data, text, strlen (text));
  memset (text, 0, strlen (text));
  cJSON_free (text);
  cJSON_Delete (frame);
}

/* ---- the way to live ------------------------------------------------------------------------------------ */

static void
try (DeskLine *line, gint64 now)
{
  line->heard_at = now;
  line->asked_ms = 0;
  for (guint i = 0; i < line->calls->len; i++)
    ((Call *)line->calls->pdata[i])->sent = FALSE;
  set_phase (line, DESK_LINE_CONNECTING);
  line->ops->open (line->data);
}

void
desk_line_login (DeskLine *line, const char *login, const char *password, gint64 now)
{
  forget_who (line);
  line->login = g_strdup (login);
  line->password = g_strdup (password);
  line->fresh = TRUE;
  line->attempt = 0;
  g_clear_pointer (&line->why, g_free);
  try (line, now);
}

static void
hello (DeskLine *line)
{
  cJSON *frame = cJSON_CreateObject ();
  cJSON *inside = desk_object ("token", line->token, "client", "terminal/1", NULL);
  gint64 since = line->fresh ? -1 : line->ops->since (line->data);

  if (since >= 0)
    desk_put_int (inside, "since", since);
  cJSON_AddTrueToObject (inside, "beats");
  cJSON_AddItemToObject (frame, "hello", inside);
  send_frame (line, frame);
}

void
desk_line_opened (DeskLine *line, gint64 now)
{
  line->heard_at = now;
  if (line->phase != DESK_LINE_CONNECTING)
    return;
  set_phase (line, DESK_LINE_LOGIN);
  if (line->token != NULL)
    hello (line);
  else
    {
      cJSON *frame = desk_object ("call", "session.login", "id", "login", NULL);

      cJSON_AddItemToObject (frame, "args", desk_object ("login", line->login, "password", line->password, NULL));
      send_frame (line, frame);
    }
}

/* A thousand desks must not come back in one instant: half of the delay is chance. */
static gint64
delay (DeskLine *line)
{
  gdouble chance = line->ops->random (line->data);
  gint64 full;

  if (line->attempt <= 1)
    return (gint64)(chance * 300);
  full = MIN (MAX_DELAY_MS, G_GINT64_CONSTANT (1000) << MIN (line->attempt - 2, 10u));
  return full / 2 + (gint64)(chance * (gdouble)full / 2);
}

void
desk_line_closed (DeskLine *line, const char *why, gint64 now)
{
  if (line->phase == DESK_LINE_IDLE || line->phase == DESK_LINE_WAITING)
    return;
  if (line->phase == DESK_LINE_LIVE && now - line->live_at >= STABLE_MS)
    line->attempt = 0;
  line->attempt++;
  if (why != NULL)
    {
      g_free (line->why);
      line->why = g_strdup (why);
    }
  line->retry_at = now + MAX (MIN (line->asked_ms, MAX_DELAY_MS), delay (line));
  set_phase (line, DESK_LINE_WAITING);
}

static void
lost (DeskLine *line, const char *why, gint64 now)
{
  line->ops->close (line->data);
  desk_line_closed (line, why, now);
}

static void
end (DeskLine *line, const char *code, const char *message)
{
  g_autoptr (GPtrArray) calls = g_steal_pointer (&line->calls);

  line->calls = g_ptr_array_new_with_free_func (call_free);
  forget_who (line);
  line->ops->close (line->data);
  set_phase (line, DESK_LINE_IDLE);
  line->ops->ended (line->data, code, message);
  for (guint i = 0; i < calls->len; i++)
    {
      Call *call = calls->pdata[i];

      call->done (call->data, NULL, "unauthenticated", message, NULL);
    }
}

void
desk_line_stop (DeskLine *line)
{
  if (line->phase != DESK_LINE_IDLE)
    end (line, "stopped", "");
}

void
desk_line_now (DeskLine *line, gint64 now)
{
  if (line->phase == DESK_LINE_WAITING)
    try (line, now);
}

void
desk_line_tick (DeskLine *line, gint64 now)
{
  gint64 quiet = now - line->heard_at;

  if (line->phase == DESK_LINE_WAITING && now >= line->retry_at)
    try (line, now);
  else if (line->phase == DESK_LINE_LIVE && quiet > 2 * line->heartbeat_ms)
    lost (line, "nothing was heard from the server", now);
  else if ((line->phase == DESK_LINE_CONNECTING || line->phase == DESK_LINE_LOGIN) && quiet > HANDSHAKE_MS)
    lost (line, "the server does not answer", now);
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

static void
flush (DeskLine *line)
{
  guint out = 0;

  if (line->phase != DESK_LINE_LIVE)
    return;
  for (guint i = 0; i < line->calls->len && out < UNANSWERED_MAX; i++, out++)
    {
      Call *call = line->calls->pdata[i];

      if (call->sent)
        continue;
      call->sent = TRUE;
      line->ops->send (line->data, call->text, strlen (call->text));
    }
}

void
desk_line_call (DeskLine *line, const char *operation, cJSON *args, const char *cmd, DeskAnswered done,
                gpointer data, GDestroyNotify data_free)
{
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, ++line->next_id);
  g_autofree char *key = cmd != NULL ? g_strdup (cmd) : desk_line_unique ();
  cJSON *frame = desk_object ("call", operation, "id", id, "cmd", key, NULL);
  Call *call = g_new0 (Call, 1);
  char *text;

  cJSON_AddItemToObject (frame, "args", args);
  text = cJSON_PrintUnformatted (frame);
  *call = (Call){ g_steal_pointer (&id), g_strdup (text), FALSE, done, data, data_free };
  cJSON_free (text);
  cJSON_Delete (frame);
  g_ptr_array_add (line->calls, call);
  flush (line);
}

static void
answered (DeskLine *line, const cJSON *frame)
{
  for (guint i = 0; i < line->calls->len; i++)
    {
      Call *call = line->calls->pdata[i];
      const cJSON *error = desk_get (frame, "error");

      if (!desk_equal (frame, "id", call->id))
        continue;
      g_ptr_array_steal_index (line->calls, i);
      if (desk_is (frame, "ok"))
        call->done (call->data, desk_get (frame, "result"), NULL, NULL, NULL);
      else
        call->done (call->data, NULL, desk_str (error, "code"), desk_str (error, "message"),
                    desk_get (error, "details"));
      call_free (call);
      flush (line);
      return;
    }
}

void
desk_line_typing (DeskLine *line, const char *interaction, gboolean on)
{
  cJSON *frame, *inside;

  if (line->phase != DESK_LINE_LIVE)
    return;
  frame = cJSON_CreateObject ();
  inside = desk_object ("interaction", interaction, NULL);
  cJSON_AddBoolToObject (inside, "on", on);
  cJSON_AddItemToObject (frame, "typing", inside);
  send_frame (line, frame);
}

gboolean
desk_line_seen (DeskLine *line, const char *interaction, gint64 n)
{
  cJSON *frame, *inside;

  if (line->phase != DESK_LINE_LIVE)
    return FALSE;
  frame = cJSON_CreateObject ();
  inside = desk_object ("interaction", interaction, NULL);
  desk_put_int (inside, "n", n);
  cJSON_AddItemToObject (frame, "seen", inside);
  send_frame (line, frame);
  return TRUE;
}

/* ---- frames --------------------------------------------------------------------------------------------- */

/* The answer to the log-in. */
static void
logged_in (DeskLine *line, const cJSON *frame)
{
  const cJSON *error = desk_get (frame, "error");
  const char *code = desk_str (error, "code");

  if (desk_is (frame, "ok"))
    {
      line->token = g_strdup (desk_str (desk_get (frame, "result"), "token"));
      forget_secret (&line->password);
      hello (line);
    }
  else
    end (line, code, desk_str (error, "message"));
}

/* After these codes coming back by itself would be wrong. */
static gboolean
is_final (const char *code)
{
  return strcmp (code, "logged_out") == 0 || strcmp (code, "unauthenticated") == 0;
}

static void
bye (DeskLine *line, const cJSON *frame)
{
  const char *code = desk_str (frame, "code");

  if (is_final (code))
    {
      end (line, code, desk_str (frame, "message"));
      return;
    }
  line->asked_ms = desk_int (frame, "retry_after_ms");
  line->fresh |= strcmp (code, "protocol") == 0;
  g_free (line->why);
  line->why = g_strdup (desk_str (frame, "message"));
}

static void
welcome (DeskLine *line, const cJSON *frame, gint64 now)
{
  line->fresh = FALSE;
  line->live_at = now;
  if (desk_int (frame, "heartbeat_ms") > 0)
    line->heartbeat_ms = desk_int (frame, "heartbeat_ms");
  line->ops->frame (line->data, frame);
  g_clear_pointer (&line->why, g_free);
  set_phase (line, DESK_LINE_LIVE);
  flush (line);
}

void
desk_line_input (DeskLine *line, const char *text, gsize len, gint64 now)
{
  /* What is in a frame may go out again in a call, so it has to be text. */
  g_autoptr (cJSON) frame = g_utf8_validate_len (text, len, NULL) ? cJSON_ParseWithLength (text, len) : NULL;
  const char *type = desk_str (frame, "type");

  line->heard_at = now;
  if (!cJSON_IsObject (frame))
    {
      line->fresh = TRUE;
      lost (line, "the server says what is no JSON", now);
    }
  else if (strcmp (type, "result") == 0 && line->phase == DESK_LINE_LOGIN)
    logged_in (line, frame);
  else if (strcmp (type, "result") == 0)
    answered (line, frame);
  else if (strcmp (type, "welcome") == 0)
    welcome (line, frame, now);
  else if (strcmp (type, "bye") == 0)
    bye (line, frame);
  else
    {
      if (strcmp (type, "heartbeat") == 0)
        {
          cJSON *ping = cJSON_CreateObject ();

          desk_put_int (ping, "ping", now);
          send_frame (line, ping);
        }
      line->ops->frame (line->data, frame);
    }
}
