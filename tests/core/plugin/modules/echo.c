/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A channel over plain HTTP for tests of isolation. POST /in with a customer's line as its body ("user id text");
 * what agents write is appended to the file "sent" in the data folder, a network that forgets nothing. Some texts
 * make it misbehave, which is what the tests want. ECHO_BUILD is the version it tells.
 */
#include <usher/usher.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
  int fd;
} Echo;

typedef struct
{
  Echo *echo;
  UsherExchange *exchange;
} Errand;

static void *
echo_create (UsherInstance *instance, const UsherHost *host)
{
  Echo *echo = calloc (1, sizeof *echo);

  echo->host = host;
  echo->instance = instance;
  echo->fd = -1;
  host->route (instance, "/in", USHER_ROUTE_HTTP, 4096);
  return echo;
}

static void
echo_start (void *self, UsherReply *reply)
{
  Echo *echo = self;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };
  char path[4096];

  snprintf (path, sizeof path, "%s/sent", echo->host->data_dir (echo->instance));
  echo->fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (echo->fd < 0)
    {
      result.status = USHER_FAILED;
      result.message = "its file can't be opened";
    }
  echo->host->complete (reply, &result);
}

static void
echo_destroy (void *self)
{
  Echo *echo = self;

  if (echo->fd >= 0)
    close (echo->fd);
  free (echo);
}

static void
respond (Echo *echo, UsherExchange *exchange, int status, const char *text)
{
  UsherResponse response = { .struct_size = sizeof response,
                             .status = status,
                             .content_type = "text/plain",
                             .body = text,
                             .body_len = strlen (text) };

  echo->host->http_respond (exchange, &response);
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Errand *errand = data;
  char text[32];

  snprintf (text, sizeof text, "%lld", count > 0 ? (long long)numbers[0] : 0LL);
  respond (errand->echo, errand->exchange, result->status == USHER_OK ? 200 : 503, text);
  free (errand);
}

static void
misbehave (const char *text)
{
  /* By hand, because a sanitizer would make something else of a bad pointer. */
  if (strcmp (text, "segfault") == 0)
    {
      signal (SIGSEGV, SIG_DFL);
      raise (SIGSEGV);
    }
  if (strcmp (text, "hang") == 0)
    for (;;)
      pause ();
  if (strcmp (text, "exit") == 0)
    _exit (7);
}

/* To the daemon's control socket, as usherctl would: the status of the answer. */
static bool
control (Echo *echo, UsherExchange *exchange, const char *path)
{
  static const char ask[]
      = "POST /api/v1/plugin.status HTTP/1.1\r\nHost: usher\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}";
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char got[13] = "";
  const char *status = got + 9;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  snprintf (address.sun_path, sizeof address.sun_path, "%s", path);
  if (connect (fd, (struct sockaddr *)&address, sizeof address) != 0 || write (fd, ask, sizeof ask - 1) < 0
      || recv (fd, got, 12, MSG_WAITALL) != 12)
    status = "no answer";
  close (fd);
  respond (echo, exchange, 200, status);
  return true;
}

/* What is not a plugin's business: the answer is the error. */
static bool
pry (Echo *echo, UsherExchange *exchange, const char *text)
{
  int result = -1;

  if (strncmp (text, "read ", 5) == 0)
    result = open (text + 5, O_RDONLY | O_CLOEXEC);
  else if (strncmp (text, "write ", 6) == 0)
    result = open (text + 6, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  else if (strcmp (text, "fork") == 0)
    result = (int)fork ();
  else if (strcmp (text, "exec") == 0)
    result = execl ("/bin/true", "true", NULL);
  else if (strcmp (text, "kill") == 0)
    result = kill (getppid (), SIGTERM);
  else if (strncmp (text, "truncate ", 9) == 0)
    result = truncate (text + 9, 0);
  else if (strcmp (text, "own") == 0)
    result = fcntl (echo->fd, F_SETOWN, getppid ());
  else if (strncmp (text, "control ", 8) == 0)
    return control (echo, exchange, text + 8);
  else
    return false;
  if (result == 0 && strcmp (text, "fork") == 0)
    _exit (0);
  respond (echo, exchange, 200, result >= 0 ? "done" : strerrorname_np (errno));
  if (result >= 3)
    close (result);
  return true;
}

static void
echo_http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
  Echo *echo = self;
  char body[4097] = "", user[65], id[65];
  int at = 0;
  UsherInbound item = { .struct_size = sizeof item, .kind = USHER_INBOUND_MESSAGE };
  const UsherInbound *items[] = { &item };
  Errand *errand;

  if (request->body != NULL)
    memcpy (body, request->body, request->body_len < 4096 ? request->body_len : 4096);
  if (sscanf (body, "%64s %64s %n", user, id, &at) < 2 || at == 0)
    {
      respond (echo, exchange, 400, "user id text");
      return;
    }
  misbehave (body + at);
  if (pry (echo, exchange, body + at))
    return;
  item.user_id = user;
  item.external_id = id;
  item.text = body + at;
  errand = malloc (sizeof *errand);
  *errand = (Errand){ echo, exchange };
  echo->host->deliver (echo->instance, items, 1, on_delivered, errand);
}

static void
echo_send (void *self, const UsherLine *line, UsherReply *reply)
{
  Echo *echo = self;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK, .external_id = line->message_id };

  if (dprintf (echo->fd, "%s\t%s\t%s\n", line->user_id, line->message_id, line->text) < 0)
    result.status = USHER_RETRY;
  echo->host->complete (reply, &result);
}

#ifdef ECHO_DIES_ON_OPEN
__attribute__ ((constructor)) static void
die (void)
{
  misbehave ("segfault");
}
#endif

static const UsherChannelCapabilities capabilities
    = { .struct_size = sizeof capabilities, .network = "echo", .idempotent_send = true };

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = echo_create,
                                         .start = echo_start,
                                         .destroy = echo_destroy,
                                         .http = echo_http,
                                         .capabilities = &capabilities,
                                         .send = echo_send };

static const UsherPlugin plugin = { USHER_PLUGIN_HEAD,
                                    .name = "echo",
                                    .version = ECHO_BUILD,
                                    .summary = "lines over HTTP, for tests",
                                    .license = "GPL-3.0-or-later",
                                    .channel = &channel };

USHER_PLUGIN_EXPORT (plugin)
