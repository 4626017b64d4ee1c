/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What holds all sending of the page back: the network's rate limits, a restriction of the page, and our own
 * ration of calls per second. Main thread.
 */
#include "messenger.h"

#define SECOND_MS 1000
#define PAUSE_FIRST_MS (G_GINT64_CONSTANT (30) * 60 * 1000)
#define PAUSE_LAST_MS MESSENGER_DAY_MS

void
messenger_pace_hold (Messenger *mg, gint64 ms)
{
  gint64 until = mg->host->now () + ms;

  if (until <= mg->pace.held_until)
    return;
  mg->pace.held_until = until;
  messenger_log (mg, USHER_LOG_WARNING, "Messenger's rate limit: nothing is sent for %" G_GINT64_FORMAT " s",
                 (ms + 999) / 1000);
}

void
messenger_pace_pause (Messenger *mg, const MessengerOutcome *outcome)
{
  MessengerPace *pace = &mg->pace;

  if (mg->host->now () < pace->paused_until)
    return; /* answers to calls that were under way when it began */
  pace->pause = pace->pause == 0 ? PAUSE_FIRST_MS : MIN (pace->pause * 2, PAUSE_LAST_MS);
  pace->paused_until = mg->host->now () + pace->pause;
  messenger_problem_set (
      mg, MESSENGER_PROBLEM_RESTRICTED,
      "%s Nothing is sent for %d minutes, then it is tried again; messages from customers still "
      "come in. See the page's support inbox and Page Quality at Meta for the reason.",
      outcome->why, (int)(pace->pause / 60000));
}

void
messenger_pace_resume (Messenger *mg)
{
  mg->pace.pause = 0;
  mg->pace.paused_until = 0;
  messenger_problem_clear (mg, MESSENGER_PROBLEM_RESTRICTED);
  messenger_problem_clear (mg, MESSENGER_PROBLEM_PERMISSION);
}

gint64
messenger_pace_held (Messenger *mg, UsherStatus *status, const char **why)
{
  gint64 now = mg->host->now ();
  MessengerPace *pace = &mg->pace;

  if (now < pace->paused_until)
    {
      *status = USHER_POLICY;
      *why = "Meta has restricted the page; sending is paused.";
      return pace->paused_until - now;
    }
  if (now < pace->held_until)
    {
      *status = USHER_RETRY;
      *why = "Messenger's rate limit is reached; sending waits.";
      return pace->held_until - now;
    }
  return 0;
}

gint64
messenger_pace_wait (Messenger *mg)
{
  gint64 now = mg->host->now (), oldest = mg->pace.used[mg->pace.next];

  /* A clock that was set back must not stop everything. */
  if (oldest == 0 || oldest > now || now - oldest >= SECOND_MS)
    return 0;
  return SECOND_MS - (now - oldest);
}

void
messenger_pace_take (Messenger *mg)
{
  mg->pace.used[mg->pace.next] = mg->host->now ();
  mg->pace.next = (mg->pace.next + 1) % MESSENGER_RATION;
}
