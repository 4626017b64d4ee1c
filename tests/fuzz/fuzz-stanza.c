/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: XMPP stanzas of strangers, as the server hands them to the component.
 */
#include "tests/fuzz/fuzz.h"
#include "xmpp-parse.h"

static xmpp_ctx_t *ctx;
static JabberSelf self = { .domain = (char *)"shop.example",
                           .address = (char *)"help@shop.example",
                           .full = (char *)"help@shop.example/usher",
                           .name = (char *)"Shop" };

const guint fuzz_variations = 20000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  xmpp_initialize ();
  ctx = xmpp_ctx_new (NULL, NULL);
  return 0;
}

static void
check (const JabberIn *in)
{
  const char *const texts[]
      = { in->from, in->full, in->id, in->external_id, in->reply_to, in->nick, in->text, in->name };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    HOLDS (texts[i] == NULL || g_utf8_validate (texts[i], -1, NULL));
  HOLDS (in->kind != JABBER_IN_MESSAGE || (in->from != NULL && in->external_id != NULL));
  HOLDS (in->links == NULL || in->links->len <= JABBER_MAX_LINKS);
  HOLDS (jabber_in_size (in) > 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_string (data, size);
  xmpp_stanza_t *stanza = xmpp_stanza_new_from_string (ctx, text);
  gboolean wrong = FALSE;

  if (stanza == NULL)
    return 0;
  {
    g_autoptr (JabberIn) message
        = jabber_parse_message (stanza, &self, G_GINT64_CONSTANT (1767225600000), "fresh-id", &wrong);
    g_autoptr (JabberIn) vcard = jabber_parse_vcard (stanza);

    if (message != NULL)
      check (message);
    if (vcard != NULL)
      check (vcard);
  }
  xmpp_stanza_release (stanza);
  return 0;
}
