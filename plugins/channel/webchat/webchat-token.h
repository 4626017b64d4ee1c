/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Visitor ids and the tokens that prove them. A token is base64url (visitor, expiry, HMAC-SHA256 of both), so the
 * server keeps nothing about it but one key. Pure; any thread.
 */
#ifndef WEBCHAT_TOKEN_H
#define WEBCHAT_TOKEN_H

#include <glib.h>

#define WEBCHAT_KEY_LEN 32
#define WEBCHAT_VISITOR_RANDOM 26
#define WEBCHAT_VISITOR_LEN (2 + WEBCHAT_VISITOR_RANDOM) /* "v_" and one base32 character per random byte */

typedef char WebchatVisitorId[WEBCHAT_VISITOR_LEN + 1];

typedef enum
{
  WEBCHAT_TOKEN_GOOD,
  WEBCHAT_TOKEN_EXPIRED, /* ours, but its time is over */
  WEBCHAT_TOKEN_FORGED   /* not made with this key, cut, or not a token at all */
} WebchatTokenState;

void webchat_visitor_make (WebchatVisitorId visitor, const guint8 random[WEBCHAT_VISITOR_RANDOM]);
char *webchat_token_make (const guint8 key[WEBCHAT_KEY_LEN], const char *visitor, gint64 expires_at);
/* Fills visitor and expires_at unless the token is forged. token may be NULL. */
WebchatTokenState webchat_token_read (const guint8 key[WEBCHAT_KEY_LEN], const char *token, gint64 now,
                                      WebchatVisitorId visitor, gint64 *expires_at);

#endif
