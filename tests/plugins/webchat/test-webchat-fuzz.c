/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile input to the webchat plugin: frames and bodies made of pieces of the protocol and of noise, connections
 * that come and go, a core that answers in any order. Nothing may crash, every exchange gets its answer, and every
 * message that was acknowledged is a line.
 */
#include <string.h>

#include "tests/plugins/webchat/webchat-kit.h"

#define ROUNDS 4000

static const char *const pieces[] = { "{",
                                      "}",
                                      "[",
                                      "]",
                                      ":",
                                      ",",
                                      "\"",
                                      "\\",
                                      "\"hello\"",
                                      "\"token\"",
                                      "\"after\"",
                                      "\"message\"",
                                      "\"id\"",
                                      "\"text\"",
                                      "\"name\"",
                                      "\"typing\"",
                                      "\"got\"",
                                      "\"read\"",
                                      "\"end\"",
                                      "\"ping\"",
                                      "\"frames\"",
                                      "true",
                                      "false",
                                      "null",
                                      "0",
                                      "1",
                                      "-1",
                                      "1e9",
                                      "9223372036854775807",
                                      "1e400",
                                      "\"a\"",
                                      "\"\\u0000\"",
                                      "\"\\ud800\"",
                                      "\x80",
                                      "\xf0\x9f",
                                      " ",
                                      "\"Kim\"",
                                      "{}",
                                      "[]",
                                      "{\"message\":{\"id\":\"a\",\"text\":\"x\",\"name\":\"Kim\"}}",
                                      "{\"ping\":1}",
                                      "{\"after\":0}" };

static void
noise (GString *out)
{
  gint32 count = g_test_rand_int_range (0, 24);

  g_string_truncate (out, 0);
  for (gint32 i = 0; i < count; i++)
    if (g_test_rand_int_range (0, 12) == 0)
      g_string_append_c (out, (char)g_test_rand_int_range (1, 256));
    else
      g_string_append (out, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
}

/* A frame that is well formed, with values that need not be. */
static void
nearly (GString *out)
{
  static const char *const keys[] = { "hello", "message", "end", "typing", "got", "read", "ping", "after", "zzz" };
  static const char *const values[] = { "true",
                                        "7",
                                        "-7",
                                        "\"x\"",
                                        "null",
                                        "[]",
                                        "{}",
                                        "{\"id\":\"m\",\"text\":\"t\",\"name\":\"Kim\"}",
                                        "{\"id\":\"m\"}",
                                        "{\"id\":1,\"text\":{}}",
                                        "{\"token\":\"x\",\"after\":-1}" };

  g_string_printf (out, "{\"%s\":%s}", keys[g_test_rand_int_range (0, G_N_ELEMENTS (keys))],
                   values[g_test_rand_int_range (0, G_N_ELEMENTS (values))]);
}

static void
random_text (GString *out)
{
  if (g_test_rand_int_range (0, 2) == 0)
    noise (out);
  else
    nearly (out);
}

static void
answer_something (FakeHost *fake)
{
  static const UsherStatus statuses[]
      = { USHER_OK, USHER_OK, USHER_OK, USHER_BUSY, USHER_CONTENT, USHER_FAILED, USHER_UNCERTAIN };
  FakeDelivery *delivery = fake_delivery_next (fake);

  if (delivery != NULL)
    fake_delivery_answer (delivery, statuses[g_test_rand_int_range (0, G_N_ELEMENTS (statuses))], "because");
}

static UsherSocket *
socket_step (FakeHost *fake, UsherSocket *socket, const char *token, GString *text)
{
  if (socket == NULL || !socket->open)
    return g_test_rand_int_range (0, 4) == 0 ? kit_open (fake)
                                             : kit_hello (fake, token, g_test_rand_int_range (0, 5));
  random_text (text);
  switch (g_test_rand_int_range (0, 30))
    {
    case 0:
      fake_ws_close (socket, 1006);
      break;
    case 1:
      socket->full = TRUE;
      break;
    case 2:
      fake_ws_send_bytes (socket, text->str, text->len, TRUE);
      break;
    default:
      /* Only UTF-8 reaches a plugin as text: net checks that. */
      if (g_utf8_validate (text->str, (gssize)text->len, NULL))
        fake_ws_send_bytes (socket, text->str, text->len, FALSE);
    }
  return socket;
}

static void
http_step (FakeHost *fake, const char *token, GString *text)
{
  static const char *const paths[] = { "/session", "/send", "/poll", "/frame", "/widget.js", "/", "/x" };
  const char *path = paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))];
  g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
  const char *const headers[]
      = { "authorization", bearer, "origin", g_test_rand_bit () ? fake->origin : "x", NULL };

  random_text (text);
  if (g_test_rand_bit ())
    {
      g_autofree char *frames = g_strdup (text->str);

      g_string_printf (text, "{\"token\":\"%s\",\"frames\":[%s]}", token, frames);
    }
  if (g_test_rand_bit ())
    fake_http (fake, "POST", path, text->str, headers, text->str, text->len);
  else
    fake_http (fake, "GET", path, g_test_rand_bit () ? "after=1&wait=10" : text->str, headers, NULL, 0);
}

