/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The WebSocket and HTTP client of the tests. Main thread.
 */
#include "tests/lib/ws-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* the pair of RFC 6455, section 1.3 */

struct UcTestWs
{
  int fd; /* -1 = ended */
  guint in_source, out_source;
  GByteArray *in, *out;
  GString *answer;
  int status;      /* 0 = none yet */
  gsize body_left; /* of a refusal */
  GQueue frames;   /* of UcTestFrame */
  UcTestFrame *partial;
  int close_code;
  char *close_reason;
  gboolean no_pong;
  guint pings, pongs;
};

/* ---- waiting ------------------------------------------------------------------------------------------- */

static gboolean
set_flag (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_CONTINUE;
}

void
uc_test_run_until (gboolean (*done) (gpointer data), gpointer data)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add (PATIENCE_MS, set_flag, &late);

  while (!done (data))
    {
      g_main_context_iteration (NULL, TRUE);
      if (late)
        g_error ("gave up waiting");
    }
  g_source_remove (timer);
}

void
uc_test_run_for (guint ms)
{
  gboolean over = FALSE;
  guint timer = g_timeout_add (ms, set_flag, &over);

  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
}

/* ---- connection ---------------------------------------------------------------------------------------- */

static socklen_t
parse_address (const char *address, struct sockaddr_storage *out)
{
  const char *colon = strrchr (address, ':');
  g_autofree char *host = NULL;

  memset (out, 0, sizeof *out);
  if (g_str_has_prefix (address, "unix:"))
    {
      struct sockaddr_un *un = (struct sockaddr_un *)out;

      un->sun_family = AF_UNIX;
      g_strlcpy (un->sun_path, address + strlen ("unix:"), sizeof un->sun_path);
      return sizeof *un;
    }
  g_assert_nonnull (colon);
  if (address[0] == '[')
    {
      struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

      host = g_strndup (address + 1, (gsize)(colon - address) - 2);
      six->sin6_family = AF_INET6;
      six->sin6_port = htons ((guint16)atoi (colon + 1));
      g_assert_cmpint (inet_pton (AF_INET6, host, &six->sin6_addr), ==, 1);
      return sizeof *six;
    }
  {
    struct sockaddr_in *in = (struct sockaddr_in *)out;

    host = g_strndup (address, (gsize)(colon - address));
    in->sin_family = AF_INET;
    in->sin_port = htons ((guint16)atoi (colon + 1));
    g_assert_cmpint (inet_pton (AF_INET, host, &in->sin_addr), ==, 1);
    return sizeof *in;
  }
}

