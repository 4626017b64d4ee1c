/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the webchat tests share: an instance over the fake host with small files in place of the built widget, and
 * a browser's side to speak with it. Main thread.
 */
#pragma once

#include "core/base/json.h"
#include "tests/lib/fake-host.h"

#define SHOP "https://shop.example"

/* A configured instance, not yet created: allowed_origins is SHOP. */
FakeHost *kit_new (void);
/* created and started, deliveries answered by themselves. */
FakeHost *kit_up (void);

/* The last member of the path of keys: kit_get (frame, "welcome", "state", NULL). */
const UcJson *kit_get (const UcJson *json, ...) G_GNUC_NULL_TERMINATED;
/* Parses; lives until the test program ends. */
const UcJson *kit_parse (const char *text);

/* POST with this body and Origin (NULL = none); returns the exchange, answered or not. */
UsherExchange *kit_post (FakeHost *fake, const char *path, const char *origin, const char *body);
UsherExchange *kit_poll (FakeHost *fake, const char *token, gint64 after);
/* The answer as JSON; asserts the status. */
const UcJson *kit_answer (UsherExchange *exchange, int status);
/* A new visitor's token; *visitor (may be NULL) lives as long. */
const char *kit_session (FakeHost *fake, const char **visitor);

/* An open socket from the server's own frame. */
UsherSocket *kit_open (FakeHost *fake);
/* The same, and hello said; the welcome is the next frame. */
UsherSocket *kit_hello (FakeHost *fake, const char *token, gint64 after);
/* The same, and everything that came so far is read. */
UsherSocket *kit_talk (FakeHost *fake, const char *token);
void kit_say (UsherSocket *socket, const char *id, const char *text);
/* The next frame; asserts that there is one and that it is of this kind; returns what is under the key. */
const UcJson *kit_next (UsherSocket *socket, const char *key);
void kit_nothing (UsherSocket *socket);
/* Asserts an error frame with this code. */
void kit_error (UsherSocket *socket, const char *code);
