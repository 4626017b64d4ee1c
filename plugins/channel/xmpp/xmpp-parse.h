/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What came from the network, as plain data: made from a stanza on the stream's thread, used on the main thread.
 */
#ifndef JABBER_PARSE_H
#define JABBER_PARSE_H

#include <glib.h>
#include <strophe.h>
#include <usher/usher.h>

#define JABBER_NS_CHATSTATES "http://jabber.org/protocol/chatstates"
#define JABBER_NS_RECEIPTS "urn:xmpp:receipts"
#define JABBER_NS_MARKERS "urn:xmpp:chat-markers:0"
#define JABBER_NS_PING "urn:xmpp:ping"
#define JABBER_NS_VCARD "vcard-temp"
#define JABBER_NS_VCARD_UPDATE "vcard-temp:x:update"
#define JABBER_NS_NICK "http://jabber.org/protocol/nick"
#define JABBER_NS_CORRECT "urn:xmpp:message-correct:0"
#define JABBER_NS_RETRACT_0 "urn:xmpp:message-retract:0"
#define JABBER_NS_RETRACT_1 "urn:xmpp:message-retract:1"
#define JABBER_NS_FASTEN "urn:xmpp:fasten:0"
#define JABBER_NS_REPLY "urn:xmpp:reply:0"
#define JABBER_NS_REACTIONS "urn:xmpp:reactions:0"
#define JABBER_NS_SID "urn:xmpp:sid:0"
#define JABBER_NS_OOB "jabber:x:oob"
#define JABBER_NS_DELAY "urn:xmpp:delay"
#define JABBER_NS_CAPS "http://jabber.org/protocol/caps"

#define JABBER_MAX_LINKS 10
#define JABBER_MAX_URL 2048
#define JABBER_MAX_STANZA_ID 4096
#define JABBER_MAX_PHOTO (256 * 1024)

/* Who we are on the network: made once, then only read, by any thread. */
typedef struct
{
  char *domain;  /* of the component */
  char *address; /* local@domain: what customers write to */
  char *full;    /* address/usher: what we write from */
  char *name;
  GBytes *avatar; /* NULL = none */
  const char *avatar_type;
  char *avatar_sum; /* SHA-1 in hex; NULL without an avatar */
} JabberSelf;

void jabber_self_clear (JabberSelf *self);

typedef enum
{
  JABBER_IN_MESSAGE = 1,
  JABBER_IN_TYPING,  /* `on` */
  JABBER_IN_RECEIPT, /* `receipt` for our stanza `id` */
  JABBER_IN_BOUNCE,  /* our stanza `id` came back */
  JABBER_IN_VCARD,   /* answer to our question `id`; name and photo NULL = none */
  JABBER_IN_ECHO,    /* made by us: the send of `id` with `text` is proved */
  JABBER_IN_PROFILE  /* made by us: `name` and `picture` */
} JabberInKind;

typedef struct
{
  char *url, *name;
  const char *kind;
} JabberLink;

typedef struct
{
  JabberInKind kind;
  char *from; /* bare address */
  char *full; /* as it came, for acknowledgements */
  char *id;   /* the stanza's id attribute; NULL = none */
  /* MESSAGE */
  char *external_id;
  char *reply_to; /* the core's id of the line it is about */
  char *nick, *text;
  const char *form;
  gboolean passive, wants_receipt, markable;
  gint64 at;
  GPtrArray *links; /* of JabberLink*; NULL = none */
  /* the others */
  gboolean on;
  UsherReceipt receipt;
  UsherStatus status; /* BOUNCE */
  char *why;          /* BOUNCE: a sentence */
  char *name;
  GBytes *photo;
  const char *photo_type;
  char *picture;
} JabberIn;

JabberIn *jabber_in_new (JabberInKind kind, const char *from);
void jabber_in_free (JabberIn *in);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JabberIn, jabber_in_free)
/* About how much memory it takes. */
gsize jabber_in_size (const JabberIn *in);

/* What a message stanza says to us; NULL = nothing. `now` in ms; `fresh` names a message that came without an id.
 * *wrong_address (may be set without a result): it has a text, for an address of our domain that nobody has. */
JabberIn *jabber_parse_message (xmpp_stanza_t *stanza, const JabberSelf *self, gint64 now, const char *fresh,
                                gboolean *wrong_address);
/* The answer to vcard-temp get, result or error. */
JabberIn *jabber_parse_vcard (xmpp_stanza_t *stanza);

#endif
