/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The media of one webhook: each is fetched and given to the core to keep; what can't be had in time is delivered
 * as an attachment that says so. Main thread.
 */
#include "messenger.h"

#include <string.h>

struct MessengerMedia
{
  gint refs;
  MessengerHook *hook; /* until over */
  UsherAttachment *attachment;
  char *url; /* NULL = the network did not say where it is */
  MessengerDownload *download;
  gboolean over;
};

void
messenger_keep_unref (gpointer data)
{
  MessengerMedia *media = data;

  if (--media->refs > 0)
    return;
  g_free (media->url);
  g_free (media);
}

static void
over (MessengerMedia *media)
{
  if (media->over)
    return;
  media->over = TRUE;
  messenger_hook_media_done (media->hook);
}

static void
not_kept (MessengerMedia *media, const char *why)
{
  MessengerHook *hook = media->hook;
  UsherAttachment *one = media->attachment;
  g_autofree char *name = g_strdup_printf ("%s (not kept: %s)", one->name != NULL ? one->name : one->kind, why);
  g_autofree char *text = g_strdup_printf ("an attachment was not kept: %s", why);

  one->name = messenger_hook_keep (hook, name);
  messenger_count (hook->mg, USHER_LOG_WARNING, &hook->mg->counts.not_kept, text);
  over (media);
}

/* What it turned out to be goes before what it was said to be. */
static void
set_type (MessengerMedia *media, const char *mime, gsize len)
{
  UsherAttachment *one = media->attachment;
  gboolean image = g_str_has_prefix (mime, "image/");

  one->mime = messenger_hook_keep (media->hook, mime);
  one->size = (int64_t)len;
  if (strcmp (one->kind, "audio") == 0 && strcmp (mime, "video/mp4") == 0)
    one->mime = "audio/mp4"; /* one container for both: the network knows which it is */
  else if (strcmp (one->kind, "audio") == 0 && strcmp (mime, "video/webm") == 0)
    one->mime = "audio/webm";
  else if ((!image && (strcmp (one->kind, "image") == 0 || strcmp (one->kind, "sticker") == 0))
           || (strcmp (one->kind, "audio") == 0 && !g_str_has_prefix (mime, "audio/"))
           || (strcmp (one->kind, "video") == 0 && !g_str_has_prefix (mime, "video/")))
    one->kind = "file";
}

static void
on_kept (void *data, const UsherResult *result, const char *id)
{
  MessengerMedia *media = messenger_arrived (data);

  if (!media->over && result->status == USHER_OK && id != NULL)
    {
      media->attachment->media = messenger_hook_keep (media->hook, id);
      over (media);
    }
  else if (!media->over)
    not_kept (media, "it could not be stored");
  messenger_keep_unref (media);
}

static void
on_downloaded (gpointer data, const void *bytes, gsize len, const char *mime, const char *name, const char *why)
{
  MessengerMedia *media = data;
  MessengerHook *hook = media->hook;
  Messenger *mg = hook->mg;

  media->download = NULL;
  if (bytes == NULL)
    {
      not_kept (media, why);
      return;
    }
  set_type (media, mime, len);
  if (media->attachment->name == NULL)
    media->attachment->name = messenger_hook_keep (hook, name);
  media->refs++;
  mg->host->media_put (mg->instance, bytes, len, media->attachment->mime, media->attachment->name, on_kept,
                       messenger_expect (mg, media, messenger_keep_unref));
}

void
messenger_media_add (MessengerHook *hook, UsherAttachment *attachment, const char *url)
{
  MessengerMedia *media = g_new0 (MessengerMedia, 1);

  media->refs = 1;
  media->hook = hook;
  media->attachment = attachment;
  media->url = g_strdup (url);
  g_ptr_array_add (hook->media, media);
  hook->media_open++;
}

void
messenger_media_start (MessengerHook *hook)
{
  for (guint i = 0; i < hook->media->len; i++)
    {
      MessengerMedia *media = hook->media->pdata[i];

      if (media->url == NULL)
        not_kept (media, "the network did not say where it is");
      else
        media->download = messenger_download (hook->mg, media->url, MESSENGER_MAX_MEDIA, on_downloaded, media);
    }
}

void
messenger_media_end (MessengerHook *hook, const char *why)
{
  for (guint i = 0; i < hook->media->len; i++)
    {
      MessengerMedia *media = hook->media->pdata[i];

      if (media->download != NULL)
        messenger_download_cancel (g_steal_pointer (&media->download));
      if (!media->over)
        not_kept (media, why);
    }
}
