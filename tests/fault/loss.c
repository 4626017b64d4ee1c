/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Losses of power, see loss.h.
 */
#include "tests/fault/loss.h"

#include <string.h>

typedef struct
{
  GByteArray *safe;
  GPtrArray *pending;            /* of const DiskOp*: since the last sync */
  gboolean there, durable_there; /* its name */
} File;

struct Loss
{
  const GArray *record;
  guint next, sector;
  gint64 mark;
  GHashTable *files; /* name -> File */
};

static void
file_free (gpointer data)
{
  File *file = data;

  g_byte_array_unref (file->safe);
  g_ptr_array_unref (file->pending);
  g_free (file);
}

Loss *
loss_new (const GArray *record, guint sector)
{
  Loss *loss = g_new0 (Loss, 1);

  loss->record = record;
  loss->sector = sector;
  loss->mark = -1;
  loss->files = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, file_free);
  return loss;
}

void
loss_free (Loss *loss)
{
  g_hash_table_unref (loss->files);
  g_free (loss);
}

static File *
file_of (Loss *loss, const DiskOp *op)
{
  File *file = g_hash_table_lookup (loss->files, op->name);

  if (file == NULL)
    {
      file = g_new0 (File, 1);
      file->safe = g_byte_array_new ();
      file->pending = g_ptr_array_new ();
      g_hash_table_insert (loss->files, op->name, file);
    }
  return file;
}

static void
put (GByteArray *bytes, const guint8 *from, gsize n, gsize at)
{
  gsize old = bytes->len;

  if (at + n > old)
    {
      g_byte_array_set_size (bytes, (guint)(at + n));
      memset (bytes->data + old, 0, at + n - old);
    }
  memcpy (bytes->data + at, from, n);
}

static void
apply (GByteArray *bytes, const DiskOp *op)
{
  gsize n;
  const guint8 *from;

  if (op->kind == DISK_OP_TRUNCATE)
    {
      if (op->at < bytes->len)
        g_byte_array_set_size (bytes, (guint)op->at);
      return;
    }
  from = op->bytes != NULL ? g_bytes_get_data (op->bytes, &n) : NULL;
  if (from != NULL)
    put (bytes, from, n, (gsize)op->at);
}

static void
sync_dir (Loss *loss)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, loss->files);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((File *)value)->durable_there = ((File *)value)->there;
}

static void
follow (Loss *loss, const DiskOp *op)
{
  File *file = op->name != NULL ? file_of (loss, op) : NULL;

  switch (op->kind)
    {
    case DISK_OP_CREATE:
      file->there = TRUE;
      g_ptr_array_set_size (file->pending, 0);
      g_byte_array_set_size (file->safe, 0);
      break;
    case DISK_OP_DELETE:
      file->there = FALSE;
      break;
    case DISK_OP_WRITE:
    case DISK_OP_TRUNCATE:
      g_ptr_array_add (file->pending, (gpointer)op);
      break;
    case DISK_OP_SYNC:
      for (guint i = 0; i < file->pending->len; i++)
        apply (file->safe, file->pending->pdata[i]);
      g_ptr_array_set_size (file->pending, 0);
      break;
    case DISK_OP_SYNC_DIR:
      sync_dir (loss);
      break;
    default:
      loss->mark = op->at;
    }
}

gboolean
loss_next (Loss *loss)
{
  if (loss->next == loss->record->len)
    return FALSE;
  follow (loss, &g_array_index (loss->record, DiskOp, loss->next++));
  return TRUE;
}

gint64
loss_mark (const Loss *loss)
{
  return loss->mark;
}

gboolean
loss_is_dirty (const Loss *loss)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, loss->files);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((File *)value)->pending->len > 0 || ((File *)value)->there != ((File *)value)->durable_there)
      return TRUE;
  return FALSE;
}

static gboolean
is_kept (GRand *rand, guint keep)
{
  return (guint)g_rand_int_range (rand, 0, 100) < keep;
}

/* A part of a sector that arrived in part: its beginning is new, the rest is old or nonsense. */
static void
tear (GByteArray *bytes, const guint8 *from, gsize n, gsize at, GRand *rand)
{
  gsize whole = (gsize)g_rand_int_range (rand, 0, (gint32)n + 1);
  g_autofree guint8 *torn = g_memdup2 (from, n);

  for (gsize i = whole; i < n; i++)
    torn[i] = (guint8)g_rand_int (rand);
  if (g_rand_boolean (rand))
    put (bytes, torn, n, at);
  else if (whole > 0)
    put (bytes, torn, whole, at);
}

static void
write_partly (const Loss *loss, GByteArray *bytes, const DiskOp *op, GRand *rand, guint keep)
{
  gsize n, at = (gsize)op->at;
  const guint8 *from = g_bytes_get_data (op->bytes, &n);

  while (n > 0)
    {
      gsize piece = MIN (n, loss->sector - at % loss->sector);

      if (is_kept (rand, keep))
        put (bytes, from, piece, at);
      else if (keep > 0 && is_kept (rand, 25))
        tear (bytes, from, piece, at, rand);
      from += piece;
      at += piece;
      n -= piece;
    }
}

static GByteArray *
content_of (const Loss *loss, const File *file, GRand *rand, guint keep)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize longest = file->safe->len;

  g_byte_array_append (bytes, file->safe->data, file->safe->len);
  for (guint i = 0; i < file->pending->len; i++)
    {
      const DiskOp *op = file->pending->pdata[i];

      if (op->kind == DISK_OP_TRUNCATE)
        {
          if (is_kept (rand, keep))
            apply (bytes, op);
        }
      else if (op->bytes != NULL)
        {
          longest = MAX (longest, (gsize)op->at + g_bytes_get_size (op->bytes));
          write_partly (loss, bytes, op, rand, keep);
        }
    }
  /* The new length may be there before the bytes are. */
  if (longest > bytes->len && keep > 0 && keep < 100 && g_rand_boolean (rand))
    {
      gsize old = bytes->len, size = old + (gsize)g_rand_int_range (rand, 0, (gint32)(longest - old) + 1);

      g_byte_array_set_size (bytes, (guint)size);
      memset (bytes->data + old, 0, size - old);
    }
  return bytes;
}

DiskImage *
loss_image (const Loss *loss, GRand *rand, guint keep)
{
  DiskImage *image = disk_image_new ();
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, loss->files);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const File *file = value;
      gboolean there = is_kept (rand, keep) ? file->there : file->durable_there;
      g_autoptr (GByteArray) bytes = NULL;

      if (!there)
        continue;
      bytes = content_of (loss, file, rand, keep);
      disk_image_add (image, name, bytes->data, bytes->len);
    }
  return image;
}
