/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages to customers. Every person has a lane with one call under way, because two concurrent calls may
 * overtake each other; the page has a ration of calls per second. Main thread.
 *
 * Nothing is repeated here: what may have arrived is USHER_UNCERTAIN and settled by the echo, whose metadata is
 * ours; what did not is USHER_RETRY and the core's to repeat.
 */
#include "messenger.h"

#include <string.h>

#define SECOND_MS 1000
#define MAX_WAITING 3000 /* lanes that wait for the ration: ten seconds' worth */
#define MAX_NOTES 8      /* system lines that wait in one lane */
#define MAX_TRIES 3      /* of one message, when it may be that the person blocked the page */
#define MAX_TRIED 4096   /* messages whose tries are remembered */
#define REFUSED_RETRY_MS (60 * 1000)

typedef struct
{
  char *user_id;
  GQueue jobs;      /* of Job*, the first may be under way */
  gboolean waiting; /* in out->waiting */
} Lane;

typedef struct
{
  Messenger *mg;
  Lane *lane;
  UsherReply *reply;     /* NULL = a system line */
  const UsherLine *line; /* with reply: borrowed until it is completed */
  char *text, *id;       /* of a system line */
  gboolean begun;        /* also when the call is over and its result is being told */
  MessengerCall *call;
} Job;

struct MessengerOut
{
  GHashTable *lanes; /* user id -> Lane* */
  GQueue waiting;    /* of Lane*, for the ration */
  uint64_t timer;
  GHashTable *tries; /* message id -> number of them */
};

static void
job_free (Job *job)
{
  g_free (job->text);
  g_free (job->id);
  g_free (job);
}

static void
lane_free (gpointer data)
{
  Lane *lane = data;

  g_queue_clear_full (&lane->jobs, (GDestroyNotify)job_free);
  g_free (lane->user_id);
  g_free (lane);
}

MessengerOut *
messenger_out_new (void)
{
  MessengerOut *out = g_new0 (MessengerOut, 1);

  out->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, lane_free);
  out->tries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return out;
}

void
messenger_out_free (MessengerOut *out)
{
  g_queue_clear (&out->waiting);
  g_hash_table_unref (out->lanes);
  g_hash_table_unref (out->tries);
  g_free (out);
}

gboolean
messenger_out_spare (Messenger *mg)
{
  UsherStatus status;
  const char *why;

  if (!mg->ready || !g_queue_is_empty (&mg->out->waiting) || messenger_pace_held (mg, &status, &why) > 0
      || messenger_pace_wait (mg) > 0)
    return FALSE;
  messenger_pace_take (mg);
  return TRUE;
}

/* ---- the result of one message ------------------------------------------------------------------------- */

/* Whether code 2 came often enough to believe that the person blocked the page. */
static gboolean
tried_enough (Messenger *mg, const char *message_id)
{
  guint tries = GPOINTER_TO_UINT (g_hash_table_lookup (mg->out->tries, message_id)) + 1;

  if (tries >= MAX_TRIES)
    {
      g_hash_table_remove (mg->out->tries, message_id);
      return TRUE;
    }
  if (g_hash_table_size (mg->out->tries) >= MAX_TRIED)
    g_hash_table_remove_all (mg->out->tries);
  g_hash_table_replace (mg->out->tries, g_strdup (message_id), GUINT_TO_POINTER (tries));
  return FALSE;
}

static void
finish_failed (Job *job, const MessengerOutcome *outcome)
{
  Messenger *mg = job->mg;
  UsherStatus status = outcome->verdict.status;
  UsherStatus ignored;
  const char *why = outcome->why, *held;
  gint64 wait = outcome->wait_ms;

  switch (outcome->verdict.fault)
    {
    case MESSENGER_FAULT_MAYBE_BLOCK:
      if (tried_enough (mg, job->line->message_id))
        {
          status = USHER_RECIPIENT;
          why = "Messenger refused the message three times without a reason (Graph error 2): most likely the "
                "person "
                "has blocked the page.";
        }
      break;
    case MESSENGER_FAULT_RESTRICTED:
    case MESSENGER_FAULT_RATE:
      wait = messenger_pace_held (mg, &ignored, &held);
      break;
    case MESSENGER_FAULT_RATE_ONE:
      wait = MAX (wait, REFUSED_RETRY_MS);
      break;
    default:
      break;
    }
  messenger_complete (mg, job->reply, status, why, wait, NULL);
}

static void
note_account (Messenger *mg, const MessengerOutcome *outcome)
{
  if (outcome->verdict.status == USHER_OK)
    messenger_pace_resume (mg);
  else if (outcome->verdict.fault == MESSENGER_FAULT_RESTRICTED)
    messenger_pace_pause (mg, outcome);
  else if (outcome->verdict.fault == MESSENGER_FAULT_PERMISSION)
    messenger_problem_set (
        mg, MESSENGER_PROBLEM_PERMISSION,
        "%s Grant the app pages_messaging for page %s (and the Human Agent feature if human_agent is "
        "true), make a new page access token, write it to the file that page_access_token names, "
        "and restart usher. Messages from customers still come in.",
        outcome->why, mg->page_id);
}

