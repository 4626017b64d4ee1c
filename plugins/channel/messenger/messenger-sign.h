/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Meta's signatures: HMAC-SHA256 in hex. Pure functions, any thread.
 */
#ifndef MESSENGER_SIGN_H
#define MESSENGER_SIGN_H

#include <glib.h>

/* What the header X-Hub-Signature-256 must hold for this body, "sha256=..."; freed with g_free. */
char *messenger_sign (const char *app_secret, const void *body, gsize len);
/* Whether the header (NULL = missing) signs these bytes. Takes the same time wherever it differs. */
gboolean messenger_sign_ok (const char *app_secret, const void *body, gsize len, const char *header);
/* The parameter appsecret_proof for a token; freed with g_free. */
char *messenger_sign_proof (const char *app_secret, const char *token);
/* Compares without telling by the time taken where two texts differ; their lengths are no secret. */
gboolean messenger_sign_equal (const char *a, const char *b);

#endif
