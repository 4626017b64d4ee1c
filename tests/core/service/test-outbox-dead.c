/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What could not be delivered, or perhaps was: kept, listed, sent again or left by a person; and a channel that
 * takes nothing for a while. Main thread.
 */
#include "kit.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/service/alarm.h"
#include "core/service/outbox-private.h"
#include "tests/lib/proof.h"

#define MINUTE (60 * 1000)
#define HOUR (60 * (gint64)MINUTE)

static GPtrArray *ids;          /* message ids in the order they were sent */
static GHashTable *unreachable; /* user ids that the network can't reach now */
static GHashTable *open;        /* of UsherReply*: those that were not completed */
static guint at_once, most_at_once;
static guint64 seed;

static void
note (const UsherLine *line)
{
  g_ptr_array_add (kit.sent, g_strdup (line->text));
  g_ptr_array_add (ids, g_strdup (line->message_id));
}

static void
answer_send (const UsherLine *line, UsherReply *reply)
{
  UsherResult result = { .struct_size = sizeof result, .status = kit.send_status };

  note (line);
  if (g_hash_table_contains (unreachable, line->user_id))
    result.status = USHER_RETRY;
  if (result.status != USHER_OK)
    result.message = "the test says no";
  kit.rig->host->complete (reply, &result);
}

static void
hold_send (const UsherLine *line, UsherReply *reply)
{
  note (line);
  g_ptr_array_add (kit.held, reply);
  g_hash_table_add (open, reply);
  at_once++;
  most_at_once = MAX (most_at_once, at_once);
}

static void
complete (UsherReply *reply, UsherStatus status)
{
  UsherResult result = { .struct_size = sizeof result, .status = status, .message = "the test says so" };

  at_once--;
  g_assert_true (g_hash_table_remove (open, reply));
  kit.rig->host->complete (reply, &result);
}

/* A channel that owes an answer has 10 s when it stops: nobody learns anything from waiting for that here. */
static void
answer_all (void)
{
  g_autoptr (GList) replies = g_hash_table_get_keys (open);

  for (const GList *l = replies; l != NULL; l = l->next)
    complete (l->data, USHER_OK);
}

static void
answering (Rig *rig)
{
  rig->send = answer_send;
}

static void
echoing (Rig *rig)
{
  rig->capabilities.echoes = true;
  rig->send = hold_send;
}

static void
shuffle (void)
{
  g_rand_set_seed (kit.core->outbox->dice, (guint32)seed);
}

static void
start (void (*prepare) (Rig *rig))
{
  ids = g_ptr_array_new_with_free_func (g_free);
  unreachable = g_hash_table_new (g_str_hash, g_str_equal);
  open = g_hash_table_new (NULL, NULL);
  at_once = most_at_once = 0;
  kit_start_with (NULL, prepare);
  kit_seed ();
  uc_json_free (
      kit_do (NULL, "user.put", "{\"user\":\"anna\",\"login\":\"anna\",\"name\":\"Anna\",\"capacity\":%d}", 100));
  shuffle ();
}

static void
end (void)
{
  answer_all ();
  kit_end ();
  g_hash_table_unref (open);
  g_ptr_array_unref (ids);
  g_hash_table_unref (unreachable);
}

static guint
listed (const char *login, const char *state)
{
  g_autoptr (UcJson) root = kit_do (login, "outbox.list", "{\"state\":\"%s\"}", state);

  return (guint)uc_json_length (uc_json_get (root, "messages"));
}

static void
decide (const char *login, const char *what, const char *message)
{
  g_autofree char *name = g_strconcat ("outbox.", what, NULL);

  uc_json_free (kit_do (login, name, "{\"message\":\"%s\"}", message));
}

static void
refuses (const char *login, const char *what, const char *message, const char *words)
{
  g_autofree char *name = g_strconcat ("outbox.", what, NULL);
  g_autofree char *args = g_strdup_printf ("{\"message\":\"%s\"}", message);
  g_autofree char *result = kit_op (login, name, args);

  if (result != NULL || strstr (kit_error, words) == NULL)
    g_error ("%s %s: %s", name, args, result != NULL ? result : kit_error);
}

