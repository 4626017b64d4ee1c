/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names and pictures: asked for once, never waited for, not asked for again for a while.
 */
#include <string.h>

#include "tests/plugins/messenger/messenger-kit.h"

#define HOUR_MS (G_GINT64_CONSTANT (3600) * 1000)
#define PERSON "/v25.0/PSID1"

static const char png[] = "\x89PNG\r\n\x1a\nface";

static void
write_as (Kit *kit, const char *mid)
{
  g_autofree char *member = g_strdup_printf ("\"message\":{\"mid\":\"%s\",\"text\":\"hello\"}", mid);
  g_autofree char *event = kit_event (member);

  kit_events (kit, "%s", event);
}

static void
answer_with_picture (Kit *kit, const char *format)
{
  g_autofree char *port = g_strdup_printf ("%u", kit->server->port);
  g_auto (GStrv) parts = g_strsplit (format, "PORT", -1);
  g_autofree char *body = g_strjoinv (port, parts);

  request_answer (server_take (kit->server, "GET", PERSON), 200, NULL, body);
}

static gboolean
has_two (gpointer data)
{
  return fake_delivery_count (data) >= 2;
}

/* The second delivery, which is the profile's. */
static const UsherInbound *
the_profile (Kit *kit)
{
  const UsherInbound *item;
  FakeDelivery *delivery;

  fake_host_wait (has_two, kit->fake, "a profile");
  delivery = fake_delivery_at (kit->fake, 1);
  g_assert_cmpuint (delivery->items->len, ==, 1);
  item = kit_item (delivery, 0);
  g_assert_cmpint (item->kind, ==, USHER_INBOUND_PROFILE);
  g_assert_cmpstr (item->user_id, ==, "PSID1");
  return item;
}

static void
test_name_and_picture (void)
{
  g_autoptr (Kit) kit = kit_up ();
  Request *request;
  const UsherInbound *item;

  write_as (kit, "m_1"); /* stored and answered before anybody is asked */
  request = server_take (kit->server, "GET", PERSON);
  g_assert_cmpstr (request->query, ==, "fields=first_name,last_name,profile_pic,name");
  g_assert_cmpstr (request_header (request, "authorization"), ==, "Bearer page-token");
  request->taken = FALSE;
  answer_with_picture (
      kit, "{\"first_name\":\"Ana\",\"last_name\":\"B\",\"profile_pic\":\"http://127.0.0.1:PORT/face\","
           "\"id\":\"PSID1\"}");
  request = server_take (kit->server, "GET", "/face");
  g_assert_null (request_header (request, "authorization"));
  request_answer_bytes (request, 200, "Content-Type: image/png\r\n", png, sizeof png - 1);
  item = the_profile (kit);
  g_assert_cmpstr (item->user_name, ==, "Ana B");
  g_assert_cmpstr (item->picture, ==, "med_1");
  g_assert_cmpstr (((FakeMedia *)kit->fake->media->pdata[0])->mime, ==, "image/png");
}

