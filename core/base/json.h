/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only door to cJSON. Reading goes through one guard (size, depth, UTF-8, duplicate keys, nothing after the
 * value); writing the hot path is appending to a GString. Any thread.
 */
#pragma once

#include <glib.h>

typedef struct cJSON UcJson;

typedef struct
{
  gsize max_size; /* bytes */
  guint max_depth;
} UcJsonLimits;

/* Default limits: 1 MiB, depth 32. */
UcJson *uc_json_parse (const char *text, gsize len, const UcJsonLimits *limits, GError **error);
void uc_json_free (UcJson *root);
UcJson *uc_json_copy (const UcJson *value);

/* All readers take NULL and then answer "absent". */
const UcJson *uc_json_get (const UcJson *object, const char *key);
const UcJson *uc_json_at (const UcJson *array, gsize index);
gsize uc_json_length (const UcJson *array_or_object);
gboolean uc_json_is_object (const UcJson *value);
gboolean uc_json_is_array (const UcJson *value);
gboolean uc_json_is_null (const UcJson *value);
const char *uc_json_string (const UcJson *value);
gboolean uc_json_is_int (const UcJson *value);
gint64 uc_json_int (const UcJson *value, gint64 fallback);
gboolean uc_json_is_bool (const UcJson *value);
gboolean uc_json_bool (const UcJson *value, gboolean fallback);
/* The members of an object in order; `key` of the child. */
const UcJson *uc_json_first (const UcJson *container);
const UcJson *uc_json_next (const UcJson *child);
const char *uc_json_key (const UcJson *child);

/* Building a tree (plugins' JSON service; not the message path). */
UcJson *uc_json_new_object (void);
UcJson *uc_json_new_array (void);
void uc_json_set_string (UcJson *object, const char *key, const char *value);
void uc_json_set_int (UcJson *object, const char *key, gint64 value);
void uc_json_set_bool (UcJson *object, const char *key, gboolean value);
void uc_json_set (UcJson *object, const char *key, UcJson *child);
void uc_json_append (UcJson *array, UcJson *child);
/* NULL for NULL. */
char *uc_json_print (const UcJson *root, gsize *len);

/* Appending writers. A comma is put where one is needed: after anything but '{', '[' or ':'. key NULL = an element
 * of an array. */
void uc_json_begin (GString *out); /* { at the top or as an array element */
void uc_json_begin_object (GString *out, const char *key);
void uc_json_end (GString *out); /* } */
void uc_json_begin_array (GString *out, const char *key);
void uc_json_end_array (GString *out);
void uc_json_add_string (GString *out, const char *key, const char *value); /* NULL value = null */
void uc_json_add_int (GString *out, const char *key, gint64 value);
void uc_json_add_bool (GString *out, const char *key, gboolean value);
void uc_json_add_null (GString *out, const char *key);
void uc_json_add_raw (GString *out, const char *key, const char *json); /* already JSON */
/* Only when value is not NULL. */
void uc_json_add_opt (GString *out, const char *key, const char *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcJson, uc_json_free)
