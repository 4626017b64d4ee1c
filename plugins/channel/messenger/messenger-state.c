/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is wrong with the account, as a sentence for administrators; finding out whether the token works;
 * subscribing the app to the page. Main thread.
 *
 * A problem goes away by itself, with the first call that shows that it is over; the token and the connection are
 * tried from time to time for that.
 */
#include "messenger.h"

#define CHECK_FIRST_MS (30 * 1000)
#define CHECK_LAST_MS (5 * 60 * 1000)
#define FIELDS                                                                                                    \
  "messages,messaging_postbacks,message_deliveries,message_reads,message_echoes,message_reactions,message_edits," \
  "messaging_referrals"

/* ---- problems ------------------------------------------------------------------------------------------ */

static UsherStatus
status_of (MessengerProblem problem)
{
  switch (problem)
    {
    case MESSENGER_PROBLEM_RESTRICTED:
    case MESSENGER_PROBLEM_ENFORCED:
      return USHER_POLICY;
    case MESSENGER_PROBLEM_UNREACHABLE:
      return USHER_RETRY;
    default:
      return USHER_AUTH;
    }
}

/* Tells the worst one. */
static void
show (Messenger *mg, MessengerProblem changed)
{
  int worst = 0;

  while (worst < MESSENGER_PROBLEMS && mg->problems[worst] == NULL)
    worst++;
  if (worst == MESSENGER_PROBLEMS)
    worst = -1;
  if (mg->gone || (worst == mg->shown && worst != (int)changed))
    return;
  mg->shown = worst;
  if (worst < 0)
    mg->host->instance_state (mg->instance, USHER_OK, NULL);
  else
    mg->host->instance_state (mg->instance, status_of ((MessengerProblem)worst), mg->problems[worst]);
}

void
messenger_problem_set (Messenger *mg, MessengerProblem problem, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (g_strcmp0 (mg->problems[problem], text) == 0)
    return;
  g_free (mg->problems[problem]);
  mg->problems[problem] = g_steal_pointer (&text);
  show (mg, problem);
}

void
messenger_problem_clear (Messenger *mg, MessengerProblem problem)
{
  if (mg->problems[problem] == NULL)
    return;
  g_clear_pointer (&mg->problems[problem], g_free);
  show (mg, problem);
}

/* ---- the token ----------------------------------------------------------------------------------------- */

static void check_now (void *data);

static void
check_later (Messenger *mg)
{
  if (!mg->ready || mg->check_timer != 0 || mg->checking != NULL)
    return;
  mg->check_timer = mg->host->timer_add (mg->instance, mg->check_wait, check_now, mg);
  mg->check_wait = MIN (mg->check_wait * 2, CHECK_LAST_MS);
}

static void
unreachable (Messenger *mg, const MessengerOutcome *outcome)
{
  messenger_problem_set (
      mg, MESSENGER_PROBLEM_UNREACHABLE,
      "%s Messages to customers wait. It is tried again by itself; see to the network, the name "
      "service, a proxy in between, and base_url.",
      outcome->why);
}

static void
on_checked (gpointer data, const MessengerOutcome *outcome)
{
  Messenger *mg = data;
  g_autofree char *id = outcome->body != NULL ? messenger_id (mg, outcome->body, "id") : NULL;

  mg->checking = NULL;
  if (id != NULL && g_strcmp0 (id, mg->page_id) != 0)
    {
      g_autofree char *clean = messenger_clean (mg, id, 40);

      messenger_problem_set (
          mg, MESSENGER_PROBLEM_TOKEN,
          "The page access token belongs to %s, not to the page %s in page_id. Put that page's "
          "token into the file that page_access_token names, or mend page_id, and restart usher.",
          clean, mg->page_id);
    }
  if (outcome->http == 0)
    unreachable (mg, outcome);
  /* Whatever else it answers: only what concerns token and connection counts, and that is noted. */
  if (mg->problems[MESSENGER_PROBLEM_TOKEN] != NULL || mg->problems[MESSENGER_PROBLEM_UNREACHABLE] != NULL
      || mg->problems[MESSENGER_PROBLEM_NOT_GRAPH] != NULL)
    check_later (mg);
  else
    mg->check_wait = CHECK_FIRST_MS;
}

static void
check_now (void *data)
{
  Messenger *mg = data;

  mg->check_timer = 0;
  if (mg->ready && mg->checking == NULL)
    mg->checking = messenger_call (mg, "the token check", "GET", "/me", "fields=id", NULL, MESSENGER_ASK_MS,
                                   on_checked, mg);
}

