/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the files of the web plugin: one instance, its files and its clients. Main thread.
 */
#pragma once

#include <usher/usher.h>

#include <glib.h>

typedef struct
{
  const char *type;
  char *etag, *etag_gzip;
  GBytes *plain;
  GBytes *gzip; /* NULL = not worth it */
} WebAsset;

typedef struct
{
  UsherInstance *instance;
  const UsherHost *host;
  GHashTable *assets;  /* path below the mount -> WebAsset; empty until start */
  GHashTable *clients; /* set of the clients, which it owns: those still there at the end get no ws_closed */
} Web;

/* Reads every file of the desktop from `dir` and fills in the page's address and title. */
gboolean web_assets_load (Web *web, const char *dir, char **why);
/* The file at `path`, or NULL. "" and "/" are the page itself. */
const WebAsset *web_assets_find (Web *web, const char *path);
void web_asset_free (WebAsset *asset);

/* A header of the request, NULL when it is not there; `name` in lower case. */
const char *web_header (const UsherRequest *request, const char *name);
/* Answers a request for one of the files. */
void web_http (void *self, UsherExchange *exchange, const UsherRequest *request);

/* The line between a browser's WebSocket and a desk. */
int web_socket_open (void *self, UsherSocket *socket, const UsherRequest *request);
void web_socket_message (void *self, UsherSocket *socket, const char *data, size_t len, bool binary);
void web_socket_closed (void *self, UsherSocket *socket, int code);
void web_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len);
void web_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason);
