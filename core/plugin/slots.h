/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The slots of every ops table by name, in one place: the loader checks the required ones, `plugin inspect` lists
 * the optional ones.
 */
#pragma once

#include "core/plugin/instance.h"

typedef struct
{
  const char *name;
  gsize offset;
  gboolean required;
} UcSlot;

/* Ends with a NULL name. */
const UcSlot *uc_kind_slots (UcKind kind);
gsize uc_kind_table_size (UcKind kind);
/* The table of that kind in a loaded plugin; NULL when it offers none. */
const UsherOpsHead *uc_plugin_table (const UcPlugin *plugin, UcKind kind);
gboolean uc_slot_is_set (const UsherOpsHead *table, const UcSlot *slot);
