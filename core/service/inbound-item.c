/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copies of delivered items, with the bounds of what the core stores. What a network may send by mistake (a name
 * that is too long, a malformed type) is cut; what would be dangerous or can't be stored is refused. Main thread.
 */
#include "core/service/inbound-item.h"

#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/service/media-type.h"
#include "core/service/media.h"

#define MAX_TEXT 65536
#define MAX_USER_ID 512
#define MAX_EXTERNAL_ID 1024
#define MAX_NAME 200
#define MAX_FORM 32
#define MAX_URL 2048
#define MAX_ATTACHMENTS 64
#define MAX_JSON 250000

void
uc_inbound_item_free (UcInboundItem *item)
{
  if (item == NULL)
    return;
  g_free (item->user_id);
  g_free (item->user_name);
  g_free (item->external_id);
  g_free (item->text);
  g_free (item->form);
  g_free (item->reply_to);
  g_free (item->message_id);
  g_free (item->picture);
  g_free (item->attachments);
  g_strfreev (item->media);
  g_free (item);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcInboundItem, uc_inbound_item_free)

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, UC_ERROR, UC_ERROR_INVALID, why);
  return FALSE;
}

static gboolean
check_id (const char *what, const char *id, gsize max, GError **error)
{
  if (id == NULL || (*id != '\0' && strlen (id) <= max && strchr (id, '\n') == NULL))
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s must have 1 to %" G_GSIZE_FORMAT " bytes and no line break",
               what, max);
  return FALSE;
}

static char *
cut (const char *text, glong max)
{
  if (text == NULL || *text == '\0')
    return NULL;
  return g_utf8_substring (text, 0, MIN (max, g_utf8_strlen (text, -1)));
}

/* ---- attachments --------------------------------------------------------------------------------------- */

static gboolean
is_kind (const char *word)
{
  static const char *const kinds[] = { "image", "audio", "video", "file", "sticker", "location", "link" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], word) == 0)
      return TRUE;
  return FALSE;
}

/* What a person may open: nothing that a browser would run, and nothing that could break out of its place. */
static gboolean
is_url (const char *url)
{
  static const char *const schemes[] = { "http://", "https://", "geo:" };

  if (strlen (url) > MAX_URL)
    return FALSE;
  for (const char *p = url; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) || *p == ' ')
      return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (url, schemes[i], strlen (schemes[i])) == 0 && url[strlen (schemes[i])] != '\0')
      return TRUE;
  return FALSE;
}

static gboolean
check_attachment (const UsherAttachment *one, GError **error)
{
  if (!is_kind (one->kind))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "there is no kind of attachment \"%.32s\"; use image, audio, video, file, sticker, location or "
                   "link",
                   one->kind);
      return FALSE;
    }
  if (one->url != NULL && !is_url (one->url))
    return refuse (error,
                   "the url of an attachment must begin with http:, https: or geo:, have at most 2048 bytes "
                   "and no space; the channel must leave out others");
  if (one->media != NULL && !uc_media_is_id (one->media))
    return refuse (error, "the media of an attachment is not an id that media_put gave");
  if (one->size < 0)
    return refuse (error, "the size of an attachment is below 0");
  return TRUE;
}

static void
add_attachment (GString *out, const UsherAttachment *one)
{
  g_autofree char *name = cut (one->name, MAX_NAME);
  g_autofree char *mime = uc_media_mime_clean (one->mime);

  uc_json_begin (out);
  uc_json_add_string (out, "kind", one->kind);
  uc_json_add_opt (out, "media", one->media);
  uc_json_add_opt (out, "name", name);
  uc_json_add_opt (out, "mime", mime);
  uc_json_add_opt (out, "url", one->url);
  uc_json_add_int (out, "size", one->size);
  uc_json_end (out);
}

/* An older plugin's struct ends early; the host table has checked that it has a kind. */
static UsherAttachment
whole (const UsherAttachment *given)
{
  UsherAttachment one = { 0 };

  memcpy (&one, given, MIN (given->struct_size, sizeof one));
  return one;
}

