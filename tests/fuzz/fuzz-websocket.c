/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: WebSocket frames of a client, in pieces of any size. The first byte says how large the pieces are.
 */
#include "core/net/private.h"
#include "tests/fuzz/fuzz.h"

#define MOST 4096

static UcFramers *framers;

static void
on_message (UsherSocket *socket, const char *text, gsize len, gboolean binary)
{
  HOLDS (len <= MOST && text[len] == '\0');
  HOLDS (binary || g_utf8_validate (text, (gssize)len, NULL) || memchr (text, '\0', len) != NULL);
}

const guint fuzz_variations = 20000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  static const UcFramerOps ops = { .message = on_message };

  framers = uc_framers_new (&ops);
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  UcFramer *framer = uc_framer_acquire (framers, NULL, MOST);
  gsize piece = size > 0 ? 1 + data[0] : 1;

  for (gsize at = 1; at < size; at += piece)
    {
      UcBlock *reply = NULL;
      int code = 0;
      UcFramerState state = uc_framer_feed (framer, data + at, MIN (piece, size - at), &reply, &code);

      g_free (reply);
      if (state == UC_FRAMER_CLOSED || state == UC_FRAMER_FAILED)
        {
          HOLDS (code >= 1000 && code < 5000);
          break;
        }
    }
  uc_framer_release (framer);
  return 0;
}