/* ---- a person decides ---------------------------------------------------------------------------------- */

static void
test_sent_again_by_a_person (void)
{
  g_autofree char *chat = NULL, *error = NULL;
  g_autoptr (UcJson) root = NULL;
  const UcJson *row;

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  /* It is in the list also after a restart, with all that a person needs to decide. */
  kit_restart ();
  root = kit_do ("sue", "outbox.list", "{%s}", "");
  g_assert_cmpuint (uc_json_length (uc_json_get (root, "messages")), ==, 1);
  row = uc_json_first (uc_json_get (root, "messages"));
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "message")), ==, ids->pdata[0]);
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "state")), ==, "dead");
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "error")), ==, "the test says no");
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "text")), ==, "one");
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "name")), ==, "u1");
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "author_name")), ==, "Anna");
  g_assert_cmpstr (uc_json_string (uc_json_get (row, "queue")), ==, "q");
  kit.send_status = USHER_OK;
  decide ("sue", "replay", ids->pdata[0]);
  kit_wait_state ("u1", "one", "sent");
  g_free (kit_state ("u1", "one", &error));
  g_assert_null (error);
  g_assert_cmpuint (ids->len, ==, 2);
  g_assert_cmpstr (ids->pdata[0], ==, ids->pdata[1]);
  g_assert_cmpuint (listed ("sue", "dead"), ==, 0);
  refuses ("sue", "replay", ids->pdata[0], "not_found: no message");
  end ();
}

/* Two clicks, two people: it is sent once more, and the second one is told. */
static void
test_twice_is_once (void)
{
  g_autofree char *chat = NULL, *args = NULL, *first = NULL, *again = NULL;

  start (echoing);
  chat = kit_chat ("u1");
  kit_write (chat, "one");
  kit_until (kit.held->len == 1);
  complete (kit.held->pdata[0], USHER_RECIPIENT);
  kit_wait_state ("u1", "one", "failed");
  args = g_strdup_printf ("{\"message\":\"%s\"}", (char *)ids->pdata[0]);
  first = kit_op_cmd ("anna", "outbox.replay", args, "key-1");
  g_assert_cmpstr (first, ==, "{}");
  kit_until (kit.held->len == 2);
  refuses ("anna", "replay", ids->pdata[0], "on its way");
  refuses ("anna", "discard", ids->pdata[0], "on its way");
  /* The same click again is answered as the first time. */
  again = kit_op_cmd ("anna", "outbox.replay", args, "key-1");
  g_assert_cmpstr (again, ==, "{}");
  complete (kit.held->pdata[1], USHER_OK);
  kit_wait_state ("u1", "one", "sent");
  kit_settle ();
  g_assert_cmpuint (kit.held->len, ==, 2);
  end ();
}

static void
on_done (gpointer data, const char *result, const GError *error, const char *details)
{
  guint *counts = data;

  counts[result != NULL ? 0 : 1]++;
}

/* In one turn, before the store has answered the first of them. */
static void
test_at_the_same_moment (void)
{
  UcPrincipal sue = { .user = (char *)"sue", .label = (char *)"sue" };
  g_autofree char *chat = NULL, *args = NULL;
  guint counts[2] = { 0, 0 };

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  kit.send_status = USHER_OK;
  args = g_strdup_printf ("{\"message\":\"%s\"}", (char *)ids->pdata[0]);
  for (int i = 0; i < 10; i++)
    uc_ops_run (kit.core->ops, i % 3 == 2 ? "outbox.discard" : "outbox.replay",
                uc_json_parse (args, strlen (args), NULL, NULL), &sue, NULL, "test", FALSE, on_done, counts);
  kit_until (counts[0] + counts[1] == 10);
  g_assert_cmpuint (counts[0], ==, 1);
  kit_wait_state ("u1", "one", "sent");
  kit_settle ();
  g_assert_cmpuint (ids->len, ==, 2);
  end ();
}

