/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finds and opens plugins: the only place that knows libltdl. A plugin is opened by absolute path, bound at once,
 * kept resident, checked, and its tables are copied into full-size ones of today's core, so that afterwards "slot
 * is NULL" is the only question anyone has to ask.
 */
#pragma once

#include <usher/usher.h>

#include <glib.h>

typedef struct UcLoader UcLoader;

typedef struct
{
  char *name;
  char *file; /* absolute path of what was opened */
  UsherPlugin descriptor;
  UsherChannelOps channel; /* meaningful when descriptor.channel != NULL, which then points here */
  UsherCrmOps crm;
  UsherFrontendOps frontend;
  gboolean isolated; /* its tables lead to another process, see remote.h */
  gpointer backing;  /* what the descriptor's strings are in, then */
  GDestroyNotify backing_free;
} UcPlugin;

typedef struct
{
  char *file;
  char *name;       /* from the file name */
  UcPlugin *plugin; /* NULL when it could not be loaded ... */
  GError *error;    /* ... for this reason: one sentence with file, reason and remedy */
} UcPluginFound;

/* dirs: folders that hold NAME.so (or NAME.la in a build tree), NULL-terminated; the first one with a name wins
 * and a second one elsewhere is reported as a duplicate. Relative ones are made absolute. */
UcLoader *uc_loader_new (const char *const *dirs);
/* Unloads nothing: plugins stay mapped. Calls `unload` of loaded ones. */
void uc_loader_free (UcLoader *loader);

/* Opens `name` or returns the one that is open. Never crashes on what is not a plugin: a truncated or foreign
 * file, a wrong ABI, a missing required slot, an undefined symbol, a name that is not its file's: NULL and one
 * sentence. */
const UcPlugin *uc_loader_open (UcLoader *loader, const char *name, GError **error);
/* The file that uc_loader_open would open, without opening it; freed by the caller. */
char *uc_loader_find (UcLoader *loader, const char *name, GError **error);
/* For a process that runs one plugin: opens this very file, whatever stands in the folders. */
const UcPlugin *uc_loader_open_file (UcLoader *loader, const char *name, const char *file, GError **error);
/* Runs the plugin's `load` once, before its first instance. */
gboolean uc_loader_start (UcLoader *loader, const UcPlugin *plugin, const UsherHost *host, GError **error);
/* Everything in the folders, sorted by name: GPtrArray of UcPluginFound*. */
GPtrArray *uc_loader_scan (UcLoader *loader);
/* Names of files in the folders, for "did you mean": freed with g_strfreev. */
char **uc_loader_names (UcLoader *loader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcLoader, uc_loader_free)
