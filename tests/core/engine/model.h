/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A deliberately stupid router. It knows only the events, keeps flat lists, and for each offer sorts everything
 * and scans everything to say who must get it. It shares no code with the engine.
 */
#pragma once

#include "core/base/event.h"

typedef struct Model Model;

Model *model_new (void);
void model_free (Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Model, model_free)

/* Reads one event; NULL = as it must be, otherwise what is wrong with it. */
char *model_read (Model *model, const UcEvent *event);
/* At the end of a step: NULL = nobody waits for whom an agent is able. */
char *model_rest (Model *model);
