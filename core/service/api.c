/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HTTP entrance to the operations. Main thread.
 */
#include "core/service/api.h"

#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/plugin/remote.h"
#include "core/service/admission.h"
#include "core/service/alarm.h"
#include "core/service/auth.h"
#include "core/service/drain.h"
#include "core/service/media.h"
#include "core/service/ops.h"

#define MAX_BODY (256 * 1024)
#define COOKIE "usher_session"
#define MEDIA "/media/"
#define MAX_TOKEN 200

typedef struct
{
  UcCore *core;
  UsherExchange *exchange;
  char *name, *cmd, *address;
  UcJson *args;
  gboolean https, by_cookie;
} Request;

static void
request_free (Request *request)
{
  g_free (request->name);
  g_free (request->cmd);
  g_free (request->address);
  uc_json_free (request->args);
  g_free (request);
}

static const char *
header (const UsherRequest *request, const char *name)
{
  for (const char *const *h = request->headers; h != NULL && h[0] != NULL; h += 2)
    if (strcmp (h[0], name) == 0)
      return h[1];
  return NULL;
}

static void
respond (UsherExchange *exchange, int status, GString *body, const char *const *headers)
{
  UsherResponse response = {
    .struct_size = sizeof response,
    .status = status,
    .content_type = "application/json",
    .headers = headers,
    .body = body->str,
    .body_len = body->len,
  };

  uc_http_respond (exchange, &response);
}

static void
respond_error (UsherExchange *exchange, const GError *error, const char *details)
{
  g_autoptr (GString) out = g_string_new (NULL);
  int status = uc_error_http_status (error);
  static const char *const retry[] = { "Retry-After", "1", NULL };

  uc_json_begin (out);
  uc_op_add_error (out, error, details);
  uc_json_end (out);
  respond (exchange, status, out, status == 503 || status == 429 ? retry : NULL);
}

void
uc_api_respond_error (UsherExchange *exchange, const GError *error)
{
  respond_error (exchange, error, NULL);
}

/* The token of a log-in also goes into a cookie that scripts can't read. */
static char *
cookie_for (const Request *request, const char *result)
{
  g_autoptr (UcJson) answer = NULL;
  const char *token;

  if (strcmp (request->name, "session.logout") == 0)
    return g_strdup_printf (COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0%s",
                            request->https ? "; Secure" : "");
  if (strcmp (request->name, "session.login") != 0)
    return NULL;
  answer = uc_json_parse (result, strlen (result), NULL, NULL);
  token = uc_json_string (uc_json_get (answer, "token"));
  return token == NULL ? NULL
                       : g_strdup_printf (COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s", token,
                                          request->https ? "; Secure" : "");
}

static void
on_done (gpointer data, const char *result, const GError *error, const char *details)
{
  Request *request = data;

  if (error != NULL)
    respond_error (request->exchange, error, details);
  else
    {
      g_autoptr (GString) out = g_string_new (NULL);
      g_autofree char *cookie = cookie_for (request, result);
      const char *headers[] = { "Set-Cookie", cookie, NULL };

      uc_json_begin (out);
      uc_json_add_raw (out, "result", result);
      uc_json_end (out);
      respond (request->exchange, 200, out, cookie != NULL ? headers : NULL);
    }
  request_free (request);
}

static void
run (Request *request, const UcPrincipal *who)
{
  uc_ops_run (request->core->ops, request->name, g_steal_pointer (&request->args), who, request->cmd,
              request->address, FALSE, on_done, request);
}

static void
on_who (gpointer data, const UcPrincipal *who, const GError *error)
{
  Request *request = data;
  UcPrincipal nobody = { NULL, (char *)"nobody", NULL, FALSE };

  /* A stale cookie must not keep anybody from logging in again. */
  if (error != NULL && strcmp (request->name, "session.login") != 0)
    {
      respond_error (request->exchange, error, NULL);
      request_free (request);
      return;
    }
  run (request, error == NULL ? who : &nobody);
}

