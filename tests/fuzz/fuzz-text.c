/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: texts, names and headers that the core looks into itself: parting long texts, kinds of files,
 * ranges, addresses. The first two bytes choose the unit and the length of a part.
 */
#include "core/base/text.h"
#include "core/service/media-type.h"
#include "tests/fuzz/fuzz.h"

const guint fuzz_variations = 20000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

static void
part (const char *text, UcTextUnit unit, gsize most)
{
  g_auto (GStrv) parts = uc_text_split (text, unit, most);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      HOLDS (*parts[i] != '\0' || parts[1] == NULL);
      HOLDS (g_utf8_validate (parts[i], -1, NULL));
      /* One character may be longer than a part. */
      if (most >= 64)
        HOLDS (uc_text_length (parts[i], unit) <= most);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = size > 2 ? fuzz_string (data + 2, size - 2) : g_strdup ("");
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *mime = uc_media_mime_clean (text);
  g_autofree char *disposition = uc_media_disposition (valid);
  gint64 from, len;

  if (size < 2)
    return 0;
  part (valid, data[0] % 3, data[1]);
  uc_media_type_sniff (data + 2, size - 2);
  if (uc_media_range (text, 1000, &from, &len) == UC_RANGE_PART)
    HOLDS (from >= 0 && len > 0 && from + len <= 1000);
  HOLDS (disposition == NULL || strpbrk (disposition, "\r\n") == NULL);
  HOLDS (mime == NULL || strpbrk (mime, "\r\n") == NULL);
  return 0;
}
