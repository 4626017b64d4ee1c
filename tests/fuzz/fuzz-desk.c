/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: frames of a desk, one a line. @TICKET@ stands for a session token of an agent. What the desk is
 * told is JSON; a desk that breaks the protocol is ended with a sentence.
 */
#include "tests/core/service/kit.h"
#include "tests/fuzz/fuzz.h"

#include "core/base/clock.h"

static guint uses;
static char *token;

const guint fuzz_variations = 300;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

static void
begin (void)
{
  g_autoptr (UcJson) answer = NULL;

  if (kit.core != NULL)
    kit_end ();
  kit_start (NULL);
  kit_seed ();
  g_free (kit_chat ("u1"));
  answer = kit_do (NULL, "session.login", "{\"login\":\"anna\",\"password\":\"anna-anna\"}");
  g_free (token);
  token = g_strdup (uc_json_string (uc_json_get (answer, "token")));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *raw = fuzz_string (data, size);
  g_autoptr (GString) text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  Desk *desk;

  if (uses++ % 500 == 0)
    begin ();
  text = g_string_new (raw);
  g_string_replace (text, "@TICKET@", token, 4);
  lines = g_strsplit (text->str, "\n", 50);
  desk = kit_desk_new ();
  for (guint i = 0; lines[i] != NULL && desk->bye == NULL; i++)
    {
      kit.rig->host->desk_input (desk->desk, lines[i], strlen (lines[i]));
      for (int turn = 0; turn < 3; turn++)
        g_main_context_iteration (NULL, FALSE);
      kit_settle ();
    }
  kit_desk_free (desk);
  if (!uc_engine_check (kit.core->engine, uc_clock_now (), &error))
    g_error ("%s", error->message);
  return 0;
}
