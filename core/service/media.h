/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures and files that came in: kept beside the database, described by a row in it, shown to people at desks.
 * Main thread; bytes are written and read on the pool "uc-media".
 */
#pragma once

#include "core/service/core.h"

/* Sweeps up what a crash left behind, in the background. */
UcMedia *uc_media_new (UcCore *core);
/* Waits for the threads; nothing more is taken. Before the store closes. */
void uc_media_stop (UcMedia *media);
void uc_media_free (UcMedia *media);

/* Adds its queues to `queues` (of UcQueueFigures). */
void uc_media_queues (UcCore *core, GArray *queues);

/* Whether it has the shape of an id; only such ones ever become part of a path. */
gboolean uc_media_is_id (const char *id);

/* Host-table function. */
void uc_media_put (UsherInstance *instance, const void *bytes, size_t len, const char *mime, const char *name,
                   void (*done) (void *data, const UsherResult *result, const char *id), void *data);

/* Whether media_put has given this id; why != NULL: it can't be told now. May answer at once. */
void uc_media_check (UcMedia *media, const char *id, void (*done) (gpointer data, gboolean known, const char *why),
                     gpointer data);

/* Answers GET /api/v1/media/ID of somebody who may. range: the request's Range header or NULL. */
void uc_media_serve (UcMedia *media, UsherExchange *exchange, const char *id, const char *range);
