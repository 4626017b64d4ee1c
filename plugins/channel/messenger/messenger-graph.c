/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Calls of the Graph API: the request with its credentials, and the answer judged by the table of errors. The
 * token travels in a header, because addresses end up in logs. Main thread.
 */
#include "messenger.h"

#include <string.h>

#define MAX_ANSWER (256 * 1024)
#define MAX_WORDS 200 /* characters of the network's own explanation */

struct MessengerCall
{
  Messenger *mg;
  const char *what;
  MessengerFetch *fetch;
  MessengerCalled done;
  gpointer data;
};

/* ---- the sentence for people --------------------------------------------------------------------------- */

static const char *
headline (const MessengerVerdict *verdict)
{
  switch (verdict->fault)
    {
    case MESSENGER_FAULT_UNREACHABLE:
      return "The Graph API can't be reached";
    case MESSENGER_FAULT_NOT_GRAPH:
      return "The address in base_url does not answer like the Graph API";
    case MESSENGER_FAULT_RATE:
    case MESSENGER_FAULT_RATE_ONE:
      return "Messenger's rate limit is reached";
    case MESSENGER_FAULT_RESTRICTED:
      return "Meta has restricted the page";
    case MESSENGER_FAULT_TOKEN:
      return "The page access token is not accepted";
    case MESSENGER_FAULT_PERMISSION:
      return "The page access token lacks a permission";
    default:
      break;
    }
  switch (verdict->status)
    {
    case USHER_WINDOW:
      return "Messenger's reply window is closed";
    case USHER_RECIPIENT:
      return "Messenger can't reach this person: they blocked the page or are gone";
    case USHER_CONTENT:
      return "Messenger refuses this message";
    case USHER_UNCERTAIN:
      return "Messenger gave no clear answer";
    default:
      return "Messenger has trouble right now";
    }
}

static char *
sentence (const MessengerOutcome *outcome, const char *words)
{
  GString *text = g_string_new (headline (&outcome->verdict));

  if (outcome->code != 0 && outcome->subcode != 0)
    g_string_append_printf (text, " (Graph error %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT ")", outcome->code,
                            outcome->subcode);
  else if (outcome->code != 0)
    g_string_append_printf (text, " (Graph error %" G_GINT64_FORMAT ")", outcome->code);
  else if (outcome->http != 0)
    g_string_append_printf (text, " (HTTP status %u)", outcome->http);
  if (words != NULL && *words != '\0')
    g_string_append_printf (text, ": %s", words);
  if (!g_str_has_suffix (text->str, "."))
    g_string_append_c (text, '.');
  return g_string_free (text, FALSE);
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static void
log_failure (MessengerCall *call, const MessengerOutcome *outcome, const UsherJson *error)
{
  Messenger *mg = call->mg;
  g_autofree char *trace = messenger_clean (
      mg, messenger_text (mg, error, "fbtrace_id") != NULL ? messenger_text (mg, error, "fbtrace_id") : "none",
      64);
  gboolean account
      = outcome->verdict.fault != MESSENGER_FAULT_NONE && outcome->verdict.fault != MESSENGER_FAULT_MAYBE_BLOCK;

  messenger_log (mg, account ? USHER_LOG_WARNING : USHER_LOG_INFO,
                 "%s failed: HTTP status %u, Graph error %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT ", fbtrace_id %s",
                 call->what, outcome->http, outcome->code, outcome->subcode, trace);
}

static void
judge_error (Messenger *mg, const MessengerAnswer *answer, const UsherJson *error, MessengerOutcome *outcome)
{
  SoupMessageHeaders *headers = (SoupMessageHeaders *)answer->headers;
  MessengerError facts = { .http = answer->status,
                           .code = messenger_number (mg, error, "code"),
                           .subcode = messenger_number (mg, error, "error_subcode"),
                           .transient = mg->host->json_bool (mg->host->json_get (error, "is_transient"), false) };

  outcome->verdict = messenger_error_judge (&facts);
  outcome->code = facts.code;
  outcome->subcode = facts.subcode;
  outcome->wait_ms = messenger_error_wait (soup_message_headers_get_one (headers, "X-Business-Use-Case-Usage"),
                                           soup_message_headers_get_one (headers, "X-App-Usage"));
}

