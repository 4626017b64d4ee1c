/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the files of frontend/terminal: an instance, its clients, and what passes between the two threads.
 *
 * The core's main thread makes desks and exchanges frames with them. A thread of the instance does all I/O on the
 * socket, so that no client, however it behaves, costs the main thread more than its frames. Between them stand
 * two bounded queues for each client: a client that sends faster than the core takes is not read any more; one
 * that does not read what it is sent loses its connection (and nothing else: it resumes).
 */
#pragma once

#include <usher/usher.h>

#include <glib.h>
#include <sys/types.h>

#include "terminal-frame.h"

typedef struct Terminal Terminal;

/* What waits for the core: beyond this the client is not read. */
#define TERMINAL_INBOX_FRAMES 128
#define TERMINAL_INBOX_BYTES (512 * 1024)

typedef struct
{
  char *text;
  gsize len;
} TerminalFrame;

typedef struct
{
  Terminal *terminal;
  uid_t uid; /* of the process at the other end */
  /* The I/O thread's. */
  int fd; /* -1 = closed */
  TerminalSplit split;
  guint armed;         /* what epoll watches for */
  gint64 close_before; /* monotonic µs; 0 = not closing */
  /* Under the lock. */
  GQueue inbox;  /* of TerminalFrame*: for the core */
  GQueue outbox; /* of TerminalFrame*: for the client */
  gsize inbox_bytes, outbox_bytes, written;
  gboolean told;  /* the main thread was asked to look at the inbox */
  gboolean dirty; /* stands in terminal->dirty */
  gboolean paused;
  gboolean closing; /* send what is there, then close */
  gboolean cut;     /* close at once */
  gboolean gone;    /* the I/O thread is done with it */
  /* The main thread's. */
  UsherDesk *desk;
} TerminalClient;

struct Terminal
{
  UsherInstance *instance;
  const UsherHost *host;
  char *path;
  mode_t mode;
  gid_t group; /* (gid_t)-1 = leave it */
  guint clients_max;
  gsize backlog_max;
  /* The socket, made by the main thread. */
  int listener;
  dev_t device;
  ino_t inode;
  /* The I/O thread. */
  GThread *thread;
  int poll, wake;
  guint open, leaving; /* connections, and those of them that are being closed; the I/O thread's */
  gint64 accept_again, complain_again;
  gboolean stopping; /* under the lock */
  GMutex lock;
  GHashTable *clients; /* of TerminalClient*: all that were not freed; under the lock */
  GQueue dirty;        /* of TerminalClient*: something to send or to close; under the lock */
};

/* terminal-socket.c, main thread: makes and removes the socket's file. FALSE: *why for the administrator, free it.
 */
gboolean terminal_listen (Terminal *terminal, char **why);
void terminal_unlisten (Terminal *terminal);

/* terminal-io.c */
gboolean terminal_io_start (Terminal *terminal, char **why);
/* Sends what can be sent at once, closes everything and waits for the thread. */
void terminal_io_stop (Terminal *terminal);
/* Any thread, with the lock: this client has something to send, or is to be closed or read again. */
void terminal_io_look (TerminalClient *client);

/* terminal-client.c */
TerminalClient *terminal_client_new (Terminal *terminal, int fd, uid_t uid);
void terminal_client_free (gpointer client);
/* With the lock. FALSE = the queue is full. */
gboolean terminal_client_queue (TerminalClient *client, const char *frame, gsize len);
/* From the I/O thread: the client came, has sent frames, is gone. The last one is the last use of the client
 * there. */
void terminal_client_came (TerminalClient *client);
void terminal_client_sent (TerminalClient *client);
void terminal_client_left (TerminalClient *client);
/* Slots of the ops table. */
void terminal_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len);
void terminal_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason);

void terminal_frame_free (gpointer frame);
void terminal_log (Terminal *terminal, UsherLogLevel level, const char *format, ...) G_GNUC_PRINTF (3, 4);
