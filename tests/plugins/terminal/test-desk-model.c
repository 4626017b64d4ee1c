/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What usher-desk knows and how it keeps its line, without a terminal and without a server: frames go in, the
 * state and the frames that go out are looked at. Time is a number.
 */
#include <string.h>

#include "desk-app.h"

typedef struct
{
  DeskApp *app;
  GPtrArray *sent; /* of cJSON* */
  guint opens, closes, bells;
  gint64 now;
} Rig;

static void
on_open (gpointer data)
{
  ((Rig *)data)->opens++;
}

static void
on_send (gpointer data, const char *text, gsize len)
{
  cJSON *frame = cJSON_ParseWithLength (text, len);

  g_assert_nonnull (frame);
  g_ptr_array_add (((Rig *)data)->sent, frame);
}

static void
on_close (gpointer data)
{
  ((Rig *)data)->closes++;
}

static gint64
on_since (gpointer data)
{
  const DeskModel *model = ((Rig *)data)->app->model;

  return model->ready ? model->seq : -1;
}

static void
on_frame (gpointer data, const cJSON *frame)
{
  desk_app_frame (((Rig *)data)->app, frame);
}

static void
on_changed (gpointer data)
{
  desk_app_line_changed (((Rig *)data)->app);
}

static void
on_ended (gpointer data, const char *code, const char *message)
{
  desk_app_ended (((Rig *)data)->app, code, message);
}

static gdouble
on_random (gpointer data)
{
  return 0.5;
}

static const DeskLineOps ops = { on_open, on_send, on_close, on_since, on_frame, on_changed, on_ended, on_random };

static void
on_bell (gpointer data)
{
  ((Rig *)data)->bells++;
}

static const DeskView view = { .bell = on_bell };

static void
setup (Rig *rig, gconstpointer data)
{
  rig->sent = g_ptr_array_new_with_free_func ((GDestroyNotify)cJSON_Delete);
  rig->now = 1000;
  rig->app = desk_app_new (&ops, rig);
  rig->app->view = &view;
  rig->app->view_data = rig;
  desk_app_time (rig->app, rig->now);
}

static void
teardown (Rig *rig, gconstpointer data)
{
  desk_app_free (rig->app);
  g_ptr_array_unref (rig->sent);
}

static void
pass (Rig *rig, gint64 ms)
{
  rig->now += ms;
  desk_app_time (rig->app, rig->now);
}

static void G_GNUC_PRINTF (2, 3) hear (Rig *rig, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  desk_line_input (rig->app->line, text, strlen (text), rig->now);
}

/* The last frame that went out. */
static const cJSON *
last (Rig *rig)
{
  g_assert_cmpuint (rig->sent->len, >, 0);
  return rig->sent->pdata[rig->sent->len - 1];
}

/* The last call of this operation. */
static const cJSON *
call_of (Rig *rig, const char *operation)
{
  for (guint i = rig->sent->len; i > 0; i--)
    if (desk_equal (rig->sent->pdata[i - 1], "call", operation))
      return rig->sent->pdata[i - 1];
  g_error ("nobody called %s", operation);
}

static void
answer (Rig *rig, const cJSON *call, const char *result)
{
  hear (rig, "{\"type\":\"result\",\"id\":\"%s\",\"ok\":true,\"result\":%s}", desk_str (call, "id"), result);
}

#define SNAPSHOT                                                                                                  \
  "{\"me\":{\"user\":\"anna\",\"name\":\"Anna\",\"role\":\"agent\",\"permissions\":[\"interaction.reject\"],"     \
  "\"status\":\"available\",\"asked\":\"available\"},\"policy\":{\"pop_on\":[\"offered\"]},"                      \
  "\"queues\":[{\"queue\":\"q\",\"name\":\"Sales\",\"member\":true,\"waiting\":2,\"oldest\":400}],"               \
  "\"codes\":[{\"list\":\"t\",\"name\":\"Topic\",\"use\":\"disposition\",\"queues\":null,\"required\":true,"      \
  "\"codes\":[{\"code\":\"a\",\"name\":\"A\",\"active\":true}]}],\"channels\":[],\"crm\":null,\"interactions\":[" \
  "%s]}"

