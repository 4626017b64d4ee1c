/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The least that could do the work, to compare usher with: libsoup takes the WebSocket upgrade, then the socket is
 * taken over, all sockets are in one epoll set behind one GSource, and with --db whatever one turn of the loop
 * brought is one SQLite transaction (WAL, synchronous FULL) before anything is sent on. No names, no routing, no
 * JSON, no checks: trust it nowhere else. One thread.
 *
 *   /ws?i=N   what connection N sends goes to connection N ^ 1
 *   /echo     what a connection sends comes back
 *   /hook     POST is answered with 200 and {}
 *
 * bare [--db FILE]; standard output: {"port":N}
 */
#include <errno.h>
#include <glib-unix.h>
#include <libsoup/soup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define MOST_CONNS 65536
#define CONVERSATIONS 5000
#define EVENTS 512
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum
{
  OP_TEXT = 1,
  OP_BINARY = 2,
  OP_CLOSE = 8,
  OP_PING = 9,
  OP_PONG = 10
};

typedef struct
{
  int fd; /* -1 = closed, freed at the end of the turn */
  guint index;
  gboolean echo, touched;
  char *in, *out; /* what came of a frame so far; what the socket did not take yet */
  gsize in_len, in_size, out_sent, out_len, out_size;
  GIOStream *stream;
} Conn;

static struct
{
  sqlite3 *db;
  sqlite3_stmt *insert, *update, *begin, *commit;
  gboolean open; /* a transaction is */
  gint64 last[MOST_CONNS / 2];
} store;

static int epoll;
static Conn *conns[MOST_CONNS];
static GPtrArray *touched;
static char chunk[65536];

/* ---- store --------------------------------------------------------------------------------------------- */

static void
need (int result, int wanted)
{
  if (result != wanted)
    g_error ("SQLite: %s", sqlite3_errmsg (store.db));
}

static sqlite3_stmt *
prepare (const char *sql)
{
  sqlite3_stmt *statement = NULL;

  need (sqlite3_prepare_v3 (store.db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), SQLITE_OK);
  return statement;
}

static void
store_open (const char *path)
{
  need (sqlite3_open_v2 (path, &store.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL),
        SQLITE_OK);
  need (sqlite3_exec (store.db,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
                      "PRAGMA wal_autocheckpoint = 4000;"
                      "CREATE TABLE conversations (id INTEGER PRIMARY KEY, state INT, last_seq INT, last_at INT,"
                      " unread INT, agent INT);"
                      "CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation INT NOT NULL, seq INT NOT NULL,"
                      " direction INT, author TEXT, at INT, body TEXT, UNIQUE (conversation, seq));"
                      "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)"
                      " INSERT INTO conversations SELECT i, 1, 0, 0, 0, 1 FROM n;",
                      NULL, NULL, NULL),
        SQLITE_OK);
  store.begin = prepare ("BEGIN IMMEDIATE");
  store.commit = prepare ("COMMIT");
  store.insert = prepare ("INSERT INTO messages (conversation, seq, direction, author, at, body)"
                          " VALUES (?1, ?2, ?3, 'agent:4711', ?4, ?5)");
  store.update
      = prepare ("UPDATE conversations SET last_seq = ?2, last_at = ?3, unread = unread + 1 WHERE id = ?1");
}

static void
step (sqlite3_stmt *statement)
{
  need (sqlite3_step (statement), SQLITE_DONE);
  sqlite3_reset (statement);
}

static void
store_close (void)
{
  sqlite3_stmt *const statements[] = { store.insert, store.update, store.begin, store.commit };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    sqlite3_finalize (statements[i]);
  need (sqlite3_close (store.db), SQLITE_OK);
}

static void
store_put (const Conn *conn, const char *text, gsize len)
{
  gint64 conversation = conn->index / 2, seq = ++store.last[conversation], now = g_get_real_time () / 1000;

  if (!store.open)
    step (store.begin);
  store.open = TRUE;
  sqlite3_bind_int64 (store.insert, 1, conversation);
  sqlite3_bind_int64 (store.insert, 2, seq);
  sqlite3_bind_int (store.insert, 3, conn->index & 1);
  sqlite3_bind_int64 (store.insert, 4, now);
  sqlite3_bind_text (store.insert, 5, text, (int)len, SQLITE_STATIC);
  step (store.insert);
  sqlite3_bind_int64 (store.update, 1, conversation % CONVERSATIONS);
  sqlite3_bind_int64 (store.update, 2, seq);
  sqlite3_bind_int64 (store.update, 3, now);
  step (store.update);
}

