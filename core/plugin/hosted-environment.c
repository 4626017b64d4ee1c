/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a plugin host inherits of usherd's environment: what programs need everywhere, and nothing else, since
 * administrators and container runtimes put passwords there. Any thread.
 */
#include "core/plugin/hosted.h"

#include <string.h>

/* With "*" at the end: all that begin so. */
static const char *const passed[] = {
  "PATH",
  "HOME",
  "TMPDIR",
  "TZ",
  "LANG",
  "LANGUAGE",
  "LC_*",
  /* The network's. */
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  /* The loader's, and of whoever looks for errors. */
  "LD_LIBRARY_PATH",
  "LD_PRELOAD",
  "G_DEBUG",
  "G_SLICE",
  "G_MESSAGES_DEBUG",
  "ASAN_OPTIONS",
  "LSAN_OPTIONS",
  "TSAN_OPTIONS",
  "UBSAN_OPTIONS",
  /* Ours: the host's and the plugins'. */
  "RUNTIME_DIRECTORY",
  "USHER_PLUGIN_HOST_READ",
  "USHER_UI_DIR",
};

static gboolean
is_passed (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (passed); i++)
    {
      gsize len = strlen (passed[i]);

      if (passed[i][len - 1] == '*' ? strncmp (name, passed[i], len - 1) == 0 : strcmp (name, passed[i]) == 0)
        return TRUE;
    }
  return FALSE;
}

char **
uc_hosted_environment (void)
{
  g_auto (GStrv) names = g_listenv ();
  /* It has no home to keep settings in. */
  char **environment = g_environ_setenv (NULL, "GSETTINGS_BACKEND", "memory", TRUE);

  for (char **name = names; *name != NULL; name++)
    if (is_passed (*name))
      environment = g_environ_setenv (environment, *name, g_getenv (*name), TRUE);
  return environment;
}
