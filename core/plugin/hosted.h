/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One process of usher-plugin-host and our end of its socket pair: spawned, watched, pinged, killed, and waited
 * for when it is no longer wanted. Main thread of usherd.
 */
#pragma once

#include "core/plugin/link.h"

typedef struct UcHosted UcHosted;

typedef struct
{
  /* The plugin is open: `described` says what it is (borrowed). Or it could not be opened: why says so, and the
   * process ends and frees itself. */
  void (*opened) (gpointer data, const UcWireMessage *described, const char *why);
  void (*message) (gpointer data, UcWireMessage *message);
  /* The process is dead and everything it had sent was handed over. `how`: "was ended by signal 11 (...)". It
   * frees itself afterwards. */
  void (*gone) (gpointer data, const char *how);
  void (*line) (gpointer data, const char *text); /* of its standard error */
} UcHostedOps;

typedef struct
{
  const char *key;  /* whose it is, "channel:site"; at most one process of a key works at a time */
  const char *name; /* of the plugin */
  const char *file;
  const char *data_dir;        /* may be written; NULL = none */
  const char *const *writable; /* further folders; NULL = none */
  gint64 timeout;              /* no sign of life for so long, ms: it is killed */
} UcHostedStart;

/* NULL with an error when no process can be made. */
UcHosted *uc_hosted_new (UcLoop *loop, const UcHostedStart *start, const UcHostedOps *ops, gpointer data,
                         GError **error);
void uc_hosted_set_owner (UcHosted *hosted, const UcHostedOps *ops, gpointer data);
UcLink *uc_hosted_link (UcHosted *hosted);
int uc_hosted_pid (const UcHosted *hosted);
/* Whether this process is a plugin host of ours, or was one a minute ago. */
gboolean uc_hosted_is_host (int pid);
/* It broke a rule: killed at once; `gone` follows. */
void uc_hosted_kill (UcHosted *hosted, const char *why);
/* Nobody wants it any more: it may finish, has 5 s for that, and frees itself. No op is called again. */
void uc_hosted_leave (UcHosted *hosted);
/* One with this key is still about to leave: func is called once, when it is gone. FALSE = there is none. */
gboolean uc_hosted_await (const char *key, UcLoopFunc func, gpointer data);
void uc_hosted_await_cancel (gpointer data);
/* Before the loop is freed: waits for those that leave, a second at most, and kills what is left. */
void uc_hosted_finish (void);
/* Where usher-plugin-host is: $USHER_PLUGIN_HOST, else where it was installed. */
const char *uc_hosted_program (void);
/* hosted-environment.c: what of ours it sees. g_strfreev */
char **uc_hosted_environment (void);
