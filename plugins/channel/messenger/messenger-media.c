/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fetching what the network holds for us: pictures and files, whose addresses come from outside. Main thread.
 *
 * The guard: https only, its usual port only, public addresses only, no proxy, no credentials, at every redirect
 * anew. base_url and the hosts in media_hosts are trusted and exempt. Bytes and time are bounded, and so
 * is the number of downloads at once.
 */
#include "messenger.h"

#include <string.h>

#include "messenger-address.h"
#include "messenger-sniff.h"

#define MAX_ACTIVE 8 /* downloads of an instance at once: each may hold MESSENGER_MAX_MEDIA in memory */
#define MAX_HOPS 5
#define MAX_URL 8192

struct MessengerDownload
{
  Messenger *mg;
  GList link; /* in queue->waiting until it begins */
  gboolean active;
  char *url;
  guint hops;
  gsize max;
  MessengerFetch *fetch;
  uint64_t timer;  /* until a failure is told */
  const char *why; /* that failure */
  MessengerDownloaded done;
  gpointer data;
};

struct MessengerMediaQueue
{
  GQueue waiting; /* of MessengerDownload* */
  guint active;
};

MessengerMediaQueue *
messenger_media_new (void)
{
  return g_new0 (MessengerMediaQueue, 1);
}

void
messenger_media_free (MessengerMediaQueue *queue)
{
  g_free (queue);
}

/* ---- the guard ----------------------------------------------------------------------------------------- */

static int
port_of (GUri *uri)
{
  if (g_uri_get_port (uri) != -1)
    return g_uri_get_port (uri);
  return strcmp (g_uri_get_scheme (uri), "https") == 0 ? 443 : 80;
}

/* base_url itself, not its whole machine; and the hosts that the administrator vouches for. */
static gboolean
is_trusted (Messenger *mg, GUri *uri)
{
  const char *host = g_uri_get_host (uri);

  if (g_ascii_strcasecmp (host, g_uri_get_host (mg->base_uri)) == 0 && port_of (uri) == port_of (mg->base_uri)
      && strcmp (g_uri_get_scheme (uri), g_uri_get_scheme (mg->base_uri)) == 0)
    return TRUE;
  for (const char *const *one = mg->media_hosts; *one != NULL; one++)
    if (g_ascii_strcasecmp (host, *one) == 0)
      return TRUE;
  return FALSE;
}

/* NULL, or why this address is not fetched from. */
static const char *
problem_with (Messenger *mg, GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri), *host = g_uri_get_host (uri);

  if (host == NULL || *host == '\0' || g_uri_get_userinfo (uri) != NULL)
    return "its address makes no sense";
  if (strcmp (scheme, "https") != 0 && strcmp (scheme, "http") != 0)
    return "its address is not on the web";
  if (is_trusted (mg, uri))
    return NULL;
  if (strcmp (scheme, "https") != 0)
    return "its address is not https";
  return port_of (uri) == 443 ? NULL : "its address has an unusual port";
}

static SoupSession *
session_for (Messenger *mg, GUri *uri)
{
  g_autoptr (GSocketConnectable) address = NULL;
  SoupSession *session;

  if (is_trusted (mg, uri))
    return g_object_ref (mg->session);
  address = messenger_address_new (g_uri_get_scheme (uri), g_uri_get_host (uri), 443);
  session = soup_session_new_with_options ("remote-connectable", address, "user-agent", "usher", NULL);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_set_proxy_resolver (session, NULL);
  return session;
}

/* ---- one download -------------------------------------------------------------------------------------- */

static void begin (MessengerDownload *download);

static void
download_free (MessengerDownload *download)
{
  MessengerMediaQueue *queue = download->mg->media;
  MessengerDownload *next;

  messenger_timer_drop (download->mg, &download->timer);
  if (download->active)
    queue->active--;
  else
    g_queue_unlink (&queue->waiting, &download->link);
  g_free (download->url);
  g_free (download);
  while (queue->active < MAX_ACTIVE && (next = g_queue_peek_head (&queue->waiting)) != NULL)
    begin (next);
}

static void
tell (MessengerDownload *download, const void *bytes, gsize len, const char *mime, const char *name,
      const char *why)
{
  download->done (download->data, bytes, len, mime, name, why);
  download_free (download);
}

static void
on_failure (void *data)
{
  MessengerDownload *download = data;

  download->timer = 0;
  tell (download, NULL, 0, NULL, NULL, download->why);
}