static void
test_left_as_it_is (void)
{
  g_autofree char *chat = NULL, *state = NULL, *error = NULL;

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  refuses ("ben", "discard", ids->pdata[0], "not yours");
  decide ("anna", "discard", ids->pdata[0]);
  state = kit_state ("u1", "one", &error);
  g_assert_cmpstr (state, ==, "failed");
  g_assert_cmpstr (error, ==, "the test says no");
  g_assert_cmpuint (listed ("sue", "dead"), ==, 0);
  kit_restart ();
  g_assert_cmpuint (listed ("sue", "dead"), ==, 0);
  refuses ("anna", "replay", ids->pdata[0], "not_found");
  g_assert_cmpuint (ids->len, ==, 1);
  end ();
}

/* Agents see their own, a supervisor of limited scope those of his queues. */
static void
test_who_sees_what (void)
{
  g_autofree char *chat = NULL;

  start (answering);
  uc_json_free (kit_do (
      NULL, "user.put",
      "{\"user\":\"sam\",\"login\":\"sam\",\"name\":\"Sam\",\"role\":\"supervisor\",\"scope\":\"%s\"}", "queues"));
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  g_assert_cmpuint (listed ("anna", "dead"), ==, 1);
  g_assert_cmpuint (listed ("ben", "dead"), ==, 0);
  g_assert_cmpuint (listed (NULL, "dead"), ==, 1);
  g_assert_cmpuint (listed ("sue", "waiting"), ==, 0);
  g_assert_cmpuint (listed ("sam", "dead"), ==, 0);
  refuses ("sam", "replay", ids->pdata[0], "not_found");
  uc_json_free (kit_do (NULL, "membership.put", "{\"user\":\"%s\",\"queue\":\"q\"}", "sam"));
  g_assert_cmpuint (listed ("sam", "dead"), ==, 1);
  decide ("sam", "discard", ids->pdata[0]);
  g_free (kit_op ("sue", "outbox.list", "{\"state\":\"lost\"}"));
  g_assert_nonnull (strstr (kit_error, "waiting, uncertain or dead"));
  end ();
}

/* Each page goes on where the one before ended. */
static void
test_pages (void)
{
  g_autofree char *chat = NULL;
  gint64 cursor = 0;
  guint seen = 0;

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  for (int i = 0; i < 7; i++)
    {
      g_autofree char *text = g_strdup_printf ("m%d", i);

      kit_write (chat, text);
      kit_wait_state ("u1", text, "failed");
    }
  do
    {
      g_autoptr (UcJson) root
          = kit_do ("sue", "outbox.list", "{\"limit\":3,\"cursor\":%" G_GINT64_FORMAT "}", cursor);

      for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
        g_assert_cmpstr (uc_json_string (uc_json_get (m, "message")), ==, ids->pdata[seen++]);
      cursor = uc_json_int (uc_json_get (root, "next"), 0);
    }
  while (cursor != 0);
  g_assert_cmpuint (seen, ==, 7);
  end ();
}

/* What a person sends again has a day of its own, also over a restart. */
static void
test_a_day_of_its_own (void)
{
  g_autofree char *chat = NULL;

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  kit_pass (30 * HOUR);
  kit.send_status = USHER_RETRY;
  decide ("anna", "replay", ids->pdata[0]);
  kit_until (ids->len == 2);
  kit_pass (HOUR);
  kit_restart ();
  kit_wait_state ("u1", "one", "queued");
  kit_pass (22 * HOUR);
  kit_wait_state ("u1", "one", "queued");
  kit_pass (2 * HOUR);
  kit_wait_state ("u1", "one", "failed");
  g_assert_cmpuint (listed ("sue", "dead"), ==, 1);
  end ();
}

