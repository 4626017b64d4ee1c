/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One value of one setting: text in, typed value or a reason out. Private to core/plugin.
 */
#pragma once

#include "core/plugin/settings.h"

typedef struct
{
  UsherSettingType type;
  gboolean set;
  char *string;
  gint64 number; /* INT, DURATION, SIZE; BOOL as 0 or 1 */
  char **list;
} UcSettingValue;

/* Keys the plugin's author may use. */
gboolean uc_setting_key_is_valid (const char *key);
/* FALSE with *why: what is wrong and what would be right; it never holds a secret's text. */
gboolean uc_setting_value_parse (const UsherSetting *setting, const char *text, const UcSettingsContext *context,
                                 UcSettingValue *value, char **why);
void uc_setting_value_clear (UcSettingValue *value);
/* A number the way it would be written in the file: "10m", "64k", "8080". */
char *uc_setting_number_text (UsherSettingType type, gint64 number);
/* "5s to 10m", "at least 1": NULL when unbounded. */
char *uc_setting_range_text (const UsherSetting *setting);
