/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What channels deliver besides plain messages, and messages that overtake each other. Main thread.
 */
#include "kit.h"

#include <string.h>

#include "core/base/clock.h"

#define HOUR (60 * 60 * (gint64)1000)

static void
settling (Rig *rig)
{
  rig->capabilities.settle_ms = 1500;
}

static void
windowed (Rig *rig)
{
  rig->capabilities.reply_window_ms = 24 * HOUR;
  rig->capabilities.tagged_window_ms = 48 * HOUR;
}

/* "n author text" of all lines of the interaction of `user`, system lines left out. */
static char *
lines_of (const char *user)
{
  g_autoptr (UcJson) root
      = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);
  GString *out = g_string_new (NULL);

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    if (g_strcmp0 (uc_json_string (uc_json_get (m, "author")), "system") != 0)
      g_string_append_printf (out, "%s%s", out->len > 0 ? " " : "", uc_json_string (uc_json_get (m, "text")));
  return g_string_free (out, FALSE);
}

static void
assert_lines (const char *user, const char *expected)
{
  g_autofree char *lines = lines_of (user);

  g_assert_cmpstr (lines, ==, expected);
}

static UsherInbound
message (const char *user, const char *id, const char *text)
{
  return (UsherInbound){ .struct_size = sizeof (UsherInbound),
                         .kind = USHER_INBOUND_MESSAGE,
                         .user_id = user,
                         .external_id = id,
                         .text = text };
}

static void
deliver_start (Delivered *out, const UsherInbound *item)
{
  kit_deliver_items (out, &item, 1);
}

/* Runs the loop without letting time pass. */
static void
turn (void)
{
  kit_settle ();
  for (int i = 0; i < 50; i++)
    g_main_context_iteration (NULL, FALSE);
  kit_settle ();
}

static void
refused (const UsherInbound *item, UsherStatus status, const char *word)
{
  Delivered out;

  deliver_start (&out, item);
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, status);
  if (strstr (out.message, word) == NULL)
    g_error ("\"%s\" does not say \"%s\"", out.message, word);
}

/* ---- overtaking ---------------------------------------------------------------------------------------- */

/* 20 parallel webhooks of one album, in any order and some of them twice. */
static void
test_album_is_put_in_order (void)
{
  static const guint order[] = { 7, 3, 19, 0, 12, 5, 1, 18, 9, 2, 14, 11, 4, 16, 6, 13, 8, 17, 10, 15 };
  Delivered out[G_N_ELEMENTS (order)], again[3];
  GString *expected = g_string_new (NULL);
  gint64 base;

  kit_start_with (NULL, settling);
  kit_seed ();
  base = uc_clock_now () - 5000;
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      g_autofree char *id = g_strdup_printf ("photo-%u", order[i]);
      UsherInbound item = message ("album", id, id);

      item.at = base + order[i];
      deliver_start (&out[i], &item);
      if (i < G_N_ELEMENTS (again))
        deliver_start (&again[i], &item);
      g_string_append_printf (expected, "%sphoto-%u", i > 0 ? " " : "", i);
    }
  turn ();
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    g_assert_false (out[i].done);
  g_assert_null (kit_interaction ("album"));
  kit_pass (2000);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      kit_until (out[i].done);
      g_assert_cmpint (out[i].status, ==, USHER_OK);
      /* The system line "queued" is number 2. */
      g_assert_cmpint (out[i].number, ==, order[i] == 0 ? 1 : order[i] + 2);
    }
  for (guint i = 0; i < G_N_ELEMENTS (again); i++)
    {
      kit_until (again[i].done);
      g_assert_cmpint (again[i].status, ==, USHER_OK);
      g_assert_cmpint (again[i].number, ==, out[i].number);
    }
  assert_lines ("album", expected->str);
  kit_restart ();
  assert_lines ("album", expected->str);
  g_string_free (expected, TRUE);
  kit_end ();
}

/* Ties keep the order of arrival; what comes later than the network said is in the next lot. */
static void
test_ties_and_stragglers (void)
{
  gint64 at;
  Delivered one, two, late;
  UsherInbound first, second, third;

  kit_start_with (NULL, settling);
  kit_seed ();
  at = uc_clock_now () - 100;
  first = message ("u1", "a", "a");
  second = message ("u1", "b", "b");
  third = message ("u1", "c", "c");
  first.at = second.at = at;
  third.at = at - 50;
  deliver_start (&one, &first);
  deliver_start (&two, &second);
  kit_pass (1600);
  kit_until (one.done && two.done);
  deliver_start (&late, &third);
  kit_pass (1600);
  kit_until (late.done);
  assert_lines ("u1", "a b c");
  kit_end ();
}

