/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Settings that make no sense are refused with a sentence that names them; without a server everything still
 * answers.
 */
#include "tests/lib/fake-host.h"

#include <string.h>

static FakeHost *
host_new (void)
{
  FakeHost *fake = fake_host_new ("channel", "xmpp");

  fake_host_set (fake, "domain", "Help.Example.org");
  fake_host_set (fake, "secret", "not said");
  fake_host_set (fake, "reconnect_max", "30s");
  /* Nothing listens at port 1. */
  fake_host_set (fake, "port", "1");
  return fake;
}

static void
refused (const char *key, const char *value, const char *part)
{
  g_autoptr (FakeHost) fake = host_new ();

  fake_host_set (fake, key, value);
  if (fake_host_create (fake))
    g_error ("%s = %s is taken", key, value);
  g_assert_cmpint (fake->fail_status, ==, USHER_INVALID);
  g_assert_true (g_str_has_prefix (fake->fail_message, key));
  if (strstr (fake->fail_message, part) == NULL)
    g_error ("\"%s\" does not say \"%s\"", fake->fail_message, part);
}

static void
test_refused (void)
{
  refused ("domain", "user@help.example.org", "help.example.org");
  refused ("domain", "help example", "no domain");
  refused ("address", "support@help", "before the @");
  refused ("address", "", "before the @");
  refused ("display_name", "", "empty");
  refused ("secret", "", "component_secret");
  refused ("announce", "agent_joined, joined", "\"joined\"");
  refused ("reconnect_min", "1m", "reconnect_max");
  refused ("avatar", "missing.png", "can't be read");
}

static void
picture (FakeHost *fake, const char *bytes, gssize len)
{
  g_autofree char *path = g_build_filename (fake->data_dir, "face", NULL);

  g_assert_true (g_file_set_contents (path, bytes, len, NULL));
  fake_host_set (fake, "avatar", "face");
}

static void
test_avatar (void)
{
  g_autoptr (FakeHost) fake = host_new ();
  g_autofree char *big = g_malloc0 (65537);

  picture (fake, "<svg/>", -1);
  g_assert_false (fake_host_create (fake));
  g_assert_nonnull (strstr (fake->fail_message, "PNG, JPEG, GIF or WebP"));
  memcpy (big, "\xff\xd8\xff", 3);
  picture (fake, big, 65537);
  g_assert_false (fake_host_create (fake));
  g_assert_nonnull (strstr (fake->fail_message, "65537"));
  picture (fake, big, 65536);
  g_assert_true (fake_host_create (fake));
  fake_host_destroy (fake);
}

static gboolean
is_told (gpointer data)
{
  const FakeHost *fake = data;

  return fake->state_message != NULL && strstr (fake->state_message, "No XMPP server can be reached") != NULL;
}

static void
test_without_server (void)
{
  g_autoptr (FakeHost) fake = host_new ();
  UsherLine line = { .struct_size = sizeof line,
                     .user_id = "alice@localhost",
                     .message_id = "m1",
                     .n = 1,
                     .author = USHER_AUTHOR_SYSTEM,
                     .code = "ended",
                     .text = "x",
                     .external_id = "alice@localhost/1" };

  fake_host_set (fake, "announce", "");
  fake_host_up (fake);
  fake_host_wait (is_told, fake, "the state");
  g_assert_cmpint (fake->state, ==, USHER_RETRY);
  fake->channel->typing (fake->self, "alice@localhost", true);
  fake->channel->notice (fake->self, &line);
  fake->channel->seen (fake->self, &line);
  g_assert_cmpint (fake_reply_wait (fake_send (fake, &line))->status, ==, USHER_RETRY);
  fake_host_down (fake);
  /* And once more: nothing of the first life is left. */
  fake_host_up (fake);
}

static void
test_stop_before_start (void)
{
  g_autoptr (FakeHost) fake = host_new ();

  g_assert_true (fake_host_create (fake));
  g_assert_cmpint (fake_host_stop (fake)->status, ==, USHER_OK);
  fake_host_destroy (fake);
}

static void
test_stop_while_starting (void)
{
  g_autoptr (FakeHost) fake = host_new ();
  UsherReply *start = fake_reply_new (fake);

  g_assert_true (fake_host_create (fake));
  fake->head->start (fake->self, start);
  g_assert_cmpint (fake_host_stop (fake)->status, ==, USHER_OK);
  g_assert_cmpint (fake_reply_wait (start)->status, ==, USHER_CANCELLED);
  fake_host_destroy (fake);
  g_assert_true (fake_host_create (fake));
  start = fake_reply_new (fake);
  fake->head->start (fake->self, start);
  fake_host_destroy (fake);
  g_assert_cmpint (fake_reply_wait (start)->status, ==, USHER_CANCELLED);
}

static void
test_capabilities (void)
{
  g_autoptr (FakeHost) fake = host_new ();
  const UsherChannelCapabilities *can = fake->channel->capabilities;

  g_assert_cmpstr (can->network, ==, "xmpp");
  g_assert_cmpint (can->max_text, ==, 65536);
  g_assert_cmpint (can->text_unit, ==, 1);
  g_assert_cmpint (can->receipts_read, ==, USHER_NATIVE);
  g_assert_false (can->idempotent_send);
  g_assert_cmpint (can->media_out, ==, USHER_CAN_NOT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xmpp/settings/wrong-ones-are-named", test_refused);
  g_test_add_func ("/xmpp/settings/avatar-is-a-small-picture", test_avatar);
  g_test_add_func ("/xmpp/settings/without-a-server-it-starts-and-says-so", test_without_server);
  g_test_add_func ("/xmpp/settings/stop-before-start", test_stop_before_start);
  g_test_add_func ("/xmpp/settings/stop-while-starting", test_stop_while_starting);
  g_test_add_func ("/xmpp/settings/capabilities", test_capabilities);
  return g_test_run ();
}
