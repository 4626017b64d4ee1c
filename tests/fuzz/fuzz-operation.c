/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: operations, and files of them (usherctl batch). Each line is NAME JSON; a line that begins with
 * @LOGIN makes that user ask from then on, @ alone the administrator. Whatever is asked, it is answered once, an
 * error has a code and a sentence, an answer is JSON, and the engine's state stays sound.
 */
#include "tests/core/service/kit.h"
#include "tests/fuzz/fuzz.h"

#include "core/base/clock.h"
#include "core/base/error.h"

static guint uses;

const guint fuzz_variations = 500;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

static void
on_answer (gpointer data, const char *result, const GError *error, const char *details)
{
  gboolean *done = data;
  g_autoptr (UcJson) json = NULL;
  const UcJsonLimits limits = { 16 * 1024 * 1024, 64 };

  HOLDS (!*done && (result != NULL) == (error == NULL));
  *done = TRUE;
  if (error != NULL)
    {
      HOLDS (*error->message != '\0' && g_utf8_validate (error->message, -1, NULL));
      HOLDS (*uc_error_word (error) != '\0');
      return;
    }
  json = uc_json_parse (result, strlen (result), &limits, NULL);
  HOLDS (json != NULL);
}

static void
ask (const char *login, const char *name, const char *args)
{
  const UcAgent *agent = login != NULL ? kit_agent (login) : NULL;
  UcPrincipal who = { .local = login == NULL, .label = (char *)"fuzz" };
  const UcJsonLimits limits = { 256 * 1024, 16 };
  UcJson *json = uc_json_parse (args, strlen (args), &limits, NULL);
  gboolean done = FALSE;

  /* A password hash takes 50 ms: not what is looked for here. */
  if (json == NULL || strcmp (name, "session.login") == 0 || strcmp (name, "user.password") == 0)
    {
      uc_json_free (json);
      return;
    }
  if (agent != NULL)
    who.user = agent->id;
  uc_ops_run (kit.core->ops, name, json, &who, NULL, "fuzz", FALSE, on_answer, &done);
  kit_until (done);
}

static void
begin (void)
{
  if (kit.core != NULL)
    kit_end ();
  kit_start (NULL);
  kit_seed ();
  g_free (kit_chat ("u1"));
  kit_say ("u2", "e1", "hello");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 50);
  g_autofree char *login = NULL;
  g_autoptr (GError) error = NULL;

  if (uses++ % 500 == 0)
    begin ();
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]);
      char *space = strpbrk (line, " \t");

      if (*line == '@')
        {
          g_free (login);
          login = line[1] != '\0' ? g_strdup (line + 1) : NULL;
          continue;
        }
      if (*line == '\0' || *line == '#' || !g_utf8_validate (line, -1, NULL))
        continue;
      if (space != NULL)
        *space++ = '\0';
      ask (login, line, space != NULL ? g_strstrip (space) : "{}");
    }
  if (!uc_engine_check (kit.core->engine, uc_clock_now (), &error))
    g_error ("%s", error->message);
  return 0;
}
