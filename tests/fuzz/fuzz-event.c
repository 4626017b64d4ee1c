/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: lines of a journal that is replayed: an event, and the record of the step that made it. An event
 * that is taken is written and read again, to the same text.
 */
#include "core/engine/command-json.h"
#include "tests/fuzz/fuzz.h"

const guint fuzz_variations = 20000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

static const char *
event_text (guint k, gsize *len, gpointer data)
{
  static const char text[]
      = "{\"type\":\"message.added\",\"seq\":1,\"at\":1,\"conversation\":\"c\",\"text\":\"x\"}";

  *len = strlen (text);
  return k == 0 ? text : NULL;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_autoptr (GError) error = NULL, why = NULL;
  g_autoptr (UcEvent) event = uc_event_from_json (text, size, &error);
  g_auto (UcRecord) record = { 0 };

  if (event != NULL)
    {
      gsize len, again_len;
      g_autofree char *written = uc_event_to_json (event, &len);
      g_autoptr (UcEvent) again = uc_event_from_json (written, len, NULL);
      g_autofree char *rewritten = again != NULL ? uc_event_to_json (again, &again_len) : NULL;

      HOLDS (rewritten != NULL && len == again_len && memcmp (written, rewritten, len) == 0);
    }
  else
    HOLDS (error != NULL);
  if (!uc_record_read (&record, text, size, event_text, NULL, &why))
    HOLDS (why != NULL);
  return 0;
}
