/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From what a shared object's entry returned to a checked copy in the core's own tables. Private to core/plugin.
 */
#pragma once

#include "core/plugin/loader.h"

/* Name rules of the descriptor and of files. */
gboolean uc_plugin_name_is_valid (const char *name);
/* NULL and a sentence "FILE: what is wrong; what to do". */
UcPlugin *uc_plugin_from_entry (const char *name, const char *file, UsherPluginEntry entry, GError **error);
/* The same from the descriptor itself, of another process for instance. */
UcPlugin *uc_plugin_from_descriptor (const char *name, const char *file, const UsherPlugin *given, GError **error);
void uc_plugin_free (UcPlugin *plugin);
