/* SPDX-License-Identifier: 0BSD
 *
 * new-plugin: a front end over plain HTTP, for scripts and programs that work as agents.
 *
 *   POST MOUNT/desks          201 {"desk"}: a new desk; its name is a secret
 *   POST MOUNT/desks/DESK     the body is one frame of the desk protocol; 204
 *   GET MOUNT/desks/DESK      the frames for the client, one per line; waits up to 20 s for the first
 *   DELETE MOUNT/desks/DESK   the client goes
 *
 * A desk whose client asks for nothing for a minute is closed. What is in the frames is the desk protocol
 * (docs/desk-protocol.md); a front end only carries them. Change it into one for your kind of client:
 * usher-frontend(3) has all slots. Everything runs on the main thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usher/usher.h>

#define WAIT_MS 20000
#define IDLE_MS 60000
#define MAX_FRAME (64 * 1024)
/* Of frames that the client has not fetched; who is so far behind begins anew. */
#define MAX_QUEUE (4 * 1024 * 1024)
#define KEY_LENGTH 32

typedef struct Desk Desk;

typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
  Desk *desks;
} NewPlugin;

struct Desk
{
  NewPlugin *self;
  char key[KEY_LENGTH + 1];
  UsherDesk *desk;        /* NULL: the core has closed it, or it isn't there yet */
  UsherExchange *waiting; /* a GET that has nothing to answer yet */
  char *frames;           /* each ends with a line feed */
  size_t len;
  uint64_t timer; /* of the GET, or of the idle client */
  Desk *next;
};

/* ---- answers ------------------------------------------------------------------------------------------- */

static void
answer (NewPlugin *self, UsherExchange *exchange, int status, const char *type, const char *body, size_t len)
{
  const UsherResponse response
      = { .struct_size = sizeof response, .status = status, .content_type = type, .body = body, .body_len = len };

  self->host->http_respond (exchange, &response);
}

static void
complain (NewPlugin *self, UsherExchange *exchange, int status, const char *why)
{
  answer (self, exchange, status, "text/plain; charset=utf-8", why, strlen (why));
}

/* ---- desks --------------------------------------------------------------------------------------------- */

static void
desk_free (Desk *desk)
{
  Desk **link = &desk->self->desks;

  while (*link != desk)
    link = &(*link)->next;
  *link = desk->next;
  desk->self->host->timer_remove (desk->self->instance, desk->timer);
  free (desk->frames);
  free (desk);
}

/* The client is gone, or nobody waits for it any longer. */
static void
desk_leave (Desk *desk)
{
  if (desk->waiting != NULL)
    complain (desk->self, desk->waiting, 410, "this desk is closed");
  if (desk->desk != NULL)
    desk->self->host->desk_close (desk->desk);
  desk_free (desk);
}

static void
on_idle (void *data)
{
  Desk *desk = data;

  desk->timer = 0;
  desk_leave (desk);
}

static void
watch_for_idleness (Desk *desk)
{
  desk->self->host->timer_remove (desk->self->instance, desk->timer);
  desk->timer = desk->self->host->timer_add (desk->self->instance, IDLE_MS, on_idle, desk);
}

/* Answers the GET with what there is. */
static void
hand_over (Desk *desk)
{
  UsherExchange *exchange = desk->waiting;

  desk->waiting = NULL;
  answer (desk->self, exchange, 200, "application/x-ndjson", desk->frames, desk->len);
  free (desk->frames);
  desk->frames = NULL;
  desk->len = 0;
  watch_for_idleness (desk);
}

static void
on_waited (void *data)
{
  Desk *desk = data;

  desk->timer = 0;
  hand_over (desk);
}

static void
new_plugin_desk_output (void *self, UsherDesk *core_desk, void *desk_data, const char *frame, size_t len)
{
  Desk *desk = desk_data;
  char *more = desk->len + len + 1 <= MAX_QUEUE ? realloc (desk->frames, desk->len + len + 1) : NULL;

  if (more == NULL)
    {
      /* Nothing is lost: the client comes again and says hello. */
      desk->self->host->desk_close (desk->desk);
      desk->desk = NULL;
      return;
    }
  memcpy (more + desk->len, frame, len);
  more[desk->len + len] = '\n';
  desk->frames = more;
  desk->len += len + 1;
  if (desk->waiting != NULL)
    hand_over (desk);
}

