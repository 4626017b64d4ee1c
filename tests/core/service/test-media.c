/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Media: kept before the id is known, shown only to people at desks and only as what it is. Main thread; a thread
 * plays the browser.
 */
#include "kit.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "core/service/media-private.h"
#include "core/service/media-type.h"

static const guint8 png[] = "\x89PNG\r\n\x1a\n0123456789abcdef";

/* ---- keeping ------------------------------------------------------------------------------------------- */

typedef struct
{
  gboolean done;
  UsherStatus status;
  char *message, *id;
} Put;

static void
on_put (void *data, const UsherResult *result, const char *id)
{
  Put *put = data;

  g_assert_false (put->done);
  put->done = TRUE;
  put->status = result->status;
  put->message = g_strdup (result->message);
  put->id = g_strdup (id);
}

static Put
put (const void *bytes, gsize len, const char *mime, const char *name)
{
  Put out = { 0 };

  kit.rig->host->media_put (kit.rig->channel, bytes, len, mime, name, on_put, &out);
  g_assert_false (out.done);
  kit_until (out.done);
  return out;
}

static char *
keep (const void *bytes, gsize len, const char *mime, const char *name)
{
  Put out = put (bytes, len, mime, name);

  if (out.status != USHER_OK)
    g_error ("media_put: %s", out.message);
  return out.id;
}

static char *
path_of (const char *id, const char *suffix)
{
  return g_strdup_printf ("%s/media/%.2s/%s%s", kit.dir, id + 4, id, suffix);
}

static gboolean
is_file (const char *id, const char *suffix)
{
  g_autofree char *path = path_of (id, suffix);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* ---- the browser --------------------------------------------------------------------------------------- */

typedef struct
{
  char *request;
  guint16 port;
  GString *answer;
  gint done;
} Exchange;

static gpointer
browse (gpointer data)
{
  Exchange *exchange = data;
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (exchange->port) };
  char buffer[65536];
  ssize_t n;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (connect (fd, (struct sockaddr *)&address, sizeof address) == 0
      && write (fd, exchange->request, strlen (exchange->request)) > 0)
    while ((n = read (fd, buffer, sizeof buffer)) > 0)
      g_string_append_len (exchange->answer, buffer, n);
  close (fd);
  g_atomic_int_set (&exchange->done, 1);
  return NULL;
}

/* The whole answer; headers are lines of the request, each with its end. */
static GString *
fetch (const char *path, const char *headers)
{
  const char *address = kit.core->addresses->pdata[0];
  Exchange exchange = { .answer = g_string_new (NULL) };
  GThread *thread;

  exchange.port = (guint16)atoi (strrchr (address, ':') + 1);
  exchange.request
      = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", path, headers);
  thread = g_thread_new ("browser", browse, &exchange);
  kit_until (g_atomic_int_get (&exchange.done));
  g_thread_join (thread);
  g_free (exchange.request);
  return exchange.answer;
}

static char *
cookie (const char *login)
{
  g_autoptr (UcJson) answer
      = kit_do (NULL, "session.login", "{\"login\":\"%s\",\"password\":\"%s-%s\"}", login, login, login);

  return g_strdup_printf ("Cookie: usher_session=%s\r\n", uc_json_string (uc_json_get (answer, "token")));
}

static const char *
body_of (const GString *answer)
{
  const char *end = strstr (answer->str, "\r\n\r\n");

  g_assert_nonnull (end);
  return end + 4;
}

static gsize
body_length (const GString *answer)
{
  return answer->len - (gsize)(body_of (answer) - answer->str);
}

static void
assert_answer (const GString *answer, int status, ...)
{
  g_autofree char *first = g_strdup_printf ("HTTP/1.1 %d ", status);
  va_list words;
  const char *word;

  if (!g_str_has_prefix (answer->str, first))
    g_error ("not %d: %.300s", status, answer->str);
  va_start (words, status);
  while ((word = va_arg (words, const char *)) != NULL)
    if (strstr (answer->str, word) == NULL)
      g_error ("\"%s\" is not in: %.1000s", word, answer->str);
  va_end (words);
}

static GString *
get (const char *id, const char *headers)
{
  g_autofree char *path = g_strconcat ("/api/v1/media/", id, NULL);

  return fetch (path, headers);
}

