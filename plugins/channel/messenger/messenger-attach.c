/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments of a message: what is a file is fetched and kept, what is a link or a place stays one. Main thread.
 */
#include "messenger.h"

#include <math.h>
#include <string.h>

#define MAX_NAME 200 /* characters */
#define MAX_URL 2000 /* bytes of a link for people */

static const struct
{
  const char *type, *kind;
  gboolean file;    /* payload.url is the file itself */
  const char *name; /* if it comes without a title */
} types[] = {
  { "image", "image", TRUE, NULL },
  { "audio", "audio", TRUE, NULL },
  { "video", "video", TRUE, NULL },
  { "file", "file", TRUE, NULL },
  { "sticker", "sticker", TRUE, NULL },
  { "location", "location", FALSE, "a place" },
  { "reel", "link", FALSE, "a reel" },
  { "ig_reel", "link", FALSE, "an Instagram reel" },
  { "post", "link", FALSE, "a post" },
  { "ig_post", "link", FALSE, "an Instagram post" },
  { "share", "link", FALSE, "a shared post" },
  { "template", "link", FALSE, "a structured message" },
  { "fallback", "link", FALSE, "a link" },
  { "appointment_booking", "link", FALSE, "an appointment booking" },
  { NULL, "link", FALSE, "an attachment of a kind that can't be shown here" }, /* anything else */
};

static UsherAttachment *
add (MessengerItem *item, const char *kind)
{
  UsherAttachment *one = g_new0 (UsherAttachment, 1);

  one->struct_size = sizeof *one;
  one->kind = kind;
  if (item->attachments == NULL)
    item->attachments = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (item->attachments, one);
  return one;
}

static gboolean
is_bare (const char *url)
{
  for (const char *p = url; *p != '\0'; p++)
    if (*p == ' ' || g_ascii_iscntrl (*p))
      return FALSE;
  return strlen (url) <= MAX_URL;
}

/* An address that a person may open: on the web, and without anything in it that could be a trick or a secret. */
static const char *
link_for_people (MessengerHook *hook, const char *url)
{
  g_autoptr (GUri) uri = url != NULL && is_bare (url) ? g_uri_parse (url, G_URI_FLAGS_NONE, NULL) : NULL;

  if (uri == NULL || g_uri_get_userinfo (uri) != NULL || g_uri_get_host (uri) == NULL
      || *g_uri_get_host (uri) == '\0'
      || (strcmp (g_uri_get_scheme (uri), "https") != 0 && strcmp (g_uri_get_scheme (uri), "http") != 0))
    return NULL;
  return messenger_hook_keep (hook, url);
}

static const char *
title_of (MessengerHook *hook, const UsherJson *attachment, const UsherJson *payload, const char *otherwise)
{
  Messenger *mg = hook->mg;
  const char *title = messenger_text (mg, payload, "title");
  g_autofree char *clean = NULL;

  if (title == NULL)
    title = messenger_text (mg, attachment, "title");
  if (title == NULL)
    return otherwise;
  clean = messenger_clean (mg, title, MAX_NAME);
  return messenger_hook_keep (hook, clean);
}

/* ---- places -------------------------------------------------------------------------------------------- */

/* The host's JSON reads whole numbers; a fraction is read from its text. NAN = no number. */
static double
degrees (Messenger *mg, const UsherJson *coordinates, const char *key, double limit)
{
  const UsherJson *value = mg->host->json_get (coordinates, key);
  char *printed = value != NULL ? mg->host->json_print (value, NULL) : NULL;
  const char *text = mg->host->json_string (value) != NULL ? mg->host->json_string (value) : printed;
  char *end = NULL;
  double number = text != NULL ? g_ascii_strtod (text, &end) : 0;
  gboolean fits = text != NULL && end != text && *end == '\0' && isfinite (number) && fabs (number) <= limit;

  mg->host->free_text (printed);
  return fits ? number : NAN;
}

static const char *
geo_of (MessengerHook *hook, const UsherJson *payload)
{
  const UsherJson *coordinates = hook->mg->host->json_get (payload, "coordinates");
  double lat = degrees (hook->mg, coordinates, "lat", 90), lon = degrees (hook->mg, coordinates, "long", 180);
  char lat_text[G_ASCII_DTOSTR_BUF_SIZE], lon_text[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *url = NULL;

  if (isnan (lat) || isnan (lon))
    return NULL;
  g_ascii_formatd (lat_text, sizeof lat_text, "%.6f", lat);
  g_ascii_formatd (lon_text, sizeof lon_text, "%.6f", lon);
  url = g_strdup_printf ("geo:%s,%s", lat_text, lon_text);
  return messenger_hook_keep (hook, url);
}

/* ---- one attachment ------------------------------------------------------------------------------------ */

static void
attach_file (MessengerItem *item, gsize type, const UsherJson *attachment, const UsherJson *payload)
{
  MessengerHook *hook = item->hook;
  Messenger *mg = hook->mg;
  g_autofree char *sticker = messenger_id (mg, payload, "sticker_id");
  const char *url = messenger_text (mg, payload, "url");
  UsherAttachment *one = add (item, sticker != NULL ? "sticker" : types[type].kind);

  one->name = title_of (hook, attachment, payload, NULL);
  if (one->name == NULL && sticker != NULL)
    {
      g_autofree char *name = g_strconcat ("sticker ", sticker, NULL);

      one->name = messenger_hook_keep (hook, name);
    }
  if (messenger_hook_known (hook, item->in.external_id))
    return;
  messenger_media_add (hook, one, url);
}

static void
attach_one (MessengerItem *item, const UsherJson *attachment)
{
  MessengerHook *hook = item->hook;
  Messenger *mg = hook->mg;
  const char *type = messenger_text (mg, attachment, "type");
  const UsherJson *payload = mg->host->json_get (attachment, "payload");
  const char *url = messenger_text (mg, payload, "url");
  UsherAttachment *one;
  gsize i = 0;

  while (types[i].type != NULL && g_strcmp0 (types[i].type, type) != 0)
    i++;
  if (types[i].file)
    {
      attach_file (item, i, attachment, payload);
      return;
    }
  one = add (item, types[i].kind);
  one->name = title_of (hook, attachment, payload, types[i].name);
  if (strcmp (types[i].kind, "location") == 0)
    one->url = geo_of (hook, payload);
  else
    one->url = link_for_people (hook, url != NULL ? url : messenger_text (mg, attachment, "url"));
}

void
messenger_attach (MessengerItem *item, const UsherJson *attachments)
{
  Messenger *mg = item->hook->mg;
  size_t n = mg->host->json_at (attachments, 0) != NULL ? mg->host->json_length (attachments) : 0;

  if (n > MESSENGER_MAX_ATTACHMENTS)
    messenger_log (mg, USHER_LOG_WARNING, "a message has %zu attachments; all after %d were dropped", n,
                   MESSENGER_MAX_ATTACHMENTS);
  for (size_t i = 0; i < MIN (n, MESSENGER_MAX_ATTACHMENTS); i++)
    if (mg->host->json_length (mg->host->json_at (attachments, i)) > 0)
      attach_one (item, mg->host->json_at (attachments, i));
}
