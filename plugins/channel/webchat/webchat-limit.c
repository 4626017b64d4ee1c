/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rate limits and the counters per remote address. Main thread.
 */
#include "webchat-limit.h"

#include <arpa/inet.h>
#include <string.h>

gint64
webchat_rate_take (WebchatRate *rate, gint64 count, gint64 window_ms, gint64 now_ms)
{
  gint64 now = now_ms * 1000, window = window_ms * 1000, step, full;

  if (count <= 0)
    return 0;
  step = window / count;
  /* A clock that was set back must not lock anybody out for longer than a window. */
  if (rate->empty_at < now || rate->empty_at > now + window + step)
    rate->empty_at = now;
  full = rate->empty_at + step - window;
  if (full > now)
    return (full - now + 999) / 1000;
  rate->empty_at += step;
  return 0;
}

gboolean
webchat_rate_idle (const WebchatRate *rate, gint64 now_ms)
{
  return rate->empty_at <= now_ms * 1000;
}

char *
webchat_address_key (const char *remote)
{
  struct in6_addr address;
  char text[INET6_ADDRSTRLEN];

  if (inet_pton (AF_INET6, remote, &address) != 1)
    return g_strdup (remote);
  if (IN6_IS_ADDR_V4MAPPED (&address))
    {
      inet_ntop (AF_INET, &address.s6_addr[12], text, sizeof text);
      return g_strdup (text);
    }
  memset (&address.s6_addr[8], 0, 8);
  inet_ntop (AF_INET6, &address, text, sizeof text);
  return g_strconcat (text, "/64", NULL);
}