static void
agent_step (FakeHost *fake, const char *visitor)
{
  static const char *const codes[] = { "queued", "agent_joined", "agent_left", "ended", "new" };
  const char *code = codes[g_test_rand_int_range (0, G_N_ELEMENTS (codes))];

  if (g_test_rand_bit ())
    fake_send (fake, fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, "answer"));
  else
    fake->channel->notice (fake->self, fake_line_add (fake, visitor, USHER_AUTHOR_SYSTEM, NULL, code, "notice"));
  fake->channel->typing (fake->self, visitor, g_test_rand_bit ());
}

/* Lines came in order and without a gap, from where the last reset or question left off. */
static void
check_frames (UsherSocket *socket)
{
  for (guint i = 0; i < socket->frames->len; i++)
    {
      const FakeFrame *frame = socket->frames->pdata[i];
      g_autoptr (GError) error = NULL;
      UcJson *json = uc_json_parse (frame->data, frame->len, NULL, &error);

      g_assert_no_error (error);
      uc_json_free (json);
    }
}

static void
test_fuzz (void)
{
  g_autoptr (FakeHost) fake = kit_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  UsherSocket *sockets[3] = { NULL };
  const char *token, *visitor;

  fake_host_set (fake, "rate_messages", "0");
  fake_host_set (fake, "sessions_per_address", "0");
  fake_host_up (fake);
  token = kit_session (fake, &visitor);
  for (int i = 0; i < ROUNDS; i++)
    {
      guint which = (guint)g_test_rand_int_range (0, G_N_ELEMENTS (sockets));

      sockets[which] = socket_step (fake, sockets[which], token, text);
      if (i % 3 == 0)
        http_step (fake, token, text);
      if (i % 5 == 0)
        agent_step (fake, visitor);
      if (i % 4 == 0)
        answer_something (fake);
      if (i % 50 == 0)
        fake_history_hold (fake, g_test_rand_bit ());
      if (i % 50 == 49)
        fake_history_release (fake);
      if (i % 7 == 0)
        fake_clock_advance (g_test_rand_int_range (0, 3000));
      fake_host_drop_replies (fake);
    }
  fake_history_release (fake);
  while (fake_delivery_next (fake) != NULL)
    fake_delivery_answer (fake_delivery_next (fake), USHER_OK, NULL);
  for (guint i = 0; i < fake->sockets->len; i++)
    check_frames (fake->sockets->pdata[i]);
  fake_host_down (fake); /* and every exchange was answered: fake_host_free checks */
}

/* Whatever happens to connections, a client that says what it has ends up with every line once and in order. */
static void
test_every_line_once (void)
{
  g_autoptr (FakeHost) fake = kit_up ();
  const char *visitor;
  const char *token = kit_session (fake, &visitor);
  UsherSocket *socket = NULL;
  gint64 have = 0, said = 0;
  int quiet = 0;

  while (said < 400 || quiet < 3)
    {
      const char *frame;

      if (socket == NULL || !socket->open)
        socket = kit_hello (fake, token, have);
      for (int i = g_test_rand_int_range (0, 4); i > 0 && said < 400; i--, said++)
        {
          UsherLine *line = fake_line_add (fake, visitor, USHER_AUTHOR_AGENT, "Ana", NULL, "x");

          if (g_test_rand_int_range (0, 10) > 0) /* sometimes the push gets lost */
            fake_send (fake, line);
        }
      if (g_test_rand_int_range (0, 20) == 0)
        fake_history_hold (fake, TRUE);
      else
        fake_history_release (fake);
      quiet = said == 400 ? quiet + 1 : 0;
      while ((frame = fake_ws_next (socket)) != NULL)
        {
          const UcJson *json = kit_parse (frame);
          const UcJson *line = uc_json_get (json, "line");

          g_assert_null (uc_json_get (json, "reset"));
          if (line != NULL)
            g_assert_cmpint (uc_json_int (uc_json_get (line, "n"), 0), ==, ++have);
          if (uc_json_get (json, "more") != NULL)
            {
              g_autofree char *ask = g_strdup_printf ("{\"after\":%" G_GINT64_FORMAT "}", have);

              fake_ws_send (socket, ask);
            }
          if (line != NULL && g_test_rand_int_range (0, 40) == 0)
            break; /* what came after this one is lost with the connection */
        }
      if (frame != NULL || (quiet == 1 && socket->open))
        fake_ws_close (socket, 1006);
      fake_clock_advance (200);
    }
  g_assert_cmpint (have, ==, 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webchat/fuzz/hostile-input", test_fuzz);
  g_test_add_func ("/webchat/fuzz/every-line-once", test_every_line_once);
  return g_test_run ();
}
