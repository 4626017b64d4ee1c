/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Addresses, ids, texts, times, pictures and error conditions: pure functions, any thread.
 */
#ifndef JABBER_TEXT_H
#define JABBER_TEXT_H

#include <glib.h>
#include <usher/usher.h>

/* The core's bounds of a person's id and of an event's id, in bytes. */
#define JABBER_MAX_JID 512
#define JABBER_MAX_EXTERNAL 1024
#define JABBER_MAX_ID 400

/* A copy without what XML 1.0 can't carry: control characters and broken UTF-8 become U+FFFD. */
char *jabber_text_clean (const char *text);

/* A copy of its first so many characters. */
char *jabber_text_cut (const char *text, glong chars);

/* The address without its resource, newly allocated. */
char *jabber_jid_bare_of (const char *jid);
/* Whether this is the bare address of a person: local@domain and nothing odd in it. */
gboolean jabber_jid_is_person (const char *jid);
/* Whether text may stand as the local part, or as the domain, of our own address. */
gboolean jabber_jid_is_local_part (const char *text);
gboolean jabber_jid_is_domain (const char *text);

/* The core's id of a customer's stanza: bare address and stanza id; an endless id is replaced by its hash. */
char *jabber_external_id (const char *bare, const char *id);
/* The stanza id in an external id of that person's, borrowed; NULL = it is not one. */
const char *jabber_external_stanza (const char *external_id, const char *bare);

/* XEP-0082 date and time in ms, 0 when it is none. */
gint64 jabber_time_parse (const char *stamp);

/* "image/png", "image/jpeg", "image/gif" or "image/webp" by the first bytes; NULL = none of them. */
const char *jabber_image_type (const void *bytes, gsize len);
/* "image" when the path of the address ends like a picture's, "location" for geo:, "link" for other http(s), NULL
 * for what nobody may be asked to open. */
const char *jabber_link_kind (const char *url);

/* What the core should do about a message that came back with this error type and condition. */
UsherStatus jabber_error_status (const char *type, const char *condition);
/* The sentence for the agent; never NULL. */
char *jabber_error_sentence (const char *condition, const char *text);

/* ms to wait before attempt 1, 2, 3, ...: doubled each time from min to max, between half and all of it by `dice`.
 */
gint64 jabber_backoff (guint attempt, gint64 min, gint64 max, guint32 dice);

#endif