static void
judge_silence (const MessengerAnswer *answer, MessengerOutcome *outcome)
{
  outcome->verdict = answer->left ? (MessengerVerdict){ USHER_UNCERTAIN, MESSENGER_FAULT_NONE }
                                  : (MessengerVerdict){ USHER_RETRY, MESSENGER_FAULT_UNREACHABLE };
}

static void
finish (MessengerCall *call, MessengerOutcome *outcome, const UsherJson *error, const char *words)
{
  g_autofree char *clean = words != NULL ? messenger_clean (call->mg, words, MAX_WORDS) : NULL;
  g_autofree char *why = outcome->verdict.status != USHER_OK ? sentence (outcome, clean) : NULL;

  outcome->why = why;
  if (why != NULL)
    log_failure (call, outcome, error);
  messenger_state_note (call->mg, outcome);
  call->done (call->data, outcome);
  g_free (call);
}

static void
on_answer (gpointer data, const MessengerAnswer *answer)
{
  MessengerCall *call = data;
  Messenger *mg = call->mg;
  MessengerOutcome outcome = { .http = answer->status };
  UsherJson *root = answer->status != 0 ? mg->host->json_parse (answer->body, answer->len, NULL) : NULL;
  const UsherJson *error = mg->host->json_get (root, "error");
  const char *words = answer->status == 0 ? answer->why : messenger_text (mg, error, "message");

  if (answer->status == 0)
    judge_silence (answer, &outcome);
  else if (error != NULL || answer->status < 200 || answer->status > 299)
    judge_error (mg, answer, error, &outcome);
  else if (root == NULL)
    {
      /* It may have been taken: the answer was cut or rewritten on the way. */
      outcome.verdict = (MessengerVerdict){ USHER_UNCERTAIN, MESSENGER_FAULT_NONE };
      words = "the answer is not JSON";
    }
  else
    outcome.body = root;
  finish (call, &outcome, error, words);
  mg->host->json_free (root);
}

/* ---- the call ------------------------------------------------------------------------------------------ */

static char *
address (Messenger *mg, const char *path, const char *query)
{
  GString *url = g_string_new (mg->base);

  g_string_append_printf (url, "/%s%s", mg->version, path);
  if (query != NULL)
    g_string_append_printf (url, "?%s", query);
  if (mg->proof != NULL)
    g_string_append_printf (url, "%cappsecret_proof=%s", query != NULL ? '&' : '?', mg->proof);
  return g_string_free (url, FALSE);
}

MessengerCall *
messenger_call (Messenger *mg, const char *what, const char *method, const char *path, const char *query,
                UsherJson *body, gint64 limit_ms, MessengerCalled done, gpointer data)
{
  MessengerCall *call = g_new0 (MessengerCall, 1);
  g_autofree char *url = address (mg, path, query);
  g_autofree char *bearer = g_strconcat ("Bearer ", mg->token, NULL);
  SoupMessage *message = soup_message_new (method, url);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_headers_replace (headers, "Authorization", bearer);
  soup_message_headers_replace (headers, "Accept", "application/json");
  if (body != NULL)
    {
      size_t len = 0;
      char *text = mg->host->json_print (body, &len);
      g_autoptr (GBytes) bytes = g_bytes_new (text, len);

      mg->host->free_text (text);
      mg->host->json_free (body);
      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }
  call->mg = mg;
  call->what = what;
  call->done = done;
  call->data = data;
  call->fetch = messenger_fetch (mg, mg->session, message, MAX_ANSWER, limit_ms, on_answer, call);
  return call;
}

void
messenger_call_cancel (MessengerCall *call)
{
  messenger_fetch_cancel (call->fetch);
  g_free (call);
}

gboolean
messenger_call_left (const MessengerCall *call)
{
  return messenger_fetch_left (call->fetch);
}