/* One delivery with items of two people and a receipt: answered once, when all of it is durable. */
static void
test_batch_of_several_people (void)
{
  UsherInbound one, two,
      receipt = { .struct_size = sizeof receipt,
                  .kind = USHER_INBOUND_RECEIPT,
                  .user_id = "u1",
                  .upto = 5,
                  .receipt = USHER_RECEIPT_READ };
  const UsherInbound *items[] = { &one, &receipt, &two };
  Delivered out;

  kit_start_with (NULL, settling);
  kit_seed ();
  one = message ("u1", "a", "from one");
  two = message ("u2", "b", "from two");
  kit_deliver_items (&out, items, G_N_ELEMENTS (items));
  turn ();
  g_assert_false (out.done);
  kit_pass (1600);
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_OK);
  assert_lines ("u1", "from one");
  assert_lines ("u2", "from two");
  kit_end ();
}

/* Leaving is a line like others: not before what was written earlier. */
static void
test_end_keeps_its_place (void)
{
  UsherInbound text,
      bye = { .struct_size = sizeof bye, .kind = USHER_INBOUND_ENDED, .user_id = "u1", .external_id = "bye" };
  Delivered left, wrote;
  gint64 now;

  kit_start_with (NULL, settling);
  kit_seed ();
  g_free (kit_chat ("u0"));
  now = uc_clock_now ();
  text = message ("u1", "a", "last words");
  text.at = now - 10;
  bye.at = now;
  deliver_start (&left, &bye);
  deliver_start (&wrote, &text);
  kit_pass (1600);
  kit_until (left.done && wrote.done);
  g_assert_cmpint (wrote.number, ==, 1);
  g_assert_cmpint (left.number, ==, 3);
  g_assert_null (kit_interaction ("u1"));
  kit_end ();
}

static void
test_stop_while_settling (void)
{
  UsherInbound item;
  Delivered out;

  kit_start_with (NULL, settling);
  kit_seed ();
  item = message ("u1", "a", "hello");
  deliver_start (&out, &item);
  turn ();
  kit_restart ();
  /* Not acknowledged, so the network delivers it again. */
  g_assert_false (out.done);
  deliver_start (&out, &item);
  kit_pass (1600);
  kit_until (out.done);
  assert_lines ("u1", "hello");
  kit_end ();
}

/* ---- what a message has besides text ------------------------------------------------------------------- */

static UcJson *
last_message (const char *user)
{
  g_autoptr (UcJson) root
      = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);
  const UcJson *list = uc_json_get (root, "messages");
  const UcJson *last = NULL;

  for (const UcJson *m = uc_json_first (list); m != NULL; m = uc_json_next (m))
    if (g_strcmp0 (uc_json_string (uc_json_get (m, "author")), "system") != 0)
      last = m;
  return uc_json_copy (last);
}

static void
test_form_reply_and_attachments (void)
{
  static const UsherAttachment place
      = { .struct_size = sizeof place, .kind = "location", .url = "geo:48.2,16.3", .name = "Vienna" },
      photo = { .struct_size = sizeof photo,
                .kind = "image",
                .url = "HTTPS://x.example/p",
                .mime = "Image/PNG; charset=x",
                .size = 7 };
  static const UsherAttachment *const list[] = { &place, &photo, NULL };
  g_autoptr (UcJson) got = NULL;
  UsherInbound item;
  const UcJson *second;

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  item = message ("u1", "e2", "");
  item.form = "quick_reply";
  item.reply_to = "e1";
  item.attachments = list;
  kit_deliver (&item);
  got = last_message ("u1");
  g_assert_cmpstr (uc_json_string (uc_json_get (got, "form")), ==, "quick_reply");
  g_assert_cmpstr (uc_json_string (uc_json_get (got, "reply_to")), ==, "e1");
  g_assert_cmpuint (uc_json_length (uc_json_get (got, "attachments")), ==, 2);
  second = uc_json_at (uc_json_get (got, "attachments"), 1);
  g_assert_cmpstr (uc_json_string (uc_json_get (second, "mime")), ==, "image/png");
  g_assert_cmpint (uc_json_int (uc_json_get (second, "size"), 0), ==, 7);
  kit_end ();
}