static void
log_in (Rig *rig, const char *interactions)
{
  g_autofree char *snapshot = g_strdup_printf (SNAPSHOT, interactions);

  desk_line_login (rig->app->line, "anna", "secret", rig->now);
  desk_line_opened (rig->app->line, rig->now);
  g_assert_cmpstr (desk_str (last (rig), "call"), ==, "session.login");
  g_assert_cmpstr (desk_str (desk_get (last (rig), "args"), "password"), ==, "secret");
  hear (rig, "{\"type\":\"result\",\"id\":\"login\",\"ok\":true,\"result\":{\"token\":\"T\"}}");
  g_assert_cmpstr (desk_str (desk_get (last (rig), "hello"), "token"), ==, "T");
  g_assert_null (desk_get (desk_get (last (rig), "hello"), "since"));
  g_assert_true (desk_is (desk_get (last (rig), "hello"), "beats"));
  hear (rig,
        "{\"type\":\"welcome\",\"resumed\":false,\"seq\":10,\"server_now\":%d,\"heartbeat_ms\":10000,\"snapshot\":"
        "%s}",
        5000, snapshot);
  g_assert_cmpint (desk_line_phase (rig->app->line), ==, DESK_LINE_LIVE);
}

static void
offer (Rig *rig, int seq, const char *id)
{
  hear (rig,
        "{\"type\":\"interaction.offered\",\"seq\":%d,\"interaction\":\"%s\",\"agent\":\"anna\",\"offer\":\"off\","
        "\"deadline\":35000,"
        "\"conversation\":\"con_%s\",\"network\":\"webchat\",\"identity\":\"v1\",\"name\":\"Maria\",\"queue\":"
        "\"q\",\"queue_name\":\"Sales\"}",
        seq, id, id);
}

#define ACTIVE(id, messages)                                                                                      \
  "{\"interaction\":\"" id "\",\"conversation\":\"con_" id                                                        \
  "\",\"state\":\"active\",\"queue\":\"q\",\"agent\":\"anna\",\"name\":\"Maria\","                                \
  "\"network\":\"webchat\",\"identity\":\"v1\",\"messages\":[" messages "]}"

static DeskChat *
chat_of (Rig *rig, const char *id)
{
  DeskChat *chat = desk_model_chat (rig->app->model, id);

  g_assert_nonnull (chat);
  return chat;
}

static void
type_text (Rig *rig, const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    desk_app_key (rig->app, (int)g_utf8_get_char (p));
}

/* ---- the model ------------------------------------------------------------------------------------------ */

static void
test_snapshot (Rig *rig, gconstpointer data)
{
  DeskModel *model = rig->app->model;
  gint64 oldest;

  log_in (rig, ACTIVE ("i1", "{\"message\":\"m1\",\"n\":1,\"author\":\"customer\",\"text\":\"Hi\"}"));
  g_assert_cmpuint (model->chats->len, ==, 1);
  g_assert_cmpstr (rig->app->chat, ==, "i1");
  g_assert_cmpint (desk_model_waiting (model, &oldest), ==, 2);
  g_assert_cmpint (oldest, ==, 400);
  g_assert_true (desk_model_may (model, "interaction.reject"));
  g_assert_false (desk_model_may (model, "queue.self_service"));
  g_assert_cmpint (desk_model_time (model, 1000), ==, 5000);
}

