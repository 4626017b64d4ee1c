/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: configuration files. Each problem has a sentence; what is found has names.
 */
#include "core/base/conf.h"
#include "tests/fuzz/fuzz.h"

const guint fuzz_variations = 20000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse (text, "fuzz.conf", problems);

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *sentence = uc_problem_text (problems->pdata[i]);

      HOLDS (sentence != NULL && *sentence != '\0' && g_utf8_validate (sentence, -1, NULL));
    }
  uc_conf_entry (uc_conf_section (conf, "usher", NULL), "data_dir");
  return 0;
}