static void
store_commit (void)
{
  if (store.open)
    step (store.commit);
  store.open = FALSE;
}

/* ---- one connection ------------------------------------------------------------------------------------ */

static void
touch (Conn *conn)
{
  if (conn->touched)
    return;
  conn->touched = TRUE;
  g_ptr_array_add (touched, conn);
}

static void
watch (Conn *conn, int operation, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = conn };

  epoll_ctl (epoll, operation, conn->fd, &event);
}

static void
hang_up (Conn *conn)
{
  if (conn->fd < 0)
    return;
  watch (conn, EPOLL_CTL_DEL, 0);
  g_io_stream_close (conn->stream, NULL, NULL);
  conn->fd = -1;
  if (conns[conn->index] == conn)
    conns[conn->index] = NULL;
  touch (conn);
}

static void
conn_free (Conn *conn)
{
  g_object_unref (conn->stream);
  g_free (conn->in);
  g_free (conn->out);
  g_free (conn);
}

static void
put_frame (Conn *conn, int op, const char *text, gsize len)
{
  guint8 head[4] = { (guint8)(0x80 | op), (guint8)len };
  gsize head_len = 2;

  if (len >= 126)
    {
      head[1] = 126;
      head[2] = (guint8)(len >> 8);
      head[3] = (guint8)len;
      head_len = 4;
    }
  if (conn->out_len + head_len + len > conn->out_size)
    {
      conn->out_size = conn->out_len + head_len + len + 256;
      conn->out = g_realloc (conn->out, conn->out_size);
    }
  memcpy (conn->out + conn->out_len, head, head_len);
  memcpy (conn->out + conn->out_len + head_len, text, len);
  conn->out_len += head_len + len;
  touch (conn);
}

static void
unmask (char *text, gsize len, const char mask[4])
{
  guint32 four;
  guint64 eight, part;
  gsize i = 0;

  memcpy (&four, mask, 4);
  eight = (guint64)four << 32 | four;
  for (; i + 8 <= len; i += 8)
    {
      memcpy (&part, text + i, 8);
      part ^= eight;
      memcpy (text + i, &part, 8);
    }
  for (; i < len; i++)
    text[i] ^= mask[i & 3];
}

/* Bytes used, 0 when the frame is not whole, -1 when the connection is over. */
static gssize
take_frame (Conn *conn, char *data, gsize len)
{
  const guint8 *bytes = (const guint8 *)data;
  gsize head = 6, size;
  Conn *to;
  int op;

  if (len < 4)
    return 0;
  size = bytes[1] & 127;
  if ((bytes[1] & 128) == 0 || size == 127)
    return -1;
  if (size == 126)
    {
      size = (gsize)bytes[2] << 8 | bytes[3];
      head = 8;
    }
  if (len < head + size)
    return 0;
  op = bytes[0] & 15;
  data += head;
  unmask (data, size, data - 4);
  if (op == OP_CLOSE)
    return -1;
  if (op == OP_PING)
    put_frame (conn, OP_PONG, data, size);
  else if (op == OP_TEXT || op == OP_BINARY)
    {
      if (store.db != NULL)
        store_put (conn, data, size);
      to = conn->echo ? conn : conns[conn->index ^ 1];
      if (to != NULL)
        put_frame (to, op, data, size);
    }
  return (gssize)(head + size);
}

static void
keep_rest (Conn *conn, const char *data, gsize len)
{
  if (len > conn->in_size)
    {
      conn->in_size = len + 256;
      g_free (conn->in);
      conn->in = g_malloc (conn->in_size);
    }
  if (len > 0)
    memcpy (conn->in, data, len);
  conn->in_len = len;
}

static void
read_some (Conn *conn)
{
  char *at = chunk;
  gsize len = conn->in_len;
  gssize n;

  if (len > 0)
    memcpy (chunk, conn->in, len);
  n = recv (conn->fd, chunk + len, sizeof chunk - len, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0)
    {
      hang_up (conn);
      return;
    }
  len += (gsize)n;
  while (len > 0)
    {
      gssize used = take_frame (conn, at, len);

      if (used < 0)
        {
          hang_up (conn);
          return;
        }
      if (used == 0)
        break;
      at += used;
      len -= (gsize)used;
    }
  keep_rest (conn, at, len);
}

