/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the checks of customers and of cases share. Main thread.
 */
#ifndef LOCAL_CHECK_TEXT_H
#define LOCAL_CHECK_TEXT_H

#include "local-value.h"

#define LOCAL_ID_LENGTH 128
#define LOCAL_NAME_LENGTH 200
#define LOCAL_KIB 1024

/* One text of a struct. Lines are trimmed and counted in characters, longer texts in bytes. */
typedef struct
{
  gsize offset;
  const char *label;
  gsize most;
  gboolean line;
} LocalMember;

/* Makes an error of a sentence; always FALSE. */
gboolean local_invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Replaces the text by a checked copy. `cut` shortens a line that is too long instead of refusing it. */
gboolean local_take_text (LocalPool *pool, const LocalMember *member, const char **slot, gboolean cut,
                          GError **error);
/* The same for each of the struct's members. */
gboolean local_take_texts (LocalPool *pool, gpointer copy, const LocalMember *members, gsize count, gboolean cut,
                           GError **error);
gboolean local_take_author (LocalPool *pool, const char **author, GError **error);
/* A copy of as much of the struct as its maker knew. */
gpointer local_bounded_copy (LocalPool *pool, const void *from, gsize from_size, gsize size);
/* The site's own fields are one JSON object. */
gboolean local_check_object (const UsherHost *host, const char *fields, GError **error);
gboolean local_check_state (const char *state, GError **error);

#endif
