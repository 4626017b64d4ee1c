/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the small modules of core/base: events, ids, the clock, errors.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/event.h"
#include "core/base/id.h"

/* ---- events -------------------------------------------------------------------------------------------- */

/* Members that hold JSON stand in the JSON as what they are. */
static void
set_json (char **member)
{
  g_free (*member);
  *member = g_strdup ("[{\"code\":\"\xc3\xa9 \\\"\",\"active\":true},1]");
}

/* An event with every member set, each to something else. */
static UcEvent *
full_event (UcEventType type)
{
  UcEvent *event = uc_event_new (type, 1700000000000);
  gint64 number = 1000;

  event->seq = 77;
#define X(name) event->name = g_strdup ("<" #name "> \"\xc3\xa9\"\n");
  UC_EVENT_STRINGS (X)
#undef X
  set_json (&event->attachments);
  set_json (&event->codes);
  set_json (&event->matches);
#define X(name) event->name = number++;
  UC_EVENT_INTS (X)
#undef X
  return event;
}

/* What belongs to the type comes back, what does not is left out. */
static void
test_event_round_trip (void)
{
  for (int t = 1; t < UC_EVENT_N_TYPES; t++)
    {
      UcEventType type = (UcEventType)t;
      g_autoptr (UcEvent) event = full_event (type), back = NULL;
      g_autoptr (GError) error = NULL;
      gsize len;
      g_autofree char *json = uc_event_to_json (event, &len);

      g_assert_cmpuint (len, ==, strlen (json));
      back = uc_event_from_json (json, len, &error);
      g_assert_no_error (error);
      g_assert_cmpint (back->type, ==, type);
      g_assert_cmpint (back->seq, ==, 77);
      g_assert_cmpint (back->at, ==, 1700000000000);
#define X(name) g_assert_cmpstr (back->name, ==, uc_event_type_has (type, #name) ? event->name : NULL);
      UC_EVENT_STRINGS (X)
#undef X
#define X(name) g_assert_cmpint (back->name, ==, uc_event_type_has (type, #name) ? event->name : 0);
      UC_EVENT_INTS (X)
#undef X
    }
}

static void
test_event_names (void)
{
  for (int t = 1; t < UC_EVENT_N_TYPES; t++)
    {
      const char *name = uc_event_type_name ((UcEventType)t);

      g_assert_nonnull (strchr (name, '.'));
      g_assert_cmpint (uc_event_type_from_name (name), ==, t);
    }
  g_assert_cmpint (uc_event_type_from_name ("agent.exploded"), ==, UC_EVENT_NONE);
  g_assert_cmpint (uc_event_type_from_name ("none"), ==, UC_EVENT_NONE);
  g_assert_cmpint (uc_event_type_from_name (NULL), ==, UC_EVENT_NONE);
  g_assert_true (uc_event_type_has (UC_EVENT_OFFER_ENDED, "cause"));
  g_assert_false (uc_event_type_has (UC_EVENT_OFFER_ENDED, "text"));
  g_assert_false (uc_event_type_has (UC_EVENT_OFFER_ENDED, "nonsense"));
}

static void
test_event_json (void)
{
  g_autoptr (UcEvent) event = uc_event_new (UC_EVENT_INTERACTION_SAVE, 5);
  g_autofree char *json = NULL;

  event->seq = 9;
  event->interaction = g_strdup ("int_1");
  event->case_id = g_strdup ("case_1");
  event->text = g_strdup ("not of this type");
  json = uc_event_to_json (event, NULL);
  g_assert_cmpstr (
      json, ==,
      "{\"seq\":9,\"at\":5,\"type\":\"interaction.save\",\"interaction\":\"int_1\",\"case\":\"case_1\","
      "\"attempts\":0}");
}