/* As many and as large as the interface allows. */
static void
test_many_attachments (void)
{
  g_autofree char *address = g_strnfill (2048, 'a');
  UsherAttachment one = { .struct_size = sizeof one, .kind = "link", .url = address };
  const UsherAttachment *list[66] = { NULL };
  g_autoptr (UcJson) got = NULL;
  UsherInbound item;

  memcpy (address, "https://", 8);
  for (guint i = 0; i < 64; i++)
    list[i] = &one;
  kit_start (NULL);
  kit_seed ();
  item = message ("u1", "e1", "look");
  item.attachments = list;
  kit_deliver (&item);
  got = last_message ("u1");
  g_assert_cmpuint (uc_json_length (uc_json_get (got, "attachments")), ==, 64);
  list[64] = &one;
  item.external_id = "e2";
  refused (&item, USHER_INVALID, "64 attachments");
  list[64] = NULL;
  one.url = NULL;
  one.name = address;
  kit_deliver (&item);
  kit_end ();
}

static void
test_bad_attachments_are_refused (void)
{
  static const struct
  {
    UsherAttachment one;
    const char *word;
  } rows[] = {
    { { .struct_size = sizeof (UsherAttachment), .kind = "program" }, "program" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "link", .url = "javascript:alert(1)" }, "http:" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "link", .url = "data:text/html,x" }, "http:" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "link", .url = "https://" }, "http:" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "link", .url = "https://x.example/a b" }, "http:" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "image", .media = "../../etc/passwd" }, "media_put" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "image", .media = "med_00000000000000000000000000" },
      "never gave" },
    { { .struct_size = sizeof (UsherAttachment), .kind = "file", .size = -1 }, "size" },
  };
  UsherInbound item;

  kit_start (NULL);
  kit_seed ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const UsherAttachment *list[] = { &rows[i].one, NULL };

      item = message ("u1", "e1", "look");
      item.attachments = list;
      refused (&item, USHER_INVALID, rows[i].word);
    }
  item = message ("u1", "e1", "look");
  item.form = "Postback!";
  refused (&item, USHER_INVALID, "form");
  item.form = "elsewhere";
  refused (&item, USHER_INVALID, "core's own");
  item.form = NULL;
  item.window_until = -1;
  refused (&item, USHER_INVALID, "below 0");
  item = message ("u1", "e1", "");
  refused (&item, USHER_CONTENT, "attachments");
  g_assert_null (kit_interaction ("u1"));
  kit_end ();
}

static void
test_passive_ones_open_nothing (void)
{
  UsherInbound item;

  kit_start (NULL);
  kit_seed ();
  item = message ("u1", "e1", "liked a message");
  item.form = "reaction";
  item.passive = true;
  kit_deliver (&item);
  g_assert_null (kit_interaction ("u1"));
  kit_say ("u1", "e2", "hello");
  assert_lines ("u1", "hello");
  kit_end ();
}

/* ---- windows and offers -------------------------------------------------------------------------------- */

static const UcConversation *
conversation (const char *user)
{
  return uc_engine_conversation_of (kit.core->engine, "net", user);
}

static void
test_window_runs_from_the_networks_time (void)
{
  UsherInbound item;
  gint64 now;

  kit_start_with (NULL, windowed);
  kit_seed ();
  now = uc_clock_now ();
  item = message ("u1", "e1", "an hour ago");
  item.at = now - HOUR;
  kit_deliver (&item);
  g_assert_cmpint (conversation ("u1")->window_until, ==, now + 23 * HOUR);
  g_assert_cmpint (conversation ("u1")->tagged_until, ==, now + 47 * HOUR);
  /* A clock that is ahead of ours must not keep the window open for longer. */
  item = message ("u1", "e2", "from the future");
  item.at = now + 5 * HOUR;
  kit_deliver (&item);
  g_assert_cmpint (conversation ("u1")->window_until, <=, uc_clock_now () + 24 * HOUR);
  g_assert_cmpint (conversation ("u1")->window_until, >=, now + 24 * HOUR);
  item = message ("u2", "e3", "72 hours by the advertisement");
  item.window_until = now + 72 * HOUR;
  kit_deliver (&item);
  g_assert_cmpint (conversation ("u2")->window_until, ==, now + 72 * HOUR);
  kit_end ();
}

static void
test_no_window_without_the_capability (void)
{
  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  g_assert_cmpint (conversation ("u1")->window_until, ==, 0);
  g_assert_cmpint (conversation ("u1")->tagged_until, ==, 0);
  kit_end ();
}

static void
test_channel_sets_the_acceptance_interval (void)
{
  kit_channel = "acceptance_interval = 17s";
  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  g_assert_cmpint (kit_interaction ("u1")->acceptance_ms, ==, 17000);
  kit_channel = NULL;
  kit_end ();
}

/* ---- echoes and profiles ------------------------------------------------------------------------------- */

static UsherInbound
echo (const char *user, const char *id, const char *text)
{
  UsherInbound item = message (user, id, text);

  item.kind = USHER_INBOUND_ECHO;
  return item;
}