void
messenger_state_note (Messenger *mg, const MessengerOutcome *outcome)
{
  MessengerFault fault = outcome->verdict.fault;

  if (fault == MESSENGER_FAULT_UNREACHABLE)
    unreachable (mg, outcome);
  else if (outcome->http != 0)
    messenger_problem_clear (mg, MESSENGER_PROBLEM_UNREACHABLE);
  if (fault == MESSENGER_FAULT_NOT_GRAPH)
    messenger_problem_set (mg, MESSENGER_PROBLEM_NOT_GRAPH,
                           "%s Mend base_url or api_version and restart usher, or see to the proxy in between.",
                           outcome->why);
  else if (outcome->http != 0 && outcome->http < 500)
    messenger_problem_clear (mg, MESSENGER_PROBLEM_NOT_GRAPH);
  if (fault == MESSENGER_FAULT_TOKEN)
    messenger_problem_set (
        mg, MESSENGER_PROBLEM_TOKEN,
        "%s It expired, or was revoked, for instance by a changed password. Make a new page access "
        "token for page %s in the Meta app, write it to the file that page_access_token names, and "
        "restart usher. Messages from customers still come in.",
        outcome->why, mg->page_id);
  else if (outcome->verdict.status == USHER_OK)
    messenger_problem_clear (mg, MESSENGER_PROBLEM_TOKEN);
  if (fault == MESSENGER_FAULT_RATE)
    messenger_pace_hold (mg, outcome->wait_ms > 0 ? outcome->wait_ms : 60 * 1000);
  else if (fault == MESSENGER_FAULT_RATE_ONE && outcome->wait_ms > 0)
    messenger_pace_hold (mg, outcome->wait_ms);
  /* Without an answer to one call it is not known yet what is wrong: the check finds out. */
  if (outcome->http == 0 || fault == MESSENGER_FAULT_TOKEN || fault == MESSENGER_FAULT_NOT_GRAPH)
    check_later (mg);
}

/* ---- the subscription ---------------------------------------------------------------------------------- */

static void subscribe_now (void *data);

static void
on_subscribed (gpointer data, const MessengerOutcome *outcome)
{
  Messenger *mg = data;

  mg->subscribing = NULL;
  if (outcome->verdict.status == USHER_OK)
    {
      messenger_problem_clear (mg, MESSENGER_PROBLEM_SUBSCRIBE);
      messenger_log (mg, USHER_LOG_NOTICE, "the app is subscribed to page %s", mg->page_id);
      return;
    }
  /* What else may be wrong has a sentence of its own. */
  if (outcome->verdict.fault == MESSENGER_FAULT_PERMISSION || outcome->verdict.status == USHER_CONTENT)
    messenger_problem_set (
        mg, MESSENGER_PROBLEM_SUBSCRIBE,
        "The app could not be subscribed to the page's events: %s It needs the permission "
        "pages_manage_metadata. Without the subscription no message comes in; it is tried again.",
        outcome->why);
  if (mg->ready)
    mg->subscribe_timer = mg->host->timer_add (mg->instance, mg->subscribe_wait, subscribe_now, mg);
  mg->subscribe_wait = MIN (mg->subscribe_wait * 2, CHECK_LAST_MS);
}

static void
subscribe_now (void *data)
{
  Messenger *mg = data;
  g_autofree char *path = messenger_page_path (mg, "subscribed_apps");

  mg->subscribe_timer = 0;
  mg->subscribing = messenger_call (mg, "the subscription", "POST", path, "subscribed_fields=" FIELDS, NULL,
                                    MESSENGER_ASK_MS, on_subscribed, mg);
}

void
messenger_state_start (Messenger *mg)
{
  mg->check_wait = mg->subscribe_wait = CHECK_FIRST_MS;
  mg->host->instance_state (mg->instance, USHER_OK, NULL);
  check_now (mg);
  if (mg->subscribe)
    subscribe_now (mg);
}

void
messenger_state_stop (Messenger *mg)
{
  messenger_timer_drop (mg, &mg->check_timer);
  messenger_timer_drop (mg, &mg->subscribe_timer);
  g_clear_pointer (&mg->checking, messenger_call_cancel);
  g_clear_pointer (&mg->subscribing, messenger_call_cancel);
}
