/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes a failing script small: delta debugging on its actions, then on their arguments and times, until nothing
 * can be left out.
 */
#pragma once

#include "tests/simulation/script.h"

/* What is wrong with the script; NULL = nothing. Freed by the caller. */
typedef char *(*ScriptTrial) (const Script *script, gpointer data);

/* A script that fails in the same way: with the same first word.
 * *trials (may be NULL): how often it was tried. */
Script *shrink (const Script *script, ScriptTrial trial, gpointer data, guint *trials);