/* Connecting to a listening socket of this machine does not wait for anybody. */
int
uc_test_connect (const char *address)
{
  struct sockaddr_storage sa;
  socklen_t len = parse_address (address, &sa);
  int fd = socket (sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  if (connect (fd, (struct sockaddr *)&sa, len) < 0)
    g_error ("can't connect to %s: %s", address, g_strerror (errno));
  g_assert_cmpint (fcntl (fd, F_SETFL, O_NONBLOCK), ==, 0);
  return fd;
}

static void
end (UcTestWs *ws)
{
  if (ws->fd < 0)
    return;
  g_clear_handle_id (&ws->in_source, g_source_remove);
  g_clear_handle_id (&ws->out_source, g_source_remove);
  close (ws->fd);
  ws->fd = -1;
  if (ws->close_code == 0)
    ws->close_code = 1006;
}

static gboolean
writable (int fd, GIOCondition condition, gpointer data)
{
  UcTestWs *ws = data;
  ssize_t n = send (fd, ws->out->data, ws->out->len, MSG_NOSIGNAL);

  if (n > 0)
    g_byte_array_remove_range (ws->out, 0, (guint)n);
  if (n < 0 && errno != EAGAIN)
    g_byte_array_set_size (ws->out, 0);
  if (ws->out->len > 0)
    return G_SOURCE_CONTINUE;
  ws->out_source = 0;
  return G_SOURCE_REMOVE;
}

void
uc_test_ws_send_raw (UcTestWs *ws, const void *data, gsize len)
{
  if (ws->fd < 0)
    return;
  g_byte_array_append (ws->out, data, (guint)len);
  if (ws->out_source == 0 && writable (ws->fd, G_IO_OUT, ws) == G_SOURCE_CONTINUE)
    ws->out_source = g_unix_fd_add (ws->fd, G_IO_OUT, writable, ws);
}

/* ---- in ------------------------------------------------------------------------------------------------ */

void
uc_test_frame_free (UcTestFrame *frame)
{
  g_string_free (frame->payload, TRUE);
  g_free (frame);
}

static void
take_frame (UcTestWs *ws, gboolean fin, guint8 opcode, const char *data, gsize len)
{
  switch (opcode)
    {
    case 8:
      ws->close_code = len >= 2 ? (guint8)data[0] << 8 | (guint8)data[1] : 1005;
      g_free (ws->close_reason);
      ws->close_reason = len > 2 ? g_strndup (data + 2, len - 2) : NULL;
      return;
    case 9:
      ws->pings++;
      if (!ws->no_pong)
        uc_test_ws_send_frame (ws, TRUE, 0, 10, TRUE, data, len);
      return;
    case 10:
      ws->pongs++;
      return;
    default:
      break;
    }
  if (ws->partial == NULL)
    {
      ws->partial = g_new0 (UcTestFrame, 1);
      ws->partial->opcode = opcode;
      ws->partial->payload = g_string_new (NULL);
    }
  g_string_append_len (ws->partial->payload, data, (gssize)len);
  if (fin)
    g_queue_push_tail (&ws->frames, g_steal_pointer (&ws->partial));
}

/* Bytes of one frame, 0 = not all there. */
static gsize
parse_frame (UcTestWs *ws, const guint8 *p, gsize have)
{
  gsize head = 2, len;

  if (have < 2)
    return 0;
  g_assert_cmpuint (p[1] & 0x80, ==, 0); /* a server does not mask */
  g_assert_cmpuint (p[0] & 0x70, ==, 0);
  len = p[1] & 0x7f;
  if (len >= 126)
    {
      gsize bytes = len == 126 ? 2 : 8;

      if (have < 2 + bytes)
        return 0;
      len = 0;
      for (gsize i = 0; i < bytes; i++)
        len = len << 8 | p[2 + i];
      head += bytes;
    }
  if (have < head + len)
    return 0;
  take_frame (ws, (p[0] & 0x80) != 0, p[0] & 0x0f, (const char *)p + head, len);
  return head + len;
}

static gsize
content_length (const char *head)
{
  g_autofree char *lower = g_ascii_strdown (head, -1);
  const char *at = strstr (lower, "content-length:");

  return at != NULL ? (gsize)g_ascii_strtoull (at + strlen ("content-length:"), NULL, 10) : 0;
}

static void
parse_answer (UcTestWs *ws)
{
  const char *end_of_head = g_strstr_len ((const char *)ws->in->data, ws->in->len, "\r\n\r\n");
  gsize len;

  if (end_of_head == NULL)
    return;
  len = (gsize)(end_of_head - (const char *)ws->in->data) + 4;
  g_string_append_len (ws->answer, (const char *)ws->in->data, (gssize)len);
  g_byte_array_remove_range (ws->in, 0, (guint)len);
  ws->status = atoi (ws->answer->str + strlen ("HTTP/1.1 "));
  if (ws->status == 101)
    g_assert_nonnull (strstr (ws->answer->str, "Sec-WebSocket-Accept: " ACCEPT "\r\n"));
  else
    ws->body_left = content_length (ws->answer->str);
}

static void
take_input (UcTestWs *ws)
{
  gsize n;

  if (ws->status == 0)
    parse_answer (ws);
  if (ws->status != 101)
    {
      n = MIN (ws->body_left, ws->in->len);
      g_string_append_len (ws->answer, (const char *)ws->in->data, (gssize)n);
      ws->body_left -= n;
      g_byte_array_remove_range (ws->in, 0, (guint)n);
      return;
    }
  while ((n = parse_frame (ws, ws->in->data, ws->in->len)) > 0)
    g_byte_array_remove_range (ws->in, 0, (guint)n);
}

static gboolean
readable (int fd, GIOCondition condition, gpointer data)
{
  UcTestWs *ws = data;
  guint8 chunk[65536];
  ssize_t n = recv (fd, chunk, sizeof chunk, 0);

  if (n > 0)
    {
      g_byte_array_append (ws->in, chunk, (guint)n);
      take_input (ws);
      return G_SOURCE_CONTINUE;
    }
  if (n < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  ws->in_source = 0;
  end (ws);
  return G_SOURCE_REMOVE;
}

void
uc_test_ws_set_reading (UcTestWs *ws, gboolean on)
{
  if (ws->fd < 0)
    return;
  if (on && ws->in_source == 0)
    ws->in_source = g_unix_fd_add (ws->fd, G_IO_IN, readable, ws);
  if (!on)
    g_clear_handle_id (&ws->in_source, g_source_remove);
}

/* ---- handshake ----------------------------------------------------------------------------------------- */

static gboolean
is_given (const char *const *headers, const char *name)
{
  for (const char *const *h = headers; h != NULL && h[0] != NULL; h += 2)
    if (g_ascii_strcasecmp (h[0], name) == 0)
      return TRUE;
  return FALSE;
}

UcTestWs *
uc_test_ws_new (const char *address, const char *path, const char *const *headers)
{
  static const char *const standard[]
      = { "Host", "test.example",      "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version",
          "13",   "Sec-WebSocket-Key", KEY,          NULL };
  UcTestWs *ws = g_new0 (UcTestWs, 1);
  g_autoptr (GString) request = g_string_new (NULL);

  ws->fd = uc_test_connect (address);
  ws->in = g_byte_array_new ();
  ws->out = g_byte_array_new ();
  ws->answer = g_string_new (NULL);
  g_string_append_printf (request, "GET %s HTTP/1.1\r\n", path);
  for (const char *const *h = standard; h[0] != NULL; h += 2)
    if (!is_given (headers, h[0]))
      g_string_append_printf (request, "%s: %s\r\n", h[0], h[1]);
  /* A value of "" leaves the header out. */
  for (const char *const *h = headers; h != NULL && h[0] != NULL; h += 2)
    if (h[1][0] != '\0')
      g_string_append_printf (request, "%s: %s\r\n", h[0], h[1]);
  g_string_append (request, "\r\n");
  uc_test_ws_set_reading (ws, TRUE);
  uc_test_ws_send_raw (ws, request->str, request->len);
  return ws;
}

void
uc_test_ws_free (UcTestWs *ws)
{
  end (ws);
  g_queue_clear_full (&ws->frames, (GDestroyNotify)uc_test_frame_free);
  g_clear_pointer (&ws->partial, uc_test_frame_free);
  g_byte_array_unref (ws->in);
  g_byte_array_unref (ws->out);
  g_string_free (ws->answer, TRUE);
  g_free (ws->close_reason);
  g_free (ws);
}

static gboolean
answered (gpointer data)
{
  UcTestWs *ws = data;

  return ws->fd < 0 || (ws->status != 0 && ws->body_left == 0);
}

int
uc_test_ws_status (UcTestWs *ws)
{
  uc_test_run_until (answered, ws);
  return ws->status;
}

const char *
uc_test_ws_answer (UcTestWs *ws)
{
  uc_test_run_until (answered, ws);
  return ws->answer->str;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

void
uc_test_ws_send_frame (UcTestWs *ws, gboolean fin, guint8 rsv, guint8 opcode, gboolean mask, const void *data,
                       gsize len)
{
  static const guint8 key[4] = { 0x37, 0xfa, 0x21, 0x3d };
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 head[14] = { (guint8)((fin ? 0x80 : 0) | rsv << 4 | opcode) };
  guint n = 2;

  head[1] = (guint8)(len < 126 ? len : len <= 0xffff ? 126 : 127);
  if (len >= 126)
    for (int shift = len <= 0xffff ? 8 : 56; shift >= 0; shift -= 8)
      head[n++] = (guint8)((guint64)len >> shift);
  if (mask)
    {
      head[1] |= 0x80;
      memcpy (head + n, key, sizeof key);
      n += sizeof key;
    }
  g_byte_array_append (frame, head, n);
  if (len > 0)
    g_byte_array_append (frame, data, (guint)len);
  for (gsize i = 0; mask && i < len; i++)
    frame->data[n + i] ^= key[i % 4];
  uc_test_ws_send_raw (ws, frame->data, frame->len);
}

void
uc_test_ws_send (UcTestWs *ws, const char *text)
{
  uc_test_ws_send_frame (ws, TRUE, 0, 1, TRUE, text, strlen (text));
}

void
uc_test_ws_send_binary (UcTestWs *ws, const void *data, gsize len)
{
  uc_test_ws_send_frame (ws, TRUE, 0, 2, TRUE, data, len);
}

void
uc_test_ws_close (UcTestWs *ws, int code, const char *reason)
{
  g_autoptr (GString) payload = g_string_new (NULL);

  if (code != 0)
    {
      g_string_append_c (payload, (char)(code >> 8));
      g_string_append_c (payload, (char)code);
      g_string_append (payload, reason != NULL ? reason : "");
    }
  uc_test_ws_send_frame (ws, TRUE, 0, 8, TRUE, payload->str, payload->len);
}

void
uc_test_ws_shut (UcTestWs *ws)
{
  if (ws->fd >= 0)
    shutdown (ws->fd, SHUT_WR);
}

static gboolean
has_frame (gpointer data)
{
  UcTestWs *ws = data;

  return ws->frames.length > 0 || ws->fd < 0;
}

UcTestFrame *
uc_test_ws_receive (UcTestWs *ws)
{
  uc_test_run_until (has_frame, ws);
  return g_queue_pop_head (&ws->frames);
}

UcTestFrame *
uc_test_ws_poll (UcTestWs *ws)
{
  return g_queue_pop_head (&ws->frames);
}

char *
uc_test_ws_receive_text (UcTestWs *ws)
{
  g_autoptr (UcTestFrame) frame = uc_test_ws_receive (ws);

  return frame != NULL && frame->opcode == 1 ? g_strdup (frame->payload->str) : NULL;
}

static gboolean
has_ended (gpointer data)
{
  return ((UcTestWs *)data)->fd < 0;
}

int
uc_test_ws_wait_closed (UcTestWs *ws)
{
  uc_test_run_until (has_ended, ws);
  return ws->close_code;
}

const char *
uc_test_ws_close_reason (UcTestWs *ws)
{
  return ws->close_reason;
}

void
uc_test_ws_set_pong (UcTestWs *ws, gboolean on)
{
  ws->no_pong = !on;
}

guint
uc_test_ws_pings (UcTestWs *ws)
{
  return ws->pings;
}

guint
uc_test_ws_pongs (UcTestWs *ws)
{
  return ws->pongs;
}

/* ---- plain HTTP ---------------------------------------------------------------------------------------- */

typedef struct
{
  GString *got;
  const char *until;
  gboolean ended;
} HttpRun;

static gboolean
http_readable (int fd, GIOCondition condition, gpointer data)
{
  HttpRun *run = data;
  char chunk[65536];
  ssize_t n = recv (fd, chunk, sizeof chunk, 0);

  if (n > 0)
    g_string_append_len (run->got, chunk, n);
  run->ended = n == 0 || (n < 0 && errno != EAGAIN);
  return G_SOURCE_CONTINUE;
}

static gboolean
http_done (gpointer data)
{
  HttpRun *run = data;

  return run->ended || (run->until != NULL && strstr (run->got->str, run->until) != NULL);
}

char *
uc_test_read (int fd, const char *until)
{
  HttpRun run = { .got = g_string_new (NULL), .until = until };
  guint source = g_unix_fd_add (fd, G_IO_IN, http_readable, &run);

  uc_test_run_until (http_done, &run);
  g_source_remove (source);
  return g_string_free (run.got, FALSE);
}

char *
uc_test_http (const char *address, const char *bytes, gsize len, const char *until)
{
  int fd = uc_test_connect (address);
  char *answer;

  while (len > 0)
    {
      ssize_t n = send (fd, bytes, len, MSG_NOSIGNAL);

      /* A server that refuses stops reading: what it said is read below. */
      if (n < 0 && errno != EAGAIN)
        break;
      if (n < 0)
        g_main_context_iteration (NULL, FALSE);
      else
        {
          bytes += n;
          len -= (gsize)n;
        }
    }
  answer = uc_test_read (fd, until);
  close (fd);
  return answer;
}
