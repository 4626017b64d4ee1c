/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desks that have not said hello: log-ins on them, how long they may wait, and how many there may be. Main thread.
 */
#include "kit.h"

#include <string.h>

#include "core/base/clock.h"

static void
test_login_before_hello (void)
{
  Desk *desk;
  UcJson *frame;
  g_autofree char *token = NULL;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  frame = kit_desk_call (desk, "1", "session.login", "{\"login\":\"anna\",\"password\":\"wrong\"}");
  g_assert_cmpstr (kit_text (uc_json_get (frame, "error"), "code"), ==, "unauthenticated");
  uc_json_free (frame);
  frame = kit_desk_call (desk, "2", "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna\"}");
  token = g_strdup (kit_text (uc_json_get (frame, "result"), "token"));
  g_assert_nonnull (token);
  uc_json_free (frame);
  kit_desk_say (desk, "{\"hello\":{\"token\":\"%s\"}}", token);
  frame = kit_desk_wait (desk, "welcome");
  g_assert_cmpstr (kit_text (uc_json_get (uc_json_get (frame, "snapshot"), "me"), "user"), ==, "anna");
  uc_json_free (frame);
  kit_desk_free (desk);

  /* Nothing else works before hello, and of this only one at a time. */
  desk = kit_desk_new ();
  kit_desk_say (
      desk, "{\"call\":\"session.login\",\"id\":\"1\",\"args\":{\"login\":\"anna\",\"password\":\"anna-anna\"}}");
  kit_desk_say (
      desk, "{\"call\":\"session.login\",\"id\":\"2\",\"args\":{\"login\":\"anna\",\"password\":\"anna-anna\"}}");
  frame = kit_desk_wait (desk, "bye");
  g_assert_cmpstr (kit_text (frame, "code"), ==, "protocol");
  uc_json_free (frame);
  kit_desk_free (desk);
  kit_end ();
}

static void
expect_protocol_bye (Desk *desk, const char *part)
{
  g_autoptr (UcJson) bye = kit_desk_wait (desk, "bye");

  g_assert_cmpstr (kit_text (bye, "code"), ==, "protocol");
  g_assert_nonnull (strstr (kit_text (bye, "message"), part));
  g_assert_nonnull (desk->bye);
}

static void
try_log_in (Desk *desk, const char *args, const char *code)
{
  g_autoptr (UcJson) answer = kit_desk_call (desk, "1", "session.login", args);

  g_assert_cmpstr (kit_text (uc_json_get (answer, "error"), "code"), ==, code);
}

/* Whoever guesses passwords does not keep a place among the desks while he does. */
static void
test_failed_logins_end_the_desk (void)
{
  Desk *desk;

  kit_start (NULL);
  kit_seed ();
  desk = kit_desk_new ();
  for (int i = 0; i < 2; i++)
    try_log_in (desk, "{\"login\":\"anna\",\"password\":\"wrong\"}", "unauthenticated");
  /* What was never looked at is a failure, too. */
  try_log_in (desk, "7", "invalid");
  try_log_in (desk, "{}", "invalid");
  g_assert_null (desk->bye);
  try_log_in (desk, "{\"login\":\"anna\",\"password\":\"wrong\"}", "unauthenticated");
  expect_protocol_bye (desk, "5 log-ins have failed");
  kit_desk_free (desk);
  kit_end ();
}

/* Log-ins that succeed renew the wait for hello, but not for ever. However long each of them takes here. */
static void
test_logins_without_hello_end_the_desk (void)
{
  static const char good[] = "{\"login\":\"anna\",\"password\":\"anna-anna\"}";
  gint64 began;
  int taken = 0;
  Desk *desk;

  kit_start (NULL);
  kit_seed ();
  began = uc_clock_now ();
  desk = kit_desk_new ();
  for (;;)
    {
      kit_desk_say (desk, "{\"call\":\"session.login\",\"id\":\"1\",\"args\":%s}", good);
      kit_until (desk->frames->len > 0);
      if (g_strcmp0 (kit_text (desk->frames->pdata[0], "type"), "bye") == 0)
        break;
      uc_json_free (kit_desk_wait (desk, "result"));
      taken++;
      kit_pass (6000);
    }
  g_assert_cmpint (taken, >=, 2);
  g_assert_cmpint (uc_clock_now () - began, >, 60000);
  expect_protocol_bye (desk, "within 60 seconds");
  kit_desk_free (desk);

  desk = kit_desk_new ();
  try_log_in (desk, good, NULL);
  kit_pass (11000);
  expect_protocol_bye (desk, "must be hello");
  kit_desk_free (desk);
  kit_end ();
}

