/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a service manager that speaks systemd's protocols is told and gives; nothing happens without one, or
 * without libsystemd. Any thread, but the sockets: main thread, before others are started.
 */
#pragma once

#include <glib.h>

/* "READY=1\nSTATUS=..." */
void uc_systemd_notify (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* How often the watchdog wants to be fed at least, ms; 0 = there is none. */
gint64 uc_systemd_watchdog_ms (void);

/* Listening sockets that this process was started with. Each is taken once, by its FileDescriptorName= or, if
 * none has the name, by the address it is bound to; -1 = there is no such. */
int uc_systemd_take_socket (const char *name, const char *address);
/* Closes those that nobody took, with a warning for each. */
void uc_systemd_close_sockets (void);

/* While the daemon starts, which takes long with a large store after a crash, the manager is asked for more time
 * as long as the process gets on: a thread ("start-up") looks whether it computes or reads. */
typedef struct UcStartUp UcStartUp;
UcStartUp *uc_start_up_begin (void);
void uc_start_up_end (UcStartUp *start);