static void
test_echo_of_another_tool_is_kept_once (void)
{
  g_autoptr (UcJson) got = NULL;
  UsherInbound first, second;
  const UsherInbound *twice[] = { &first, &first, &second };
  Delivered out;

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  first = echo ("u1", "x1", "answered from the phone");
  second = echo ("u1", "x2", "and once more");
  kit_deliver_items (&out, twice, G_N_ELEMENTS (twice));
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_OK);
  kit_deliver (&first);
  kit_restart ();
  kit_deliver (&first);
  kit_deliver (&second);
  assert_lines ("u1", "hello answered from the phone and once more");
  got = last_message ("u1");
  g_assert_cmpstr (uc_json_string (uc_json_get (got, "author")), ==, "agent");
  g_assert_cmpstr (uc_json_string (uc_json_get (got, "form")), ==, "elsewhere");
  /* It was sent already. */
  turn ();
  g_assert_cmpuint (kit.sent->len, ==, 0);
  kit_end ();
}

static void
test_echo_and_profile_of_strangers_open_nothing (void)
{
  UsherInbound item = echo ("stranger", "x1", "an advertisement");
  UsherInbound profile = {
    .struct_size = sizeof profile, .kind = USHER_INBOUND_PROFILE, .user_id = "stranger", .user_name = "Strange"
  };

  kit_start (NULL);
  kit_seed ();
  kit_deliver (&item);
  kit_deliver (&profile);
  g_assert_null (conversation ("stranger"));
  kit_end ();
}

static void
test_profile_names_the_customer (void)
{
  UsherInbound profile = {
    .struct_size = sizeof profile, .kind = USHER_INBOUND_PROFILE, .user_id = "u1", .user_name = "Ada Lovelace"
  };

  kit_start (NULL);
  kit_seed ();
  kit_say ("u1", "e1", "hello");
  kit_deliver (&profile);
  g_assert_cmpstr (conversation ("u1")->name, ==, "Ada Lovelace");
  kit_restart ();
  kit_deliver (&profile);
  g_assert_cmpstr (conversation ("u1")->name, ==, "Ada Lovelace");
  profile.picture = "med_00000000000000000000000000";
  refused (&profile, USHER_INVALID, "never gave");
  kit_end ();
}

/* The look-up of the name may be quicker than what is gathered; the clock of the network may be ahead. */
static void
test_profile_waits_for_the_first_message (void)
{
  UsherInbound text, profile = {
    .struct_size = sizeof profile, .kind = USHER_INBOUND_PROFILE, .user_id = "u1", .user_name = "Ada Lovelace"
  };
  const UsherInbound *both[] = { &profile, &text };
  Delivered out;

  kit_start_with (NULL, settling);
  kit_seed ();
  text = message ("u1", "a", "hello");
  text.at = uc_clock_now () + 60 * 1000;
  kit_deliver_items (&out, both, G_N_ELEMENTS (both));
  kit_pass (1600);
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_OK);
  g_assert_cmpstr (conversation ("u1")->name, ==, "Ada Lovelace");
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/settle/album-is-put-in-order", test_album_is_put_in_order);
  g_test_add_func ("/intake/settle/ties-and-stragglers", test_ties_and_stragglers);
  g_test_add_func ("/intake/settle/batch-of-several-people", test_batch_of_several_people);
  g_test_add_func ("/intake/settle/end-keeps-its-place", test_end_keeps_its_place);
  g_test_add_func ("/intake/settle/stop-meanwhile", test_stop_while_settling);
  g_test_add_func ("/intake/message/form-reply-and-attachments", test_form_reply_and_attachments);
  g_test_add_func ("/intake/message/many-attachments", test_many_attachments);
  g_test_add_func ("/intake/message/bad-attachments-are-refused", test_bad_attachments_are_refused);
  g_test_add_func ("/intake/message/passive-ones-open-nothing", test_passive_ones_open_nothing);
  g_test_add_func ("/intake/window/runs-from-the-networks-time", test_window_runs_from_the_networks_time);
  g_test_add_func ("/intake/window/none-without-the-capability", test_no_window_without_the_capability);
  g_test_add_func ("/intake/acceptance-interval-of-the-channel", test_channel_sets_the_acceptance_interval);
  g_test_add_func ("/intake/echo/of-another-tool-is-kept-once", test_echo_of_another_tool_is_kept_once);
  g_test_add_func ("/intake/echo/of-strangers-opens-nothing", test_echo_and_profile_of_strangers_open_nothing);
  g_test_add_func ("/intake/profile/names-the-customer", test_profile_names_the_customer);
  g_test_add_func ("/intake/profile/waits-for-the-first-message", test_profile_waits_for_the_first_message);
  return g_test_run ();
}
