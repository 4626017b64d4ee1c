/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Showing media to people at desks. What a browser may show in place is decided by the file's first bytes and from
 * a closed list; everything else is a download, and none of it may run. Main thread; a thread of the pool reads.
 */
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/service/api.h"
#include "core/service/media-private.h"
#include "core/service/media-type.h"

/* Answers on their way to slow readers are held in memory. */

typedef struct
{
  UcMedia *media;
  UsherExchange *exchange;
  char *folder, *id, *range, *name;
  gint64 kept; /* size as it was kept; so much memory is reserved */
  /* made by the thread */
  const char *type; /* NULL = a download */
  UcRangeKind kind;
  gint64 size, from, len;
  GBytes *bytes;
  GError *error;
} Serving;

static void
serving_free (Serving *serving)
{
  serving->media->lent -= serving->kept;
  g_free (serving->folder);
  g_free (serving->id);
  g_free (serving->range);
  g_free (serving->name);
  g_clear_pointer (&serving->bytes, g_bytes_unref);
  g_clear_error (&serving->error);
  g_free (serving);
}

/* ---- lending ------------------------------------------------------------------------------------------- */

/* Bytes that are counted until the last reader has them. */
typedef struct
{
  UcMedia *media;
  GBytes *bytes;
} Loan;

static void
give_back (gpointer data)
{
  Loan *loan = data;

  loan->media->lent -= (gint64)g_bytes_get_size (loan->bytes);
  g_bytes_unref (loan->bytes);
  g_free (loan);
}

static GBytes *
lend (UcMedia *media, GBytes *bytes)
{
  Loan *loan = g_new (Loan, 1);
  gsize len;
  const void *start = g_bytes_get_data (bytes, &len);

  *loan = (Loan){ media, g_bytes_ref (bytes) };
  media->lent += (gint64)len;
  return g_bytes_new_with_free_func (start, len, give_back, loan);
}

/* ---- on the thread ------------------------------------------------------------------------------------- */

static void
run_read (gpointer data)
{
  Serving *serving = data;
  UcMediaFile file;
  int fd = uc_media_open (serving->folder, serving->id, &file, &serving->error);

  if (fd < 0)
    return;
  if (file.size != serving->kept)
    {
      g_set_error (&serving->error, UC_ERROR, UC_ERROR_UNAVAILABLE,
                   "the file is damaged: %" G_GINT64_FORMAT " bytes are there and %" G_GINT64_FORMAT
                   " were kept; restore media/%.2s/%s from a backup",
                   file.size, serving->kept, serving->id + strlen ("med_"), serving->id);
      close (fd);
      return;
    }
  serving->size = serving->len = file.size;
  serving->type = uc_media_type_sniff (file.head, file.head_len);
  serving->kind = uc_media_range (serving->range, file.size, &serving->from, &serving->len);
  if (serving->kind != UC_RANGE_UNSATISFIABLE)
    serving->bytes = uc_media_read (fd, serving->from, serving->len, &serving->error);
  close (fd);
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static void
respond_unsatisfiable (Serving *serving)
{
  g_autofree char *range = g_strdup_printf ("bytes */%" G_GINT64_FORMAT, serving->size);
  const char *headers[] = { "Content-Range", range, NULL };
  UsherResponse response = { .struct_size = sizeof response, .status = 416, .headers = headers };

  uc_http_respond (serving->exchange, &response);
}

static void
respond_bytes (Serving *serving)
{
  g_autofree char *range = g_strdup_printf ("bytes %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                                            serving->from, serving->from + serving->len - 1, serving->size);
  g_autofree char *disposition
      = serving->type != NULL ? g_strdup ("inline") : uc_media_disposition (serving->name);
  g_autoptr (GBytes) lent = lend (serving->media, serving->bytes);
  const char *headers[]
      = { "Content-Security-Policy", "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy", "same-origin",
          "X-Content-Type-Options", "nosniff",
          /* The bytes of an id never change. */
          "Cache-Control", "private, max-age=31536000, immutable", "Accept-Ranges", "bytes", "Content-Disposition",
          disposition, serving->kind == UC_RANGE_PART ? "Content-Range" : NULL, range, NULL };
  UsherResponse response = { .struct_size = sizeof response,
                             .status = serving->kind == UC_RANGE_PART ? 206 : 200,
                             .content_type = serving->type != NULL ? serving->type : "application/octet-stream",
                             .headers = headers };

  uc_http_respond_bytes (serving->exchange, &response, lent);
}

static void
on_read (gpointer data)
{
  Serving *serving = data;

  if (serving->error != NULL)
    uc_api_respond_error (serving->exchange, serving->error);
  else if (serving->kind == UC_RANGE_UNSATISFIABLE)
    respond_unsatisfiable (serving);
  else
    respond_bytes (serving);
  serving_free (serving);
}

static void
respond_error (Serving *serving, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (UC_ERROR, code, message);

  uc_api_respond_error (serving->exchange, error);
  serving_free (serving);
}

static void
on_row (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  Serving *serving = data;
  g_autoptr (UcJson) row = value != NULL ? uc_json_parse (value, len, NULL, NULL) : NULL;
  gint64 size = row != NULL ? uc_json_int (uc_json_get (row, "size"), 0) : 0;

  if (result != UC_STORE_OK)
    respond_error (serving, UC_ERROR_UNAVAILABLE, "the store does not answer; try again in a moment");
  else if (row == NULL)
    respond_error (serving, UC_ERROR_NOT_FOUND, "there is no such media");
  else if (serving->media->lent + size > UC_MEDIA_MAX_LENT)
    {
      serving->media->not_lent++;
      respond_error (serving, UC_ERROR_BUSY, "too many files are being fetched just now; try again in a moment");
    }
  else
    {
      /* Before it is read: many may be asked for at once. */
      serving->kept = size;
      serving->media->lent += size;
      serving->name = g_strdup (uc_json_string (uc_json_get (row, "name")));
      if (!uc_media_push (serving->media, run_read, on_read, serving))
        respond_error (serving, UC_ERROR_UNAVAILABLE, "the daemon is stopping");
    }
}

void
uc_media_serve (UcMedia *media, UsherExchange *exchange, const char *id, const char *range)
{
  Serving *serving;

  serving = g_new0 (Serving, 1);
  serving->media = media;
  serving->exchange = exchange;
  if (!uc_media_is_id (id))
    {
      respond_error (serving, UC_ERROR_NOT_FOUND, "there is no such media");
      return;
    }
  serving->folder = g_strdup (media->folder);
  serving->id = g_strdup (id);
  serving->range = g_strdup (range);
  uc_store_media (media->core->store, id, on_row, serving);
}
