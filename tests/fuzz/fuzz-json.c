/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: the JSON guard. What it takes is printed and read again, to the same text.
 */
#include <stdlib.h>

#include "core/base/json.h"
#include "tests/fuzz/fuzz.h"

const guint fuzz_variations = 20000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

/* No deeper than the limit, and each string is UTF-8. */
static guint
depth_of (const UcJson *value)
{
  guint deepest = 0;

  if (uc_json_string (value) != NULL)
    HOLDS (g_utf8_validate (uc_json_string (value), -1, NULL));
  for (const UcJson *child = uc_json_first (value); child != NULL; child = uc_json_next (child))
    {
      if (uc_json_key (child) != NULL)
        HOLDS (g_utf8_validate (uc_json_key (child), -1, NULL));
      deepest = MAX (deepest, depth_of (child));
    }
  return deepest + (uc_json_is_object (value) || uc_json_is_array (value));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const UcJsonLimits limits = { 64 * 1024, 16 };
  g_autoptr (GError) error = NULL;
  UcJson *root = uc_json_parse ((const char *)data, size, &limits, &error), *again;
  char *text, *second;

  if (root == NULL)
    {
      HOLDS (error != NULL && g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  HOLDS (size <= limits.max_size && depth_of (root) <= limits.max_depth);
  text = uc_json_print (root, NULL);
  again = uc_json_parse (text, strlen (text), NULL, NULL);
  HOLDS (again != NULL);
  second = uc_json_print (again, NULL);
  HOLDS (strcmp (text, second) == 0);
  free (text);
  free (second);
  uc_json_free (root);
  uc_json_free (again);
  return 0;
}
