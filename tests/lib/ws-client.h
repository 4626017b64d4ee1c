/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small client for tests: WebSocket with its own framing (so that the server's is checked against another), and
 * plain HTTP with hand-made bytes. It never blocks: waiting runs the default main context, so the server may live
 * in the same process. A wait of 30 s aborts the test.
 */
#pragma once

#include <glib.h>

typedef struct UcTestWs UcTestWs;

typedef struct
{
  guint8 opcode; /* 1 text, 2 binary, 8 close, 9 ping, 10 pong */
  GString *payload;
} UcTestFrame;

/* address as uc_net_listen gives it back. headers: name, value, ..., NULL; they replace those of the handshake of
 * the same name. Returns at once. */
UcTestWs *uc_test_ws_new (const char *address, const char *path, const char *const *headers);
/* Drops the connection without any ceremony. */
void uc_test_ws_free (UcTestWs *ws);

/* Waits for the answer to the handshake; its HTTP status, 101 = open, 0 = the connection broke. */
int uc_test_ws_status (UcTestWs *ws);
/* The answer's head, and the body of a refusal. */
const char *uc_test_ws_answer (UcTestWs *ws);

void uc_test_ws_send (UcTestWs *ws, const char *text);
void uc_test_ws_send_binary (UcTestWs *ws, const void *data, gsize len);
/* One frame as told, right or wrong. */
void uc_test_ws_send_frame (UcTestWs *ws, gboolean fin, guint8 rsv, guint8 opcode, gboolean mask, const void *data,
                            gsize len);
void uc_test_ws_send_raw (UcTestWs *ws, const void *data, gsize len);
/* code 0 = a close frame without one. */
void uc_test_ws_close (UcTestWs *ws, int code, const char *reason);
/* The client's own FIN. */
void uc_test_ws_shut (UcTestWs *ws);

/* Waits for the next message, NULL = the connection ended. Pings are answered and left out, as are pongs. */
UcTestFrame *uc_test_ws_receive (UcTestWs *ws);
/* The same for text, which is freed by the caller; NULL = ended, or it was binary. */
char *uc_test_ws_receive_text (UcTestWs *ws);
/* One that is there already, or NULL. */
UcTestFrame *uc_test_ws_poll (UcTestWs *ws);
void uc_test_frame_free (UcTestFrame *frame);
/* Waits for the end of the connection: the code of the server's close frame, 1005 = none in it, 1006 = no frame.
 */
int uc_test_ws_wait_closed (UcTestWs *ws);
const char *uc_test_ws_close_reason (UcTestWs *ws);

/* A client that does not read, or not answer pings. */
void uc_test_ws_set_reading (UcTestWs *ws, gboolean on);
void uc_test_ws_set_pong (UcTestWs *ws, gboolean on);
guint uc_test_ws_pings (UcTestWs *ws);
guint uc_test_ws_pongs (UcTestWs *ws);

/* Sends the bytes over a connection of its own and returns all that comes until the server closes, or until
 * `until` (NULL = only the close) has been seen. */
char *uc_test_http (const char *address, const char *bytes, gsize len, const char *until);
/* The second half of it, for a descriptor of uc_test_connect, which stays open. */
char *uc_test_read (int fd, const char *until);
/* A connected, nonblocking descriptor. */
int uc_test_connect (const char *address);
/* Runs the main context until *flag, or until `done (data)`. */
void uc_test_run_until (gboolean (*done) (gpointer data), gpointer data);
/* Runs the main context for a while, to see that something does not happen. */
void uc_test_run_for (guint ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcTestWs, uc_test_ws_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcTestFrame, uc_test_frame_free)
