/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files about isolated instances share. Private to core/plugin and its tests.
 */
#pragma once

#include "core/plugin/hosted.h"
#include "core/plugin/instance-private.h"
#include "core/plugin/remote.h"
#include "core/plugin/supervise.h"

/* What outlives a process of an instance: kept in its priv->remote. */
typedef struct
{
  UcSupervise supervise;
  char *last_end;
  char *confined;
  GPtrArray *paths; /* of its settings: it may write there */
  /* A new build, open and described, that waits for its turn. */
  UcHosted *standby;
  UcWireMessage *standby_described;
  UcLoop *loop;
  UsherInstance *instance;
  UcRemoteReloaded reloaded;
  gpointer reloaded_data;
  guint64 reload_timer;
} UcRemoteLife;

typedef enum
{
  UC_REMOTE_WAITING, /* for the process before it to end */
  UC_REMOTE_OPENING,
  UC_REMOTE_STARTING,
  UC_REMOTE_WORKING,
  UC_REMOTE_GONE
} UcRemotePhase;

/* The plugin's `self`. */
typedef struct
{
  UsherInstance *instance;
  const UsherHost *host;
  UcLoop *loop;
  UcRemoteLife *life;
  UcHosted *hosted;
  UcLink *link; /* its; NULL = none */
  UcRemotePhase phase;
  UsherReply *start; /* owed */
  guint64 last_token;
  guint64 start_token;
  guint64 cancel_timer;
  GHashTable *pending;   /* token -> UcRemotePending */
  GHashTable *exchanges; /* token -> UsherExchange* */
  GHashTable *sockets;   /* token -> UcRemoteSocket */
  GHashTable *desks;     /* token -> UcRemoteDesk */
  GHashTable *calls;     /* set of UcRemoteCall */
  guint64 last_desk;
} UcRemote;

typedef struct
{
  UsherReply *reply;
  guint64 number; /* of the frame that asked */
  gboolean cancelled;
} UcRemotePending;

typedef struct
{
  guint64 token;
  UsherSocket *socket;
  gboolean asked; /* whether it is taken is not known yet */
} UcRemoteSocket;

typedef struct
{
  guint64 token;
  UsherDesk *desk;
} UcRemoteDesk;

typedef struct
{
  UcRemote *remote;
  guint64 token;
} UcRemoteCall;

/* Who waits for a reload hears this. */
void uc_remote_answer_reload (UcRemoteLife *life, const GError *error);
UcRemoteLife *uc_remote_life (UsherInstance *instance);
/* The tables of slots that lead to a plugin host; a plugin's own are cut out of them. */
extern const UsherChannelOps uc_remote_channel;
extern const UsherCrmOps uc_remote_crm;
extern const UsherFrontendOps uc_remote_frontend;
/* A plugin from what its host said about it. Keeps a reference to the message. */
UcPlugin *uc_remote_plugin (const char *name, const char *file, UcWireMessage *described, GError **error);
/* The instance works with this plugin from now on; FALSE: its settings don't fit. Takes the plugin. */
gboolean uc_remote_adopt (UsherInstance *instance, UcPlugin *plugin, GError **error);
/* How the process of an instance is to be started. Valid until `writable` is freed. */
UcHostedStart uc_remote_start_of (UsherInstance *instance, const char *key, GPtrArray *writable);
char *uc_remote_key (const UsherInstance *instance);
/* What the host sent. */
void uc_remote_message (UcRemote *remote, UcWireMessage *message);
/* It broke the protocol. */
void uc_remote_violated (UcRemote *remote, const char *what);
void uc_remote_complete (UcRemote *remote, guint64 token, const UsherResult *result);
void uc_remote_created (UcRemote *remote, const UsherChannelCapabilities *capabilities);
void uc_remote_desk_gone (UcRemote *remote, guint64 token, int code, const char *reason);

/* ---- slots: remote.c has those of every kind's life, remote-slots.c the others --------------------------- */
void *uc_remote_create (UsherInstance *instance, const UsherHost *host);
void uc_remote_start (void *self, UsherReply *reply);
void uc_remote_stop (void *self, UsherReply *reply);
void uc_remote_destroy (void *self);
/* FALSE: the reply was completed with USHER_BUSY. */
gboolean uc_remote_may_ask (UcRemote *remote, UsherReply *reply);
/* A token to ask with; then tell whether the frame could be sent. */
guint64 uc_remote_expect (UcRemote *remote, UsherReply *reply);
void uc_remote_expected (UcRemote *remote, guint64 token, gboolean sent);
