/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desks that have not said hello: how long they may wait with it, and how often they may try to log in. Nobody
 * knows yet who they are, so what they hold is bounded. Main thread.
 */
#include "core/service/desk-private.h"

#include "core/base/clock.h"

#define HELLO_WITHIN_MS 10000
/* Time enough for somebody to type a password twice, if his front end connects before it asks. */
#define LOGIN_WITHIN_MS 60000
/* As many as a name or an address has before it must wait (auth.c): each further one begins on a new connection.
 */
#define MAX_FAILED_LOGINS 5

static void
on_late (gpointer data)
{
  UsherDesk *desk = data;

  desk->hello_timer = 0;
  if (desk->phase != UC_DESK_OPEN)
    return;
  /* A log-in waits for its turn at the hashing threads; that is not the client's fault. */
  if (desk->calls > 0)
    uc_desk_door_wait (desk);
  else
    uc_desk_end (desk, "protocol", "the first frame must be hello, within 10 seconds");
}

void
uc_desk_door_wait (UsherDesk *desk)
{
  UcLoop *loop = desk->desks->core->loop;

  uc_loop_timer_remove (loop, desk->hello_timer);
  desk->hello_timer = uc_loop_timer_in (loop, HELLO_WITHIN_MS, on_late, desk);
}

gboolean
uc_desk_door_may_log_in (UsherDesk *desk)
{
  if (uc_clock_now () - desk->opened_at <= LOGIN_WITHIN_MS)
    return TRUE;
  uc_desk_end (desk, "protocol", "a log-in must begin within 60 seconds after the connection; connect again");
  return FALSE;
}

void
uc_desk_door_logged_in (UsherDesk *desk, gboolean ok)
{
  desk->failed_logins += !ok;
  if (desk->failed_logins >= MAX_FAILED_LOGINS)
    uc_desk_end (desk, "protocol", "5 log-ins have failed on this connection; connect again to try another one");
  else
    uc_desk_door_wait (desk);
}
