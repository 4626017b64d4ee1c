/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The site's own fields of a customer or case: a JSON object, checked against what the settings declare. Worker
 * thread.
 */
#ifndef LOCAL_FIELDS_H
#define LOCAL_FIELDS_H

#include "local-db.h"

/* What a save must say about required fields. */
typedef enum
{
  LOCAL_NEED_NONE, /* nothing: the record is not finished */
  LOCAL_NEED_KEPT, /* none may be taken away */
  LOCAL_NEED_ALL   /* the record is being finished */
} LocalNeed;

/* Checks the fields a save wants against the declared ones and brings them to the stored form: compact, without
 * empty values, NULL when nothing is left. What is stored already and not touched is never refused, so that a
 * changed setting locks nobody out. `whose` is "customer" or "case". */
gboolean local_fields_check (LocalDb *db, const char *whose, const GPtrArray *declared, const char *stored,
                             LocalNeed need, LocalPool *pool, const char **fields, GError **error);

/* Adds the values to a haystack. */
gboolean local_fields_add_words (LocalDb *db, const char *fields, GString *haystack, GError **error);

/* `fields` with those of `other` that it lacks. */
gboolean local_fields_fill (LocalDb *db, const char *fields, const char *other, LocalPool *pool,
                            const char **filled, GError **error);

/* The object with a JSON merge patch applied, compact; patch NULL only makes it compact. */
gboolean local_fields_patch (LocalDb *db, const char *object, const char *patch, LocalPool *pool,
                             const char **result, GError **error);

/* Calls func for each key whose value differs, in the order of keys; texts are NULL without a value. */
typedef gboolean (*LocalFieldFunc) (gpointer data, const char *key, const char *before, const char *after,
                                    GError **error);
gboolean local_fields_differences (LocalDb *db, const char *before, const char *after, LocalFieldFunc func,
                                   gpointer data, GError **error);

#endif