static gboolean
copy_attachments (UcInboundItem *item, const UsherInbound *in, GPtrArray *media, GError **error)
{
  g_autoptr (GString) out = NULL;

  if (in->attachments == NULL || in->attachments[0] == NULL)
    return TRUE;
  out = g_string_sized_new (256);
  uc_json_begin_array (out, NULL);
  for (gsize i = 0; in->attachments[i] != NULL; i++)
    {
      UsherAttachment one = whole (in->attachments[i]);

      if (i >= MAX_ATTACHMENTS)
        return refuse (error, "a message has at most 64 attachments");
      if (!check_attachment (&one, error))
        return FALSE;
      add_attachment (out, &one);
      if (one.media != NULL)
        g_ptr_array_add (media, g_strdup (one.media));
    }
  uc_json_end_array (out);
  if (out->len > MAX_JSON)
    return refuse (error, "the names and addresses of the attachments are longer than 250 kB together");
  item->attachments = g_string_free (g_steal_pointer (&out), FALSE);
  return TRUE;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static gboolean
check_text (const UsherInbound *in, GError **error)
{
  gboolean bare = in->attachments == NULL || in->attachments[0] == NULL;

  if (in->kind != USHER_INBOUND_MESSAGE && in->kind != USHER_INBOUND_ECHO)
    return TRUE;
  if (strlen (in->text) <= MAX_TEXT && !(bare && *in->text == '\0'))
    return TRUE;
  g_set_error_literal (error, UC_ERROR, UC_ERROR_UNSUPPORTED,
                       "the text of a message has 1 byte to 64 KiB; only one with attachments may be empty");
  return FALSE;
}

static gboolean
check_form (const char *form, GError **error)
{
  gsize len = form != NULL ? strlen (form) : 1;

  for (const char *p = form; p != NULL && *p != '\0'; p++)
    if (!g_ascii_islower (*p) && *p != '_')
      len = 0;
  if (len >= 1 && len <= MAX_FORM && g_strcmp0 (form, "elsewhere") != 0)
    return TRUE;
  return refuse (error, "the form of a message is a word of lower-case letters such as postback; \"elsewhere\" is "
                        "the core's own");
}

static gboolean
check (const UsherInbound *in, GError **error)
{
  if (!check_id ("user_id", in->user_id, MAX_USER_ID, error)
      || !check_id ("external_id", in->external_id, MAX_EXTERNAL_ID, error)
      || !check_id ("reply_to", in->reply_to, MAX_EXTERNAL_ID, error)
      || !check_id ("message_id", in->message_id, MAX_EXTERNAL_ID, error) || !check_text (in, error)
      || !check_form (in->form, error))
    return FALSE;
  if (in->picture != NULL && !uc_media_is_id (in->picture))
    return refuse (error, "the picture of a person is not an id that media_put gave");
  if (in->at < 0 || in->upto < 0 || in->upto_at < 0 || in->window_until < 0)
    return refuse (error, "a time or number of an inbound item is below 0");
  if (in->kind == USHER_INBOUND_RECEIPT && in->receipt != USHER_RECEIPT_DELIVERED
      && in->receipt != USHER_RECEIPT_READ)
    return refuse (error, "a receipt says neither delivered nor read");
  return TRUE;
}

static gsize
length (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

UcInboundItem *
uc_inbound_item_new (const UsherInbound *in, gint64 now, GError **error)
{
  g_autoptr (UcInboundItem) item = NULL;
  g_autoptr (GPtrArray) media = NULL;

  if (!check (in, error))
    return NULL;
  item = g_new0 (UcInboundItem, 1);
  media = g_ptr_array_new_with_free_func (g_free);
  if (!copy_attachments (item, in, media, error))
    return NULL;
  item->kind = in->kind;
  item->user_id = g_strdup (in->user_id);
  item->user_name = cut (in->user_name, MAX_NAME);
  item->external_id = g_strdup (in->external_id);
  item->text = g_strdup (in->text);
  item->form = g_strdup (in->form);
  item->reply_to = g_strdup (in->reply_to);
  item->message_id = g_strdup (in->message_id);
  item->picture = g_strdup (in->picture);
  if (in->picture != NULL)
    g_ptr_array_add (media, g_strdup (in->picture));
  if (media->len > 0)
    {
      g_ptr_array_add (media, NULL);
      item->media = (char **)g_ptr_array_steal (media, NULL);
    }
  item->at = in->at != 0 ? in->at : now;
  item->happened = MIN (item->at, now);
  item->receipt = in->receipt;
  item->upto = in->upto;
  item->upto_at = in->upto_at;
  item->window_until = in->window_until;
  item->passive = in->passive;
  item->bytes = sizeof *item + length (item->text) + length (item->attachments) + length (item->user_id)
                + length (item->external_id);
  return g_steal_pointer (&item);
}