/* ---- places before hello ------------------------------------------------------------------------------- */

/* Desks of one front end until it takes no more; their number. */
static guint
fill (GPtrArray *desks, UsherInstance *frontend, const char *address)
{
  guint count = 0;
  UsherDesk *desk;

  while ((desk = kit.rig->host->desk_open (frontend, address, NULL)) != NULL)
    {
      g_ptr_array_add (desks, desk);
      g_assert_cmpuint (++count, <=, 20000);
    }
  return count;
}

static void
close_desk (gpointer desk)
{
  kit.rig->host->desk_close (desk);
}

/* An address that only connects leaves room for others; who says hello is not counted any more. */
static void
test_places_of_one_address (void)
{
  g_autoptr (GPtrArray) desks = g_ptr_array_new_with_free_func (close_desk);
  g_autofree char *ticket = NULL;
  UcPrincipal who = { 0 };
  UsherDesk *other;
  Desk *known;

  kit_start (NULL);
  kit_seed ();
  kit_log_in (&who);
  ticket = uc_auth_ticket (kit.core->auth, &who);
  known = kit_desk_new ();
  /* From here on the loop does not run: nobody waits too long. */
  g_assert_cmpuint (fill (desks, kit.rig->frontend, "test"), ==, 2500 - 1);
  other = kit.rig->host->desk_open (kit.rig->frontend, "192.0.2.1", NULL);
  g_assert_nonnull (other);
  close_desk (other);
  kit_desk_say (known, "{\"hello\":{\"token\":\"%s\"}}", ticket);
  g_assert_cmpuint (fill (desks, kit.rig->frontend, "test"), ==, 1);
  g_ptr_array_set_size (desks, 2000);
  g_assert_cmpuint (fill (desks, kit.rig->frontend, "test"), ==, 500);
  g_ptr_array_set_size (desks, 0);
  uc_json_free (kit_desk_wait (known, "welcome"));
  kit_desk_free (known);
  uc_principal_clear (&who);
  kit_end ();
}

/* Nor does one front end take the places of another. */
static void
test_places_of_one_front_end (void)
{
  g_autoptr (GPtrArray) desks = g_ptr_array_new_with_free_func (close_desk);
  UsherInstance *frontend, *other;
  UsherDesk *last;

  kit_start ("[frontend:other]\nplugin = rig\n");
  frontend = uc_core_instance (kit.core, UC_KIND_FRONTEND, "desk");
  other = uc_core_instance (kit.core, UC_KIND_FRONTEND, "other");
  kit_until (uc_instance_is_running (other));
  /* Where no address is known, many without one are not one. */
  g_assert_cmpuint (fill (desks, frontend, ""), ==, 10000);
  g_assert_null (kit.rig->host->desk_open (frontend, "192.0.2.1", NULL));
  last = kit.rig->host->desk_open (other, "192.0.2.1", NULL);
  g_assert_nonnull (last);
  close_desk (last);
  g_ptr_array_set_size (desks, 0);
  g_assert_cmpuint (fill (desks, frontend, "192.0.2.1"), ==, 2500);
  g_ptr_array_set_size (desks, 0);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/desk-door/login-before-hello", test_login_before_hello);
  g_test_add_func ("/desk-door/failed-logins-end-the-desk", test_failed_logins_end_the_desk);
  g_test_add_func ("/desk-door/logins-without-hello-end-the-desk", test_logins_without_hello_end_the_desk);
  g_test_add_func ("/desk-door/places-of-one-address", test_places_of_one_address);
  g_test_add_func ("/desk-door/places-of-one-front-end", test_places_of_one_front_end);
  return g_test_run ();
}