static void
test_names (void)
{
  static const struct
  {
    const char *body, *name;
  } rows[] = {
    { "{\"name\":\"Ana Berg\",\"first_name\":\"A\"}", "Ana Berg" },
    { "{\"first_name\":\"Ana\"}", "Ana" },
    { "{\"last_name\":\"Berg\",\"name\":null}", "Berg" },
    { "{\"name\":\" \\n \",\"first_name\":7,\"last_name\":\"x\"}", NULL },
    { "{\"name\":\"A\\nB\"}", "A B" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();

      write_as (kit, "m_1");
      answer_with_picture (kit, rows[i].body);
      if (rows[i].name != NULL)
        g_assert_cmpstr (the_profile (kit)->user_name, ==, rows[i].name);
    }
}

static void
test_bad_pictures (void)
{
  static const struct
  {
    guint status;
    const char *body;
  } rows[] = { { 404, "" }, { 200, "<html>" }, { 200, "%PDF-1.4" } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      const UsherInbound *item;

      write_as (kit, "m_1");
      answer_with_picture (kit, "{\"name\":\"Ana\",\"profile_pic\":\"http://127.0.0.1:PORT/face\"}");
      request_answer (server_take (kit->server, "GET", "/face"), rows[i].status, "Content-Type: image/png\r\n",
                      rows[i].body);
      while (fake_delivery_count (kit->fake) < 2)
        {
          g_main_context_iteration (NULL, FALSE);
          fake_clock_advance (0);
        }
      item = the_profile (kit);
      g_assert_cmpstr (item->user_name, ==, "Ana");
      g_assert_null (item->picture);
      g_assert_cmpuint (kit->fake->media->len, ==, 0);
    }
}

/* The guard holds for pictures, too. */
static void
test_guarded_picture (void)
{
  g_autoptr (Kit) kit = kit_new_localhost ();

  kit_begin (kit);
  write_as (kit, "m_1");
  answer_with_picture (kit, "{\"name\":\"Ana\",\"profile_pic\":\"http://127.0.0.1:PORT/face\"}");
  while (fake_delivery_count (kit->fake) < 2)
    {
      g_main_context_iteration (NULL, FALSE);
      fake_clock_advance (0);
    }
  g_assert_null (the_profile (kit)->picture);
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/face"), ==, 0);
}

static guint
asked_after (Kit *kit, const char *mid)
{
  write_as (kit, mid);
  fake_host_settle ();
  return server_waiting (kit->server, "GET", PERSON);
}

static void
test_asked_once (void)
{
  g_autoptr (Kit) kit = kit_up ();

  write_as (kit, "m_1");
  write_as (kit, "m_2"); /* while it is under way */
  answer_with_picture (kit, "{\"name\":\"Ana\"}");
  while (fake_delivery_count (kit->fake) < 3)
    g_main_context_iteration (NULL, TRUE);
  fake_host_settle ();
  g_assert_cmpuint (asked_after (kit, "m_3"), ==, 0);
  /* Also after a restart. */
  fake_host_down (kit->fake);
  fake_host_up (kit->fake);
  g_assert_cmpuint (asked_after (kit, "m_4"), ==, 0);
  fake_clock_advance (8 * 24 * HOUR_MS);
  write_as (kit, "m_5");
  server_take (kit->server, "GET", PERSON);
}

static void
test_refused (void)
{
  static const struct
  {
    guint status;
    gint64 code, subcode;
    gint64 rest;
  } rows[] = {
    { 400, 100, 33, 6 * HOUR_MS }, { 403, 10, 0, 6 * HOUR_MS }, { 403, 230, 0, 6 * HOUR_MS },
    { 404, 0, 0, 6 * HOUR_MS },    { 500, 1, 0, HOUR_MS / 6 },  { 400, 613, 0, HOUR_MS / 6 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_up ();

      write_as (kit, "m_1");
      kit_refuse (server_take (kit->server, "GET", PERSON), rows[i].status, NULL, rows[i].code, rows[i].subcode,
                  FALSE);
      while (!fake_host_logged (kit->fake, USHER_LOG_INFO, "a profile look-up failed")
             && !fake_host_logged (kit->fake, USHER_LOG_WARNING, "a profile look-up failed"))
        g_main_context_iteration (NULL, TRUE);
      fake_host_settle ();
      g_assert_cmpuint (fake_delivery_count (kit->fake), ==, 1);
      /* That an app may not see profiles is no trouble of the account. */
      if (rows[i].code != 0)
        g_assert_cmpint (kit->fake->state, ==, USHER_OK);
      fake_clock_advance (rows[i].rest - 1000);
      g_assert_cmpuint (asked_after (kit, "m_2"), ==, 0);
      fake_clock_advance (2000);
      write_as (kit, "m_3");
      server_take (kit->server, "GET", PERSON);
    }
}

static void
test_bad_token (void)
{
  g_autoptr (Kit) kit = kit_up ();

  write_as (kit, "m_1");
  kit_refuse (server_take (kit->server, "GET", PERSON), 401, NULL, 190, 0, FALSE);
  kit_state (kit, USHER_AUTH, "token");
  g_assert_cmpuint (asked_after (kit, "m_2"), ==, 0);
}

static void
test_no_answer (void)
{
  g_autoptr (Kit) kit = kit_up ();

  write_as (kit, "m_1");
  server_take (kit->server, "GET", PERSON);
  fake_clock_advance (16000);
  g_assert_cmpuint (asked_after (kit, "m_2"), ==, 0);
  fake_clock_advance (HOUR_MS / 6);
  write_as (kit, "m_3");
  server_take (kit->server, "GET", PERSON);
}

/* Four at once; all get their turn. */
static void
test_many (void)
{
  g_autoptr (Kit) kit = kit_up ();
  g_autoptr (GString) events = g_string_new (NULL);
  Request *first[4];

  for (int i = 0; i < 50; i++)
    g_string_append_printf (
        events,
        "%s{\"sender\":{\"id\":\"P%d\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m_%d\","
        "\"text\":\"a\"}}",
        i > 0 ? "," : "", i, i);
  kit_events (kit, "%s", events->str);
  for (int i = 0; i < 4; i++)
    {
      g_autofree char *path = g_strdup_printf ("/v25.0/P%d", i);

      first[i] = server_take (kit->server, "GET", path);
    }
  g_assert_cmpuint (server_waiting (kit->server, "GET", "/v25.0/P4"), ==, 0);
  for (int i = 0; i < 50; i++)
    {
      g_autofree char *path = g_strdup_printf ("/v25.0/P%d", i);

      request_answer (i < 4 ? first[i] : server_take (kit->server, "GET", path), 200, NULL, "{\"name\":\"x\"}");
    }
  while (fake_delivery_count (kit->fake) < 51)
    g_main_context_iteration (NULL, TRUE);
}

/* Damage in the stored state costs a look-up, no more. */
static void
test_damaged_state (void)
{
  static const char *const values[] = { "",
                                        "x",
                                        "{\"id\":\"PSID1\",\"until\":\"x\"}",
                                        "{\"id\":7,\"until\":9999999999999}",
                                        "{\"id\":\"PSID1\",\"until\":9007199254740991}",
                                        "{\"id\":\"OTHER\",\"until\":1767225700000}" };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (Kit) kit = kit_up ();
      g_autofree char *key = g_strdup_printf ("profile-%u", g_str_hash ("PSID1") % 4096);

      fake_kv_put (kit->fake, key, values[i]);
      write_as (kit, "m_1");
      server_take (kit->server, "GET", PERSON);
    }
}

static void
test_odd_id (void)
{
  g_autoptr (Kit) kit = kit_up ();

  kit_events (kit, "{\"sender\":{\"id\":\"a/../b?c#d "
                   "%%\"},\"recipient\":{\"id\":\"PAGE1\"},\"message\":{\"mid\":\"m\",\"text\":"
                   "\"a\"}}");
  server_take (kit->server, "GET", "/v25.0/a%2F..%2Fb%3Fc%23d%20%25");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messenger/profile/name-and-picture", test_name_and_picture);
  g_test_add_func ("/messenger/profile/names", test_names);
  g_test_add_func ("/messenger/profile/bad-pictures", test_bad_pictures);
  g_test_add_func ("/messenger/profile/guarded-picture", test_guarded_picture);
  g_test_add_func ("/messenger/profile/asked-once", test_asked_once);
  g_test_add_func ("/messenger/profile/refused", test_refused);
  g_test_add_func ("/messenger/profile/bad-token", test_bad_token);
  g_test_add_func ("/messenger/profile/no-answer", test_no_answer);
  g_test_add_func ("/messenger/profile/many-people", test_many);
  g_test_add_func ("/messenger/profile/damaged-state", test_damaged_state);
  g_test_add_func ("/messenger/profile/odd-id", test_odd_id);
  return g_test_run ();
}
