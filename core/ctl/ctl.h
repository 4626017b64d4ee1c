/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the commands of usherctl share. One file per group of commands; main.c has the table.
 */
#pragma once

#include <libsoup/soup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/plugin/check.h"

#define CTL_USAGE 2

/* Options that stand before or after the command. */
extern gboolean ctl_json, ctl_cancel;
extern char **ctl_plugin_dirs;
/* plugin new. */
extern char *ctl_kind, *ctl_dir;
/* plugin check. */
extern char *ctl_settings, *ctl_only;
extern gboolean ctl_valgrind;
extern int ctl_patience;

/* To standard error, after "usherctl: ". Returns EXIT_FAILURE. */
int ctl_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The configuration named by --config, or the usual one. */
UcConf *ctl_conf (GPtrArray *problems);
/* The database that it names. */
char *ctl_store_path (void);
/* Where plugins are looked for: --plugin-dir, then the configuration's. */
UcLoader *ctl_loader (void);
/* The folder of kept files that belongs to it. */
char *ctl_media_path (void);

/* ---- asking the daemon (ask.c) ------------------------------------------------------------------------- */

/* The daemon's control socket. */
typedef struct
{
  char *socket;
  SoupSession *session;
} Ctl;

/* Never fails: whether a daemon is there shows at the first call. */
void ctl_open (Ctl *ctl, const char *socket);
void ctl_close (Ctl *ctl);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ctl, ctl_close)

/* Runs an operation. args: JSON object. Returns "result" as text, or NULL after saying why not. */
char *ctl_call (Ctl *ctl, const char *name, const char *args);
/* The same, parsed. */
UcJson *ctl_ask (Ctl *ctl, const char *name, const char *args);
/* An answer of ctl_call, to be printed for people: whatever a customer calls himself can't steer the terminal. */
UcJson *ctl_read_harmless (const char *text);
/* What GET of a path answers, or NULL after saying why not. */
char *ctl_get (Ctl *ctl, const char *path);
char *ctl_read_stdin (void);

/* ---- commands ------------------------------------------------------------------------------------------ */

/* argv[0] is the first word after the command's own; main.c has checked how many there are. They return the exit
 * status. */
int ctl_do_status (Ctl *ctl, int argc, char **argv);
int ctl_do_metrics (Ctl *ctl, int argc, char **argv);
int ctl_do_why (Ctl *ctl, int argc, char **argv);
int ctl_do_call (Ctl *ctl, int argc, char **argv);
int ctl_do_batch (Ctl *ctl, int argc, char **argv);
int ctl_do_drain (Ctl *ctl, int argc, char **argv);
int ctl_do_backup (Ctl *ctl, int argc, char **argv);
int ctl_do_restore (int argc, char **argv);
int ctl_do_journal_verify (int argc, char **argv);
int ctl_do_op_list (Ctl *ctl, int argc, char **argv);
int ctl_do_outbox_list (Ctl *ctl, int argc, char **argv);
int ctl_do_outbox_replay (Ctl *ctl, int argc, char **argv);
int ctl_do_outbox_discard (Ctl *ctl, int argc, char **argv);
int ctl_do_save_list (Ctl *ctl, int argc, char **argv);
int ctl_do_save_retry (Ctl *ctl, int argc, char **argv);
int ctl_do_save_discard (Ctl *ctl, int argc, char **argv);
int ctl_do_plugin_status (Ctl *ctl, int argc, char **argv);
int ctl_do_plugin_reload (Ctl *ctl, int argc, char **argv);
int ctl_do_plugin_list (int argc, char **argv);
int ctl_do_plugin_inspect (int argc, char **argv);
int ctl_do_plugin_new (int argc, char **argv);
int ctl_do_plugin_check (int argc, char **argv);