static char *
find_token (const UsherRequest *http, gboolean *by_cookie)
{
  const char *authorization = header (http, "authorization");
  const char *cookies = header (http, "cookie");
  g_auto (GStrv) parts = NULL;

  *by_cookie = FALSE;
  if (authorization != NULL && g_ascii_strncasecmp (authorization, "Bearer ", 7) == 0)
    return g_strstrip (g_strdup (authorization + 7));
  parts = g_strsplit (cookies != NULL ? cookies : "", ";", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      const char *part = g_strstrip (parts[i]);

      if (g_str_has_prefix (part, COOKIE "=") && part[sizeof COOKIE] != '\0')
        {
          *by_cookie = TRUE;
          return g_strdup (part + sizeof COOKIE);
        }
    }
  return NULL;
}

static Request *
read_request (UcCore *core, UsherExchange *exchange, const UsherRequest *http, GError **error)
{
  Request *request;
  g_autoptr (UcJson) args = NULL;
  const char *name = http->path + 1;
  const UcJsonLimits limits = { MAX_BODY, 16 };

  if (strcmp (http->method, "POST") != 0)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "operations are asked for with POST, not %s", http->method);
      return NULL;
    }
  if (http->body_len > 0)
    {
      args = uc_json_parse (http->body, http->body_len, &limits, error);
      if (args == NULL)
        {
          g_prefix_error (error, "%s: the arguments can't be read: ", name);
          return NULL;
        }
    }
  request = g_new0 (Request, 1);
  request->core = core;
  request->exchange = exchange;
  request->name = g_strdup (name);
  request->cmd = g_strdup (header (http, "idempotency-key"));
  request->address = g_strdup (http->remote_address);
  request->args = g_steal_pointer (&args);
  request->https = g_str_has_prefix (http->origin, "https:");
  return request;
}

/* ---- media --------------------------------------------------------------------------------------------- */

typedef struct
{
  UcCore *core;
  UsherExchange *exchange;
  char *id, *range;
} Fetch;

static void
on_fetcher (gpointer data, const UcPrincipal *who, const GError *error)
{
  g_autofree Fetch *fetch = data;
  g_autofree char *id = fetch->id;
  g_autofree char *range = fetch->range;
  g_autoptr (GError) denied = NULL;

  if (error == NULL && uc_auth_may (fetch->core, who, "desk"))
    {
      uc_media_serve (fetch->core->media, fetch->exchange, id, range);
      return;
    }
  if (error == NULL)
    denied = g_error_new_literal (UC_ERROR, UC_ERROR_DENIED, "media are for those who work at a desk");
  respond_error (fetch->exchange, error != NULL ? error : denied, NULL);
}

/* Reads change nothing, so the cookie alone will do: a page shows a picture by its address. It is sent to our own
 * pages only (SameSite=Strict). */
static void
on_media (UcCore *core, UsherExchange *exchange, const UsherRequest *http)
{
  gboolean by_cookie;
  g_autofree char *token = find_token (http, &by_cookie);
  g_autoptr (GError) error = NULL;
  Fetch *fetch;

  if (strcmp (http->method, "GET") != 0)
    error = g_error_new (UC_ERROR, UC_ERROR_INVALID, "media are fetched with GET, not %s", http->method);
  else if (token == NULL || strlen (token) > MAX_TOKEN)
    error = g_error_new_literal (UC_ERROR, UC_ERROR_UNAUTHENTICATED, "log in first");
  if (error != NULL)
    {
      respond_error (exchange, error, NULL);
      return;
    }
  fetch = g_new (Fetch, 1);
  *fetch = (Fetch){ core, exchange, g_strdup (http->path + strlen (MEDIA)), g_strdup (header (http, "range")) };
  uc_auth_check (core->auth, token, on_fetcher, fetch);
}

/* ---- operations ---------------------------------------------------------------------------------------- */

