/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Instances with `isolation = process`: to the rest of usherd a plugin like any other, whose slots lead over a
 * socket pair to usher-plugin-host. docs/isolation.md has the rules. Main thread.
 */
#pragma once

#include "core/plugin/instance.h"

/* Asks a plugin what it is without opening it in this process: a plugin host does, once, confined. Blocks, 10 s at
 * most: for the time before the loop runs. Freed with uc_plugin_free unless an instance takes it. */
UcPlugin *uc_remote_describe (UcLoader *loader, const char *name, GError **error);

/* `done` hears NULL when the instance runs with what is in the plugin's file now, or why it does not. What runs is
 * only stopped when the new one can be opened and takes the settings as they are. */
typedef void (*UcRemoteReloaded) (gpointer data, const GError *error);
void uc_remote_reload (UsherInstance *instance, UcRemoteReloaded done, gpointer data);

typedef struct
{
  int pid;              /* 0 = there is no process */
  guint lost;           /* times that its process died */
  guint queued;         /* frames that wait for it */
  const char *last_end; /* how it died the last time; NULL = never */
  const char *confined; /* by what; NULL = not known yet */
} UcRemoteFigures;
/* FALSE: it runs in this process. */
gboolean uc_remote_figures (UsherInstance *instance, UcRemoteFigures *figures);

/* Whether this process is a plugin host of ours, or was one a minute ago. */
gboolean uc_remote_is_host (int pid);

/* After the last instance is freed, before the loop is: no process of ours stays behind. */
void uc_remote_finish (void);
