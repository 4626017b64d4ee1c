/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading what the core says without minding what is missing, and writing what it is told. Pure.
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (cJSON, cJSON_Delete)

/* All readers are content with NULL objects and members of another type. */
const char *desk_str (const cJSON *object, const char *key); /* "" = absent */
gint64 desk_int (const cJSON *object, const char *key);      /* 0 = absent */
gboolean desk_is (const cJSON *object, const char *key);     /* true, or a number that is not 0 */
const cJSON *desk_get (const cJSON *object, const char *key);
gboolean desk_equal (const cJSON *object, const char *key, const char *value);

/* Copies these members (words with spaces between) from one object to the other; absent ones become null. */
void desk_copy (cJSON *to, const cJSON *from, const char *keys);
void desk_put (cJSON *object, const char *key, cJSON *value); /* replaces; takes the value */
void desk_put_str (cJSON *object, const char *key, const char *value);
void desk_put_int (cJSON *object, const char *key, gint64 value);
/* The member as an array of strings, whether it comes as ["a","b"] (a snapshot) or as "a,b" (an event). */
char **desk_words (const cJSON *object, const char *key);
/* {"a":"b"} of pairs up to NULL; pairs with a NULL or empty value are left out. */
cJSON *desk_object (const char *key, ...) G_GNUC_NULL_TERMINATED;
