/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GET /: leads to the one front end that has a page. Front ends may come late (a process of their own, a start
 * that is tried again), so who that is is asked with each request. Main thread.
 */
#include "core/service/front-page.h"

#include <string.h>

#include "core/base/error.h"
#include "core/service/api.h"

/* NULL = none, or several: nobody can know which one was meant. */
static const UsherInstance *
only_page (const UcCore *core)
{
  const UsherInstance *only = NULL;

  for (guint i = 0; i < core->instances->len; i++)
    {
      const UsherInstance *instance = core->instances->pdata[i];

      if (instance->kind != UC_KIND_FRONTEND || !instance->has_page)
        continue;
      if (only != NULL)
        return NULL;
      only = instance;
    }
  return only;
}

static void
on_root (gpointer data, UsherExchange *exchange, const UsherRequest *request)
{
  const UsherInstance *page = strcmp (request->method, "GET") == 0 ? only_page (data) : NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *location = NULL;

  if (page == NULL)
    {
      error = g_error_new_literal (UC_ERROR, UC_ERROR_NOT_FOUND, "there is nothing at this path");
      uc_api_respond_error (exchange, error);
      return;
    }
  location = g_strconcat (page->mount, "/", NULL);
  {
    /* Another front end may be the one tomorrow: no browser may remember it. */
    const char *const headers[] = { "Location", location, "Cache-Control", "no-store", NULL };
    const UsherResponse response = { .struct_size = sizeof response, .status = 303, .headers = headers };

    uc_http_respond (exchange, &response);
  }
}

gboolean
uc_front_page_start (UcCore *core, GError **error)
{
  static const UcRouteHandler root = { .http = on_root };

  for (guint i = 0; i < core->instances->len; i++)
    if (((const UsherInstance *)core->instances->pdata[i])->mount[0] == '\0')
      return TRUE;
  return uc_net_route (core->net, UC_LISTEN_PUBLIC, NULL, "/", USHER_ROUTE_HTTP, 0, &root, core, error);
}