static void
expect_no_event (const char *json, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UcEvent) event = uc_event_from_json (json, strlen (json), &error);

  g_assert_null (event);
  g_assert_error (error, UC_ERROR, UC_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_event_from_bad_json (void)
{
  static const char odd[]
      = "{\"type\":\"message.added\",\"n\":\"seven\",\"text\":8,\"future\":[1],\"sent_at\":1.5}";
  g_autoptr (GError) error = NULL;
  g_autoptr (UcEvent) event = NULL;

  expect_no_event ("", "got nothing");
  expect_no_event ("{", "not JSON");
  expect_no_event ("{}", "unknown event type '(none)'");
  expect_no_event ("[]", "unknown event type");
  expect_no_event ("{\"type\":7}", "unknown event type");
  expect_no_event ("{\"type\":\"agent.exploded\"}", "'agent.exploded'");
  expect_no_event ("{\"type\":\"none\"}", "'none'");
  /* Of a newer daemon, or wrong: what does not fit is as if it were absent. */
  event = uc_event_from_json (odd, strlen (odd), &error);
  g_assert_no_error (error);
  g_assert_cmpint (event->n, ==, 0);
  g_assert_null (event->text);
  g_assert_cmpint (event->sent_at, ==, 0);
}

static void
test_event_copy (void)
{
  g_autoptr (UcEvent) event = full_event (UC_EVENT_MESSAGE_ADDED), copy = uc_event_copy (event);

  g_assert_cmpint (copy->seq, ==, event->seq);
#define X(name)                                                                                                   \
  g_assert_cmpstr (copy->name, ==, event->name);                                                                  \
  g_assert_true (copy->name != event->name);
  UC_EVENT_STRINGS (X)
#undef X
#define X(name) g_assert_cmpint (copy->name, ==, event->name);
  UC_EVENT_INTS (X)
#undef X
  uc_event_free (NULL);
}

/* ---- ids ----------------------------------------------------------------------------------------------- */

static void
test_ids (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint count[256] = { 0 };

  for (int i = 0; i < 10000; i++)
    {
      char *id = uc_id_new ("int");

      g_assert_true (g_str_has_prefix (id, "int_"));
      g_assert_cmpuint (strlen (id), ==, 4 + 26);
      g_assert_cmpuint (strspn (id + 4, "0123456789abcdefghjkmnpqrstvwxyz"), ==, 26);
      for (const char *c = id + 4; *c != '\0'; c++)
        count[(guint8)*c]++;
      g_assert_true (g_hash_table_add (seen, id));
    }
  /* 260,000 digits of 32 kinds: 8,125 of each, give or take ten times the standard deviation. */
  for (const char *c = "0123456789abcdefghjkmnpqrstvwxyz"; *c != '\0'; c++)
    {
      g_assert_cmpuint (count[(guint8)*c], >, 8125 - 900);
      g_assert_cmpuint (count[(guint8)*c], <, 8125 + 900);
    }
}

static void
test_random (void)
{
  guint8 large[100000], small[4] = { 1, 2, 3, 4 };
  guint ones = 0;

  uc_random_bytes (small + 1, 0);
  g_assert_cmpuint (small[1], ==, 2);
  memset (large, 0, sizeof large);
  uc_random_bytes (large, sizeof large);
  for (gsize i = 0; i < sizeof large; i++)
    ones += (guint)__builtin_popcount (large[i]);
  g_assert_cmpuint (ones, >, 400000 - 5000);
  g_assert_cmpuint (ones, <, 400000 + 5000);
}

/* ---- the clock ----------------------------------------------------------------------------------------- */

static gpointer
read_clock (gpointer data)
{
  gint64 last = 0;

  for (int i = 0; i < 200000; i++)
    {
      gint64 now = uc_clock_now ();

      g_assert_cmpint (now, >=, last);
      last = now;
    }
  return NULL;
}

static void
test_clock (void)
{
  gint64 before = g_get_real_time () / 1000, now = uc_clock_now ();
  GThread *threads[4];

  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (now, <=, g_get_real_time () / 1000 + 1);
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("clock", read_clock, NULL);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (uc_clock_now (), >=, now);
}

static void
test_clock_set (void)
{
  gint64 ahead = G_MININT64 / 2;

  g_assert_cmpint (uc_clock_follow (&ahead, 1000000, 10), ==, 1000000);
  g_assert_cmpint (uc_clock_follow (&ahead, 1000005, 15), ==, 1000005);
  /* Set back by far: goes on. */
  g_assert_cmpint (uc_clock_follow (&ahead, 20, 25), ==, 1000015);
  g_assert_cmpint (uc_clock_follow (&ahead, 120, 125), ==, 1000115);
  /* Read late between the two clocks. */
  g_assert_cmpint (uc_clock_follow (&ahead, 1000120, 180), ==, 1000170);
  /* Set ahead: follows, and stays there. */
  g_assert_cmpint (uc_clock_follow (&ahead, 5000000, 190), ==, 5000000);
  g_assert_cmpint (uc_clock_follow (&ahead, 1000200, 200), ==, 5000010);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

static void
test_errors (void)
{
  static const struct
  {
    UcError code;
    const char *word;
    int http;
  } expected[] = {
    { UC_ERROR_INVALID, "invalid", 400 },
    { UC_ERROR_NOT_FOUND, "not_found", 404 },
    { UC_ERROR_DENIED, "denied", 403 },
    { UC_ERROR_UNAUTHENTICATED, "unauthenticated", 401 },
    { UC_ERROR_GONE, "gone", 410 },
    { UC_ERROR_CONFLICT, "conflict", 409 },
    { UC_ERROR_BUSY, "busy", 429 },
    { UC_ERROR_UNAVAILABLE, "unavailable", 503 },
    { UC_ERROR_UNSUPPORTED, "unsupported", 501 },
    { UC_ERROR_FAILED, "failed", 500 },
  };
  g_autoptr (GError) foreign = g_error_new (G_FILE_ERROR, 0, "x");
  g_autoptr (GError) beyond = g_error_new (UC_ERROR, 999, "x");

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GError) error = g_error_new (UC_ERROR, expected[i].code, "x");

      g_assert_cmpstr (uc_error_word (error), ==, expected[i].word);
      g_assert_cmpint (uc_error_http_status (error), ==, expected[i].http);
    }
  g_assert_cmpint (G_N_ELEMENTS (expected), ==, UC_ERROR_FAILED + 1);
  g_assert_cmpstr (uc_error_word (foreign), ==, "failed");
  g_assert_cmpint (uc_error_http_status (foreign), ==, 500);
  g_assert_cmpstr (uc_error_word (beyond), ==, "failed");
  g_assert_cmpstr (uc_error_word (NULL), ==, "failed");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/event/round-trip", test_event_round_trip);
  g_test_add_func ("/base/event/names", test_event_names);
  g_test_add_func ("/base/event/json", test_event_json);
  g_test_add_func ("/base/event/from-bad-json", test_event_from_bad_json);
  g_test_add_func ("/base/event/copy", test_event_copy);
  g_test_add_func ("/base/id/ids", test_ids);
  g_test_add_func ("/base/id/random", test_random);
  g_test_add_func ("/base/clock/now", test_clock);
  g_test_add_func ("/base/clock/set", test_clock_set);
  g_test_add_func ("/base/error", test_errors);
  return g_test_run ();
}
