/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stanzas that we write: what the core wants said, and the answers a component owes to questions about itself.
 * They belong to the context they are made with, so they are made on the stream's thread.
 */
#ifndef JABBER_STANZA_H
#define JABBER_STANZA_H

#include "xmpp-parse.h"

typedef enum
{
  JABBER_OUT_MESSAGE = 1, /* id, text; the core waits for `serial` */
  JABBER_OUT_NOTICE,      /* id, text: a system line, which asks for no receipt */
  JABBER_OUT_TYPING,      /* on */
  JABBER_OUT_RECEIPT,     /* id: their stanza is stored */
  JABBER_OUT_DISPLAYED,   /* id: their stanza was read */
  JABBER_OUT_REFUSAL,     /* id, type, condition, text: their stanza is not taken */
  JABBER_OUT_VCARD        /* id: asks for their vCard */
} JabberOutKind;

typedef struct
{
  JabberOutKind kind;
  char *to, *id, *text;
  const char *type, *condition;
  gboolean on;
  guint64 serial;
} JabberOut;

JabberOut *jabber_out_new (JabberOutKind kind, const char *to, const char *id, const char *text);
void jabber_out_free (JabberOut *out);

xmpp_stanza_t *jabber_stanza_of (xmpp_ctx_t *ctx, const JabberSelf *self, const JabberOut *out);
/* The question to ourselves that comes back when the server has worked through what was before it. */
xmpp_stanza_t *jabber_stanza_ping (xmpp_ctx_t *ctx, const JabberSelf *self, const char *id);
/* The error that answers any stanza with an address; NULL when it has none. */
xmpp_stanza_t *jabber_stanza_error (xmpp_ctx_t *ctx, xmpp_stanza_t *to, const char *type, const char *condition,
                                    const char *text);

/* What an iq (get or set) or a presence is answered with: none, one or two stanzas, released with the array. */
GPtrArray *jabber_answer_iq (xmpp_ctx_t *ctx, const JabberSelf *self, xmpp_stanza_t *iq);
GPtrArray *jabber_answer_presence (xmpp_ctx_t *ctx, const JabberSelf *self, xmpp_stanza_t *presence);

/* XEP-0115: the hash of what disco#info answers for our address. */
char *jabber_caps_hash (const JabberSelf *self);

#endif
