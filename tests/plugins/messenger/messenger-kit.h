/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the messenger tests share: an instance over the fake host whose Graph API is the test itself, and webhooks
 * as Meta sends them. Main thread.
 */
#pragma once

#include "core/base/json.h"
#include "tests/lib/fake-host.h"
#include "tests/plugins/messenger/messenger-server.h"

#define T0 G_GINT64_CONSTANT (1767225600000) /* when the fake clock begins */
#define SEND "/v25.0/PAGE1/messages"

typedef struct
{
  FakeHost *fake;
  Server *server;
} Kit;

/* Configured, not yet created: page PAGE1, secrets page-token, app-secret, verify-me. */
Kit *kit_new (void);
/* The same, with base_url at localhost, so that 127.0.0.1 is a stranger. */
Kit *kit_new_localhost (void);
/* Up, the token check answered, deliveries answered by themselves. */
Kit *kit_up (void);
void kit_begin (Kit *kit);
void kit_free (Kit *kit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kit, kit_free)

/* The last member of the path of keys. */
const UcJson *kit_get (const UcJson *json, ...) G_GNUC_NULL_TERMINATED;
const char *kit_text (const UcJson *json, ...) G_GNUC_NULL_TERMINATED;
/* Parses; lives until the test program ends. */
const UcJson *kit_parse (const char *text);

/* POST /webhook with a right signature. */
UsherExchange *kit_hook (Kit *kit, const char *body);
UsherExchange *kit_hook_signed (Kit *kit, const char *body, gsize len, const char *signature);
/* A body with these events of page PAGE1 (JSON, comma-separated) in one entry. */
char *kit_page (const char *events);
/* The same sent, and the answer must be 200; returns the delivery it made, or NULL when none. */
FakeDelivery *kit_events (Kit *kit, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* An event of PSID1 at T0 with this member, e.g. "\"message\":{...}". */
char *kit_event (const char *member);
/* The only item of kit_events on kit_event. */
const UsherInbound *kit_one (Kit *kit, const char *member);
const UsherInbound *kit_item (FakeDelivery *delivery, guint i);

/* A line of an agent for a person, handed to send. */
UsherReply *kit_send (Kit *kit, const char *user_id, const char *text);
/* The next call of the Send API, and its body. */
Request *kit_sent (Kit *kit, const UcJson **body);
/* Answers it as the Graph API does when all is well. */
void kit_accept (Request *request, const char *mid);
/* An error as the Graph API tells it. */
void kit_refuse (Request *request, guint status, const char *headers, gint64 code, gint64 subcode,
                 gboolean transient);
/* What a send ended with. */
const UsherResult *kit_result (UsherReply *reply, UsherStatus status);
/* Waits until the instance's state is this, and its sentence holds the part (NULL = any). */
void kit_state (Kit *kit, UsherStatus status, const char *part);
/* Waits until the exchange is answered with this status. */
void kit_status (UsherExchange *exchange, int status);
/* Fails if a log line or state holds a secret or this text (NULL = none). */
void kit_no_leak (Kit *kit, const char *text);