/* ---- lanes --------------------------------------------------------------------------------------------- */

static void pump (Messenger *mg, Lane *lane);

/* The first of its lane is over. */
static void
job_over (Job *job)
{
  Messenger *mg = job->mg;
  Lane *lane = job->lane;

  g_queue_pop_head (&lane->jobs);
  job_free (job);
  if (g_queue_is_empty (&lane->jobs))
    g_hash_table_remove (mg->out->lanes, lane->user_id);
  else
    pump (mg, lane);
}

static void
on_called (gpointer data, const MessengerOutcome *outcome)
{
  Job *job = data;
  Messenger *mg = job->mg;

  job->call = NULL;
  note_account (mg, outcome);
  if (job->reply != NULL && outcome->verdict.status == USHER_OK)
    {
      g_hash_table_remove (mg->out->tries, job->line->message_id);
      messenger_typed (mg, job->lane->user_id);
      messenger_complete (mg, job->reply, USHER_OK, NULL, 0, messenger_text (mg, outcome->body, "message_id"));
    }
  else if (job->reply != NULL)
    finish_failed (job, outcome);
  job_over (job);
}

UsherJson *
messenger_recipient (Messenger *mg, const char *user_id)
{
  UsherJson *root = mg->host->json_object (), *recipient = mg->host->json_object ();

  if (g_str_has_prefix (user_id, MESSENGER_USER_REF))
    mg->host->json_set_string (recipient, "user_ref", user_id + strlen (MESSENGER_USER_REF));
  else
    mg->host->json_set_string (recipient, "id", user_id);
  mg->host->json_set (root, "recipient", recipient);
  return root;
}

char *
messenger_page_path (Messenger *mg, const char *edge)
{
  return g_strdup_printf ("/%s/%s", mg->page_id, edge);
}

static UsherJson *
body_of (const Job *job)
{
  const UsherHost *host = job->mg->host;
  UsherJson *root = messenger_recipient (job->mg, job->lane->user_id), *message = host->json_object ();
  gboolean agent = job->reply != NULL;
  g_autofree char *metadata = g_strconcat (agent ? MESSENGER_OUT_PREFIX : MESSENGER_NOTE_PREFIX,
                                           agent ? job->line->message_id : job->id, NULL);

  host->json_set_string (message, "text", agent ? job->line->text : job->text);
  host->json_set_string (message, "metadata", metadata);
  if (agent && job->line->window == 1)
    {
      host->json_set_string (root, "messaging_type", "MESSAGE_TAG");
      host->json_set_string (root, "tag", "HUMAN_AGENT");
    }
  else
    host->json_set_string (root, "messaging_type", "RESPONSE");
  host->json_set (root, "message", message);
  return root;
}

static void
begin (Job *job)
{
  Messenger *mg = job->mg;
  g_autofree char *path = messenger_page_path (mg, "messages");

  messenger_pace_take (mg);
  job->begun = TRUE;
  job->call
      = messenger_call (mg, job->reply != NULL ? "sending a message" : "sending a system line", "POST", path, NULL,
                        body_of (job), job->reply != NULL ? MESSENGER_SEND_MS : MESSENGER_NOTE_MS, on_called, job);
}

/* TRUE: it is over without a call. */
static gboolean
settled_already (Job *job)
{
  Messenger *mg = job->mg;
  UsherStatus status;
  const char *why = NULL;
  gint64 wait = messenger_pace_held (mg, &status, &why);

  if (job->reply != NULL && mg->host->cancelled (job->reply))
    messenger_complete (mg, job->reply, USHER_CANCELLED, "The core did not wait for this message any longer.", 0,
                        NULL);
  else if (wait > 0 && job->reply != NULL)
    messenger_complete (mg, job->reply, status, why, wait, NULL);
  else if (wait == 0)
    return FALSE;
  return TRUE;
}

static void
on_ration (void *data)
{
  Messenger *mg = data;
  Lane *lane;

  mg->out->timer = 0;
  while (messenger_pace_wait (mg) == 0 && (lane = g_queue_pop_head (&mg->out->waiting)) != NULL)
    {
      lane->waiting = FALSE;
      pump (mg, lane);
    }
  if (!g_queue_is_empty (&mg->out->waiting) && mg->out->timer == 0)
    mg->out->timer = mg->host->timer_add (mg->instance, messenger_pace_wait (mg), on_ration, mg);
}

static void
pump (Messenger *mg, Lane *lane)
{
  Job *job = g_queue_peek_head (&lane->jobs);

  if (job->call != NULL || lane->waiting || !mg->ready)
    return;
  if (settled_already (job))
    job_over (job);
  else if (messenger_pace_wait (mg) == 0)
    begin (job);
  else
    {
      lane->waiting = TRUE;
      g_queue_push_tail (&mg->out->waiting, lane);
      if (mg->out->timer == 0)
        mg->out->timer = mg->host->timer_add (mg->instance, messenger_pace_wait (mg), on_ration, mg);
    }
}

