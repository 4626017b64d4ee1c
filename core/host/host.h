/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usher-plugin-host: one plugin, one instance, one socket pair. What usherd's core is for a plugin in its own
 * process, the host is here: the same loader, the same host table, with frames behind its services. Main thread.
 */
#pragma once

#include "core/plugin/instance-private.h"
#include "core/plugin/link.h"

typedef struct
{
  UcLoop *loop;
  GMainLoop *main;
  UcLink *link;
  UcLoader *loader;
  const UcPlugin *plugin;
  UsherInstance *instance; /* NULL before create */
  UsherHost table;         /* what the plugin is given */
  GHashTable *replies;     /* token -> UsherReply* */
  GHashTable *exchanges;   /* set of tokens */
  GHashTable *sockets;     /* token -> UcHostSocket */
  GHashTable *desks;       /* token -> the plugin's pointer */
  GHashTable *calls;       /* token -> UcHostCall */
  guint64 last_call, last_desk;
} UcHost;

typedef struct
{
  void *data; /* the plugin's */
  gboolean closing;
} UcHostSocket;

/* services.c: the host table of this process, with frames behind it. */
void uc_host_services_init (UcHost *host);
/* An answer to one of those; FALSE = the message is none. */
gboolean uc_host_answer (UcHost *host, UcWireMessage *message);

/* serve.c: what usherd asks of the plugin. */
void uc_host_serve (UcHost *host, UcWireMessage *message);
