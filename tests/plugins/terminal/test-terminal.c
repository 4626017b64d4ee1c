/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * frontend/terminal: the built module against the fake host, with real local sockets. Who may connect, frames in
 * both directions, clients that are slow, rude or gone, and the socket's file.
 */
#include "tests/lib/fake-host.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct
{
  FakeHost *host;
  char *dir, *path;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("usher-terminal-XXXXXX", NULL);
  g_assert_nonnull (f->dir);
  f->path = g_build_filename (f->dir, "desk.sock", NULL);
  f->host = fake_host_new ("frontend", "terminal");
  fake_host_set (f->host, "path", f->path);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  fake_host_free (f->host);
  /* What it made it has removed: the folder is empty but for what a test put there. */
  g_unlink (f->path);
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  g_free (f->dir);
  g_free (f->path);
}

static int
dial (Fixture *f)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval patience = { .tv_sec = 60 };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, f->path, sizeof address.sun_path);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (connect (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return fd;
}

typedef struct
{
  Fixture *f;
  guint index, count;
} Wanted;

static gboolean
desk_is_there (gpointer data)
{
  Wanted *wanted = data;

  return wanted->f->host->desks->len > wanted->index;
}

static UsherDesk *
desk_of (Fixture *f, guint index)
{
  Wanted wanted = { f, index, 0 };

  fake_host_wait (desk_is_there, &wanted, "a desk is opened");
  return f->host->desks->pdata[index];
}

static gboolean
inputs_are_there (gpointer data)
{
  Wanted *wanted = data;

  return desk_of (wanted->f, wanted->index)->inputs->len >= wanted->count;
}

static const char *
input (Fixture *f, guint desk, guint index)
{
  Wanted wanted = { f, desk, index + 1 };

  fake_host_wait (inputs_are_there, &wanted, "a frame comes in");
  return desk_of (f, desk)->inputs->pdata[index];
}

static gboolean
desk_is_closed (gpointer data)
{
  Wanted *wanted = data;

  return !desk_of (wanted->f, wanted->index)->open;
}

static void
wait_closed (Fixture *f, guint index)
{
  Wanted wanted = { f, index, 0 };

  fake_host_wait (desk_is_closed, &wanted, "the desk is closed");
}

static void
say (int fd, const char *text, gsize len)
{
  while (len > 0)
    {
      ssize_t sent = send (fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

      /* The other side takes more when this thread, which is the core's here, has taken what came before. */
      if (sent < 0 && errno == EAGAIN)
        {
          fake_host_settle ();
          g_usleep (1000);
          continue;
        }
      g_assert_cmpint (sent, >, 0);
      text += sent;
      len -= (gsize)sent;
    }
}

#define SAY(fd, text) say (fd, text, strlen (text))

/* One line without its end; NULL = closed. */
static char *
hear (int fd)
{
  GString *line = g_string_new (NULL);
  char c;
  ssize_t got;

  while ((got = recv (fd, &c, 1, 0)) == 1)
    {
      if (c == '\n')
        return g_string_free (line, FALSE);
      g_string_append_c (line, c);
    }
  g_assert_true (got == 0 || errno == ECONNRESET);
  g_string_free (line, TRUE);
  return NULL;
}

static void
expect (int fd, const char *text)
{
  g_autofree char *line = hear (fd);

  g_assert_cmpstr (line, ==, text);
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static void
test_frames_pass_unread (Fixture *f, gconstpointer data)
{
  g_autofree char *who = g_strdup_printf ("unix:%u", (guint)getuid ());
  int fd;

  fake_host_up (f->host);
  fd = dial (f);
  SAY (fd, "not json\n\n{\"hello\":");
  g_assert_cmpstr (input (f, 0, 0), ==, "not json");
  SAY (fd, "{}}\nsecond\n");
  g_assert_cmpstr (input (f, 0, 1), ==, "{\"hello\":{}}");
  g_assert_cmpstr (input (f, 0, 2), ==, "second");
  g_assert_cmpstr (desk_of (f, 0)->remote_address, ==, who);
  fake_desk_output (desk_of (f, 0), "{\"type\":\"welcome\"}");
  fake_desk_output (desk_of (f, 0), "Grüße 世界");
  expect (fd, "{\"type\":\"welcome\"}");
  expect (fd, "Grüße 世界");
  close (fd);
  wait_closed (f, 0);
}

static void
test_clients_are_apart (Fixture *f, gconstpointer data)
{
  int one, two;

  fake_host_up (f->host);
  one = dial (f);
  desk_of (f, 0);
  two = dial (f);
  SAY (two, "two\n");
  g_assert_cmpstr (input (f, 1, 0), ==, "two");
  g_assert_cmpuint (desk_of (f, 0)->inputs->len, ==, 0);
  fake_desk_output (desk_of (f, 0), "for one");
  expect (one, "for one");
  close (one);
  wait_closed (f, 0);
  fake_desk_output (desk_of (f, 1), "still here");
  expect (two, "still here");
  close (two);
  wait_closed (f, 1);
}

/* Much more than the core is given at once: the client is not read meanwhile, and nothing is lost or turned round.
 */
static void
test_flood_is_held_back (Fixture *f, gconstpointer data)
{
  const guint frames = 3000;
  g_autofree char *filler = g_strnfill (100, 'x');
  int fd;

  fake_host_up (f->host);
  fd = dial (f);
  desk_of (f, 0);
  for (guint i = 0; i < frames; i++)
    {
      g_autofree char *line = g_strdup_printf ("%u %s\n", i, filler);

      say (fd, line, strlen (line));
      if (i % 100 == 99)
        fake_host_settle ();
    }
  for (guint i = 0; i < frames; i++)
    {
      g_autofree char *line = g_strdup_printf ("%u %s", i, filler);

      g_assert_cmpstr (input (f, 0, i), ==, line);
    }
  close (fd);
  wait_closed (f, 0);
}

/* The core's thread does not run at all: what a client can get rid of is bounded. */
static void
test_flood_is_bounded (Fixture *f, gconstpointer data)
{
  g_autofree char *chunk = g_strnfill (64 * 1024, 'x');
  gsize sent = 0;
  int fd;

  fake_host_up (f->host);
  fd = dial (f);
  desk_of (f, 0);
  chunk[64 * 1024 - 1] = '\n';
  for (;;)
    {
      struct timeval patience = { .tv_usec = 300000 };
      ssize_t now;

      setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      now = send (fd, chunk, 64 * 1024, MSG_NOSIGNAL);
      if (now <= 0)
        break;
      sent += (gsize)now;
      g_assert_cmpuint (sent, <, 8 * 1024 * 1024);
    }
  close (fd);
  wait_closed (f, 0);
}

static void
test_last_words_arrive (Fixture *f, gconstpointer data)
{
  int fd;

  fake_host_up (f->host);
  fd = dial (f);
  for (guint i = 0; i < 100; i++)
    SAY (fd, "a last message\n");
  close (fd);
  wait_closed (f, 0);
  g_assert_cmpuint (desk_of (f, 0)->inputs->len, ==, 100);
}

/* ---- who breaks the rules ------------------------------------------------------------------------------- */

static void
test_stopped_client_is_cut_off (Fixture *f, gconstpointer data)
{
  g_autofree char *frame = g_strnfill (100000, 'x');
  int stopped, lively;

  fake_host_set (f->host, "backlog", "64k");
  fake_host_up (f->host);
  stopped = dial (f);
  desk_of (f, 0);
  lively = dial (f);
  desk_of (f, 1);
  for (guint i = 0; i < 100 && desk_of (f, 0)->open; i++)
    fake_desk_output (desk_of (f, 0), frame);
  g_assert_false (desk_of (f, 0)->open);
  g_assert_true (fake_host_logged (f->host, USHER_LOG_NOTICE, "does not read"));
  fake_desk_output (desk_of (f, 1), "hello");
  expect (lively, "hello");
  close (stopped);
  close (lively);
  wait_closed (f, 1);
}

/* A snapshot is longer than what may lie unread, and arrives all the same. */
static void
test_long_frame_arrives (Fixture *f, gconstpointer data)
{
  g_autofree char *frame = g_strnfill (3 * 1024 * 1024, 'y');
  int fd;

  fake_host_set (f->host, "backlog", "64k");
  fake_host_up (f->host);
  fd = dial (f);
  desk_of (f, 0);
  fake_desk_output (desk_of (f, 0), frame);
  expect (fd, frame);
  close (fd);
  wait_closed (f, 0);
}

static void
expect_told_off (Fixture *f, const char *bytes, gsize len)
{
  guint index = f->host->desks->len;
  int fd = dial (f);
  g_autofree char *line = NULL;

  desk_of (f, index);
  if (send (fd, bytes, len, MSG_NOSIGNAL) < 0)
    g_test_message ("cut off while it wrote");
  line = hear (fd);
  g_assert_nonnull (line);
  g_assert_nonnull (strstr (line, "\"code\":\"protocol\""));
  close (fd);
  wait_closed (f, index);
}

static void
test_what_is_no_frame (Fixture *f, gconstpointer data)
{
  g_autofree char *endless = g_strnfill (256 * 1024 + 1, 'z');

  fake_host_up (f->host);
  expect_told_off (f, endless, strlen (endless));
  expect_told_off (f, "a\0b\n", 4);
}

/* ---- the core ------------------------------------------------------------------------------------------- */

static void
test_core_ends_desk (Fixture *f, gconstpointer data)
{
  int fd;

  fake_host_up (f->host);
  fd = dial (f);
  desk_of (f, 0);
  fake_desk_output (desk_of (f, 0), "bye");
  fake_desk_end (desk_of (f, 0), 4000, "you have logged out");
  expect (fd, "bye");
  expect (fd, NULL);
  close (fd);
}

static void
test_core_takes_no_more (Fixture *f, gconstpointer data)
{
  g_autofree char *line = NULL;
  int fd;

  fake_host_up (f->host);
  f->host->desks_max = 0;
  fd = dial (f);
  for (int i = 0; i < 1000 && recv (fd, (char[1]){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) <= 0; i++)
    {
      fake_host_settle ();
      g_usleep (10000);
    }
  line = hear (fd);
  g_assert_nonnull (strstr (line, "\"code\":\"busy\""));
  expect (fd, NULL);
  close (fd);
}

static void
test_no_more_clients (Fixture *f, gconstpointer data)
{
  g_autofree char *line = NULL;
  int one, two;

  fake_host_set (f->host, "clients", "1");
  fake_host_up (f->host);
  one = dial (f);
  desk_of (f, 0);
  two = dial (f);
  line = hear (two);
  g_assert_nonnull (strstr (line, "\"code\":\"busy\""));
  expect (two, NULL);
  close (two);
  close (one);
  wait_closed (f, 0);
  /* There is room again. */
  one = dial (f);
  desk_of (f, 1);
  close (one);
  wait_closed (f, 1);
}

static void
test_stop_with_clients (Fixture *f, gconstpointer data)
{
  int fd;

  fake_host_up (f->host);
  fd = dial (f);
  desk_of (f, 0);
  dial (f);
  desk_of (f, 1);
  fake_host_down (f->host);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
  expect (fd, NULL);
  close (fd);
}

/* ---- the socket's file ---------------------------------------------------------------------------------- */

static void
test_rights (Fixture *f, gconstpointer data)
{
  struct stat there;

  fake_host_set (f->host, "mode", "0622");
  fake_host_up (f->host);
  g_assert_cmpint (stat (f->path, &there), ==, 0);
  g_assert_true (S_ISSOCK (there.st_mode));
  g_assert_cmpint (there.st_mode & 0777, ==, 0622);
}

static void
leave_stale (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  close (fd);
}

static void
test_stale_file_is_replaced (Fixture *f, gconstpointer data)
{
  int fd;

  leave_stale (f->path);
  fake_host_up (f->host);
  fd = dial (f);
  desk_of (f, 0);
  close (fd);
  wait_closed (f, 0);
}

static void
expect_refused (Fixture *f, const char *words)
{
  const UsherResult *result;

  g_assert_true (fake_host_create (f->host));
  result = fake_host_start (f->host);
  g_assert_cmpint (result->status, ==, USHER_FAILED);
  g_test_message ("%s", result->message);
  g_assert_nonnull (strstr (result->message, words));
  fake_host_destroy (f->host);
}

static void
test_somebody_else_listens (Fixture *f, gconstpointer data)
{
  g_autoptr (FakeHost) other = fake_host_new ("frontend", "terminal");
  int fd;

  fake_host_set (other, "path", f->path);
  fake_host_up (other);
  expect_refused (f, "another process listens");
  /* The first one is as it was. */
  fd = dial (f);
  close (fd);
}

static void
test_no_socket (Fixture *f, gconstpointer data)
{
  g_assert_true (g_file_set_contents (f->path, "letters", -1, NULL));
  expect_refused (f, "is no socket");
}

static void
test_no_folder (Fixture *f, gconstpointer data)
{
  fake_host_set (f->host, "path", "/nowhere/at/all/desk.sock");
  expect_refused (f, "/nowhere/at/all");
}

static void
test_too_long (Fixture *f, gconstpointer data)
{
  g_autofree char *name = g_strnfill (120, 'n');
  g_autofree char *path = g_build_filename (f->dir, name, NULL);

  fake_host_set (f->host, "path", path);
  expect_refused (f, "too long");
}

static void
test_bad_settings (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *key, *value, *words;
  } cases[] = {
    { "mode", "rw-rw----", "octal" },
    { "mode", "0066", "owner's rights" },
    { "mode", "01777", "no mode of a socket" },
    { "group", "no-such-group-here", "there is no group" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      fake_host_set (f->host, cases[i].key, cases[i].value);
      g_assert_false (fake_host_create (f->host));
      g_assert_cmpint (f->host->fail_status, ==, USHER_INVALID);
      g_assert_nonnull (strstr (f->host->fail_message, cases[i].words));
      fake_host_set (f->host, cases[i].key, NULL);
    }
}

static void
test_run_directory (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "test.sock", NULL);

  fake_host_set (f->host, "path", NULL);
  g_setenv ("RUNTIME_DIRECTORY", f->dir, TRUE);
  fake_host_up (f->host);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  fake_host_down (f->host);
  g_unsetenv ("RUNTIME_DIRECTORY");
}

int
main (int argc, char **argv)
{
  g_unsetenv ("RUNTIME_DIRECTORY");
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/terminal/" path, Fixture, NULL, setup, func, teardown)
  ADD ("frames/pass-unread", test_frames_pass_unread);
  ADD ("frames/clients-are-apart", test_clients_are_apart);
  ADD ("frames/flood-is-held-back", test_flood_is_held_back);
  ADD ("frames/flood-is-bounded", test_flood_is_bounded);
  ADD ("frames/last-words-arrive", test_last_words_arrive);
  ADD ("frames/long-one-arrives", test_long_frame_arrives);
  ADD ("rules/stopped-client-is-cut-off", test_stopped_client_is_cut_off);
  ADD ("rules/what-is-no-frame", test_what_is_no_frame);
  ADD ("core/ends-desk", test_core_ends_desk);
  ADD ("core/takes-no-more", test_core_takes_no_more);
  ADD ("core/no-more-clients", test_no_more_clients);
  ADD ("core/stop-with-clients", test_stop_with_clients);
  ADD ("file/rights", test_rights);
  ADD ("file/stale-one-is-replaced", test_stale_file_is_replaced);
  ADD ("file/somebody-else-listens", test_somebody_else_listens);
  ADD ("file/no-socket", test_no_socket);
  ADD ("file/no-folder", test_no_folder);
  ADD ("file/too-long", test_too_long);
  ADD ("file/bad-settings", test_bad_settings);
  ADD ("file/run-directory", test_run_directory);
#undef ADD
  return g_test_run ();
}