static void
test_offer_comes_and_goes (Rig *rig, gconstpointer data)
{
  log_in (rig, "");
  offer (rig, 11, "i1");
  g_assert_cmpuint (rig->bells, ==, 1);
  g_assert_nonnull (desk_model_offer (rig->app->model));
  g_assert_cmpstr (rig->app->chat, ==, "i1");
  /* Details that are older than what has happened since are laid under it. */
  hear (rig, "{\"type\":\"message.added\",\"seq\":12,\"interaction\":\"i1\",\"message\":\"m2\",\"n\":2,\"author\":"
             "\"customer\",\"text\":\"there?\"}");
  hear (rig, "{\"type\":\"interaction.accepted\",\"seq\":13,\"interaction\":\"i1\",\"agent\":\"anna\",\"accepted_"
             "at\":6000}");
  answer (rig, call_of (rig, "interaction.get"),
          "{\"interaction\":{\"interaction\":\"i1\",\"conversation\":\"con_i1\",\"state\":\"offered\",\"queue\":"
          "\"q\",\"name\":\"Maria\","
          "\"messages\":[{\"message\":\"m1\",\"n\":1,\"author\":\"customer\",\"text\":\"hi\"}]}}");
  g_assert_true (desk_chat_is (chat_of (rig, "i1"), "active"));
  g_assert_cmpuint (chat_of (rig, "i1")->messages->len, ==, 2);
  g_assert_cmpint (desk_int (chat_of (rig, "i1")->messages->pdata[0], "n"), ==, 1);
  offer (rig, 14, "i2");
  hear (rig,
        "{\"type\":\"offer.ended\",\"seq\":15,\"interaction\":\"i2\",\"agent\":\"anna\",\"cause\":\"timed_out\"}");
  g_assert_null (desk_model_chat (rig->app->model, "i2"));
  g_assert_nonnull (strstr (rig->app->notice, "not answered in time"));
}

/* A supervisor's desk hears of everybody's. */
static void
test_others_are_not_mine (Rig *rig, gconstpointer data)
{
  log_in (rig, "");
  hear (rig, "{\"type\":\"interaction.offered\",\"seq\":11,\"interaction\":\"i9\",\"agent\":\"ben\"}");
  hear (rig, "{\"type\":\"message.added\",\"seq\":12,\"interaction\":\"i9\",\"message\":\"m\",\"n\":1,\"author\":"
             "\"customer\",\"text\":\"x\"}");
  hear (rig, "{\"type\":\"agent.status\",\"seq\":13,\"agent\":\"ben\",\"status\":\"on_break\"}");
  g_assert_cmpuint (rig->app->model->chats->len, ==, 0);
  g_assert_cmpstr (desk_str (rig->app->model->me, "status"), ==, "available");
  g_assert_cmpint (rig->app->model->seq, ==, 13);
}

static void
state_event (Rig *rig, int seq, const char *state, const char *more)
{
  hear (rig,
        "{\"type\":\"message.state\",\"seq\":%d,\"conversation\":\"con_i1\",\"interaction\":\"i1\",\"message\":"
        "\"m1\",\"state\":\"%s\"%s}",
        seq, state, more);
}

static void
test_states_rise (Rig *rig, gconstpointer data)
{
  const cJSON *message;

  log_in (rig,
          ACTIVE ("i1", "{\"message\":\"m1\",\"n\":1,\"author\":\"agent\",\"text\":\"Hi\",\"state\":\"queued\"}"));
  message = chat_of (rig, "i1")->messages->pdata[0];
  state_event (rig, 11, "delivered", "");
  state_event (rig, 12, "sent", "");
  g_assert_cmpstr (desk_str (message, "state"), ==, "delivered");
  state_event (rig, 13, "failed", ",\"error\":\"no such number\"");
  g_assert_cmpstr (desk_str (message, "error"), ==, "no such number");
  g_assert_cmpuint (desk_chat_undecided (chat_of (rig, "i1")), ==, 1);
  /* A person decided. */
  state_event (rig, 14, "queued", ",\"by\":\"anna\"");
  g_assert_cmpstr (desk_str (message, "state"), ==, "queued");
  g_assert_cmpuint (desk_chat_undecided (chat_of (rig, "i1")), ==, 0);
  state_event (rig, 15, "failed", "");
  state_event (rig, 16, "failed", ",\"by\":\"anna\"");
  g_assert_cmpuint (desk_chat_undecided (chat_of (rig, "i1")), ==, 0);
}

