/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The webhook's HTTP: Meta's verification of the address, and the signature of every body, which is checked over
 * the raw bytes before anything else looks at them. Main thread.
 */
#include "messenger.h"

#include <string.h>

#include "messenger-sign.h"

#define MAX_CHALLENGE 1024

void
messenger_respond (Messenger *mg, UsherExchange *exchange, int status, const char *text)
{
  /* Meta has pauses of its own; a proxy in between, or a person, may want to know. */
  const char *const headers[] = { "Cache-Control",
                                  "no-store",
                                  "X-Content-Type-Options",
                                  "nosniff",
                                  "Allow",
                                  "GET, POST",
                                  status == 503 ? "Retry-After" : NULL,
                                  "10",
                                  NULL };
  UsherResponse response = { .struct_size = sizeof response,
                             .status = status,
                             .content_type = "text/plain; charset=utf-8",
                             .headers = headers,
                             .body = text,
                             .body_len = strlen (text) };

  mg->host->http_respond (exchange, &response);
}

/* ---- GET ----------------------------------------------------------------------------------------------- */

/* The parameter's value, decoded; NULL = it is not there, or not text. */
static char *
parameter (const char *query, const char *name)
{
  g_auto (GStrv) pairs = query != NULL ? g_strsplit (query, "&", -1) : NULL;

  for (char **pair = pairs; pair != NULL && *pair != NULL; pair++)
    {
      char *value = strchr (*pair, '=');
      g_autofree char *key = NULL, *text = NULL;

      if (value == NULL)
        continue;
      *value++ = '\0';
      key = g_uri_unescape_string (g_strdelimit (*pair, "+", ' '), NULL);
      if (g_strcmp0 (key, name) != 0)
        continue;
      text = g_uri_unescape_string (g_strdelimit (value, "+", ' '), NULL);
      return text != NULL && g_utf8_validate (text, -1, NULL) ? g_steal_pointer (&text) : NULL;
    }
  return NULL;
}

static void
verify (Messenger *mg, UsherExchange *exchange, const UsherRequest *request)
{
  g_autofree char *mode = parameter (request->query, "hub.mode");
  g_autofree char *token = parameter (request->query, "hub.verify_token");
  g_autofree char *challenge = parameter (request->query, "hub.challenge");

  if (g_strcmp0 (mode, "subscribe") == 0 && token != NULL && messenger_sign_equal (token, mg->verify_token)
      && challenge != NULL && strlen (challenge) <= MAX_CHALLENGE)
    {
      messenger_log (mg, USHER_LOG_NOTICE, "Meta verified the webhook's address");
      messenger_respond (mg, exchange, 200, challenge);
      return;
    }
  if (mode != NULL)
    messenger_count (mg, USHER_LOG_WARNING, &mg->counts.signature,
                     "a verification of the webhook was refused: its verify token is not the one in verify_token");
  messenger_respond (mg, exchange, 403,
                     "This is a webhook for Meta's Messenger Platform; the verify token is wrong.\n");
}

/* ---- POST ---------------------------------------------------------------------------------------------- */

static const char *
signature_of (const UsherRequest *request)
{
  const char *found = NULL;

  for (const char *const *header = request->headers; header != NULL && header[0] != NULL; header += 2)
    if (strcmp (header[0], "x-hub-signature-256") == 0)
      {
        if (found != NULL)
          return NULL; /* two: which of them a proxy meant is anybody's guess */
        found = header[1];
      }
  return found;
}

static void
take (Messenger *mg, UsherExchange *exchange, const UsherRequest *request)
{
  const char *why = NULL, *signature = signature_of (request);
  UsherJson *root;

  if (!messenger_sign_ok (mg->app_secret, request->body, request->body_len, signature))
    {
      messenger_count (mg, USHER_LOG_WARNING, &mg->counts.signature,
                       "a webhook call was refused: X-Hub-Signature-256 is missing or not made with app_secret");
      messenger_respond (mg, exchange, 403, "The signature X-Hub-Signature-256 is missing or wrong.\n");
      return;
    }
  /* It is right, so it tells one body from another as well as a sum of our own would. */
  if (messenger_intake_join (mg, exchange, signature))
    return;
  root = mg->host->json_parse (request->body != NULL ? request->body : "", request->body_len, &why);
  if (root == NULL)
    {
      /* It is from Meta and will not get better: refused, it would come again for hours, and then nothing more. */
      g_autofree char *text = g_strdup_printf ("a webhook call from Meta was dropped: %s", why);

      messenger_count (mg, USHER_LOG_ERROR, &mg->counts.senseless, text);
      messenger_respond (mg, exchange, 200, "dropped\n");
      return;
    }
  messenger_intake_take (mg, exchange, signature, root);
  mg->host->json_free (root);
}

void
messenger_http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
  Messenger *mg = self;

  if (!mg->ready)
    messenger_respond (mg, exchange, 503, "The channel is not ready; try again.\n");
  else if (strcmp (request->method, "GET") == 0)
    verify (mg, exchange, request);
  else if (strcmp (request->method, "POST") == 0)
    take (mg, exchange, request);
  else
    messenger_respond (mg, exchange, 405, "Only GET and POST are understood here.\n");
}