/* What came before is still handed over; then the client learns that the desk is gone. */
static void
new_plugin_desk_closed (void *self, UsherDesk *core_desk, void *desk_data, int code, const char *reason)
{
  Desk *desk = desk_data;

  desk->desk = NULL;
  if (desk->waiting != NULL)
    hand_over (desk);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static void
open_desk (NewPlugin *self, UsherExchange *exchange, const UsherRequest *request)
{
  Desk *desk = calloc (1, sizeof *desk);
  unsigned char random[KEY_LENGTH / 2];
  char body[KEY_LENGTH + 32];
  int len;

  if (desk == NULL)
    abort ();
  desk->self = self;
  desk->next = self->desks;
  self->desks = desk;
  self->host->random (random, sizeof random);
  for (size_t i = 0; i < sizeof random; i++)
    snprintf (desk->key + 2 * i, 3, "%02x", random[i]);
  desk->desk = self->host->desk_open (self->instance, request->remote_address, desk);
  if (desk->desk == NULL)
    {
      desk_free (desk);
      complain (self, exchange, 503, "there are too many desks");
      return;
    }
  watch_for_idleness (desk);
  len = snprintf (body, sizeof body, "{\"desk\":\"%s\"}\n", desk->key);
  answer (self, exchange, 201, "application/json", body, (size_t)len);
}

static Desk *
find_desk (NewPlugin *self, const char *path)
{
  Desk *desk = self->desks;

  if (strncmp (path, "/desks/", 7) != 0)
    return NULL;
  while (desk != NULL && strcmp (desk->key, path + 7) != 0)
    desk = desk->next;
  return desk;
}

static void
take_frame (Desk *desk, UsherExchange *exchange, const UsherRequest *request)
{
  NewPlugin *self = desk->self;

  watch_for_idleness (desk);
  /* May call desk_output and desk_closed. */
  self->host->desk_input (desk->desk, request->body != NULL ? request->body : "", request->body_len);
  answer (self, exchange, 204, NULL, NULL, 0);
}

static void
fetch_frames (Desk *desk, UsherExchange *exchange)
{
  if (desk->waiting != NULL)
    hand_over (desk);
  desk->waiting = exchange;
  if (desk->len > 0)
    {
      hand_over (desk);
      return;
    }
  desk->self->host->timer_remove (desk->self->instance, desk->timer);
  desk->timer = desk->self->host->timer_add (desk->self->instance, WAIT_MS, on_waited, desk);
}

static void
new_plugin_http (void *data, UsherExchange *exchange, const UsherRequest *request)
{
  NewPlugin *self = data;
  Desk *desk = find_desk (self, request->path);
  bool post = strcmp (request->method, "POST") == 0, get = strcmp (request->method, "GET") == 0;

  if (post && strcmp (request->path, "/desks") == 0)
    open_desk (self, exchange, request);
  else if (desk == NULL)
    complain (self, exchange, 404, "there is no such desk; POST /desks opens one");
  else if (strcmp (request->method, "DELETE") == 0)
    {
      desk_leave (desk);
      answer (self, exchange, 204, NULL, NULL, 0);
    }
  else if (desk->desk == NULL && (post || desk->len == 0))
    {
      desk_free (desk);
      complain (self, exchange, 410, "this desk is closed; open another");
    }
  else if (post)
    take_frame (desk, exchange, request);
  else if (get)
    fetch_frames (desk, exchange);
  else
    complain (self, exchange, 405, "GET, POST or DELETE");
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void *
new_plugin_create (UsherInstance *instance, const UsherHost *host)
{
  NewPlugin *self;

  if (!host->route (instance, "/desks", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, MAX_FRAME))
    {
      host->fail (instance, USHER_FAILED, "its path for requests is taken by another instance; give it a mount");
      return NULL;
    }
  self = calloc (1, sizeof *self);
  if (self == NULL)
    abort ();
  self->host = host;
  self->instance = instance;
  return self;
}

/* Requests that still wait are answered by the core, which also closes the desks. */
static void
new_plugin_destroy (void *data)
{
  NewPlugin *self = data;

  while (self->desks != NULL)
    desk_free (self->desks);
  free (self);
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherFrontendOps frontend = { .struct_size = sizeof frontend,
                                           .create = new_plugin_create,
                                           .destroy = new_plugin_destroy,
                                           .http = new_plugin_http,
                                           .desk_output = new_plugin_desk_output,
                                           .desk_closed = new_plugin_desk_closed };

static const UsherPlugin descriptor
    = { USHER_PLUGIN_HEAD, .name = "new-plugin", .version = "0.1", .summary = "desks over plain HTTP",
        .license = "0BSD", .frontend = &frontend };

USHER_PLUGIN_EXPORT (descriptor)
