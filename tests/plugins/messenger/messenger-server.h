/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small HTTP server on a free port, in the test's own main loop: a request waits until the test takes it and
 * says what comes back, or that nothing does. Main thread.
 */
#pragma once

#include <gio/gio.h>

typedef struct Server Server;

typedef struct
{
  Server *server;
  GSocketConnection *connection;
  char *method, *path, *query; /* query NULL = none */
  char **headers;              /* name in lower case, value, ..., NULL */
  char *body;                  /* NUL-terminated */
  gsize len;
  gboolean taken, over;
} Request;

struct Server
{
  GSocketService *service;
  guint16 port;
  GPtrArray *requests; /* of Request*, all that came */
  guint connections;   /* that were ever made */
  gboolean deaf;       /* rw: new connections are taken, and nothing is read from them */
  GPtrArray *unread;   /* of those */
};

Server *server_new (void);
/* From now on connections are refused. */
void server_close (Server *server);
void server_free (Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)

/* The next request of this method and path that was not taken; waits for it. */
Request *server_take (Server *server, const char *method, const char *path);
/* How many of them wait to be taken; settles first. */
guint server_waiting (Server *server, const char *method, const char *path);
const char *request_header (const Request *request, const char *name);

/* headers: "Name: value\r\n..." or NULL. */
void request_answer (Request *request, guint status, const char *headers, const char *body);
void request_answer_bytes (Request *request, guint status, const char *headers, const void *body, gsize len);
/* Raw bytes, and the connection stays open. */
void request_say (Request *request, const void *bytes, gsize len);
/* Closes without a word. */
void request_drop (Request *request);
