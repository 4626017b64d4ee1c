/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log lines of plugins: structured, under a domain of their own, and not more than a person could want. Any
 * thread.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/plugin/instance-private.h"

#define WINDOW_MS 10000
#define LINES_PER_WINDOW 200
#define MAX_LINE 4096

static GMutex lock; /* loading */
static char *loading;

void
uc_plugin_log_as (const char *plugin)
{
  g_mutex_lock (&lock);
  g_free (loading);
  loading = g_strdup (plugin);
  g_mutex_unlock (&lock);
}

/* CRITICAL would mean a fault of this process and is fatal under G_DEBUG, so a plugin's error is a warning to GLib
 * and an error to the journal. */
static void
write_line (const char *plugin, const char *instance, UsherLogLevel level, const char *message)
{
  static const struct
  {
    GLogLevelFlags flag;
    const char *priority;
  } levels[] = { [USHER_LOG_ERROR] = { G_LOG_LEVEL_WARNING, "3" },
                 [USHER_LOG_WARNING] = { G_LOG_LEVEL_WARNING, "4" },
                 [USHER_LOG_NOTICE] = { G_LOG_LEVEL_MESSAGE, "5" },
                 [USHER_LOG_INFO] = { G_LOG_LEVEL_INFO, "6" },
                 [USHER_LOG_DEBUG] = { G_LOG_LEVEL_DEBUG, "7" } };
  g_autofree char *domain = g_strconcat ("usher-", plugin, NULL);
  g_autofree char *text = instance != NULL ? g_strdup_printf ("%s: %s", instance, message) : g_strdup (message);
  const GLogField fields[] = { { "MESSAGE", text, -1 },
                               { "PRIORITY", levels[level].priority, -1 },
                               { "GLIB_DOMAIN", domain, -1 },
                               { "USHER_PLUGIN", plugin, -1 },
                               { "USHER_INSTANCE", instance, -1 } };

  g_log_structured_array (levels[level].flag, fields, G_N_ELEMENTS (fields) - (instance == NULL ? 1 : 0));
}

/* FALSE = too much already. *dropped: lines left out in the window that has just ended. */
static gboolean
admit (UsherInstance *instance, guint *dropped)
{
  struct UcInstancePrivate *priv = instance->priv;
  gint64 now = uc_clock_now ();
  gboolean ok;

  *dropped = 0;
  g_mutex_lock (&priv->lock);
  if (now - priv->log_window >= WINDOW_MS)
    {
      *dropped = priv->log_dropped;
      priv->log_window = now;
      priv->log_lines = priv->log_dropped = 0;
    }
  ok = priv->log_lines < LINES_PER_WINDOW;
  if (ok)
    priv->log_lines++;
  else
    priv->log_dropped++;
  g_mutex_unlock (&priv->lock);
  return ok;
}

static void
write_dropped (UsherInstance *instance, guint dropped)
{
  g_autofree char *note = g_strdup_printf ("%u further log lines were left out; it wrote too many", dropped);

  if (dropped > 0)
    write_line (instance->plugin->name, instance->name, USHER_LOG_WARNING, note);
}

void
uc_plugin_log_flush (UsherInstance *instance)
{
  struct UcInstancePrivate *priv = instance->priv;
  guint dropped;

  g_mutex_lock (&priv->lock);
  dropped = priv->log_dropped;
  priv->log_dropped = 0;
  g_mutex_unlock (&priv->lock);
  write_dropped (instance, dropped);
}

static char *
clean_line (const char *message)
{
  g_autofree char *cut = g_strndup (message != NULL ? message : "(no text)", MAX_LINE);
  char *valid = g_utf8_make_valid (cut, -1);

  for (char *p = valid; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return valid;
}

void
uc_plugin_log (UsherInstance *instance, UsherLogLevel level, const char *message)
{
  g_autofree char *line = clean_line (message);
  guint dropped = 0;

  if (level < USHER_LOG_ERROR || level > USHER_LOG_DEBUG)
    level = USHER_LOG_WARNING;
  if (instance == NULL)
    {
      g_autofree char *plugin = NULL;

      g_mutex_lock (&lock);
      plugin = g_strdup (loading != NULL ? loading : "plugins");
      g_mutex_unlock (&lock);
      write_line (plugin, NULL, level, line);
      return;
    }
  if (!admit (instance, &dropped))
    return;
  write_dropped (instance, dropped);
  write_line (instance->plugin->name, instance->name, level, line);
}

void
uc_plugin_logf (UsherInstance *instance, UsherLogLevel level, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  uc_plugin_log (instance, level, message);
}
