/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One configured use of a plugin, and the replies it owes. Life: new -> start (create, start; again with back-off
 * after RETRY) -> running -> stop -> free. Whatever an instance registered with the host, the core removes.
 * Main thread.
 */
#pragma once

#include "core/base/loop.h"
#include "core/plugin/loader.h"
#include "core/plugin/settings.h"

typedef enum
{
  UC_KIND_CHANNEL,
  UC_KIND_CRM,
  UC_KIND_FRONTEND
} UcKind;

typedef enum
{
  UC_INSTANCE_NEW,
  UC_INSTANCE_STARTING,
  UC_INSTANCE_RUNNING,
  UC_INSTANCE_ATTENTION,   /* running, but the plugin says that a person must act */
  UC_INSTANCE_WAITING,     /* start failed; tried again at retry_at */
  UC_INSTANCE_SKIPPED,     /* not configured */
  UC_INSTANCE_QUARANTINED, /* its process died again and again; tried again at retry_at, much later */
  UC_INSTANCE_FAILED,      /* will not be tried again */
  UC_INSTANCE_STOPPING,
  UC_INSTANCE_STOPPED
} UcInstanceState;

/* The core's side of UsherInstance: members the service layer may read. */
struct UsherInstance
{
  UcKind kind;
  char *name;  /* of the section: [channel:NAME] */
  char *mount; /* "/channel/NAME" unless configured */
  char *data_dir;
  const UcPlugin *plugin;
  const UsherOpsHead *head; /* the ops table of its kind, as its common head */
  UcSettings *settings;
  void *self; /* the plugin's state, NULL before create */
  UcInstanceState state;
  UsherStatus status; /* last state told or failure */
  char *status_message;
  gint64 retry_at;
  guint attempts;
  gboolean has_page; /* answers browsers at its mount; set by the service */
  gpointer service;  /* the service layer's own data about it */
  struct UcInstancePrivate *priv;
};

/* What the host table needs from the layers above and beside; set once by the service before any instance exists.
 * Each has the meaning of the slot of the same name in <usher/host.h>. */
typedef struct
{
  void (*kv_get) (UsherInstance *, const char *, void (*) (void *, const char *, size_t), void *);
  void (*kv_set) (UsherInstance *, const char *, const char *, size_t, void (*) (void *, const UsherResult *),
                  void *);
  void (*deliver) (UsherInstance *, const UsherInbound *const *, size_t, UsherDelivered, void *);
  void (*typing) (UsherInstance *, const char *, bool);
  void (*history) (UsherInstance *, const char *, int64_t, int, UsherHistory, void *);
  void (*media_put) (UsherInstance *, const void *, size_t, const char *, const char *,
                     void (*) (void *, const UsherResult *, const char *), void *);
  UsherDesk *(*desk_open) (UsherInstance *, const char *, void *);
  void (*desk_input) (UsherDesk *, const char *, size_t);
  void (*desk_close) (UsherDesk *);
  bool (*route) (UsherInstance *, const char *, int, size_t);
  void (*unroute) (UsherInstance *);
  void (*http_respond) (UsherExchange *, const UsherResponse *);
  void (*ws_set_data) (UsherSocket *, void *);
  void *(*ws_data) (UsherSocket *);
  bool (*ws_send) (UsherSocket *, const char *, size_t, bool);
  void (*ws_close) (UsherSocket *, int, const char *);
  void (*ws_answer) (UsherSocket *, int);  /* to UC_WS_OPEN_LATER */
  void (*state_changed) (UsherInstance *); /* state, status or message changed */
} UcHostServices;

/* What ws_open of an isolated plugin returns: whether the socket is taken is said by ws_answer, later. */
#define UC_WS_OPEN_LATER (-1)

/* Builds the host table. loop is used for invoke and timers. The same table for all instances. */
const UsherHost *uc_host_init (UcLoop *loop, const UcHostServices *services);

/* Takes settings. data_root: the instance's data_dir is made as data_root/KIND-NAME. */
UsherInstance *uc_instance_new (UcLoop *loop, UcKind kind, const char *name, const UcPlugin *plugin,
                                UcSettings *settings, const char *data_root);
/* create and start; reports through services->state_changed. Back-off 1 s doubling to 60 s with jitter. From
 * WAITING it tries again at once. */
void uc_instance_start (UsherInstance *instance);
/* Calls stop, waits for it and for open replies (10 s), then destroy; done runs afterwards, from the loop. May be
 * called from anywhere and more than once. */
void uc_instance_stop (UsherInstance *instance, void (*done) (UsherInstance *, gpointer), gpointer data);
/* Destroys what still runs, without asking it to stop. Not from a callback that a slot of the plugin may have led
 * to: stop it and free it in `done`. */
void uc_instance_free (UsherInstance *instance);
gboolean uc_instance_is_running (const UsherInstance *instance); /* RUNNING or ATTENTION */
/* Its process is gone: what it owed is answered by now. It is started again after `pause` ms. From the loop only.
 */
void uc_instance_lost (UsherInstance *instance, const char *why, gint64 pause, gboolean quarantine);
/* UsherHost.instance_state; also when the core finds out by itself. */
void uc_instance_tell (UsherInstance *instance, UsherStatus status, const char *message);
/* Those of an instance whose plugin told them later than create. FALSE with a sentence when they make no sense. */
gboolean uc_instance_set_capabilities (UsherInstance *instance, const UsherChannelCapabilities *capabilities,
                                       const char **why);
/* Takes the plugin, which replaces the one it had; its own tables from now on. While it is not started, or by its
 * own `start`. */
void uc_instance_set_plugin (UsherInstance *instance, UcPlugin *plugin);
/* A channel's, asked once after create, as a full-size copy of today's struct; NULL before create and for other
 * kinds. */
const UsherChannelCapabilities *uc_instance_capabilities (const UsherInstance *instance);

/* What is under way between the core and the plugin. */
typedef struct
{
  guint replies; /* that the plugin owes: slots that were called and not answered */
  guint late;    /* of which the core does not wait any more */
  guint calls;   /* that the core owes: host calls of the plugin */
  guint timers;
  guint invokes; /* from the plugin's threads, not run yet */
} UcInstanceFigures;
void uc_instance_figures (UsherInstance *instance, UcInstanceFigures *figures);

const char *uc_kind_word (UcKind kind);
const char *uc_instance_state_word (UcInstanceState state);

/* Settings every instance of the kind has besides its plugin's: plugin, enabled, mount; channels also queue,
 * acceptance_interval, auto_create_customer. */
const UsherSetting *const *uc_instance_common_settings (UcKind kind);

/* ---- replies ------------------------------------------------------------------------------------------- */

/* result: never NULL; its status is USHER_CANCELLED after stop, USHER_UNCERTAIN after the time-out, else the
 * plugin's. Runs on the main thread, exactly once, never before uc_reply_new's caller has returned to the loop
 * unless the plugin completes at once on the main thread (then from inside the slot). */
typedef void (*UcReplyFunc) (gpointer data, const UsherResult *result);

/* A reply handle to pass to a slot of `instance`. A late completion is ignored, a second one logged against the
 * plugin; the handle itself lives until the plugin completed it (or the instance is freed). */
UsherReply *uc_reply_new (UsherInstance *instance, gint64 timeout_ms, UcReplyFunc func, gpointer data);

/* In a UcReplyFunc: the core gave this answer, because the plugin still owed it when it had to stop. What it was
 * asked for may have been done, unlike when the plugin itself says USHER_CANCELLED. */
gboolean uc_reply_was_cut_off (const UsherResult *result);

const char *uc_status_word (UsherStatus status); /* "ok", "retry", ... */
