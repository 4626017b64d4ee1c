/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small HTTP server on a free port, in the test's own main loop. Main thread.
 */
#include "tests/plugins/messenger/messenger-server.h"

#include <string.h>

#include "tests/lib/fake-host.h"

typedef struct
{
  Server *server;
  GSocketConnection *connection;
  GString *in;
  char block[16384];
} Reading;

static void
request_free (gpointer data)
{
  Request *request = data;

  if (!request->over)
    g_io_stream_close (G_IO_STREAM (request->connection), NULL, NULL);
  g_object_unref (request->connection);
  g_free (request->method);
  g_free (request->path);
  g_free (request->query);
  g_strfreev (request->headers);
  g_free (request->body);
  g_free (request);
}

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->connection);
  g_string_free (reading->in, TRUE);
  g_free (reading);
}

const char *
request_header (const Request *request, const char *name)
{
  for (guint i = 0; request->headers[i] != NULL; i += 2)
    if (strcmp (request->headers[i], name) == 0)
      return request->headers[i + 1];
  return NULL;
}

/* The head is complete; the body may not be. */
static Request *
parse_head (const char *head, gsize len)
{
  g_autofree char *text = g_strndup (head, len);
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  g_auto (GStrv) words = g_strsplit (lines[0], " ", 3);
  g_autoptr (GPtrArray) headers = g_ptr_array_new ();
  Request *request = g_new0 (Request, 1);
  char *query = strchr (words[1], '?');

  if (query != NULL)
    *query++ = '\0';
  request->method = g_strdup (words[0]);
  request->path = g_strdup (words[1]);
  request->query = g_strdup (query);
  for (char **line = lines + 1; *line != NULL && **line != '\0'; line++)
    {
      char *value = strchr (*line, ':');

      g_assert_nonnull (value);
      g_ptr_array_add (headers, g_ascii_strdown (*line, value - *line));
      g_ptr_array_add (headers, g_strdup (g_strstrip (value + 1)));
    }
  g_ptr_array_add (headers, NULL);
  request->headers = (char **)g_ptr_array_free (g_steal_pointer (&headers), FALSE);
  return request;
}

static void read_on (Reading *reading);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Reading *reading = data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);
  const char *end;
  Request *request;

  if (n <= 0)
    {
      reading_free (reading);
      return;
    }
  g_string_append_len (reading->in, reading->block, n);
  end = strstr (reading->in->str, "\r\n\r\n");
  if (end == NULL)
    {
      read_on (reading);
      return;
    }
  end += 4;
  request = parse_head (reading->in->str, (gsize)(end - reading->in->str));
  request->connection = g_object_ref (reading->connection);
  request->server = reading->server;
  if (request_header (request, "content-length") != NULL)
    request->len = (gsize)g_ascii_strtoull (request_header (request, "content-length"), NULL, 10);
  if (reading->in->len - (gsize)(end - reading->in->str) < request->len)
    {
      request->over = TRUE;
      request_free (request);
      read_on (reading);
      return;
    }
  request->body = g_strndup (end, request->len);
  g_ptr_array_add (reading->server->requests, request);
  reading_free (reading);
}

static void
read_on (Reading *reading)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (reading->connection)), reading->block,
                             sizeof reading->block, G_PRIORITY_DEFAULT, NULL, on_read, reading);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Server *server = data;
  Reading *reading = g_new0 (Reading, 1);

  server->connections++;
  reading->server = server;
  reading->connection = g_object_ref (connection);
  reading->in = g_string_new (NULL);
  if (server->deaf)
    g_ptr_array_add (server->unread, reading);
  else
    read_on (reading);
  return TRUE;
}

Server *
server_new (void)
{
  Server *server = g_new0 (Server, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  server->service = g_socket_service_new ();
  g_socket_listener_set_backlog (G_SOCKET_LISTENER (server->service), 1024);
  server->requests = g_ptr_array_new_with_free_func (request_free);
  server->unread = g_ptr_array_new_with_free_func ((GDestroyNotify)reading_free);
  g_socket_listener_add_address (G_SOCKET_LISTENER (server->service), any, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  server->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (server->service, "incoming", G_CALLBACK (on_incoming), server);
  return server;
}

void
server_close (Server *server)
{
  if (server->service == NULL)
    return;
  g_socket_service_stop (server->service);
  g_socket_listener_close (G_SOCKET_LISTENER (server->service));
  g_clear_object (&server->service);
  fake_host_settle ();
}

void
server_free (Server *server)
{
  server_close (server);
  g_ptr_array_unref (server->requests);
  g_ptr_array_unref (server->unread);
  fake_host_settle ();
  g_free (server);
}

/* ---- taking -------------------------------------------------------------------------------------------- */

typedef struct
{
  Server *server;
  const char *method, *path;
  Request *found;
} Wanted;

static gboolean
is_there (gpointer data)
{
  Wanted *wanted = data;

  for (guint i = 0; i < wanted->server->requests->len; i++)
    {
      Request *request = wanted->server->requests->pdata[i];

      if (request->taken || strcmp (request->method, wanted->method) != 0
          || strcmp (request->path, wanted->path) != 0)
        continue;
      wanted->found = request;
      return TRUE;
    }
  return FALSE;
}

Request *
server_take (Server *server, const char *method, const char *path)
{
  Wanted wanted = { server, method, path, NULL };
  g_autofree char *what = g_strdup_printf ("the request %s %s", method, path);

  fake_host_wait (is_there, &wanted, what);
  wanted.found->taken = TRUE;
  return wanted.found;
}

guint
server_waiting (Server *server, const char *method, const char *path)
{
  guint n = 0;

  fake_host_settle ();
  for (guint i = 0; i < server->requests->len; i++)
    {
      const Request *request = server->requests->pdata[i];

      n += !request->taken && strcmp (request->method, method) == 0 && strcmp (request->path, path) == 0;
    }
  return n;
}

/* ---- answering ----------------------------------------------------------------------------------------- */

static void
close_it (Request *request)
{
  request->over = TRUE;
  g_io_stream_close (G_IO_STREAM (request->connection), NULL, NULL);
}

typedef struct
{
  Request *request;
  GBytes *bytes;
} Writing;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Writing *writing = data;

  /* The other side may have had enough. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  close_it (writing->request);
  g_bytes_unref (writing->bytes);
  g_free (writing);
}

void
request_answer_bytes (Request *request, guint status, const char *headers, const void *body, gsize len)
{
  GString *out = g_string_new (NULL);
  Writing *writing = g_new0 (Writing, 1);
  gsize total;

  g_assert_false (request->over);
  g_string_printf (out, "HTTP/1.1 %u X\r\nContent-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n%s\r\n",
                   status, len, headers != NULL ? headers : "");
  g_string_append_len (out, body, (gssize)len);
  writing->request = request;
  writing->bytes = g_string_free_to_bytes (out);
  request->over = TRUE;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (request->connection)),
                                   g_bytes_get_data (writing->bytes, &total), g_bytes_get_size (writing->bytes),
                                   G_PRIORITY_DEFAULT, NULL, on_written, writing);
}

void
request_answer (Request *request, guint status, const char *headers, const char *body)
{
  request_answer_bytes (request, status, headers, body, strlen (body));
}

void
request_say (Request *request, const void *bytes, gsize len)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (request->connection)), bytes, len, NULL,
                             NULL, &error);
  g_assert_no_error (error);
}

void
request_drop (Request *request)
{
  g_assert_false (request->over);
  close_it (request);
}
