/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: what a visitor's page sends to the web chat. The first line is "ws", then each line is a frame; or
 * it is "METHOD PATH?QUERY", then lines "Header: value", an empty line and the body. @TOKEN@ stands for the token
 * of a visitor.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/plugins/webchat/webchat-kit.h"

static FakeHost *fake;
static char *token;
static guint uses;

const guint fuzz_variations = 1000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

static void
begin (void)
{
  g_clear_pointer (&fake, fake_host_free);
  g_free (token);
  fake = kit_up ();
  token = g_strdup (kit_session (fake, NULL));
}

static void
speak (char **lines)
{
  UsherSocket *socket = kit_open (fake);

  for (; *lines != NULL && socket->open; lines++)
    {
      fake_ws_send_bytes (socket, *lines, strlen (*lines), FALSE);
      fake_host_settle ();
    }
  if (socket->open)
    fake_ws_close (socket, 1001);
}

static void
ask (const char *first, char **lines)
{
  g_auto (GStrv) words = g_strsplit (first, " ", 2);
  g_auto (GStrv) path = g_strsplit (words[0] != NULL && words[1] != NULL ? words[1] : "/", "?", 2);
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *body = NULL;
  UsherExchange *exchange;

  for (; *lines != NULL && **lines != '\0'; lines++)
    {
      char *colon = strchr (*lines, ':');

      if (colon == NULL || headers->len >= 40)
        continue;
      *colon = '\0';
      g_ptr_array_add (headers, g_ascii_strdown (*lines, -1));
      g_ptr_array_add (headers, g_strstrip (g_strdup (colon + 1)));
    }
  g_ptr_array_add (headers, NULL);
  body = *lines != NULL ? g_strjoinv ("\n", lines + 1) : g_strdup ("");
  exchange
      = fake_http (fake, words[0] != NULL ? words[0] : "GET", path[0] != NULL ? path[0] : "/",
                   path[0] != NULL ? path[1] : NULL, (const char *const *)headers->pdata, body, strlen (body));
  fake_host_settle ();
  /* A poll that found nothing waits for 25 s. */
  if (!exchange->answered)
    fake_clock_advance (60000);
  fake_exchange_wait (exchange);
  HOLDS (exchange->status >= 200 && exchange->status < 600 && exchange->status != 500);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *raw = fuzz_string (data, size);
  g_autoptr (GString) text = NULL;
  g_auto (GStrv) lines = NULL;

  if (uses++ % 200 == 0)
    begin ();
  text = g_string_new (raw);
  g_string_replace (text, "@TOKEN@", token, 4);
  lines = g_strsplit (text->str, "\n", 200);
  if (lines[0] == NULL)
    return 0;
  if (strcmp (lines[0], "ws") == 0)
    speak (lines + 1);
  else
    ask (lines[0], lines + 1);
  return 0;
}
