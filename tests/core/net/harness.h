/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A server with a few routes whose owner does what the path says, for the tests of core/net.
 */
#pragma once

#include "core/net/net.h"
#include "tests/lib/ws-client.h"

/* The body of /response/large. */
#define HARNESS_LARGE ((gsize)8 * 1024 * 1024)
/* How many bodies of /response/lent, as large, have not been given back. */
extern guint harness_lent;

typedef struct
{
  UcLoop *loop;
  UcNet *net;
  char *address;

  UsherExchange *held; /* of the last request to /hold */
  guint requests;

  GPtrArray *sockets; /* of UsherSocket*, open */
  GPtrArray *asked;   /* of UsherSocket*: /later has not said whether it takes them */
  guint opened, closed, messages;
  int close_code;  /* of the last ws_closed */
  gboolean inside; /* a call about a socket is running: ws_closed must not come */
} Server;

/* limits NULL = defaults. Listens on 127.0.0.1 and has the routes
 *   /echo (and below)  says what it was asked
 *   /hold              keeps the exchange
 *   /twice             answers twice
 *   /response/...      odd responses, see harness.c
 *   /small             takes bodies and messages up to 100 bytes
 *   /ws                answers each message with itself; "close CODE", "flood N", "unroute" are orders
 *   /refuse/STATUS     refuses a WebSocket
 *   /later             leaves it to server_decide whether it takes one
 *   /files/            with an empty mount: everything below */
Server *server_new (const UcNetLimits *limits);
void server_free (Server *server);
/* Answers the held exchange. */
void server_release (Server *server, const char *text);
/* Says to the oldest one that waits for it what ws_open would have said. */
void server_decide (Server *server, int status);
/* One request on a connection of its own; the whole answer. */
char *server_get (Server *server, const char *path);
char *server_raw (Server *server, const char *request);
int answer_status (const char *answer);
const char *answer_body (const char *answer);
gboolean answer_has (const char *answer, const char *header_line);
/* Is {"error":{"code":code,"message":...}}. */
void assert_error (const char *answer, int status, const char *code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)
