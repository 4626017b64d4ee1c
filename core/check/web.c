/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of routes: requests and sockets of peers that are odd, slow, rude and gone, and a core that is busy
 * meanwhile.
 */
#include "core/check/kit.h"

#include <string.h>

typedef struct
{
  const char *method, *tail, *body;
  gsize len; /* 0 = of the string */
} Odd;

static const Odd odds[] = {
  { "GET", "", NULL, 0 },
  { "POST", "", NULL, 0 },
  { "POST", "", "", 0 },
  { "POST", "", "{", 0 },
  { "POST", "", "null", 0 },
  { "POST", "", "[]", 0 },
  { "POST", "", "{}", 0 },
  { "POST", "", "{\"a\":{\"a\":{\"a\":[1,2,3,{\"b\":null}]}}}", 0 },
  { "POST", "", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0 },
  { "POST", "", "\0\0\0\0", 4 },
  { "POST", "", "\xff\xfe\xfd", 0 },
  { "POST", "", "{\"text\":\"\\ud800\"}", 0 },
  { "POST", "?a=b&a=c&%ff%00", "x=1&y=2", 0 },
  { "PUT", "", "{}", 0 },
  { "DELETE", "", NULL, 0 },
  { "OPTIONS", "", NULL, 0 },
  { "BREW", "", "coffee", 0 },
  { "GET", "?", NULL, 0 },
  { "GET", "?after=-1&token=%00&user=&id=99999999999999999999", NULL, 0 },
  { "GET", "/", NULL, 0 },
  { "GET", "/..", NULL, 0 },
  { "GET", "/../../../../etc/passwd", NULL, 0 },
  { "GET", "/\xc3\xa9\xf0\x9f\x94\xac", NULL, 0 },
  { "GET", "/a/b/c/d?e=f#g", NULL, 0 },
};

static const char *const no_headers[] = { NULL };

/* It is waited for an answer: what a stranger asks for can't be worth more. */
static void
ask (UsherInstance *instance, const char *method, const char *path, const char *body, gsize len,
     const char *const *headers, KitAnswer *answer)
{
  static gboolean enough;
  UsherExchange *exchange;

  /* One that was waited for in vain says it all. */
  if (enough)
    return;
  exchange = kit_request (instance, method, path, body, len, headers, answer);
  if (!kit_wait (&answer->answered, kit.deliver == KIT_DELIVER_NEVER ? 50 : kit.patience)
      && kit.deliver != KIT_DELIVER_NEVER)
    {
      enough = TRUE;
      kit_fault ("it left the request \"%s\" without an answer for %" G_GINT64_FORMAT
                 " s; every exchange is answered exactly once",
                 exchange->what, kit.patience / 1000);
    }
  exchange->answer = NULL;
}

static KitRoute *
copy_route (const KitRoute *route)
{
  KitRoute *copy = g_memdup2 (route, sizeof *route);

  copy->path = g_strdup (route->path);
  return copy;
}

static void
free_route (gpointer data)
{
  g_free (((KitRoute *)data)->path);
  g_free (data);
}

/* The instance's routes of one sort; they go with the instance. */
static GPtrArray *
routes (int flag)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (free_route);

  for (guint i = 0; i < kit.routes->len; i++)
    if (((KitRoute *)kit.routes->pdata[i])->flags & flag)
      g_ptr_array_add (list, copy_route (kit.routes->pdata[i]));
  return list;
}

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

static void
try_route (UsherInstance *instance, const KitRoute *route)
{
  g_autofree char *large = g_strnfill (MIN (route->max_body, 1024 * 1024), '[');
  gboolean prefix = (route->flags & USHER_ROUTE_PREFIX) != 0;
  KitAnswer answer;

  for (gsize i = 0; i < G_N_ELEMENTS (odds); i++)
    {
      const Odd *odd = &odds[i];
      g_autofree char *path = g_strconcat (
          g_str_equal (route->path, "/") && odd->tail[0] == '/' ? "" : route->path, odd->tail, NULL);

      if (odd->tail[0] == '/' && !prefix)
        continue;
      kit.deliver = (KitDeliver)(i % KIT_DELIVER_NEVER);
      ask (instance, odd->method, path, odd->body,
           odd->len > 0        ? odd->len
           : odd->body != NULL ? strlen (odd->body)
                               : 0,
           i % 5 == 4 ? no_headers : NULL, &answer);
    }
  kit.deliver = KIT_DELIVER_OK;
  ask (instance, "POST", route->path, large, strlen (large), NULL, &answer);
}

void
kit_check_http (void)
{
  UsherInstance *instance = kit_start ("kit");
  g_autoptr (GPtrArray) list = NULL;

  if (instance == NULL)
    return;
  list = routes (USHER_ROUTE_HTTP);
  if (list->len == 0)
    kit_leave_out ("it has no routes for requests");
  for (guint i = 0; i < list->len; i++)
    try_route (instance, list->pdata[i]);
  kit_stop (instance);
}

/* ---- samples ------------------------------------------------------------------------------------------- */

