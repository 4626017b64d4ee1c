/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * WebSocket frames by wslay. A wslay context is over 8 KiB, so a socket has one only while a message is under way:
 * between messages it goes back to a small pool, and thousands of idle sockets share a few. wslay's own buffering
 * is off, because it would reserve as many bytes as a frame's header promises. Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#define POOL 8
/* A message buffer that once grew beyond this is not kept. */
#define KEEP_BUFFER (64 * 1024)

struct UcFramers
{
  const UcFramerOps *ops;
  GPtrArray *pool; /* of UcFramer */
  wslay_frame_context_ptr encoder;
  UcBlock *encoding;
};

struct UcFramer
{
  UcFramers *framers;
  wslay_event_context_ptr ctx;
  UsherSocket *socket;
  const guint8 *in; /* what uc_framer_feed was given and wslay has not taken yet */
  gsize in_len;
  guint64 fed, framed; /* bytes given, and bytes of the frames begun: equal means between frames */
  gboolean in_message; /* more fragments follow */
  gboolean binary;     /* the message under way */
  gboolean control;    /* the frame under way */
  gboolean too_big;
  gsize max_message;
  GByteArray *message;
  gsize largest;
  UcBlock *reply;
};

/* ---- wslay's callbacks --------------------------------------------------------------------------------- */