static void
check_get (const char *id, const char *headers, int status, const char *word)
{
  GString *answer = get (id, headers);

  assert_answer (answer, status, word, NULL);
  g_string_free (answer, TRUE);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void
test_kept_and_shown (void)
{
  g_autofree char *id = NULL, *who = NULL, *path = NULL;
  struct stat st;
  GString *answer;

  kit_start (NULL);
  kit_seed ();
  id = keep (png, sizeof png - 1, "image/png", "face.png");
  who = cookie ("anna");
  kit_until (is_file (id, ""));
  path = path_of (id, "");
  g_assert_cmpint (stat (path, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  for (int restarted = 0; restarted <= 1; restarted++)
    {
      answer = get (id, who);
      assert_answer (answer, 200, "Content-Type: image/png", "Content-Disposition: inline", "nosniff",
                     "Content-Security-Policy: default-src 'none'; sandbox",
                     "Cache-Control: private, max-age=31536000, immutable", "Accept-Ranges: bytes", NULL);
      g_assert_cmpmem (body_of (answer), body_length (answer), png, sizeof png - 1);
      g_string_free (answer, TRUE);
      if (restarted == 0)
        kit_restart ();
    }
  kit_end ();
}

static void
test_only_for_desks (void)
{
  g_autofree char *id = NULL, *who = NULL;

  kit_start (NULL);
  kit_seed ();
  id = keep (png, sizeof png - 1, "image/png", NULL);
  who = cookie ("anna");
  check_get (id, "", 401, "unauthenticated");
  check_get (id, "Cookie: usher_session=made-up\r\n", 401, "unauthenticated");
  check_get ("med_00000000000000000000000000", who, 404, "no such media");
  check_get ("..%2f..%2fusher.db", who, 400, "");
  check_get ("usher.db", who, 404, "no such media");
  check_get ("med_0000000000000000000000000/", who, 404, "no such media");
  check_get ("", who, 404, "no such media");
  uc_json_free (kit_do (NULL, "user.put", "{\"login\":\"anna\",\"enabled\":%s}", "false"));
  check_get (id, who, 401, "unauthenticated");
  kit_end ();
}

/* Whatever the network said that it is. */
static void
test_what_could_run_is_a_download (void)
{
  static const char html[] = "<script>alert(1)</script>", svg[] = "<svg xmlns='x' onload='alert(1)'/>";
  g_autofree char *one = NULL, *two = NULL, *who = NULL;
  GString *answer;

  kit_start (NULL);
  kit_seed ();
  who = cookie ("anna");
  one = keep (html, strlen (html), "image/png", "Rechnung \"März\"\r\nX-Evil: 1.html");
  two = keep (svg, strlen (svg), "image/svg+xml", NULL);
  answer = get (one, who);
  assert_answer (answer, 200, "Content-Type: application/octet-stream",
                 "Content-Disposition: attachment; filename=\"Rechnung _M__rz___X-Evil_ 1.html\"; "
                 "filename*=UTF-8''Rechnung%20%22M%C3%A4rz%22%0D%0AX-Evil%3A%201.html\r\n",
                 NULL);
  g_string_free (answer, TRUE);
  answer = get (two, who);
  assert_answer (answer, 200, "Content-Type: application/octet-stream", "Content-Disposition: attachment\r\n",
                 NULL);
  g_string_free (answer, TRUE);
  kit_end ();
}

static void
check_range (const char *id, const char *who, const char *range, int status, const char *content_range,
             const char *body)
{
  g_autofree char *headers = g_strdup_printf ("%sRange: %s\r\n", who, range);
  GString *answer = get (id, headers);

  assert_answer (answer, status, content_range, NULL);
  if (body != NULL)
    g_assert_cmpstr (body_of (answer), ==, body);
  g_string_free (answer, TRUE);
}

static void
test_parts (void)
{
  static const char ogg[] = "OggS56789";
  g_autofree char *id = NULL, *who = NULL;

  kit_start (NULL);
  kit_seed ();
  who = cookie ("anna");
  id = keep (ogg, strlen (ogg), "audio/ogg", NULL);
  check_range (id, who, "bytes=4-6", 206, "Content-Range: bytes 4-6/9", "567");
  check_range (id, who, "bytes=5-", 206, "Content-Range: bytes 5-8/9", "6789");
  check_range (id, who, "bytes=-2", 206, "Content-Range: bytes 7-8/9", "89");
  check_range (id, who, "bytes=0-1000", 206, "Content-Range: bytes 0-8/9", ogg);
  check_range (id, who, "bytes=9-", 416, "Content-Range: bytes */9", NULL);
  check_range (id, who, "bytes=0-1,3-4", 200, "Content-Type: audio/ogg", ogg);
  check_range (id, who, "lines=1-2", 200, "Content-Type: audio/ogg", ogg);
  kit_end ();
}

static void
test_large_ones (void)
{
  gsize len = 24 * 1024 * 1024;
  g_autofree char *bytes = g_malloc (len);
  g_autofree char *id = NULL, *who = NULL;
  GString *answer;

  for (gsize i = 0; i < len; i++)
    bytes[i] = (char)(i * 31 + i / 4096);
  kit_start (NULL);
  kit_seed ();
  who = cookie ("anna");
  id = keep (bytes, len, "video/mp4", "film.mp4");
  answer = get (id, who);
  assert_answer (answer, 200, "Content-Length: 25165824", NULL);
  g_assert_cmpuint (body_length (answer), ==, len);
  g_assert_true (memcmp (body_of (answer), bytes, len) == 0);
  g_string_free (answer, TRUE);
  kit_end ();
}

static void
test_what_cannot_be_kept (void)
{
  g_autofree char *folder = NULL;
  Put out;

  kit_start (NULL);
  kit_seed ();
  out = put ("", 0, NULL, NULL);
  g_assert_cmpint (out.status, ==, USHER_CONTENT);
  g_free (out.message);
  /* A folder that can't be written, like a full disk. */
  folder = g_build_filename (kit.dir, "media", NULL);
  g_assert_true (g_file_set_contents (folder, "in the way", -1, NULL));
  out = put (png, sizeof png - 1, "image/png", NULL);
  g_assert_cmpint (out.status, ==, USHER_RETRY);
  g_assert_nonnull (strstr (out.message, "media folder"));
  g_assert_null (out.id);
  g_free (out.message);
  g_assert_cmpint (g_unlink (folder), ==, 0);
  out = put (png, sizeof png - 1, "image/png", NULL);
  g_assert_cmpint (out.status, ==, USHER_OK);
  g_free (out.id);
  kit_end ();
}

static void
test_attached_to_a_message (void)
{
  UsherAttachment photo = { .struct_size = sizeof photo, .kind = "image" };
  const UsherAttachment *list[] = { &photo, NULL };
  UsherInbound item = { .struct_size = sizeof item,
                        .kind = USHER_INBOUND_MESSAGE,
                        .user_id = "u1",
                        .external_id = "e1",
                        .text = "",
                        .attachments = list };
  g_autofree char *id = NULL;

  kit_start (NULL);
  kit_seed ();
  id = keep (png, sizeof png - 1, "image/png", NULL);
  photo.media = id;
  kit_deliver (&item);
  /* Also when it was put before a restart. */
  kit_restart ();
  item.external_id = "e2";
  kit_deliver (&item);
  kit_end ();
}

static void
leave_file (const char *id, gint64 age_s)
{
  g_autofree char *path = path_of (id, ".new");
  g_autofree char *shard = g_path_get_dirname (path);
  struct utimbuf times;

  times.actime = times.modtime = g_get_real_time () / G_USEC_PER_SEC - age_s;
  g_mkdir_with_parents (shard, 0700);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  g_assert_cmpint (utime (path, &times), ==, 0);
}

/* Died between the file and its row, or between the row and the name. */
static void
test_what_a_crash_left (void)
{
  static const char old[] = "med_aaaaaaaaaaaaaaaaaaaaaaaaaa", fresh[] = "med_bbbbbbbbbbbbbbbbbbbbbbbbbb";
  g_autofree char *kept = NULL, *from = NULL, *to = NULL, *who = NULL;

  kit_start (NULL);
  kit_seed ();
  kept = keep (png, sizeof png - 1, "image/png", NULL);
  kit_until (is_file (kept, ""));
  leave_file (old, 2 * 24 * 3600);
  leave_file (fresh, 3600);
  from = path_of (kept, "");
  to = path_of (kept, ".new");
  g_assert_cmpint (g_rename (from, to), ==, 0);
  who = cookie ("anna");
  check_get (kept, who, 200, "image/png");
  kit_restart ();
  kit_until (is_file (kept, "") && !is_file (old, ".new"));
  g_assert_true (is_file (fresh, ".new"));
  check_get (kept, who, 200, "image/png");
  kit_end ();
}

static void
test_sniffing (void)
{
  static const struct
  {
    const char *bytes;
    gsize len;
    const char *type;
  } rows[] = {
    { "\xff\xd8\xff\xe0", 4, "image/jpeg" },
    { "GIF89a", 6, "image/gif" },
    { "RIFF....WEBPVP8 ", 16, "image/webp" },
    { "RIFF....WAVEfmt ", 16, "audio/wav" },
    { "RIFF....AVI LIST", 16, NULL },
    { "....ftypisom....", 16, "video/mp4" },
    { "....ftypM4A ....", 16, "audio/mp4" },
    { "....ftypqt  ....", 16, NULL },
    { "....ftyp", 8, NULL },
    { "ID3\x04", 4, "audio/mpeg" },
    { "\xff\xfb\x90\x44", 4, "audio/mpeg" },
    { "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm", 28,
      "video/webm" },
    { "\x1a\x45\xdf\xa3 matroska", 13, NULL },
    { "%PDF-1.7", 8, NULL },
    { "<html>", 6, NULL },
    { "", 0, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      /* Exactly as long as it says, so that reading beyond is noticed. */
      g_autofree guint8 *bytes = g_memdup2 (rows[i].bytes, rows[i].len);

      g_assert_cmpstr (uc_media_type_sniff (bytes, rows[i].len), ==, rows[i].type);
    }
}

/* The network says the type, in whatever bytes. */
static void
test_types_that_are_none (void)
{
  g_autoptr (GString) mime = g_string_new (NULL);
  g_autofree char *id = NULL, *who = NULL;

  kit_start (NULL);
  kit_seed ();
  who = cookie ("anna");
  while (mime->len < 126)
    g_string_append_c (mime, 'x');
  g_string_append (mime, "\xc3\xa4/png");
  id = keep (png, sizeof png - 1, mime->str, NULL);
  check_get (id, who, 200, "Content-Type: image/png");
  kit_end ();
}

static void
test_damaged_file_is_not_shown (void)
{
  g_autofree char *id = NULL, *who = NULL, *path = NULL;

  kit_start (NULL);
  kit_seed ();
  who = cookie ("anna");
  id = keep (png, sizeof png - 1, "image/png", NULL);
  path = path_of (id, "");
  kit_until (is_file (id, ""));
  g_assert_cmpint (truncate (path, 10), ==, 0);
  check_get (id, who, 503, "is damaged");
  g_assert_cmpint (truncate (path, 0), ==, 0);
  check_get (id, who, 503, "is damaged");
  kit_end ();
}

/* What many readers ask for at once is refused before it is read, not when it fills the memory. */
static void
test_many_at_once_are_bounded (void)
{
  const char *address;
  gsize len = 24 * 1024 * 1024;
  g_autofree char *bytes = g_malloc0 (len);
  g_autofree char *id = NULL, *who = NULL, *path = NULL;
  Exchange exchanges[12] = { 0 };
  GThread *threads[G_N_ELEMENTS (exchanges)];
  guint shown = 0;

  kit_start (NULL);
  kit_seed ();
  who = cookie ("anna");
  id = keep (bytes, len, "video/mp4", NULL);
  path = g_strconcat ("/api/v1/media/", id, NULL);
  address = kit.core->addresses->pdata[0];
  for (gsize i = 0; i < G_N_ELEMENTS (exchanges); i++)
    {
      exchanges[i].answer = g_string_new (NULL);
      exchanges[i].port = (guint16)atoi (strrchr (address, ':') + 1);
      exchanges[i].request
          = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", path, who);
      threads[i] = g_thread_new ("browser", browse, &exchanges[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (exchanges); i++)
    {
      while (!g_atomic_int_get (&exchanges[i].done))
        {
          g_main_context_iteration (NULL, FALSE);
          g_assert_cmpint (kit.core->media->lent, <=, 128 * 1024 * 1024);
        }
      g_thread_join (threads[i]);
      if (g_str_has_prefix (exchanges[i].answer->str, "HTTP/1.1 200"))
        shown++;
      else
        assert_answer (exchanges[i].answer, 429, "too many files", NULL);
      g_string_free (exchanges[i].answer, TRUE);
      g_free (exchanges[i].request);
    }
  g_assert_cmpuint (shown, >, 0);
  kit_until (kit.core->media->lent == 0);
  kit_end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/kept-and-shown", test_kept_and_shown);
  g_test_add_func ("/media/only-for-desks", test_only_for_desks);
  g_test_add_func ("/media/what-could-run-is-a-download", test_what_could_run_is_a_download);
  g_test_add_func ("/media/parts", test_parts);
  g_test_add_func ("/media/large-ones", test_large_ones);
  g_test_add_func ("/media/what-cannot-be-kept", test_what_cannot_be_kept);
  g_test_add_func ("/media/attached-to-a-message", test_attached_to_a_message);
  g_test_add_func ("/media/what-a-crash-left", test_what_a_crash_left);
  g_test_add_func ("/media/types-that-are-none", test_types_that_are_none);
  g_test_add_func ("/media/damaged-file-is-not-shown", test_damaged_file_is_not_shown);
  g_test_add_func ("/media/many-at-once-are-bounded", test_many_at_once_are_bounded);
  g_test_add_func ("/media/sniffing", test_sniffing);
  return g_test_run ();
}