/* A desk learns each step, and who decided. */
static void
test_desks_are_told (void)
{
  g_autofree char *chat = NULL;
  g_autoptr (UcJson) welcome = NULL;
  gboolean queued = FALSE, sent = FALSE;
  Desk *desk;

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  desk = kit_desk_new ();
  welcome = kit_desk_hello (desk, "anna", -1);
  kit.send_status = USHER_OK;
  decide ("anna", "replay", ids->pdata[0]);
  kit_wait_state ("u1", "one", "sent");
  while (!sent)
    {
      g_autoptr (UcJson) event = kit_desk_wait (desk, "message.state");
      const char *state = uc_json_string (uc_json_get (event, "state"));

      g_assert_cmpstr (uc_json_string (uc_json_get (event, "message")), ==, ids->pdata[0]);
      if (strcmp (state, "queued") == 0)
        {
          g_assert_cmpstr (uc_json_string (uc_json_get (event, "by")), ==, "anna");
          queued = TRUE;
        }
      else
        {
          g_assert_true (queued);
          g_assert_cmpstr (state, ==, "sent");
          sent = TRUE;
        }
    }
  kit_desk_free (desk);
  end ();
}

/* ---- the alarm ----------------------------------------------------------------------------------------- */

static void
wait_for_alarm (gboolean stands)
{
  for (int i = 0; i < 60 && (uc_alarm_find (kit.core, "outbox.dead") != NULL) != stands; i++)
    kit_pass (1000);
  g_assert_true ((uc_alarm_find (kit.core, "outbox.dead") != NULL) == stands);
}

static void
test_alarm (void)
{
  g_autofree char *chat = NULL;

  start (answering);
  chat = kit_chat ("u1");
  kit.send_status = USHER_CONTENT;
  kit_write (chat, "one");
  kit_wait_state ("u1", "one", "failed");
  kit_pass (50 * MINUTE);
  g_assert_null (uc_alarm_find (kit.core, "outbox.dead"));
  kit_pass (11 * MINUTE);
  g_assert_nonnull (uc_alarm_find (kit.core, "outbox.dead"));
  g_assert_nonnull (strstr (uc_alarm_find (kit.core, "outbox.dead")->text, "1 message could not be delivered"));
  kit_restart ();
  wait_for_alarm (TRUE);
  decide ("anna", "discard", ids->pdata[0]);
  wait_for_alarm (FALSE);
  /* Many at once are an alarm at once. */
  for (guint i = 0; i <= UC_DEAD_MANY; i++)
    kit_write (chat, "more");
  wait_for_alarm (TRUE);
  end ();
}

/* ---- uncertain ----------------------------------------------------------------------------------------- */

/* A channel that never answers: the agent hears of it within a minute, and the last word comes also when the
 * daemon was started again meanwhile. */
static void
test_uncertain_after_a_restart (void)
{
  g_autofree char *chat = NULL, *first = NULL, *last = NULL, *state = NULL;

  start (echoing);
  chat = kit_chat ("u1");
  kit_write (chat, "one");
  kit_until (kit.held->len == 1);
  kit_pass (61 * 1000);
  kit_wait_state ("u1", "one", "uncertain");
  g_free (kit_state ("u1", "one", &first));
  g_assert_nonnull (strstr (first, "not known whether this message arrived"));
  g_assert_cmpuint (listed ("anna", "uncertain"), ==, 1);
  answer_all (); /* too late: it counts for nothing any more */
  kit_restart ();
  kit_until (g_hash_table_size (kit.core->outbox->undecided) == 1);
  kit_pass (8 * MINUTE);
  g_free (kit_state ("u1", "one", &last));
  g_assert_cmpstr (last, ==, first);
  kit_pass (3 * MINUTE);
  state = kit_state ("u1", "one", &last);
  g_assert_cmpstr (state, ==, "uncertain");
  g_assert_nonnull (strstr (last, "no echo came within 10 minutes"));
  /* Not told a second time. */
  kit_restart ();
  kit_until (g_hash_table_size (kit.core->outbox->undecided) == 1);
  kit_pass (15 * MINUTE);
  g_assert_cmpuint (listed ("anna", "uncertain"), ==, 1);
  g_assert_cmpuint (ids->len, ==, 1);
  decide ("anna", "replay", ids->pdata[0]);
  kit_until (ids->len == 2);
  g_assert_cmpstr (ids->pdata[0], ==, ids->pdata[1]);
  end ();
}

