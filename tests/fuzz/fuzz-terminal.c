/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: what comes over usher-desk's socket, cut into frames and applied to a desk that is at work; and
 * then the same bytes as keys. A server that lies may confuse a desk, but not break it.
 */
#include <locale.h>

#include "desk-app.h"
#include "desk-text.h"
#include "terminal-frame.h"
#include "tests/fuzz/fuzz.h"

const guint fuzz_variations = 4000;

#define LOGGED_IN "{\"type\":\"result\",\"id\":\"login\",\"ok\":true,\"result\":{\"token\":\"T\"}}"
#define WELCOME                                                                                                   \
  "{\"type\":\"welcome\",\"resumed\":false,\"seq\":1,\"server_now\":5000,\"heartbeat_ms\":10000,\"snapshot\":"    \
  "{\"me\":{\"user\":\"anna\",\"name\":\"Anna\",\"status\":\"busy\",\"permissions\":[\"interaction.reject\"]},"   \
  "\"queues\":[],\"codes\":[{\"list\":\"t\",\"name\":\"T\",\"use\":\"disposition\",\"required\":true,\"codes\":[" \
  "{"                                                                                                             \
  "\"code\":\"a\",\"name\":\"A\"}]}],\"interactions\":[{\"interaction\":\"i1\",\"conversation\":\"c1\","          \
  "\"state\":\"active\","                                                                                         \
  "\"customer\":\"k1\",\"name\":\"Maria\",\"messages\":[{\"message\":\"m1\",\"n\":1,\"author\":\"agent\","        \
  "\"text\":\"Hi\",\"state\":\"sent\"}]}]}}"

static DeskApp *app;

static void
nothing (gpointer data)
{
}

static void
swallow (gpointer data, const char *text, gsize len)
{
  HOLDS (g_utf8_validate (text, (gssize)len, NULL));
  HOLDS (memchr (text, '\n', len) == NULL);
}

static gint64
since (gpointer data)
{
  return app->model->ready ? app->model->seq : -1;
}

static void
on_frame (gpointer data, const cJSON *frame)
{
  desk_app_frame (app, frame);
}

static void
on_ended (gpointer data, const char *code, const char *message)
{
  desk_app_ended (app, code, message);
}

static gdouble
half (gpointer data)
{
  return 0.5;
}

static const DeskLineOps ops = { nothing, swallow, nothing, since, on_frame, nothing, on_ended, half };

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  setlocale (LC_ALL, "C.UTF-8");
  return 0;
}

static void
check (void)
{
  for (guint i = 0; i < app->model->chats->len; i++)
    {
      const DeskChat *chat = app->model->chats->pdata[i];
      g_autofree char *safe = desk_text_safe (desk_chat_name (chat), FALSE);
      gint64 last = G_MININT64;

      HOLDS (chat->draft.at <= chat->draft.text->len);
      HOLDS (g_utf8_validate (chat->draft.text->str, -1, NULL));
      HOLDS (strchr (safe, '\033') == NULL);
      for (guint k = 0; k < chat->messages->len; k++)
        {
          gint64 n = desk_int (chat->messages->pdata[k], "n");

          HOLDS (n >= last);
          last = n;
        }
    }
}

static void
hear (const char *text, gsize len)
{
  desk_line_input (app->line, text, len, app->now);
  check ();
}

static void
as_frames (const uint8_t *data, size_t size)
{
  TerminalSplit split;
  const char *frame;
  gsize len;

  terminal_split_init (&split, 4096);
  for (size_t at = 0; at < size; at += 100)
    {
      terminal_split_push (&split, (const char *)data + at, MIN (size - at, 100));
      while (terminal_split_next (&split, &frame, &len) == TERMINAL_SPLIT_FRAME)
        {
          HOLDS (len <= 4096 && strlen (frame) == len);
          hear (frame, len);
        }
    }
  terminal_split_clear (&split);
}

static void
as_keys (const uint8_t *data, size_t size)
{
  for (size_t i = 0; i < MIN (size, 200) && !app->quit; i++)
    {
      int key = data[i] < 0x80   ? data[i]
                : data[i] < 0x90 ? DESK_KEY_F1 + (data[i] & 15)
                : data[i] < 0xa0 ? DESK_KEY_UP + (data[i] & 15)
                                 : 0x4e00 + data[i];

      if (key != 0)
        desk_app_key (app, key);
      check ();
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  app = desk_app_new (&ops, NULL);
  desk_app_time (app, 1000);
  desk_line_login (app->line, "anna", "x", app->now);
  desk_line_opened (app->line, app->now);
  hear (LOGGED_IN, strlen (LOGGED_IN));
  hear (WELCOME, strlen (WELCOME));
  as_frames (data, size);
  desk_app_time (app, 2000);
  as_keys (data, size);
  as_frames (data, size);
  desk_app_time (app, 60000);
  desk_app_free (app);
  return 0;
}
