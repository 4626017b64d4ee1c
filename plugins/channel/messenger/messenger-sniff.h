/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a file is by its first bytes, and what it may be called. Pure functions, any thread.
 */
#ifndef MESSENGER_SNIFF_H
#define MESSENGER_SNIFF_H

#include <glib.h>

/* The type by content; NULL = not one of those known here. Static. */
const char *messenger_sniff (const void *bytes, gsize len);
/* The type to keep a file under: by content, else what the sender of it said (a header, may be NULL) as far as no
 * browser would run it. Freed with g_free. */
char *messenger_sniff_mime (const void *bytes, gsize len, const char *said);
/* A file name for people from Content-Disposition's or the path's last part: without folders and control
 * characters, at most 100 characters; NULL = nothing is left. Freed with g_free. */
char *messenger_sniff_name (const char *said);

#endif
