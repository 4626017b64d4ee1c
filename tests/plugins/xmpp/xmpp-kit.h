/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the xmpp tests share: a real Prosody on free ports, customers with a real client library, and an instance
 * of the plugin over the fake host. Main thread; what is started dies with the test program.
 */
#pragma once

#include "core/base/json.h"
#include "tests/lib/fake-host.h"

#define KIT_DOMAIN "help.localhost"
#define KIT_ADDRESS "support@help.localhost"
#define KIT_SECRET "s3cret & <more>"

typedef struct KitServer KitServer;
typedef struct KitCustomer KitCustomer;

/* Prosody with the users alice, bob and carol of localhost and the component KIT_DOMAIN; runs and is ready. */
KitServer *kit_server_new (void);
/* Started again on the same ports, with what it stored; waits until it is ready. */
void kit_server_start (KitServer *server);
/* SIGTERM, SIGKILL: waits until it is gone. SIGSTOP, SIGCONT: at once. */
void kit_server_signal (KitServer *server, int signal);
int kit_server_component_port (KitServer *server);
void kit_server_free (KitServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KitServer, kit_server_free)

/* A configured instance, not yet created: quick to connect again. */
FakeHost *kit_host (KitServer *server);
/* Created, started, connected; deliveries are answered by themselves. */
FakeHost *kit_up (KitServer *server);
/* Waits until the instance says USHER_OK, or until its state sentence holds `part`. */
void kit_online (FakeHost *fake);
void kit_state (FakeHost *fake, UsherStatus status, const char *part);
/* Waits until so many deliveries were made in all, and returns the last item. */
const UsherInbound *kit_item (FakeHost *fake, guint number);
/* Waits for the next item after *cursor (deliveries seen so far) of this kind. */
const UsherInbound *kit_next (FakeHost *fake, guint *cursor, UsherInboundKind kind);
/* An agent's line handed to the plugin. */
UsherLine *kit_line (FakeHost *fake, const char *user_id, const char *text);
/* Runs the main context for so long of real time. */
void kit_sleep (guint ms);

/* Logged in as NAME@localhost and ready. */
KitCustomer *kit_customer_new (KitServer *server, const char *name);
void kit_customer_free (KitCustomer *customer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KitCustomer, kit_customer_free)
/* Carries out one command of customer.py: members without the braces, "'" for '"'; waits until it is done. */
void kit_do (KitCustomer *customer, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same without waiting. */
void kit_tell (KitCustomer *customer, const char *json);
/* The first event not yet taken that has all these members (key, text, ..., NULL); waits for it and takes it. */
const UcJson *kit_event (KitCustomer *customer, const char *event, ...) G_GNUC_NULL_TERMINATED;
/* How many events there were with this member, taken or not. */
guint kit_count (KitCustomer *customer, const char *event, const char *key, const char *text);
/* The text of a member of an event; NULL = absent. */
const char *kit_text (const UcJson *event, const char *key);