/* Told from the main loop, never from the call that asked. */
static void
fail (MessengerDownload *download, const char *why)
{
  download->why = why;
  download->timer = download->mg->host->timer_add (download->mg->instance, 0, on_failure, download);
}

static char *
name_from (const MessengerDownload *download, const MessengerAnswer *answer)
{
  g_autoptr (GHashTable) parameters = NULL;
  g_autoptr (GUri) uri = NULL;
  g_autofree char *disposition = NULL, *decoded = NULL;
  const char *name = NULL;

  if (soup_message_headers_get_content_disposition ((SoupMessageHeaders *)answer->headers, &disposition,
                                                    &parameters)
      && parameters != NULL)
    name = g_hash_table_lookup (parameters, "filename");
  if (name != NULL)
    return messenger_sniff_name (name);
  uri = g_uri_parse (download->url, G_URI_FLAGS_NONE, NULL);
  decoded = uri != NULL ? g_uri_unescape_string (g_uri_get_path (uri), NULL) : NULL;
  return decoded != NULL && !g_str_has_suffix (decoded, "/") ? messenger_sniff_name (decoded) : NULL;
}

static void
got (MessengerDownload *download, const MessengerAnswer *answer)
{
  g_autofree char *mime = messenger_sniff_mime (
      answer->body, answer->len,
      soup_message_headers_get_one ((SoupMessageHeaders *)answer->headers, "Content-Type"));
  g_autofree char *name = name_from (download, answer);

  tell (download, answer->body, answer->len, mime, name, NULL);
}

static void
follow (MessengerDownload *download, const MessengerAnswer *answer)
{
  const char *location = soup_message_headers_get_one ((SoupMessageHeaders *)answer->headers, "Location");
  char *url = location != NULL ? g_uri_resolve_relative (download->url, location, G_URI_FLAGS_NONE, NULL) : NULL;

  if (url == NULL || strlen (url) > MAX_URL || ++download->hops > MAX_HOPS)
    {
      g_free (url);
      fail (download, "it is redirected without end");
      return;
    }
  g_free (download->url);
  download->url = url;
  begin (download);
}

static void
on_answer (gpointer data, const MessengerAnswer *answer)
{
  MessengerDownload *download = data;

  download->fetch = NULL;
  if (answer->too_large)
    fail (download, "it is too large");
  else if (answer->timed_out)
    fail (download, "it could not be fetched in time");
  else if (answer->status == 0)
    {
      messenger_log (download->mg, USHER_LOG_INFO, "a download failed: %s", answer->why);
      fail (download, "it could not be fetched");
    }
  else if (answer->status == 301 || answer->status == 302 || answer->status == 303 || answer->status == 307
           || answer->status == 308)
    follow (download, answer);
  else if (answer->status != 200)
    {
      messenger_log (download->mg, USHER_LOG_INFO, "a download failed: HTTP status %u", answer->status);
      fail (download, "the network no longer has it");
    }
  else if (answer->len == 0)
    fail (download, "it is empty");
  else
    got (download, answer);
}

static void
begin (MessengerDownload *download)
{
  Messenger *mg = download->mg;
  g_autoptr (GUri) uri
      = strlen (download->url) <= MAX_URL ? g_uri_parse (download->url, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  const char *why = uri != NULL ? problem_with (mg, uri) : "its address makes no sense";
  g_autoptr (SoupSession) session = NULL;

  if (!download->active)
    {
      g_queue_unlink (&mg->media->waiting, &download->link);
      download->active = TRUE;
      mg->media->active++;
    }
  if (why != NULL)
    {
      messenger_log (mg, USHER_LOG_WARNING, "a download was refused: %s", why);
      fail (download, why);
      return;
    }
  session = session_for (mg, uri);
  download->fetch = messenger_fetch (mg, session, soup_message_new_from_uri ("GET", uri), download->max,
                                     MESSENGER_MEDIA_MS, on_answer, download);
}

MessengerDownload *
messenger_download (Messenger *mg, const char *url, gsize max, MessengerDownloaded done, gpointer data)
{
  MessengerDownload *download = g_new0 (MessengerDownload, 1);

  download->mg = mg;
  download->link.data = download;
  download->url = g_strdup (url);
  download->max = max;
  download->done = done;
  download->data = data;
  g_queue_push_tail_link (&mg->media->waiting, &download->link);
  if (mg->media->active < MAX_ACTIVE)
    begin (download);
  return download;
}

void
messenger_download_cancel (MessengerDownload *download)
{
  if (download->fetch != NULL)
    messenger_fetch_cancel (download->fetch);
  download_free (download);
}