static void
flush (Conn *conn)
{
  while (conn->out_sent < conn->out_len)
    {
      gssize n = send (conn->fd, conn->out + conn->out_sent, conn->out_len - conn->out_sent, MSG_NOSIGNAL);

      if (n < 0)
        {
          if (errno == EAGAIN)
            watch (conn, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
          return; /* a broken one is told by epoll */
        }
      conn->out_sent += (gsize)n;
    }
  conn->out_sent = conn->out_len = 0;
  if (conn->out_size > 4096)
    {
      g_clear_pointer (&conn->out, g_free);
      conn->out_size = 0;
    }
}

/* ---- one turn ------------------------------------------------------------------------------------------ */

static gboolean
turn (int fd, GIOCondition condition, gpointer data)
{
  struct epoll_event events[EVENTS];
  int count = epoll_wait (epoll, events, EVENTS, 0);

  for (int i = 0; i < count; i++)
    {
      Conn *conn = events[i].data.ptr;

      if (conn->fd >= 0 && (events[i].events & EPOLLOUT) != 0)
        {
          watch (conn, EPOLL_CTL_MOD, EPOLLIN);
          touch (conn);
        }
      if (conn->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        read_some (conn);
    }
  store_commit ();
  for (guint i = 0; i < touched->len; i++)
    {
      Conn *conn = touched->pdata[i];

      conn->touched = FALSE;
      if (conn->fd >= 0)
        flush (conn);
      else
        conn_free (conn);
    }
  g_ptr_array_set_size (touched, 0);
  return G_SOURCE_CONTINUE;
}

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

static char *
accept_for (const char *key)
{
  g_autofree char *both = g_strconcat (key, GUID, NULL);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize len = sizeof digest;

  g_checksum_update (sum, (const guchar *)both, -1);
  g_checksum_get_digest (sum, digest, &len);
  return g_base64_encode (digest, len);
}

static void
upgrade (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  const char *key
      = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Sec-WebSocket-Key");
  const char *index = query != NULL ? g_hash_table_lookup (query, "i") : NULL;
  g_autofree char *accept = NULL, *answer = NULL;
  GSocket *socket = soup_server_message_get_socket (message);
  Conn *conn;
  int one = 1;

  if (key == NULL || socket == NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
      return;
    }
  conn = g_new0 (Conn, 1);
  conn->fd = g_socket_get_fd (socket);
  conn->stream = soup_server_message_steal_connection (message);
  conn->echo = index == NULL;
  conn->index = index != NULL ? (guint)g_ascii_strtoull (index, NULL, 10) % MOST_CONNS : 0;
  if (!conn->echo)
    conns[conn->index] = conn;
  setsockopt (conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  accept = accept_for (key);
  answer = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: %s\r\n\r\n",
                            accept);
  watch (conn, EPOLL_CTL_ADD, EPOLLIN);
  if (send (conn->fd, answer, strlen (answer), MSG_NOSIGNAL) < 0)
    hang_up (conn);
}

static void
hook (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, "{}", 2);
}

static gboolean
stop (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* A socket of ours: libsoup's own would have a backlog of ten. */
static guint
listen_on (SoupServer *server)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) got = NULL;

  if (socket != NULL)
    g_socket_set_listen_backlog (socket, 4096);
  if (socket == NULL || !g_socket_bind (socket, wanted, TRUE, &error) || !g_socket_listen (socket, &error)
      || !soup_server_listen_socket (server, socket, 0, &error)
      || (got = g_socket_get_local_address (socket, &error)) == NULL)
    g_error ("can't listen: %s", error->message);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (got));
}

int
main (int argc, char **argv)
{
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  struct rlimit files;

  if (argc == 3 && strcmp (argv[1], "--db") == 0)
    store_open (argv[2]);
  else if (argc != 1)
    {
      fprintf (stderr, "usage: bare [--db FILE], a file that is not there yet\n");
      return 2;
    }
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  touched = g_ptr_array_new ();
  epoll = epoll_create1 (EPOLL_CLOEXEC);
  soup_server_add_handler (server, "/ws", upgrade, NULL, NULL);
  soup_server_add_handler (server, "/echo", upgrade, NULL, NULL);
  soup_server_add_handler (server, "/hook", hook, NULL, NULL);
  g_unix_fd_add (epoll, G_IO_IN, turn, NULL);
  printf ("{\"port\":%u}\n", listen_on (server));
  fflush (stdout);
  g_unix_signal_add (SIGTERM, stop, loop);
  g_main_loop_run (loop);
  if (store.db != NULL)
    store_close ();
  return 0;
}
