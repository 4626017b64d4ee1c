/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a kept file is by its first bytes, whatever the network said, and which part of it is asked for. What was
 * said is kept if it is a type at all. No state.
 */
#pragma once

#include <glib.h>

/* The type of a picture, sound or film that a browser may show in place; NULL = a download, whatever it is. */
const char *uc_media_type_sniff (const guint8 *bytes, gsize len);

typedef enum
{
  UC_RANGE_NONE, /* the whole file */
  UC_RANGE_PART,
  UC_RANGE_UNSATISFIABLE
} UcRangeKind;

/* One range of bytes as in a Range header; what is no such thing, or several, is ignored. */
UcRangeKind uc_media_range (const char *header, gint64 size, gint64 *from, gint64 *len);

/* type/subtype and nothing else: parameters are of no use to anybody here. NULL = it is none. */
char *uc_media_mime_clean (const char *mime);

/* "attachment; filename=...": safe in a header, and right in every language. name NULL = none. */
char *uc_media_disposition (const char *name);
