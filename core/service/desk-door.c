/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desks that have not said hello: how many there may be, how long they may wait with it, and how often they may
 * try to log in. Nobody knows yet who they are, so what they hold is bounded. Main thread.
 */
#include "core/service/desk-private.h"

#include "core/base/clock.h"

#define HELLO_WITHIN_MS 10000
/* Time enough for somebody to type a password twice, if his front end connects before it asks. */
#define LOGIN_WITHIN_MS 60000
/* As many as a name or an address has before it must wait (auth.c): each further one begins on a new connection.
 */
#define MAX_FAILED_LOGINS 5
/* Places before hello: those of one front end leave half of all to the others and to who is known already; those
 * of one address are enough for an office behind it that comes back at once. */
#define MAX_OF_FRONTEND (UC_DESK_MAX / 2)
#define MAX_OF_ADDRESS (UC_DESK_MAX / 8)
#define TELL_EVERY_MS 60000

/* ---- how many ------------------------------------------------------------------------------------------ */

static guint
count_of (GHashTable *counts, const char *key)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));
}

static void
change (GHashTable *counts, const char *key, int by)
{
  guint count = count_of (counts, key) + (guint)by;

  if (count > 0)
    g_hash_table_insert (counts, g_strdup (key), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (counts, key);
}

static void
tell (UcDesks *desks, const UsherInstance *instance, const char *address, guint count)
{
  gint64 now = uc_clock_now ();

  if (now - desks->door_told < TELL_EVERY_MS)
    return;
  desks->door_told = now;
  g_warning (
      "frontend \"%s\" takes no more desks from %s just now: %u connections have not said hello. If they are "
      "not agents, keep them out; if a proxy is in front, name it in trusted_proxies.",
      instance->name, address, count);
}

gboolean
uc_desk_door_has_room (UcDesks *desks, UsherInstance *instance, const char *address)
{
  guint of_frontend = count_of (desks->door_frontends, instance->name);
  guint of_address = count_of (desks->door_addresses, address);

  /* Where an address is not known, others that are not known are not the same. */
  if (of_frontend >= MAX_OF_FRONTEND)
    tell (desks, instance, "anywhere", of_frontend);
  else if (of_address >= MAX_OF_ADDRESS && address[0] != '\0')
    tell (desks, instance, address, of_address);
  else
    return TRUE;
  return FALSE;
}

void
uc_desk_door_enter (UsherDesk *desk)
{
  desk->at_door = TRUE;
  change (desk->desks->door_frontends, desk->instance->name, 1);
  change (desk->desks->door_addresses, desk->remote, 1);
  uc_desk_door_wait (desk);
}

void
uc_desk_door_leave (UsherDesk *desk)
{
  if (!desk->at_door)
    return;
  desk->at_door = FALSE;
  change (desk->desks->door_frontends, desk->instance->name, -1);
  change (desk->desks->door_addresses, desk->remote, -1);
}

/* ---- how long, how often ------------------------------------------------------------------------------- */

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
