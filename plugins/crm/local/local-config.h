/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the administrator decided about this CRM's records, read once from the settings. Made on the main thread;
 * afterwards it never changes, so any thread may read it.
 */
#ifndef LOCAL_CONFIG_H
#define LOCAL_CONFIG_H

#include "local-value.h"

typedef enum
{
  LOCAL_FIELD_TEXT,
  LOCAL_FIELD_NUMBER,
  LOCAL_FIELD_DATE,
  LOCAL_FIELD_BOOLEAN,
  LOCAL_FIELD_CHOICE
} LocalFieldType;

/* One of the site's own fields. */
typedef struct
{
  char *key, *label;
  LocalFieldType type;
  char **options; /* of a choice, otherwise NULL */
  gboolean required;
} LocalField;

typedef struct
{
  GPtrArray *customer_fields, *case_fields; /* of LocalField*; empty = any JSON object is fine */
  char **severities, **priorities, **categories;
  char *reopen;     /* as it stands in the file */
  gint64 reopen_ms; /* how long after its closing a case may be reopened: 0 = never, G_MAXINT64 = always */
  gboolean match_email, match_name;
  gint64 search_limit; /* matches a search ranks */
  char *description;   /* what the slot `describe` answers, JSON */
} LocalConfig;

/* Main thread, in `create`. */
LocalConfig *local_config_new (UsherInstance *instance, const UsherHost *host, GError **error);
void local_config_free (LocalConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalConfig, local_config_free)

#endif
