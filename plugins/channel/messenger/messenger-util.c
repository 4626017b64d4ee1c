/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small helpers of the messenger plugin: log, replies, tolerant reading of JSON. Main thread.
 */
#include "messenger.h"

#include <errno.h>
#include <string.h>

#define SECONDS_BELOW G_GINT64_CONSTANT (100000000000) /* a time in ms below this would be before 1973-03-04 */
#define LAST_TIME G_GINT64_CONSTANT (253402300799999)  /* the year 9999 */

void
messenger_log (Messenger *mg, UsherLogLevel level, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  if (mg->gone)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  mg->host->log (mg->instance, level, text);
}

void
messenger_count (Messenger *mg, UsherLogLevel level, guint64 *count, const char *what)
{
  ++*count;
  if ((*count & (*count - 1)) == 0)
    messenger_log (mg, level, "%s (%" G_GUINT64_FORMAT " so far)", what, *count);
}

void
messenger_complete (Messenger *mg, UsherReply *reply, UsherStatus status, const char *message,
                    gint64 retry_after_ms, const char *external_id)
{
  UsherResult result = { .struct_size = sizeof result,
                         .status = status,
                         .message = status != USHER_OK ? message : NULL,
                         .retry_after_ms = retry_after_ms,
                         .external_id = external_id };

  mg->host->complete (reply, &result);
}

void
messenger_timer_drop (Messenger *mg, uint64_t *timer)
{
  if (*timer != 0 && !mg->gone)
    mg->host->timer_remove (mg->instance, *timer);
  *timer = 0;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

const char *
messenger_text (Messenger *mg, const UsherJson *object, const char *key)
{
  const char *text = mg->host->json_string (mg->host->json_get (object, key));

  return text != NULL && *text != '\0' ? text : NULL;
}

char *
messenger_id (Messenger *mg, const UsherJson *object, const char *key)
{
  const UsherJson *value = mg->host->json_get (object, key);
  const char *text = messenger_text (mg, object, key);
  gint64 number = mg->host->json_int (value, G_MININT64);

  if (text != NULL)
    return g_strdup (text);
  return number != G_MININT64 ? g_strdup_printf ("%" G_GINT64_FORMAT, number) : NULL;
}

gint64
messenger_number (Messenger *mg, const UsherJson *object, const char *key)
{
  const UsherJson *value = mg->host->json_get (object, key);
  const char *text = mg->host->json_string (value);
  gint64 number = mg->host->json_int (value, 0);

  if (text != NULL && !g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &number, NULL))
    return 0;
  return number;
}

gint64
messenger_time (Messenger *mg, const UsherJson *object, const char *key)
{
  gint64 time = messenger_number (mg, object, key);

  if (time > 0 && time < SECONDS_BELOW)
    time *= 1000;
  return time > 0 && time <= LAST_TIME ? time : 0;
}

/* ---- text from outside --------------------------------------------------------------------------------- */

static void
hide (GString *text, const char *secret)
{
  if (secret != NULL && *secret != '\0')
    g_string_replace (text, secret, "[hidden]", 0);
}

char *
messenger_clean (Messenger *mg, const char *text, glong max)
{
  g_autoptr (GString) safe = g_string_new (text);
  g_autofree char *valid = NULL;
  GString *clean = g_string_new (NULL);

  hide (safe, mg->token);
  hide (safe, mg->app_secret);
  hide (safe, mg->proof);
  hide (safe, mg->verify_token);
  valid = g_utf8_make_valid (safe->str, (gssize)safe->len);
  for (const char *p = valid; *p != '\0' && max > 0; p = g_utf8_next_char (p), max--)
    g_string_append_unichar (clean, g_unichar_isprint (g_utf8_get_char (p)) ? g_utf8_get_char (p) : ' ');
  return g_string_free (clean, FALSE);
}
