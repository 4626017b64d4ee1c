/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What instance.c, reply.c and the host table share about one instance. Private to core/plugin and its tests.
 */
#pragma once

#include "core/plugin/instance.h"

/* How long things may take, ms. Variables so that tests need not wait. */
typedef struct
{
  gint64 start;       /* `start` may take this long */
  gint64 stop;        /* `stop` and open replies */
  gint64 backoff;     /* first pause before another start */
  gint64 backoff_max; /* longest pause */
} UcInstanceTimes;
extern UcInstanceTimes uc_instance_times;

struct UcInstancePrivate
{
  UcLoop *loop;
  char *owner; /* "site (plugin webchat)" for messages */

  /* Life. At most one step is due at any time; it runs from the loop, never from inside a slot. */
  guint64 step_timer;
  void (*step) (UsherInstance *);
  guint64 stop_timer;
  gboolean stop_answered;
  gboolean start_failed; /* the plugin said so itself: `stop` makes no sense then */
  gboolean restart;      /* stopping only to start again */
  gint64 retry_after;    /* what the plugin asked for */
  GArray *stop_waiters;  /* of StopWaiter */
  gboolean in_create;    /* UsherHost.fail is welcome */
  UsherStatus told;      /* by fail or instance_state */
  char *told_message;
  UsherChannelCapabilities capabilities; /* channels: full-size copy, asked after create */

  UcPlugin *own_plugin; /* of uc_instance_set_plugin */
  gpointer remote;      /* see remote.c: what survives a restart of its process */
  GDestroyNotify remote_free;

  GQueue waiting; /* UcReply: not answered yet */
  GQueue owed;    /* UcReply: answered by the core, still to be completed by the plugin */

  GHashTable *timers; /* id -> HostTimer */
  GHashTable *calls;  /* set of HostCall: answers the core owes the plugin */

  GMutex lock;         /* the members below are used by any thread */
  GHashTable *invokes; /* set of HostInvoke on their way */
  gint64 log_window;   /* when the current window began */
  guint log_lines, log_dropped;
};

/* ---- host.c and its parts ------------------------------------------------------------------------------ */
const UsherHost *uc_host_table (void);
const UcHostServices *uc_host_services (void);
/* Routes, timers, invokes and pending answers of the instance are gone afterwards. */
void uc_host_forget (UsherInstance *instance);
gboolean uc_host_on_main (void);
/* TRUE when a main-thread slot may go on; otherwise the misuse is logged against the plugin. */
gboolean uc_host_check (UsherInstance *instance, const char *slot);
void uc_host_fill_json (UsherHost *host);
void uc_host_fill_calls (UsherHost *host);
void uc_host_fill_timers (UsherHost *host);
void uc_calls_forget (UsherInstance *instance);
void uc_timers_forget (UsherInstance *instance);

/* ---- host-log.c: any thread ---------------------------------------------------------------------------- */
void uc_plugin_log (UsherInstance *instance, UsherLogLevel level, const char *message);
void uc_plugin_logf (UsherInstance *instance, UsherLogLevel level, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Says how many lines were left out, if any were. */
void uc_plugin_log_flush (UsherInstance *instance);
/* Lines without an instance belong to this plugin (while its `load` runs); NULL = nobody's. Main thread. */
void uc_plugin_log_as (const char *plugin);

/* ---- reply.c ------------------------------------------------------------------------------------------- */
void uc_reply_complete (UsherReply *reply, const UsherResult *result); /* any thread */
bool uc_reply_cancelled (UsherReply *reply);                           /* any thread */
/* Answers everything that waits with USHER_CANCELLED. */
void uc_replies_cancel (UsherInstance *instance);
/* In a plugin host: usherd does not wait for it any more. Nobody is told but the plugin, when it asks. */
void uc_reply_give_up (UsherReply *reply);
/* Before the instance is freed: late completions then find nothing. */
void uc_replies_forget (UsherInstance *instance);

/* ---- instance.c ---------------------------------------------------------------------------------------- */
void uc_instance_reply_answered (UsherInstance *instance);