static Lane *
lane_of (Messenger *mg, const char *user_id)
{
  Lane *lane = g_hash_table_lookup (mg->out->lanes, user_id);

  if (lane != NULL)
    return lane;
  lane = g_new0 (Lane, 1);
  lane->user_id = g_strdup (user_id);
  g_hash_table_insert (mg->out->lanes, lane->user_id, lane);
  return lane;
}

static void
enqueue (Messenger *mg, Lane *lane, Job *job)
{
  job->mg = mg;
  job->lane = lane;
  g_queue_push_tail (&lane->jobs, job);
  if (lane->jobs.length == 1)
    pump (mg, lane);
}

/* ---- slots --------------------------------------------------------------------------------------------- */

/* NULL, or why the message can't be sent at all. */
static const char *
problem_with (Messenger *mg, const UsherLine *line, UsherStatus *status)
{
  *status = USHER_CONTENT;
  if (line->attachments != NULL && line->attachments[0] != NULL)
    return "This channel sends text only; leave the attachments out.";
  if (line->text == NULL || *line->text == '\0')
    return "A message needs some text.";
  if (g_utf8_strlen (line->text, -1) > MESSENGER_MAX_TEXT)
    return "Messenger takes at most 2000 characters in one message.";
  *status = USHER_WINDOW;
  if (line->window == 1 && !mg->human_agent)
    return "The customer wrote more than 24 hours ago, and this channel has not the right to answer later (see "
           "human_agent in its manual page).";
  if (line->window == 1 && line->author == USHER_AUTHOR_SYSTEM)
    return "The customer wrote more than 24 hours ago; after that only a person may answer.";
  return NULL;
}

void
messenger_send (void *self, const UsherLine *line, UsherReply *reply)
{
  Messenger *mg = self;
  UsherStatus status;
  const char *why = problem_with (mg, line, &status);
  gint64 wait;
  Job *job;

  if (why != NULL)
    messenger_complete (mg, reply, status, why, 0, NULL);
  else if (!mg->ready)
    messenger_complete (mg, reply, USHER_CANCELLED, "The instance is stopping.", 0, NULL);
  else if ((wait = messenger_pace_held (mg, &status, &why)) > 0)
    messenger_complete (mg, reply, status, why, wait, NULL);
  else if (mg->out->waiting.length >= MAX_WAITING)
    messenger_complete (mg, reply, USHER_RETRY, "More is to be sent than Messenger takes; it waits.", SECOND_MS,
                        NULL);
  else
    {
      job = g_new0 (Job, 1);
      job->reply = reply;
      job->line = line;
      enqueue (mg, lane_of (mg, line->user_id), job);
    }
}

void
messenger_notice (void *self, const UsherLine *line)
{
  Messenger *mg = self;
  Lane *lane;
  Job *job;

  if (!mg->ready || line->code == NULL || line->text == NULL || *line->text == '\0' || line->window != 0
      || !g_strv_contains (mg->announce, line->code) || mg->out->waiting.length >= MAX_WAITING)
    return;
  lane = lane_of (mg, line->user_id);
  if (lane->jobs.length >= MAX_NOTES)
    return;
  job = g_new0 (Job, 1);
  job->text = g_utf8_substring (line->text, 0, MIN (MESSENGER_MAX_TEXT, g_utf8_strlen (line->text, -1)));
  job->id = g_strdup (line->message_id);
  enqueue (mg, lane, job);
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

/* Ends what has not left yet, and system lines; or everything. */
static void
end_jobs (Messenger *mg, gboolean all)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, mg->out->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Lane *lane = value;

      for (GList *link = lane->jobs.head, *next; link != NULL; link = next)
        {
          Job *job = link->data;
          gboolean left = job->call != NULL && messenger_call_left (job->call);

          next = link->next;
          if (left && !all && job->reply != NULL)
            continue;
          if (job->call != NULL)
            messenger_call_cancel (job->call);
          if (job->reply != NULL)
            messenger_complete (mg, job->reply, left ? USHER_UNCERTAIN : USHER_CANCELLED,
                                "The channel is stopping.", 0, NULL);
          g_queue_delete_link (&lane->jobs, link);
          job_free (job);
        }
      if (g_queue_is_empty (&lane->jobs))
        g_hash_table_iter_remove (&iter);
    }
}

void
messenger_out_stop (Messenger *mg)
{
  messenger_timer_drop (mg, &mg->out->timer);
  g_queue_clear (&mg->out->waiting);
  end_jobs (mg, FALSE);
}

void
messenger_out_abort (Messenger *mg)
{
  messenger_timer_drop (mg, &mg->out->timer);
  g_queue_clear (&mg->out->waiting);
  end_jobs (mg, TRUE);
}
