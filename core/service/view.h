/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON shapes that clients see (docs/desk-protocol.md). Appends to a GString; no state of its own.
 */
#pragma once

#include "core/service/core.h"

/* {"user",...}: one agent; key NULL = array element. */
void uc_view_agent (GString *out, const char *key, const UcAgent *agent);
void uc_view_queue (GString *out, const char *key, const UcCore *core, const UcQueue *queue, const UcAgent *me);
/* Without the closing brace, so that "messages" can follow; finish with uc_json_end. */
void uc_view_interaction_open (GString *out, const char *key, const UcCore *core,
                               const UcInteraction *interaction);
/* The same for a stored row (state.interaction). */
void uc_view_interaction_row_open (GString *out, const char *key, const UcEvent *row);
void uc_view_message (GString *out, const UcEvent *row);
/* "messages":[...] */
void uc_view_messages (GString *out, const char *key, GPtrArray *rows);
void uc_view_customer (GString *out, const char *key, const UsherCustomer *customer);
void uc_view_case (GString *out, const char *key, const UsherCase *record, gboolean transcript);
void uc_view_instance (GString *out, const char *key, const UsherInstance *instance);
void uc_view_instances (GString *out, const char *key, const UcCore *core);
void uc_view_policy (GString *out, const char *key, const UcPolicy *policy);
void uc_view_code_list (GString *out, const char *key, const UcCodeList *list);
/* Words separated by commas as an array. */
void uc_view_words (GString *out, const char *key, const char *words);
/* "policy", "codes", "channels", "crm", and for those who supervise "instances": members of the snapshot. */
void uc_view_centre (GString *out, const UcCore *core, gboolean supervises);