static void
test_an_event_twice_does_no_harm (Rig *rig, gconstpointer data)
{
  static const char added[] = "{\"type\":\"message.added\",\"seq\":%d,\"interaction\":\"i1\",\"message\":\"m1\","
                              "\"n\":1,\"author\":\"customer\",\"text\":\"Hi\"}";

  log_in (rig, ACTIVE ("i1", ""));
  hear (rig, added, 11);
  hear (rig, added, 11);
  hear (rig, added, 12);
  g_assert_cmpuint (chat_of (rig, "i1")->messages->len, ==, 1);
  /* Lines come in the order of their numbers, in whichever order they are told. */
  hear (rig, "{\"type\":\"message.added\",\"seq\":13,\"interaction\":\"i1\",\"message\":\"m3\",\"n\":3,\"author\":"
             "\"agent\",\"text\":\"c\"}");
  hear (rig, "{\"type\":\"message.added\",\"seq\":14,\"interaction\":\"i1\",\"message\":\"m2\",\"n\":2,\"author\":"
             "\"agent\",\"text\":\"b\"}");
  g_assert_cmpint (desk_int (chat_of (rig, "i1")->messages->pdata[1], "n"), ==, 2);
}

static void
test_life_of_a_chat (Rig *rig, gconstpointer data)
{
  g_autofree char *missing = NULL;

  log_in (rig, ACTIVE ("i1", ""));
  missing = desk_model_missing_codes (rig->app->model, chat_of (rig, "i1"));
  g_assert_cmpstr (missing, ==, "Topic");
  hear (rig, "{\"type\":\"interaction.codes\",\"seq\":11,\"interaction\":\"i1\",\"codes\":[{\"list\":\"t\","
             "\"code\":\"a\",\"name\":\"A\"}]}");
  g_assert_null (desk_model_missing_codes (rig->app->model, chat_of (rig, "i1")));
  hear (rig, "{\"type\":\"interaction.ended\",\"seq\":12,\"interaction\":\"i1\",\"ended_by\":\"customer\",\"ended_"
             "at\":9,\"deadline\":0}");
  g_assert_true (desk_chat_is (chat_of (rig, "i1"), "active"));
  hear (rig, "{\"type\":\"interaction.ended\",\"seq\":13,\"interaction\":\"i1\",\"ended_by\":\"customer\",\"ended_"
             "at\":9,\"deadline\":70000}");
  g_assert_true (desk_chat_is (chat_of (rig, "i1"), "wrap_up"));
  hear (rig, "{\"type\":\"interaction.overdue\",\"seq\":14,\"interaction\":\"i1\",\"deadline\":90000}");
  g_assert_true (desk_is (chat_of (rig, "i1")->data, "overdue"));
  hear (rig, "{\"type\":\"interaction.closed\",\"seq\":15,\"interaction\":\"i1\",\"uncoded\":true}");
  g_assert_null (desk_app_chat (rig->app));
  g_assert_nonnull (strstr (rig->app->notice, "without its codes"));
}