/* Sent again while a later one is on its way: one at a time, and nothing gets stuck. */
static void
test_order_of_what_is_sent_again (void)
{
  g_autofree char *chat = NULL;

  start (echoing);
  chat = kit_chat ("u1");
  kit_write (chat, "one");
  kit_until (kit.held->len == 1);
  complete (kit.held->pdata[0], USHER_CONTENT);
  kit_wait_state ("u1", "one", "failed");
  kit_write (chat, "two");
  kit_write (chat, "three");
  kit_until (kit.held->len == 2);
  decide ("anna", "replay", ids->pdata[0]);
  kit_settle ();
  g_assert_cmpuint (kit.held->len, ==, 2);
  complete (kit.held->pdata[1], USHER_OK);
  kit_until (kit.held->len == 3);
  g_assert_cmpstr (kit.sent->pdata[2], ==, "one");
  complete (kit.held->pdata[2], USHER_OK);
  kit_until (kit.held->len == 4);
  complete (kit.held->pdata[3], USHER_OK);
  kit_wait_state ("u1", "one", "sent");
  kit_wait_state ("u1", "two", "sent");
  kit_wait_state ("u1", "three", "sent");
  g_assert_cmpuint (most_at_once, ==, 1);
  end ();
}

/* ---- a channel that takes nothing ---------------------------------------------------------------------- */

/* An hour in which the channel refuses: few tries, whatever the number of chats; afterwards all get out once, a
 * few at first. */
static void
test_outage_of_a_channel (void)
{
  guint chats = (guint)proof_size (10, 20, 90), during;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) once = g_hash_table_new (g_str_hash, g_str_equal);

  start (answering);
  for (guint i = 0; i < chats; i++)
    {
      g_autofree char *user = g_strdup_printf ("u%u", i);

      g_ptr_array_add (all, kit_chat (user));
    }
  kit.send_status = USHER_RETRY;
  for (guint i = 0; i < chats; i++)
    kit_write (all->pdata[i], "hello");
  kit_settle ();
  kit_pass (HOUR);
  during = ids->len;
  g_test_message ("%u chats, %u tries in an hour", chats, during);
  /* One per half a minute by and by, and the first ones of each. */
  g_assert_cmpuint (during, <, 250 + 4 * chats);
  kit.send_status = USHER_OK;
  kit.rig->send = hold_send;
  kit_until (({
    if (kit.held->len == 0)
      kit_pass (1000);
    kit.held->len > 0;
  }));
  g_assert_cmpuint (kit.held->len, ==, 1);
  for (guint next = 0; next < chats; next++)
    {
      kit_until (({
        if (kit.held->len <= next)
          kit_pass (1000);
        kit.held->len > next;
      }));
      complete (kit.held->pdata[next], USHER_OK);
    }
  kit_settle ();
  kit_pass (11 * MINUTE);
  g_assert_cmpuint (kit.held->len, ==, chats);
  for (guint i = during; i < ids->len; i++)
    g_assert_true (g_hash_table_add (once, ids->pdata[i]));
  g_assert_cmpuint (uc_outbox_pending (kit.core->outbox), ==, 0);
  end ();
}

/* People whom the network can't reach must not keep the others from being served: neither two of them nor ten. */
static void
test_blocked_ones_block_nobody (void)
{
  static const char *const users[] = { "u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9" };
  g_autofree char *good = NULL;

  start (answering);
  good = kit_chat ("good");
  for (gsize u = 0; u < G_N_ELEMENTS (users); u++)
    {
      g_autofree char *chat = kit_chat (users[u]);
      g_autofree char *text = g_strdup_printf ("ok %zu", u);

      g_hash_table_add (unreachable, (gpointer)users[u]);
      kit_write (chat, "lost");
      kit_settle ();
      kit_write (good, text);
      kit_pass (2 * MINUTE);
      kit_wait_state ("good", text, "sent");
    }
  end ();
}

