/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values of one configuration section, checked against a table of UsherSetting. The same checker serves plugins
 * and the core's own sections.
 */
#pragma once

#include <usher/plugin.h>

#include "core/base/conf.h"

typedef struct UcSettings UcSettings;

/* A section of the core and what belongs in it. */
typedef struct
{
  const char *title; /* "[store]" */
  const UsherSetting *const *settings;
} UcSettingsHome;

typedef struct
{
  const char *data_dir;        /* base of relative PATH values */
  const char *credentials_dir; /* where credential:NAME is read; NULL = $CREDENTIALS_DIRECTORY */
  const UcSettingsHome *homes; /* where a key may belong that its section does not know; ends with title NULL */
} UcSettingsContext;

/* Checks every entry of `section` against the tables (NULL-terminated array of tables, so that common keys and a
 * plugin's own can be given together) and adds a problem for each: unknown key with the nearest known one, wrong
 * type, out of range, missing required, secret in clear, secret file unreadable or readable by others. Marks
 * entries used. Never NULL; values with problems are their defaults. */
UcSettings *uc_settings_parse (UcConfSection *section, const UsherSetting *const *const *tables,
                               const UcSettingsContext *context, GPtrArray *problems);
void uc_settings_free (UcSettings *settings);

const char *uc_settings_string (const UcSettings *settings, const char *key);
gint64 uc_settings_int (const UcSettings *settings, const char *key);
gboolean uc_settings_bool (const UcSettings *settings, const char *key);
const char *const *uc_settings_list (const UcSettings *settings, const char *key);

/* 0 when the key is not in the tables; for telling "not set" from "not declared". */
UsherSettingType uc_settings_type (const UcSettings *settings, const char *key);

/* For a plugin in a process of its own: every value as it was read, and how it is put together again over there.
 * Secrets are among them. */
typedef void (*UcSettingsFunc) (gpointer data, const char *key, UsherSettingType type, gboolean set,
                                const char *string, gint64 number, const char *const *list);
void uc_settings_foreach (const UcSettings *settings, UcSettingsFunc func, gpointer data);
UcSettings *uc_settings_new (const char *kind, const char *name);
/* Replaces one that is there. */
void uc_settings_put (UcSettings *settings, const char *key, UsherSettingType type, gboolean set,
                      const char *string, gint64 number, const char *const *list);

/* Where the section stands, for messages; name is NULL for [usher] and [store]. */
const char *uc_settings_section_name (const UcSettings *settings);
const char *uc_settings_file (const UcSettings *settings);
guint uc_settings_line (const UcSettings *settings);

const char *uc_setting_type_word (UsherSettingType type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcSettings, uc_settings_free)
