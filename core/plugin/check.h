/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be said about a configuration and about plugins without starting anything.
 */
#pragma once

#include "core/plugin/instance.h"

/* The core's own settings, for [usher], [store] and [listen:NAME]. */
extern const UsherSetting *const uc_core_settings_usher[];
extern const UsherSetting *const uc_core_settings_store[];
extern const UsherSetting *const uc_core_settings_listen[];

typedef struct
{
  UcKind kind;
  char *name;
  const UcPlugin *plugin; /* NULL: could not be loaded (a problem says why) */
  UcSettings *settings;
  gboolean enabled;
} UcPlanned;

typedef struct
{
  UcSettings *usher, *store;
  GPtrArray *listens;   /* of UcSettings* */
  GPtrArray *instances; /* of UcPlanned*, in file order */
} UcPlan;

/* plugin_path of [usher], or where plugins are installed: what the loader of this configuration is made with.
 * Freed with g_strfreev. */
char **uc_plan_plugin_path (UcConf *conf);

/* Turns a configuration into what is to be started. Every problem is added; plugins that fail to load are problems
 * too, but the plan holds everything else. */
UcPlan *uc_plan_new (UcConf *conf, UcLoader *loader, GPtrArray *problems);
void uc_plan_free (UcPlan *plan);
/* What is not wrong but hardly meant: a part is missing without which nobody can work. One sentence each; freed
 * with g_strfreev. */
char **uc_plan_gaps (const UcPlan *plan);

/* `usherctl plugin list` and `plugin inspect NAME`, as text or JSON. */
char *uc_plugins_list_text (UcLoader *loader, gboolean json);
char *uc_plugin_inspect_text (UcLoader *loader, const char *name, gboolean json, GError **error);

/* The line that begins a setting's entry in a manual page. */
char *uc_setting_pod_item (const UsherSetting *setting);
/* All settings of the core and of these plugins (ends with NULL) as a chapter of a manual page. */
char *uc_settings_pod (const UcPlugin *const *plugins);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcPlan, uc_plan_free)