/* A request that brings one message, while the core is in different moods. */
static void
try_sample (UsherInstance *instance, const char *sample)
{
  g_auto (GStrv) words = g_strsplit (sample, " ", 3);
  const char *body = g_strv_length (words) == 3 ? words[2] : NULL;
  const char *const *headers = (const char *const *)kit.sample_headers->pdata;
  guint before = kit.delivered;
  KitAnswer answer;

  if (g_strv_length (words) < 2)
    {
      kit_fault ("[check]: the request \"%s\" is not METHOD PATH BODY", sample);
      return;
    }
#define TRY(mood)                                                                                                 \
  (kit.deliver = (mood),                                                                                          \
   ask (instance, words[0], words[1], body, body != NULL ? strlen (body) : 0, headers, &answer))
  TRY (KIT_DELIVER_OK);
  if (kit.delivered == before)
    {
      kit_fault ("the sample request \"%s %s\" brought no message (it was answered %d)", words[0], words[1],
                 answer.status);
      return;
    }
  if (answer.status >= 300)
    kit_fault ("a message was stored, and the network was answered %d", answer.status);
  TRY (KIT_DELIVER_OK);
  if (answer.status >= 300)
    kit_fault ("the same message again was answered %d; it is stored, so the network has to be told so",
               answer.status);
  TRY (KIT_DELIVER_LATE);
  for (int mood = KIT_DELIVER_BUSY; mood <= KIT_DELIVER_RETRY; mood++)
    {
      TRY (mood);
      if (answer.answered && answer.status < 300)
        kit_fault ("the core did not store a message (%s), and the network was answered %d: it will never send it "
                   "again",
                   mood == KIT_DELIVER_BUSY ? "busy" : "retry", answer.status);
    }
  TRY (KIT_DELIVER_REFUSE);
  TRY (KIT_DELIVER_NEVER);
#undef TRY
}

void
kit_check_samples (void)
{
  UsherInstance *instance;

  if (kit.samples->len == 0)
    {
      kit_leave_out ("no sample requests were given (section [check] of --settings, see usherctl(1))");
      return;
    }
  g_ptr_array_add (kit.sample_headers, NULL);
  instance = kit_start ("kit");
  if (instance == NULL)
    return;
  for (guint i = 0; i < kit.samples->len; i++)
    try_sample (instance, kit.samples->pdata[i]);
  /* With deliveries that were never answered. */
  kit_stop (instance);
}

/* ---- WebSocket ----------------------------------------------------------------------------------------- */

static void
say (UsherSocket *socket, const char *text, gsize len, gboolean binary)
{
  /* Its own memory, of its own length: who reads beyond it is noticed. */
  char *copy = g_malloc (len + 1);

  memcpy (copy, text, len);
  copy[len] = '\0';
  if (socket->open && !socket->closing)
    socket->instance->head->ws_message (socket->instance->self, socket, copy, len, binary);
  g_free (copy);
}

static void
talk_oddly (UsherInstance *instance, const char *path, gsize max_body)
{
  g_autofree char *large = g_strnfill (MIN (max_body, 1024 * 1024), '[');
  UsherSocket *socket = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (odds); i++)
    {
      if (socket == NULL || !socket->open || socket->closing)
        socket = kit_ws_open (instance, path, NULL);
      if (socket == NULL)
        return;
      if (odds[i].body == NULL)
        continue;
      kit.deliver = (KitDeliver)(i % KIT_DELIVER_MODES);
      say (socket, odds[i].body, odds[i].len > 0 ? odds[i].len : strlen (odds[i].body),
           i % 3 == 2 || !g_utf8_validate (odds[i].body, -1, NULL));
      kit_pass (1);
    }
  kit.deliver = KIT_DELIVER_OK;
  if (socket->open)
    say (socket, large, strlen (large), FALSE);
  kit_pass (1);
  kit_ws_gone (socket, 1006);
}

static void
go_at_once (UsherInstance *instance, const char *path)
{
  for (int i = 0; i < 50; i++)
    {
      UsherSocket *socket = kit_ws_open (instance, path, i % 2 == 0 ? NULL : no_headers);

      if (socket == NULL)
        continue;
      if (i % 3 == 0)
        say (socket, "{}", 2, FALSE);
      kit_ws_gone (socket, i % 2 == 0 ? 1001 : 1006);
    }
  kit_pass (10);
}

/* A peer that takes nothing, and a core that takes no desks. */
static void
be_contrary (UsherInstance *instance, const char *path)
{
  UsherSocket *socket;

  for (int i = 0; i < 4; i++)
    {
      kit.slow_peer = i < 2;
      kit.no_desks = i >= 2;
      socket = kit_ws_open (instance, path, NULL);
      for (int n = 0; socket != NULL && n < 6; n++)
        {
          say (socket, "{\"hello\":{\"token\":\"kit\"}}", 25, FALSE);
          kit_pass (1);
        }
      if (socket != NULL)
        kit_ws_gone (socket, 1006);
    }
  kit.slow_peer = kit.no_desks = FALSE;
}

void
kit_check_websocket (void)
{
  UsherInstance *instance = kit_start ("kit");
  g_autoptr (GPtrArray) list = NULL;

  if (instance == NULL)
    return;
  list = routes (USHER_ROUTE_WEBSOCKET);
  if (list->len == 0)
    kit_leave_out ("it has no routes for WebSockets");
  for (guint i = 0; i < list->len; i++)
    {
      const KitRoute *route = list->pdata[i];

      talk_oddly (instance, route->path, route->max_body);
      go_at_once (instance, route->path);
      be_contrary (instance, route->path);
      /* One that stays open while the instance stops. */
      kit_ws_open (instance, route->path, NULL);
    }
  kit_stop (instance);
}
