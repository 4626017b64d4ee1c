/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an answer of the Graph API means for us: its table of errors, and its rate headers. Pure functions, any
 * thread.
 */
#include "messenger-error.h"

#include <string.h>

#define MINUTE_MS (60 * 1000)
#define MAX_WAIT_MINUTES (24 * 60)
/* The usage of an app is counted over an hour that rolls on: some of it is free again after a few minutes. */
#define APP_WAIT_MS (5 * MINUTE_MS)

#define ANY (-1)

/* The first row that fits counts. */
static const struct
{
  gint64 first, last; /* codes */
  gint64 subcode;
  UsherStatus status;
  MessengerFault fault;
} rows[] = {
  { ANY, ANY, 2534122, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
  { ANY, ANY, 2534029, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
  { 10, 10, 1893063, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
  { 368, 368, ANY, USHER_POLICY, MESSENGER_FAULT_RESTRICTED },
  { 10, 10, 2018278, USHER_WINDOW, MESSENGER_FAULT_NONE },
  { 10, 10, 2534022, USHER_WINDOW, MESSENGER_FAULT_NONE },
  { 10, 10, 2018065, USHER_WINDOW, MESSENGER_FAULT_NONE },
  { 551, 551, ANY, USHER_RECIPIENT, MESSENGER_FAULT_NONE },
  { 200, 200, 1545041, USHER_RECIPIENT, MESSENGER_FAULT_NONE },
  { 100, 100, 2018001, USHER_RECIPIENT, MESSENGER_FAULT_NONE },
  { 190, 190, ANY, USHER_AUTH, MESSENGER_FAULT_TOKEN },
  { 102, 102, ANY, USHER_AUTH, MESSENGER_FAULT_TOKEN },
  { 10, 10, ANY, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
  { 200, 299, ANY, USHER_AUTH, MESSENGER_FAULT_PERMISSION },
  { 1, 1, ANY, USHER_RETRY, MESSENGER_FAULT_NONE },
  { 2, 2, ANY, USHER_RETRY, MESSENGER_FAULT_MAYBE_BLOCK },
  { 4, 4, ANY, USHER_RETRY, MESSENGER_FAULT_RATE },
  { 17, 17, ANY, USHER_RETRY, MESSENGER_FAULT_RATE },
  { 32, 32, ANY, USHER_RETRY, MESSENGER_FAULT_RATE },
  { 80006, 80006, ANY, USHER_RETRY, MESSENGER_FAULT_RATE },
  { 613, 613, ANY, USHER_RETRY, MESSENGER_FAULT_RATE_ONE },
  { 100, 100, ANY, USHER_CONTENT, MESSENGER_FAULT_NONE },
};

static MessengerVerdict
judge_status (guint http)
{
  if (http == 429)
    return (MessengerVerdict){ USHER_RETRY, MESSENGER_FAULT_RATE };
  if (http == 408 || http >= 500)
    return (MessengerVerdict){ USHER_RETRY, MESSENGER_FAULT_NONE };
  if (http == 401)
    return (MessengerVerdict){ USHER_AUTH, MESSENGER_FAULT_TOKEN };
  if (http == 403)
    return (MessengerVerdict){ USHER_AUTH, MESSENGER_FAULT_PERMISSION };
  return (MessengerVerdict){ USHER_CONTENT, MESSENGER_FAULT_NONE };
}

MessengerVerdict
messenger_error_judge (const MessengerError *error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if ((rows[i].first == ANY || (error->code >= rows[i].first && error->code <= rows[i].last))
        && (rows[i].subcode == ANY || error->subcode == rows[i].subcode))
      return (MessengerVerdict){ rows[i].status, rows[i].fault };
  if (error->transient)
    return (MessengerVerdict){ USHER_RETRY, MESSENGER_FAULT_NONE };
  /* Below 500 and without an error object, it was not the Graph API: a wrong address, or a proxy that says no. */
  if (error->code == 0 && (error->http < 400 || error->http == 401 || error->http == 403 || error->http == 404))
    return (MessengerVerdict){ USHER_AUTH, MESSENGER_FAULT_NOT_GRAPH };
  return judge_status (error->http);
}

/* The largest number behind "key": anywhere in the text, -1 without one. The objects in these headers are keyed by
 * ids that need not be ours, so their structure is of no help. */
static gint64
largest (const char *text, const char *key)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", key);
  gint64 most = -1;

  for (const char *p = text; p != NULL && (p = strstr (p, quoted)) != NULL;)
    {
      p += strlen (quoted);
      while (*p == ':' || *p == ' ' || *p == '"')
        p++;
      if (g_ascii_isdigit (*p))
        most = MAX (most, g_ascii_strtoll (p, NULL, 10));
    }
  return most;
}

gint64
messenger_error_wait (const char *business_usage, const char *app_usage)
{
  static const char *const shares[] = { "call_count", "total_time", "total_cputime" };
  gint64 minutes = largest (business_usage, "estimated_time_to_regain_access");

  if (minutes > 0)
    return MIN (minutes, MAX_WAIT_MINUTES) * MINUTE_MS;
  for (gsize i = 0; i < G_N_ELEMENTS (shares); i++)
    if (largest (app_usage, shares[i]) >= 100)
      return APP_WAIT_MS;
  return 0;
}