static void
on_public (gpointer data, UsherExchange *exchange, const UsherRequest *http)
{
  UcCore *core = data;
  g_autoptr (GError) error = NULL;
  Request *request;
  g_autofree char *token = NULL;
  UcPrincipal nobody = { NULL, (char *)"nobody", NULL, FALSE };

  if (g_str_has_prefix (http->path, MEDIA))
    {
      on_media (core, exchange, http);
      return;
    }
  request = read_request (core, exchange, http, &error);
  if (request == NULL)
    {
      respond_error (exchange, error, NULL);
      return;
    }
  token = find_token (http, &request->by_cookie);
  /* Another site's form or script can send our cookie but not this header. */
  if ((token == NULL || request->by_cookie) && header (http, "x-usher-request") == NULL)
    {
      error = g_error_new_literal (UC_ERROR, UC_ERROR_DENIED,
                                   "the header X-Usher-Request is missing; send \"X-Usher-Request: 1\"");
      respond_error (exchange, error, NULL);
      request_free (request);
    }
  else if (token != NULL && strlen (token) <= MAX_TOKEN)
    uc_auth_check (core->auth, token, on_who, request);
  else
    run (request, &nobody);
}

static void
on_control (gpointer data, UsherExchange *exchange, const UsherRequest *http)
{
  UcCore *core = data;
  g_autoptr (GError) error = NULL;
  Request *request;
  guint uid;
  int pid;
  g_autofree char *label = NULL;
  UcPrincipal who = { .local = TRUE };

  if (!uc_exchange_peer (exchange, &uid, &pid) || (uid != 0 && uid != geteuid ()))
    {
      error = g_error_new_literal (UC_ERROR, UC_ERROR_DENIED,
                                   "the control socket is for the daemon's own user and root");
      respond_error (exchange, error, NULL);
      return;
    }
  /* They run as our user, but are to do less than we. */
  if (uc_remote_is_host (pid))
    {
      error = g_error_new_literal (UC_ERROR, UC_ERROR_DENIED, "the control socket is not for plugins");
      respond_error (exchange, error, NULL);
      return;
    }
  request = read_request (core, exchange, http, &error);
  if (request == NULL)
    {
      respond_error (exchange, error, NULL);
      return;
    }
  label = g_strdup_printf ("local:%u", uid);
  who.label = label;
  run (request, &who);
}

static void
on_health (gpointer data, UsherExchange *exchange, const UsherRequest *http)
{
  UcCore *core = data;
  g_autoptr (GString) out = g_string_new (NULL);
  /* What can't store is still the place to read, and no other is better: it stays in the balance. */
  const char *why = core->stopping                           ? "stopping"
                    : uc_drain_phase (core) != UC_DRAIN_OFF  ? "draining"
                    : core->recovering && core->held == NULL ? "recovering"
                                                             : NULL;

  uc_json_begin (out);
  uc_json_add_bool (out, "ok", why == NULL);
  if (why != NULL)
    uc_json_add_string (out, "why", why);
  uc_json_add_bool (out, "storing",
                    !core->recovering && !uc_admission_is_shut (core, UC_SHUT_DISK, UC_WORK_CUSTOMER));
  uc_json_begin_array (out, "alarms");
  for (guint i = 0; i < core->alarms->len; i++)
    uc_json_add_string (out, NULL, ((const UcAlarm *)core->alarms->pdata[i])->name);
  uc_json_end_array (out);
  uc_json_end (out);
  respond (exchange, why == NULL ? 200 : 503, out, NULL);
}

gboolean
uc_api_start (UcCore *core, GError **error)
{
  static const UcRouteHandler api = { .http = on_public }, control = { .http = on_control },
                              health = { .http = on_health };

  return uc_net_route (core->net, UC_LISTEN_PUBLIC, "/api/v1", "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX,
                       MAX_BODY, &api, core, error)
         && uc_net_route (core->net, UC_LISTEN_CONTROL, "/api/v1", "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX,
                          MAX_BODY, &control, core, error)
         && uc_net_route (core->net, UC_LISTEN_PUBLIC, NULL, "/healthz", USHER_ROUTE_HTTP, 0, &health, core,
                          error);
}