static ssize_t
take_input (wslay_event_context_ptr ctx, guint8 *buffer, size_t len, int flags, void *data)
{
  UcFramer *framer = data;
  gsize n = MIN (len, framer->in_len);

  if (n == 0)
    {
      wslay_event_set_error (ctx, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
  memcpy (buffer, framer->in, n);
  framer->in += n;
  framer->in_len -= n;
  return (ssize_t)n;
}

static ssize_t
put_reply (wslay_event_context_ptr ctx, const guint8 *bytes, size_t len, int flags, void *data)
{
  UcFramer *framer = data;

  uc_block_append (framer->reply, bytes, len);
  return (ssize_t)len;
}

static void
frame_started (wslay_event_context_ptr ctx, const struct wslay_event_on_frame_recv_start_arg *frame, void *data)
{
  UcFramer *framer = data;
  const gsize length = frame->payload_length < 126 ? 0 : frame->payload_length <= G_MAXUINT16 ? 2 : 8;

  framer->framed += 2 + length + 4 + frame->payload_length;
  framer->control = wslay_is_ctrl_frame (frame->opcode);
  if (framer->control)
    return;
  if (frame->opcode != WSLAY_CONTINUATION_FRAME)
    framer->binary = frame->opcode == WSLAY_BINARY_FRAME;
  framer->in_message = !frame->fin;
  if (frame->payload_length > framer->max_message - framer->message->len)
    {
      framer->too_big = TRUE;
      wslay_event_shutdown_read (ctx);
    }
}

static void
frame_bytes (wslay_event_context_ptr ctx, const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *data)
{
  UcFramer *framer = data;

  if (!framer->control && !framer->too_big)
    g_byte_array_append (framer->message, chunk->data, (guint)chunk->data_length);
}

static void
message_complete (wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *message, void *data)
{
  UcFramer *framer = data;
  gsize len = framer->message->len;

  if (wslay_is_ctrl_frame (message->opcode) || framer->too_big)
    return;
  g_byte_array_append (framer->message, (const guint8 *)"", 1);
  framer->framers->ops->message (framer->socket, (const char *)framer->message->data, len, framer->binary);
  framer->largest = MAX (framer->largest, len);
  g_byte_array_set_size (framer->message, 0);
}

static ssize_t
put_encoded (const guint8 *bytes, size_t len, int flags, void *data)
{
  UcFramers *framers = data;

  uc_block_append (framers->encoding, bytes, len);
  return (ssize_t)len;
}

/* ---- making and keeping -------------------------------------------------------------------------------- */

static void
framer_free (gpointer data)
{
  UcFramer *framer = data;

  wslay_event_context_free (framer->ctx);
  g_byte_array_unref (framer->message);
  g_free (framer->reply);
  g_free (framer);
}

UcFramers *
uc_framers_new (const UcFramerOps *ops)
{
  static const struct wslay_frame_callbacks callbacks = { .send_callback = put_encoded };
  UcFramers *framers = g_new0 (UcFramers, 1);

  framers->ops = ops;
  framers->pool = g_ptr_array_new_with_free_func (framer_free);
  if (wslay_frame_context_init (&framers->encoder, &callbacks, framers) != 0)
    g_error ("out of memory");
  return framers;
}

void
uc_framers_free (UcFramers *framers)
{
  g_ptr_array_unref (framers->pool);
  wslay_frame_context_free (framers->encoder);
  g_free (framers);
}

static UcFramer *
framer_new (UcFramers *framers)
{
  static const struct wslay_event_callbacks callbacks = {
    .recv_callback = take_input,
    .send_callback = put_reply,
    .on_frame_recv_start_callback = frame_started,
    .on_frame_recv_chunk_callback = frame_bytes,
    .on_msg_recv_callback = message_complete,
  };
  UcFramer *framer = g_new0 (UcFramer, 1);

  framer->framers = framers;
  framer->message = g_byte_array_new ();
  if (wslay_event_context_server_init (&framer->ctx, &callbacks, framer) != 0)
    g_error ("out of memory");
  wslay_event_config_set_no_buffering (framer->ctx, 1);
  return framer;
}

UcFramer *
uc_framer_acquire (UcFramers *framers, UsherSocket *socket, gsize max_message)
{
  UcFramer *framer = framers->pool->len > 0 ? g_ptr_array_steal_index (framers->pool, framers->pool->len - 1)
                                            : framer_new (framers);

  framer->socket = socket;
  framer->max_message = max_message;
  return framer;
}

static gboolean
framer_is_idle (UcFramer *framer)
{
  return framer->fed == framer->framed && !framer->in_message && wslay_event_want_read (framer->ctx)
         && !wslay_event_want_write (framer->ctx);
}

void
uc_framer_release (UcFramer *framer)
{
  if (!framer_is_idle (framer) || framer->largest > KEEP_BUFFER || framer->framers->pool->len >= POOL)
    {
      framer_free (framer);
      return;
    }
  framer->socket = NULL;
  framer->fed = framer->framed = 0;
  g_ptr_array_add (framer->framers->pool, framer);
}

/* ---- both directions ----------------------------------------------------------------------------------- */

static UcFramerState
failed (UcFramer *framer, int result, int *code)
{
  if (framer->too_big)
    *code = WSLAY_CODE_MESSAGE_TOO_BIG;
  else if (result == 0)
    *code = wslay_event_get_status_code_sent (framer->ctx); /* wslay queued a close frame that says why */
  else
    *code = result == WSLAY_ERR_NOMEM ? WSLAY_CODE_INTERNAL_SERVER_ERROR : WSLAY_CODE_PROTOCOL_ERROR;
  return UC_FRAMER_FAILED;
}

UcFramerState
uc_framer_feed (UcFramer *framer, const guint8 *data, gsize len, UcBlock **reply, int *code)
{
  int result;

  framer->in = data;
  framer->in_len = len;
  framer->fed += len;
  result = wslay_event_recv (framer->ctx);

  *reply = NULL;
  if (result == 0 && wslay_event_want_write (framer->ctx))
    {
      framer->reply = uc_block_new (wslay_event_get_queued_msg_length (framer->ctx)
                                    + 2 * wslay_event_get_queued_msg_count (framer->ctx));
      (void)wslay_event_send (framer->ctx);
      *reply = g_steal_pointer (&framer->reply);
    }
  if (wslay_event_get_close_received (framer->ctx))
    {
      *code = wslay_event_get_status_code_received (framer->ctx);
      return UC_FRAMER_CLOSED;
    }
  if (!wslay_event_want_read (framer->ctx))
    {
      g_clear_pointer (reply, g_free);
      return failed (framer, result, code);
    }
  return framer_is_idle (framer) ? UC_FRAMER_IDLE : UC_FRAMER_PARTIAL;
}

UcBlock *
uc_framers_encode (UcFramers *framers, guint8 opcode, const void *data, gsize len)
{
  const gsize head = len < 126 ? 2 : len <= G_MAXUINT16 ? 4 : 10;
  struct wslay_frame_iocb frame
      = { .fin = 1, .opcode = opcode, .payload_length = len, .data = data, .data_length = len };

  framers->encoding = uc_block_new (head + len);
  if (wslay_frame_send (framers->encoder, &frame) != (ssize_t)len)
    g_assert_not_reached ();
  return g_steal_pointer (&framers->encoding);
}