static void
retry_at (const UsherLine *line, UsherReply *reply)
{
  UsherResult result = {
    .struct_size = sizeof result, .status = USHER_BUSY, .message = "too many", .retry_after_ms = 5 * MINUTE
  };

  note (line);
  kit.rig->host->complete (reply, &result);
}

static void
limited (Rig *rig)
{
  rig->send = retry_at;
}

/* What the network asks for is the least that is waited. */
static void
test_retry_after (void)
{
  g_autofree char *chat = NULL;

  start (limited);
  chat = kit_chat ("u1");
  kit_write (chat, "one");
  kit_until (ids->len == 1);
  kit_settle ();
  kit_pass (5 * MINUTE - 3000);
  g_assert_cmpuint (ids->len, ==, 1);
  kit_pass (10 * 1000);
  kit_until (ids->len == 2);
  end ();
}

/* Full jitter: between the floor and the cap, evenly, and by the seed alone. */
static void
test_back_off (void)
{
  g_autoptr (GRand) dice = g_rand_new_with_seed (7), same = g_rand_new_with_seed (7);
  guint lower = 0;

  for (gint64 n = 0; n < 100; n++)
    {
      gint64 most = n < 10 ? 1000 << n : 600000;
      gint64 wait = uc_backoff (dice, 1000, 600000, n, 0);

      g_assert_cmpint (wait, ==, uc_backoff (same, 1000, 600000, n, 0));
      g_assert_cmpint (wait, >=, UC_BACKOFF_FLOOR_MS);
      g_assert_cmpint (wait, <=, MAX (UC_BACKOFF_FLOOR_MS, MIN (most, 600000)));
      lower += n >= 10 && wait < 300000;
    }
  g_assert_cmpuint (lower, >, 25);
  g_assert_cmpuint (lower, <, 65);
  g_assert_cmpint (uc_backoff (dice, 1000, 600000, 3, 50000), >=, 50000 + UC_BACKOFF_FLOOR_MS);
  g_assert_cmpint (uc_backoff (dice, 1000, 600000, G_MAXINT64, -5), <=, 600000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  seed = proof_seed (17);
  g_print ("# seed %" G_GUINT64_FORMAT "\n", seed);
  g_test_add_func ("/outbox-dead/sent-again", test_sent_again_by_a_person);
  g_test_add_func ("/outbox-dead/twice-is-once", test_twice_is_once);
  g_test_add_func ("/outbox-dead/at-the-same-moment", test_at_the_same_moment);
  g_test_add_func ("/outbox-dead/left-as-it-is", test_left_as_it_is);
  g_test_add_func ("/outbox-dead/who-sees-what", test_who_sees_what);
  g_test_add_func ("/outbox-dead/pages", test_pages);
  g_test_add_func ("/outbox-dead/a-day-of-its-own", test_a_day_of_its_own);
  g_test_add_func ("/outbox-dead/desks-are-told", test_desks_are_told);
  g_test_add_func ("/outbox-dead/alarm", test_alarm);
  g_test_add_func ("/outbox-dead/uncertain-after-a-restart", test_uncertain_after_a_restart);
  g_test_add_func ("/outbox-dead/order", test_order_of_what_is_sent_again);
  g_test_add_func ("/outbox-dead/outage", test_outage_of_a_channel);
  g_test_add_func ("/outbox-dead/blocked-ones-block-nobody", test_blocked_ones_block_nobody);
  g_test_add_func ("/outbox-dead/retry-after", test_retry_after);
  g_test_add_func ("/outbox-dead/back-off", test_back_off);
  return g_test_run ();
}
