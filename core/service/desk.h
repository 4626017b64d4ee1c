/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Desks: attached clients of logged-in users, whichever front end carries their frames. Speaks the desk protocol
 * (docs/desk-protocol.md): hello with snapshot or resume, calls, events, heartbeats. Main thread.
 */
#pragma once

#include "core/service/core.h"

UcDesks *uc_desks_new (UcCore *core);
void uc_desks_free (UcDesks *desks);

/* Host-table functions. */
UsherDesk *uc_desk_open (UsherInstance *instance, const char *remote_address, void *desk_data);
void uc_desk_input (UsherDesk *desk, const char *frame, size_t len);
void uc_desk_close (UsherDesk *desk);

/* The engine was read from the store, first or again: what desks know may never have become durable, and what the
 * engine knows of desks is of another time. Each desk gets a fresh snapshot. */
void uc_desks_reset (UcDesks *desks);
/* Ends all desks of an instance or, NULL, of all; with a bye frame. */
void uc_desks_bye (UcDesks *desks, UsherInstance *instance, const char *code, const char *message);
/* Ends the desks of one session token, or of one user when token is NULL. */
void uc_desks_bye_user (UcDesks *desks, const char *user, const char *token, const char *code,
                        const char *message);
/* The state of an instance has changed: supervisors get the whole list, at most once a second. */
void uc_desks_instances_changed (UcDesks *desks);
/* An alarm was raised or cleared: supervisors get the whole list, at most once a second. desks NULL = too early,
 * nobody is there. */
void uc_desks_alarms_changed (UcDesks *desks);
/* The conversation leaves memory. */
void uc_desks_forget (UcDesks *desks, const char *conversation);
/* The customer types. */
void uc_desks_typing (UcDesks *desks, const char *agent, const char *interaction, gboolean on);
/* Adds their queues to `queues` (of UcQueueFigures). */
void uc_desks_queues (UcCore *core, GArray *queues);
guint uc_desks_count (UcDesks *desks);
gboolean uc_desks_has (UcDesks *desks, const char *user);
