/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * web: the agent's desktop in a browser. Descriptor, settings and life of an instance. Main thread.
 */
#include "web.h"

/* Enough for the longest note on a customer; a desk's own limits are the core's. */
#define FRAME_MAX (256 * 1024)

static void *
web_create (UsherInstance *instance, const UsherHost *host)
{
  Web *web = NULL;

  if (!host->route (instance, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0)
      || !host->route (instance, "/ws", USHER_ROUTE_WEBSOCKET, FRAME_MAX))
    {
      host->fail (instance, USHER_CONFLICT,
                  "The paths below the mount are taken; give the instance another name.");
      return NULL;
    }
  web = g_new0 (Web, 1);
  web->instance = instance;
  web->host = host;
  web->assets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)web_asset_free);
  web->clients = g_hash_table_new_full (NULL, NULL, g_free, NULL);
  return web;
}

static char *
assets_dir (Web *web)
{
  const char *setting = web->host->get_string (web->instance, "assets");
  const char *build = g_getenv ("USHER_UI_DIR");

  if (setting != NULL)
    return g_strdup (setting);
  return build != NULL && build[0] != '\0' ? g_build_filename (build, "web", NULL) : g_strdup (PKGDATADIR "/web");
}

static void
web_start (void *self, UsherReply *reply)
{
  Web *web = self;
  g_autofree char *dir = assets_dir (web);
  g_autofree char *why = NULL;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  if (!web_assets_load (web, dir, &why))
    {
      result.status = USHER_FAILED;
      result.message = why;
    }
  web->host->complete (reply, &result);
}

static void
web_destroy (void *self)
{
  Web *web = self;

  g_hash_table_unref (web->assets);
  g_hash_table_unref (web->clients);
  g_free (web);
}

static const UsherSetting title_setting = { .struct_size = sizeof (UsherSetting),
                                            .key = "title",
                                            .type = USHER_SETTING_STRING,
                                            .default_value = "usher",
                                            .help = "name of the desktop, in its bar and in the browser's tab" };
static const UsherSetting assets_setting
    = { .struct_size = sizeof (UsherSetting),
        .key = "assets",
        .type = USHER_SETTING_PATH,
        .help = "folder with the desktop's files; not set: the installed ones in " PKGDATADIR "/web" };
static const UsherSetting *const settings[] = { &title_setting, &assets_setting, NULL };

static const UsherFrontendOps frontend = {
  .struct_size = sizeof frontend,
  .create = web_create,
  .start = web_start,
  .destroy = web_destroy,
  .http = web_http,
  .ws_open = web_socket_open,
  .ws_message = web_socket_message,
  .ws_closed = web_socket_closed,
  .desk_output = web_desk_output,
  .desk_closed = web_desk_closed,
};

static const UsherPlugin plugin = {
  USHER_PLUGIN_HEAD,
  .name = "web",
  .version = "1.0",
  .summary = "the agent's desktop in a browser",
  .license = "GPL-3.0-or-later",
  .settings = settings,
  .frontend = &frontend,
};

USHER_PLUGIN_EXPORT (plugin)
