/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rate limits and the counters per remote address. Main thread.
 */
#ifndef WEBCHAT_LIMIT_H
#define WEBCHAT_LIMIT_H

#include <glib.h>

/* So many events per window, with no timer and eight bytes of state: the moment at which the bucket is empty
 * again, in microseconds (the generic cell rate algorithm). Zero = never used. */
typedef struct
{
  gint64 empty_at;
} WebchatRate;

/* Takes one. 0 = allowed, otherwise the ms after which it would be. count 0 = no limit. */
gint64 webchat_rate_take (WebchatRate *rate, gint64 count, gint64 window_ms, gint64 now_ms);
gboolean webchat_rate_idle (const WebchatRate *rate, gint64 now_ms);

/* What one remote address does. */
typedef struct
{
  guint live;           /* open WebSockets and waiting polls */
  WebchatRate sessions; /* new visitors */
} WebchatAddress;

/* The name under which an address is counted: IPv6 by its /64, because one customer owns all of it. */
char *webchat_address_key (const char *remote);

#endif
