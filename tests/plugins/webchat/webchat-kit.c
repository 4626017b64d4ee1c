/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the webchat tests share. Main thread.
 */
#include "tests/plugins/webchat/webchat-kit.h"

#include <string.h>

static void
put (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

FakeHost *
kit_new (void)
{
  FakeHost *fake = fake_host_new ("channel", "webchat");

  put (fake->data_dir, "widget.js", "loader();");
  put (fake->data_dir, "app.js", "application();");
  put (fake->data_dir, "app.js.gz", "not really gzip");
  put (fake->data_dir, "app.css", "body{}");
  fake_host_set (fake, "assets", fake->data_dir);
  fake_host_set (fake, "allowed_origins", SHOP);
  return fake;
}

FakeHost *
kit_up (void)
{
  FakeHost *fake = kit_new ();

  fake_host_up (fake);
  fake_host_auto_deliver (fake, TRUE);
  return fake;
}

const UcJson *
kit_get (const UcJson *json, ...)
{
  va_list args;
  const char *key;

  va_start (args, json);
  while ((key = va_arg (args, const char *)) != NULL)
    json = uc_json_get (json, key);
  va_end (args);
  return json;
}

const UcJson *
kit_parse (const char *text)
{
  static GPtrArray *kept;
  g_autoptr (GError) error = NULL;
  UcJson *json = uc_json_parse (text, strlen (text), NULL, &error);

  if (json == NULL)
    g_error ("not JSON: %s: %s", error->message, text);
  if (kept == NULL)
    kept = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_json_free);
  g_ptr_array_add (kept, json);
  return json;
}

UsherExchange *
kit_post (FakeHost *fake, const char *path, const char *origin, const char *body)
{
  const char *const headers[]
      = { "content-type", "application/json", origin != NULL ? "origin" : NULL, origin, NULL };

  return fake_http (fake, "POST", path, NULL, headers, body, strlen (body));
}

UsherExchange *
kit_poll (FakeHost *fake, const char *token, gint64 after)
{
  g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
  g_autofree char *query = g_strdup_printf ("after=%" G_GINT64_FORMAT, after);
  const char *const headers[] = { "authorization", bearer, NULL };

  return fake_http (fake, "GET", "/poll", query, headers, NULL, 0);
}

const UcJson *
kit_answer (UsherExchange *exchange, int status)
{
  if (fake_exchange_wait (exchange) != status)
    g_error ("HTTP status %d, not %d: %s", exchange->status, status, exchange->body);
  return kit_parse (exchange->body);
}

const char *
kit_session (FakeHost *fake, const char **visitor)
{
  const UcJson *answer = kit_answer (kit_post (fake, "/session", fake->origin, "{}"), 200);

  if (visitor != NULL)
    *visitor = uc_json_string (uc_json_get (answer, "visitor"));
  return uc_json_string (uc_json_get (answer, "token"));
}

UsherSocket *
kit_open (FakeHost *fake)
{
  const char *const headers[] = { "origin", fake->origin, NULL };
  UsherSocket *socket = fake_ws_open (fake, "/ws", NULL, headers);

  g_assert_cmpint (socket->refused, ==, 0);
  return socket;
}

UsherSocket *
kit_hello (FakeHost *fake, const char *token, gint64 after)
{
  UsherSocket *socket = kit_open (fake);
  g_autofree char *hello
      = g_strdup_printf ("{\"hello\":{\"token\":\"%s\",\"after\":%" G_GINT64_FORMAT "}}", token, after);

  fake_ws_send (socket, hello);
  return socket;
}

UsherSocket *
kit_talk (FakeHost *fake, const char *token)
{
  UsherSocket *socket = kit_hello (fake, token, 0);

  kit_next (socket, "welcome");
  while (fake_ws_next (socket) != NULL)
    ;
  return socket;
}

void
kit_say (UsherSocket *socket, const char *id, const char *text)
{
  g_autofree char *frame
      = g_strdup_printf ("{\"message\":{\"id\":\"%s\",\"text\":\"%s\",\"name\":\"Kim\"}}", id, text);

  fake_ws_send (socket, frame);
}

const UcJson *
kit_next (UsherSocket *socket, const char *key)
{
  const char *text = fake_ws_next (socket);
  const UcJson *body;

  if (text == NULL)
    g_error ("no frame came; '%s' was expected", key);
  body = uc_json_get (kit_parse (text), key);
  if (body == NULL)
    g_error ("'%s' was expected, this came: %s", key, text);
  return body;
}

void
kit_nothing (UsherSocket *socket)
{
  const char *text = fake_ws_next (socket);

  if (text != NULL)
    g_error ("no frame was expected, this came: %s", text);
}

void
kit_error (UsherSocket *socket, const char *code)
{
  const UcJson *error = kit_next (socket, "error");

  g_assert_cmpstr (uc_json_string (uc_json_get (error, "code")), ==, code);
  g_assert_cmpstr (uc_json_string (uc_json_get (error, "message")), !=, NULL);
}
