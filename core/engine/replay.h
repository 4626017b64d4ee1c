/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For those who check the engine against what is stored: events of a journal put into an engine without the steps
 * that made them, and an engine's state as rows to compare. Main thread, or the one thread that has the engine.
 */
#pragma once

#include "core/engine/engine.h"

/* Applies an event of a journal that says nothing about the step it came from. FALSE: the event speaks of
 * something that is not there or not so, and nothing was changed. An event about an interaction that was closed
 * before changes nothing. */
gboolean uc_engine_replay (UcEngine *engine, const UcEvent *event, GError **error);

/* The numbers of a conversation, where the messages that led to them are gone. */
void uc_engine_replay_numbers (UcEngine *engine, const char *conversation, gint64 last_n, gint64 window_until,
                               gint64 tagged_until);

/* Forgets what a restart forgets: what is in no row. */
void uc_engine_restarted (UcEngine *engine);

/* The state as rows for uc_engine_restore, in the order it wants and by id; conversations with interactions only.
 * GPtrArray of UcEvent*, owned. */
GPtrArray *uc_engine_rows (UcEngine *engine);