/* Any nonsense in place of a frame: nothing breaks. */
static void
test_odd_frames (Rig *rig, gconstpointer data)
{
  static const char *const frames[] = {
    "{}",
    "{\"type\":7}",
    "{\"type\":\"welcome\",\"seq\":\"x\"}",
    "{\"type\":\"message.added\",\"seq\":20}",
    "{\"type\":\"message.state\",\"seq\":21,\"message\":{}}",
    "{\"type\":\"interaction.offered\",\"seq\":22,\"agent\":[]}",
    "{\"type\":\"interaction.ended\",\"seq\":1e300,\"interaction\":\"i1\"}",
    "{\"type\":\"queues\",\"queues\":{}}",
    "{\"type\":\"typing\"}",
    "{\"type\":\"result\",\"id\":5}",
    "{\"type\":\"result\",\"id\":\"99\",\"ok\":false}",
    "{\"type\":\"interaction.codes\",\"seq\":23,\"interaction\":\"i1\",\"codes\":\"x\"}",
    "{\"type\":\"codes.changed\",\"seq\":24}",
    "{\"type\":\"policy.changed\",\"seq\":25}",
    "{\"type\":\"membership.changed\",\"seq\":26,\"user\":\"anna\",\"queue\":5}",
    "{\"type\":\"bye\"}",
  };

  log_in (rig, ACTIVE ("i1", ""));
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    hear (rig, "%s", frames[i]);
  pass (rig, 1000);
  hear (rig, "nonsense");
  g_assert_cmpint (desk_line_phase (rig->app->line), ==, DESK_LINE_WAITING);
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static void
test_message_is_sent_once (Rig *rig, gconstpointer data)
{
  const cJSON *args;
  g_autofree char *client_id = NULL;

  log_in (rig, ACTIVE ("i1", ""));
  type_text (rig, "Grüße");
  g_assert_cmpstr (desk_str (desk_get (last (rig), "typing"), "interaction"), ==, "i1");
  desk_app_key (rig->app, DESK_KEY_ENTER);
  args = desk_get (call_of (rig, "message.send"), "args");
  g_assert_cmpstr (desk_str (args, "text"), ==, "Grüße");
  client_id = g_strdup (desk_str (args, "client_id"));
  g_assert_cmpstr (desk_str (call_of (rig, "message.send"), "cmd"), ==, client_id);
  g_assert_cmpuint (chat_of (rig, "i1")->pending->len, ==, 1);
  g_assert_cmpstr (chat_of (rig, "i1")->draft.text->str, ==, "");

  /* The line breaks before the answer: the same call goes out again, and it is one message. */
  desk_line_closed (rig->app->line, NULL, rig->now);
  pass (rig, 1000);
  g_assert_cmpuint (rig->opens, ==, 2);
  desk_line_opened (rig->app->line, rig->now);
  g_assert_cmpint (desk_int (desk_get (last (rig), "hello"), "since"), ==, 10);
  hear (rig, "{\"type\":\"welcome\",\"resumed\":true,\"seq\":11,\"server_now\":7000,\"heartbeat_ms\":10000}");
  g_assert_cmpstr (desk_str (last (rig), "call"), ==, "message.send");
  g_assert_cmpstr (desk_str (last (rig), "cmd"), ==, client_id);
  hear (rig,
        "{\"type\":\"message.added\",\"seq\":11,\"interaction\":\"i1\",\"message\":\"m1\",\"n\":1,\"author\":"
        "\"agent\",\"text\":\"Grüße\","
        "\"client_id\":\"%s\",\"state\":\"queued\"}",
        client_id);
  answer (rig, last (rig), "{\"message\":\"m1\",\"n\":1}");
  g_assert_cmpuint (chat_of (rig, "i1")->pending->len, ==, 0);
  g_assert_cmpuint (chat_of (rig, "i1")->messages->len, ==, 1);
  g_assert_cmpuint (desk_line_open_calls (rig->app->line), ==, 0);
}

static void
test_refused_message_stays (Rig *rig, gconstpointer data)
{
  DeskChat *chat;

  log_in (rig, ACTIVE ("i1", ""));
  chat = chat_of (rig, "i1");
  type_text (rig, "late");
  desk_app_key (rig->app, DESK_KEY_ENTER);
  hear (rig,
        "{\"type\":\"result\",\"id\":\"%s\",\"ok\":false,\"error\":{\"code\":\"conflict\",\"message\":\"the "
        "window is closed\"}}",
        desk_str (call_of (rig, "message.send"), "id"));
  g_assert_cmpuint (desk_chat_undecided (chat), ==, 1);
  /* Back into the field. */
  desk_app_key (rig->app, DESK_CTRL ('T'));
  desk_app_key (rig->app, '2');
  g_assert_cmpstr (chat->draft.text->str, ==, "late");
  g_assert_cmpuint (chat->pending->len, ==, 0);
}

static void
test_nothing_unfilled_is_sent (Rig *rig, gconstpointer data)
{
  log_in (rig, ACTIVE ("i1", ""));
  desk_app_paste (rig->app, "order {{number}}");
  desk_app_key (rig->app, DESK_KEY_ENTER);
  g_assert_cmpuint (chat_of (rig, "i1")->pending->len, ==, 0);
  g_assert_cmpuint (chat_of (rig, "i1")->draft.at, ==, 6);
  g_assert_nonnull (strstr (rig->app->notice, "{{number}}"));
}

/* A key that accepts must never be one that somebody types into another chat. */
static void
test_offer_takes_no_key (Rig *rig, gconstpointer data)
{
  log_in (rig, ACTIVE ("i1", ""));
  type_text (rig, "half");
  offer (rig, 11, "i2");
  type_text (rig, " a sentence");
  g_assert_cmpstr (rig->app->chat, ==, "i1");
  g_assert_cmpstr (chat_of (rig, "i1")->draft.text->str, ==, "half a sentence");
  desk_app_key (rig->app, DESK_CTRL ('Y'));
  g_assert_cmpstr (desk_str (desk_get (call_of (rig, "interaction.accept"), "args"), "interaction"), ==, "i2");
  answer (rig, call_of (rig, "interaction.accept"), "{}");
  hear (rig, "{\"type\":\"interaction.accepted\",\"seq\":12,\"interaction\":\"i2\",\"agent\":\"anna\",\"accepted_"
             "at\":6000}");
  g_assert_cmpstr (rig->app->chat, ==, "i1");
  desk_app_key (rig->app, DESK_CTRL ('N'));
  g_assert_cmpstr (rig->app->chat, ==, "i2");
  g_assert_cmpstr (chat_of (rig, "i1")->draft.text->str, ==, "half a sentence");
}

/* What an agent types after accepting is for the customer, not a choice in a list that still stands there. */
static void
test_accept_leaves_lists (Rig *rig, gconstpointer data)
{
  log_in (rig, "");
  desk_app_key (rig->app, DESK_KEY_F1 + 1);
  g_assert_true (desk_page_top (rig->app)->focused);
  offer (rig, 11, "i2");
  desk_app_key (rig->app, DESK_CTRL ('Y'));
  answer (rig, call_of (rig, "interaction.accept"), "{}");
  hear (rig, "{\"type\":\"interaction.accepted\",\"seq\":12,\"interaction\":\"i2\",\"agent\":\"anna\",\"accepted_"
             "at\":6000}");
  g_assert_true (desk_page_top (rig->app) == NULL || !desk_page_top (rig->app)->focused);
  g_assert_cmpstr (rig->app->chat, ==, "i2");
  type_text (rig, "1");
  g_assert_cmpstr (chat_of (rig, "i2")->draft.text->str, ==, "1");
}

/* Each key does one thing in each place. */
static void
test_no_key_twice (Rig *rig, gconstpointer data)
{
  for (guint i = 0; i < desk_actions_count; i++)
    for (guint k = i + 1; k < desk_actions_count; k++)
      if (desk_actions[i].key == desk_actions[k].key && (desk_actions[i].places & desk_actions[k].places) != 0)
        g_error ("%s and %s have the same key in the same place", desk_actions[i].name, desk_actions[k].name);
}

static void
test_form_is_not_lost_by_a_slip (Rig *rig, gconstpointer data)
{
  log_in (rig, ACTIVE ("i1", ""));
  hear (rig, "{\"type\":\"interaction.customer\",\"seq\":11,\"interaction\":\"i1\",\"customer\":\"c1\",\"customer_"
             "name\":\"Maria\",\"draft\":true}");
  answer (rig, call_of (rig, "customer.get"),
          "{\"customer\":{\"id\":\"c1\",\"name\":\"Maria\",\"draft\":true,\"version\":1}}");
  /* It popped without taking the keys. */
  g_assert_cmpint (desk_app_place (rig->app), ==, DESK_PLACE_CHAT);
  desk_app_key (rig->app, DESK_KEY_F1 + 2);
  desk_app_key (rig->app, 'e');
  g_assert_cmpint (desk_app_place (rig->app), ==, DESK_PLACE_FORM);
  type_text (rig, "Maria");
  desk_app_key (rig->app, DESK_KEY_ESC);
  g_assert_cmpint (desk_app_place (rig->app), ==, DESK_PLACE_FORM);
  desk_app_key (rig->app, '\t');
  type_text (rig, "Keller");
  desk_app_key (rig->app, DESK_CTRL ('S'));
  {
    const cJSON *args = desk_get (call_of (rig, "customer.save"), "args");

    g_assert_cmpstr (desk_str (args, "first_name"), ==, "Maria");
    g_assert_cmpstr (desk_str (args, "name"), ==, "Maria Keller");
    g_assert_cmpint (desk_int (args, "version"), ==, 1);
    g_assert_null (desk_get (args, "email"));
  }
  answer (rig, call_of (rig, "customer.save"),
          "{\"customer\":{\"id\":\"c1\",\"name\":\"Maria Keller\",\"version\":2}}");
  g_assert_cmpint (desk_app_place (rig->app), ==, DESK_PLACE_CHAT);
}

/* ---- the line ------------------------------------------------------------------------------------------- */

static void
test_heartbeats (Rig *rig, gconstpointer data)
{
  log_in (rig, "");
  pass (rig, 15000);
  hear (rig, "{\"type\":\"heartbeat\",\"server_now\":20000}");
  g_assert_nonnull (desk_get (last (rig), "ping"));
  pass (rig, 19000);
  g_assert_cmpint (desk_line_phase (rig->app->line), ==, DESK_LINE_LIVE);
  pass (rig, 2000);
  g_assert_cmpint (desk_line_phase (rig->app->line), ==, DESK_LINE_WAITING);
  g_assert_cmpuint (rig->closes, ==, 1);
}

/* Longer and longer, at most 30 s; and not before the server wants it. */
static void
test_back_off (Rig *rig, gconstpointer data)
{
  gint64 before = 0;
  guint attempt;

  log_in (rig, "");
  pass (rig, 6000);
  for (int i = 0; i < 12; i++)
    {
      gint64 wait;

      desk_line_closed (rig->app->line, "refused", rig->now);
      wait = desk_line_retry_at (rig->app->line, &attempt) - rig->now;
      g_assert_cmpint (wait, >=, before);
      g_assert_cmpint (wait, <=, 30000);
      g_assert_cmpuint (attempt, ==, (guint)i + 1);
      before = wait;
      pass (rig, wait);
      g_assert_cmpint (desk_line_phase (rig->app->line), ==, DESK_LINE_CONNECTING);
    }
  g_assert_cmpint (before, >, 15000);
  desk_line_opened (rig->app->line, rig->now);
  hear (rig, "{\"type\":\"bye\",\"code\":\"restarting\",\"message\":\"soon\",\"retry_after_ms\":29000}");
  desk_line_closed (rig->app->line, NULL, rig->now);
  g_assert_cmpint (desk_line_retry_at (rig->app->line, &attempt) - rig->now, >=, 22500);
  g_assert_cmpstr (desk_line_why (rig->app->line), ==, "soon");
}

static void
test_wrong_password (Rig *rig, gconstpointer data)
{
  desk_do_login (rig->app, NULL);
  desk_line_login (rig->app->line, "anna", "wrong", rig->now);
  desk_line_opened (rig->app->line, rig->now);
  hear (rig, "{\"type\":\"result\",\"id\":\"login\",\"ok\":false,\"error\":{\"code\":\"unauthenticated\","
             "\"message\":\"log-in failed\"}}");
  g_assert_cmpint (desk_line_phase (rig->app->line), ==, DESK_LINE_IDLE);
  g_assert_cmpint (desk_app_place (rig->app), ==, DESK_PLACE_LOGIN);
  g_assert_cmpstr (desk_page_top (rig->app)->problem, ==, "log-in failed");
}

/* The session ends by itself: the same agent finds the draft again, another one finds nothing. */
static void
test_draft_survives_a_session (Rig *rig, gconstpointer data)
{
  log_in (rig, ACTIVE ("i1", ""));
  type_text (rig, "half");
  hear (rig, "{\"type\":\"bye\",\"code\":\"unauthenticated\",\"message\":\"the session has ended\"}");
  g_assert_cmpint (desk_app_place (rig->app), ==, DESK_PLACE_LOGIN);
  log_in (rig, ACTIVE ("i1", ""));
  g_assert_cmpstr (chat_of (rig, "i1")->draft.text->str, ==, "half");
  hear (rig, "{\"type\":\"bye\",\"code\":\"logged_out\",\"message\":\"you have logged out\"}");
  g_assert_cmpuint (rig->app->model->chats->len, ==, 0);
}

static void
test_another_agent_finds_nothing (Rig *rig, gconstpointer data)
{
  log_in (rig, ACTIVE ("i1", ""));
  type_text (rig, "secret");
  hear (rig, "{\"type\":\"bye\",\"code\":\"unauthenticated\",\"message\":\"the session has ended\"}");
  desk_line_login (rig->app->line, "ben", "x", rig->now);
  desk_line_opened (rig->app->line, rig->now);
  hear (rig, "{\"type\":\"result\",\"id\":\"login\",\"ok\":true,\"result\":{\"token\":\"B\"}}");
  hear (rig, "{\"type\":\"welcome\",\"resumed\":false,\"seq\":10,\"server_now\":5000,\"heartbeat_ms\":10000,"
             "\"snapshot\":{\"me\":{\"user\":\"ben\"},"
             "\"interactions\":[" ACTIVE ("i1", "") "]}}");
  g_assert_cmpstr (chat_of (rig, "i1")->draft.text->str, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/desk-model/" path, Rig, NULL, setup, func, teardown)
  ADD ("snapshot", test_snapshot);
  ADD ("offer-comes-and-goes", test_offer_comes_and_goes);
  ADD ("others-are-not-mine", test_others_are_not_mine);
  ADD ("states-rise", test_states_rise);
  ADD ("an-event-twice-does-no-harm", test_an_event_twice_does_no_harm);
  ADD ("life-of-a-chat", test_life_of_a_chat);
  ADD ("odd-frames", test_odd_frames);
#undef ADD
#define ADD(path, func) g_test_add ("/desk-app/" path, Rig, NULL, setup, func, teardown)
  ADD ("message-is-sent-once", test_message_is_sent_once);
  ADD ("refused-message-stays", test_refused_message_stays);
  ADD ("nothing-unfilled-is-sent", test_nothing_unfilled_is_sent);
  ADD ("offer-takes-no-key", test_offer_takes_no_key);
  ADD ("accept-leaves-lists", test_accept_leaves_lists);
  ADD ("no-key-twice", test_no_key_twice);
  ADD ("form-is-not-lost-by-a-slip", test_form_is_not_lost_by_a_slip);
#undef ADD
#define ADD(path, func) g_test_add ("/desk-line/" path, Rig, NULL, setup, func, teardown)
  ADD ("heartbeats", test_heartbeats);
  ADD ("back-off", test_back_off);
  ADD ("wrong-password", test_wrong_password);
  ADD ("draft-survives-a-session", test_draft_survives_a_session);
  ADD ("another-agent-finds-nothing", test_another_agent_finds_nothing);
#undef ADD
  return g_test_run ();
}
