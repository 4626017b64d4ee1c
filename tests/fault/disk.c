/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A disk in memory that fails on demand, see disk.h.
 */
#include "tests/fault/disk.h"

#include <sqlite3.h>
#include <string.h>

typedef struct Handle Handle;

#define SHM_LOCKS 8

typedef struct
{
  char *name;
  GByteArray *bytes;
  guint handles;
  gboolean deleted;
  guint n_shared;
  Handle *reserved, *pending, *exclusive;
  GPtrArray *shm; /* of pages; forgotten with the last handle on it */
  guint shm_handles, shm_size;
  int shm_locks[SHM_LOCKS]; /* -1 = exclusive, else the number of shares */
} Inode;

struct Handle
{
  sqlite3_file base;
  Inode *inode;
  gboolean syncs_dir, deletes, has_shm;
  int level;
  guint shm_shared, shm_exclusive;
};

struct DiskImage
{
  GHashTable *files; /* name -> GBytes */
};

typedef struct
{
  DiskKind kind;
  guint64 nth, seen;
  gboolean lasting, failed;
} Fault;

static GRecMutex lock; /* of everything below */
static GHashTable *inodes;
static Fault faults[2];
static GArray *record;
static gboolean lying, paused;

static sqlite3_vfs *usual, memory;
static sqlite3_mem_methods allocator;
static int characteristics;

const char *
disk_kind_word (DiskKind kind)
{
  static const char *const words[DISK_KINDS] = { "nothing",  "write",  "full", "sync", "open",   "read",
                                                 "truncate", "delete", "size", "lock", "shared", "memory" };

  return words[kind];
}

/* ---- failing ------------------------------------------------------------------------------------------- */

static gboolean
fails (DiskKind kind)
{
  gboolean hit = FALSE;

  g_rec_mutex_lock (&lock);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    if (!paused && faults[i].kind == kind && faults[i].nth > 0)
      {
        faults[i].seen++;
        if (faults[i].seen == faults[i].nth || (faults[i].lasting && faults[i].seen > faults[i].nth))
          hit = faults[i].failed = TRUE;
      }
  g_rec_mutex_unlock (&lock);
  return hit;
}

void
disk_fail (guint slot, DiskKind kind, guint64 nth, gboolean lasting)
{
  g_rec_mutex_lock (&lock);
  faults[slot] = (Fault){ .kind = kind, .nth = nth, .lasting = lasting };
  g_rec_mutex_unlock (&lock);
}

void
disk_heal (void)
{
  g_rec_mutex_lock (&lock);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    faults[i].nth = 0;
  g_rec_mutex_unlock (&lock);
}

void
disk_pause (gboolean pause)
{
  paused = pause;
}

guint64
disk_seen (guint slot)
{
  return faults[slot].seen;
}

gboolean
disk_failed (guint slot)
{
  return faults[slot].failed;
}

static void *
failing_malloc (int n)
{
  return fails (DISK_MEMORY) ? NULL : allocator.xMalloc (n);
}

static void *
failing_realloc (void *old, int n)
{
  return fails (DISK_MEMORY) ? NULL : allocator.xRealloc (old, n);
}

/* ---- the record ---------------------------------------------------------------------------------------- */

static void
note (DiskOpKind kind, const char *name, gint64 at, const void *bytes, gsize len)
{
  DiskOp op = { kind, g_strdup (name), at, bytes != NULL ? g_bytes_new (bytes, len) : NULL };

  if (record != NULL && !paused)
    g_array_append_val (record, op);
  else
    {
      g_free (op.name);
      g_clear_pointer (&op.bytes, g_bytes_unref);
    }
}

static void
op_clear (gpointer data)
{
  DiskOp *op = data;

  g_free (op->name);
  g_clear_pointer (&op->bytes, g_bytes_unref);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void
inode_free (Inode *inode)
{
  g_byte_array_unref (inode->bytes);
  g_clear_pointer (&inode->shm, g_ptr_array_unref);
  g_free (inode->name);
  g_free (inode);
}

static Inode *
inode_new (const char *name)
{
  Inode *inode = g_new0 (Inode, 1);

  inode->name = g_strdup (name);
  inode->bytes = g_byte_array_new ();
  if (name != NULL)
    g_hash_table_insert (inodes, inode->name, inode);
  return inode;
}

static void
forget (Inode *inode)
{
  if (inode->name != NULL && !inode->deleted)
    g_hash_table_remove (inodes, inode->name);
  inode->deleted = TRUE;
  if (inode->handles == 0)
    inode_free (inode);
}

void
disk_create (const char *name)
{
  g_rec_mutex_lock (&lock);
  if (!g_hash_table_contains (inodes, name))
    {
      inode_new (name);
      note (DISK_OP_CREATE, name, 0, NULL, 0);
    }
  g_rec_mutex_unlock (&lock);
}

DiskImage *
disk_image_new (void)
{
  DiskImage *image = g_new0 (DiskImage, 1);

  image->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  return image;
}

void
disk_image_add (DiskImage *image, const char *name, const void *bytes, gsize len)
{
  g_hash_table_insert (image->files, g_strdup (name), g_bytes_new (bytes, len));
}

void
disk_image_free (DiskImage *image)
{
  g_hash_table_unref (image->files);
  g_free (image);
}

DiskImage *
disk_image (void)
{
  DiskImage *image = disk_image_new ();
  GHashTableIter iter;
  gpointer value;

  g_rec_mutex_lock (&lock);
  g_hash_table_iter_init (&iter, inodes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    disk_image_add (image, ((Inode *)value)->name, ((Inode *)value)->bytes->data, ((Inode *)value)->bytes->len);
  g_rec_mutex_unlock (&lock);
  return image;
}

void
disk_load (const DiskImage *image)
{
  g_autoptr (GList) old = g_hash_table_get_values (inodes);
  GHashTableIter iter;
  gpointer name, bytes;

  for (GList *l = old; l != NULL; l = l->next)
    {
      g_assert_cmpuint (((Inode *)l->data)->handles, ==, 0);
      forget (l->data);
    }
  g_hash_table_iter_init (&iter, image->files);
  while (g_hash_table_iter_next (&iter, &name, &bytes))
    g_byte_array_append (inode_new (name)->bytes, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
}

void
disk_record (void)
{
  GHashTableIter iter;
  gpointer value;

  g_rec_mutex_lock (&lock);
  g_clear_pointer (&record, g_array_unref);
  record = g_array_new (FALSE, FALSE, sizeof (DiskOp));
  g_array_set_clear_func (record, op_clear);
  g_hash_table_iter_init (&iter, inodes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Inode *inode = value;

      note (DISK_OP_CREATE, inode->name, 0, NULL, 0);
      note (DISK_OP_WRITE, inode->name, 0, inode->bytes->data, inode->bytes->len);
      note (DISK_OP_SYNC, inode->name, 0, NULL, 0);
    }
  note (DISK_OP_SYNC_DIR, NULL, 0, NULL, 0);
  g_rec_mutex_unlock (&lock);
}

void
disk_mark (gint64 value)
{
  g_rec_mutex_lock (&lock);
  note (DISK_OP_MARK, NULL, value, NULL, 0);
  g_rec_mutex_unlock (&lock);
}

GArray *
disk_recorded (void)
{
  return g_steal_pointer (&record);
}

void
disk_lie (gboolean lie)
{
  lying = lie;
}

void
disk_twin (const char *prefix)
{
  g_autoptr (GList) all = g_hash_table_get_values (inodes);

  for (GList *l = all; l != NULL; l = l->next)
    {
      const Inode *inode = l->data;
      g_autofree char *name = g_strconcat (prefix, inode->name, NULL);

      g_byte_array_append (inode_new (name)->bytes, inode->bytes->data, inode->bytes->len);
    }
}

void
disk_forget (const char *prefix)
{
  g_autoptr (GList) all = g_hash_table_get_values (inodes);

  for (GList *l = all; l != NULL; l = l->next)
    if (g_str_has_prefix (((Inode *)l->data)->name, prefix))
      forget (l->data);
}

/* ---- an open file -------------------------------------------------------------------------------------- */

static int
file_unlock_shm (Handle *handle)
{
  for (guint i = 0; i < SHM_LOCKS; i++)
    {
      if (handle->shm_exclusive & (1u << i))
        handle->inode->shm_locks[i] = 0;
      else if (handle->shm_shared & (1u << i))
        handle->inode->shm_locks[i]--;
    }
  handle->shm_exclusive = handle->shm_shared = 0;
  return SQLITE_OK;
}

static int
file_shm_unmap (sqlite3_file *file, int remove)
{
  Handle *handle = (Handle *)file;

  g_rec_mutex_lock (&lock);
  if (handle->has_shm)
    {
      file_unlock_shm (handle);
      handle->has_shm = FALSE;
      if (--handle->inode->shm_handles == 0)
        g_clear_pointer (&handle->inode->shm, g_ptr_array_unref);
    }
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static int
file_unlock (sqlite3_file *file, int level)
{
  Handle *handle = (Handle *)file;
  Inode *inode = handle->inode;

  g_rec_mutex_lock (&lock);
  if (handle->level > level)
    {
      inode->reserved = inode->reserved == handle ? NULL : inode->reserved;
      inode->pending = inode->pending == handle ? NULL : inode->pending;
      inode->exclusive = inode->exclusive == handle ? NULL : inode->exclusive;
      if (level == SQLITE_LOCK_NONE && handle->level >= SQLITE_LOCK_SHARED)
        inode->n_shared--;
      handle->level = level;
    }
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static int
file_close (sqlite3_file *file)
{
  Handle *handle = (Handle *)file;
  Inode *inode = handle->inode;

  g_rec_mutex_lock (&lock);
  file_shm_unmap (file, 0);
  file_unlock (file, SQLITE_LOCK_NONE);
  inode->handles--;
  if (handle->deletes)
    forget (inode);
  else if (inode->deleted && inode->handles == 0)
    inode_free (inode);
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static int
file_read (sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
  GByteArray *bytes = ((Handle *)file)->inode->bytes;
  gint64 there;

  if (fails (DISK_READ))
    return SQLITE_IOERR_READ;
  g_rec_mutex_lock (&lock);
  there = CLAMP ((gint64)bytes->len - at, 0, n);
  if (there > 0)
    memcpy (to, bytes->data + at, (gsize)there);
  g_rec_mutex_unlock (&lock);
  memset ((char *)to + there, 0, (gsize)(n - there));
  return there == n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static void
put (GByteArray *bytes, const void *from, gsize n, gsize at)
{
  gsize old = bytes->len;

  if (at + n > old)
    {
      g_byte_array_set_size (bytes, (guint)(at + n));
      if (at > old)
        memset (bytes->data + old, 0, at - old);
    }
  memcpy (bytes->data + at, from, n);
}

/* A write that fails has written its first half. */
static int
file_write (sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
  Inode *inode = ((Handle *)file)->inode;
  int code = fails (DISK_WRITE) ? SQLITE_IOERR_WRITE : fails (DISK_FULL) ? SQLITE_FULL : SQLITE_OK;
  gsize done = code == SQLITE_OK ? (gsize)n : (gsize)n / 2;

  g_rec_mutex_lock (&lock);
  put (inode->bytes, from, done, (gsize)at);
  if (inode->name != NULL && !inode->deleted)
    note (DISK_OP_WRITE, inode->name, at, from, done);
  g_rec_mutex_unlock (&lock);
  return code;
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  Inode *inode = ((Handle *)file)->inode;

  if (fails (DISK_TRUNCATE))
    return SQLITE_IOERR_TRUNCATE;
  g_rec_mutex_lock (&lock);
  if (size < inode->bytes->len)
    g_byte_array_set_size (inode->bytes, (guint)size);
  if (inode->name != NULL && !inode->deleted)
    note (DISK_OP_TRUNCATE, inode->name, size, NULL, 0);
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static int
file_sync (sqlite3_file *file, int flags)
{
  Handle *handle = (Handle *)file;

  if (fails (DISK_SYNC))
    return SQLITE_IOERR_FSYNC;
  if (lying)
    return SQLITE_OK;
  g_rec_mutex_lock (&lock);
  if (handle->inode->name != NULL && !handle->inode->deleted)
    note (DISK_OP_SYNC, handle->inode->name, 0, NULL, 0);
  if (handle->syncs_dir)
    note (DISK_OP_SYNC_DIR, NULL, 0, NULL, 0);
  handle->syncs_dir = FALSE;
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  if (fails (DISK_SIZE))
    return SQLITE_IOERR_FSTAT;
  *size = ((Handle *)file)->inode->bytes->len;
  return SQLITE_OK;
}

static gboolean
may_lock (Handle *handle, int level)
{
  Inode *inode = handle->inode;
  Handle *pending = inode->pending;

  switch (level)
    {
    case SQLITE_LOCK_SHARED:
      return pending == NULL && inode->exclusive == NULL;
    case SQLITE_LOCK_RESERVED:
      return inode->reserved == NULL;
    default:
      if ((inode->reserved != NULL && inode->reserved != handle) || (pending != NULL && pending != handle))
        return FALSE;
      inode->pending = handle;
      handle->level = MAX (handle->level, SQLITE_LOCK_PENDING);
      return inode->n_shared == 1;
    }
}

static int
file_lock (sqlite3_file *file, int level)
{
  Handle *handle = (Handle *)file;
  Inode *inode = handle->inode;
  gboolean may;

  if (fails (DISK_LOCK))
    return SQLITE_IOERR_LOCK;
  if (handle->level >= level)
    return SQLITE_OK;
  g_rec_mutex_lock (&lock);
  may = may_lock (handle, level);
  if (may)
    {
      if (level == SQLITE_LOCK_SHARED)
        inode->n_shared++;
      else if (level == SQLITE_LOCK_RESERVED)
        inode->reserved = handle;
      else
        inode->exclusive = handle;
      handle->level = level;
    }
  g_rec_mutex_unlock (&lock);
  return may ? SQLITE_OK : SQLITE_BUSY;
}

static int
file_check_lock (sqlite3_file *file, int *locked)
{
  const Inode *inode = ((Handle *)file)->inode;

  *locked = inode->reserved != NULL || inode->exclusive != NULL;
  return SQLITE_OK;
}

static int
file_control (sqlite3_file *file, int op, void *arg)
{
  return SQLITE_NOTFOUND;
}

static int
file_sector (sqlite3_file *file)
{
  return 4096;
}

static int
file_characteristics (sqlite3_file *file)
{
  return characteristics;
}

static int
file_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **to)
{
  Handle *handle = (Handle *)file;
  Inode *inode = handle->inode;

  *to = NULL;
  if (fails (DISK_SHARED))
    return SQLITE_IOERR_SHMMAP;
  g_rec_mutex_lock (&lock);
  if (!handle->has_shm)
    {
      handle->has_shm = TRUE;
      inode->shm_handles++;
      if (inode->shm == NULL)
        inode->shm = g_ptr_array_new_with_free_func (g_free);
    }
  while (extend && inode->shm->len <= (guint)page)
    g_ptr_array_add (inode->shm, g_malloc0 ((gsize)size));
  if ((guint)page < inode->shm->len)
    *to = inode->shm->pdata[page];
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static gboolean
shm_lock_one (Handle *handle, guint i, int flags)
{
  int *held = &handle->inode->shm_locks[i];
  guint bit = 1u << i;

  if (flags & SQLITE_SHM_UNLOCK)
    {
      if (handle->shm_exclusive & bit)
        *held = 0;
      else if (handle->shm_shared & bit)
        (*held)--;
      handle->shm_exclusive &= ~bit;
      handle->shm_shared &= ~bit;
      return TRUE;
    }
  if (flags & SQLITE_SHM_SHARED)
    {
      if (*held < 0)
        return FALSE;
      if (!(handle->shm_shared & bit))
        (*held)++;
      handle->shm_shared |= bit;
      return TRUE;
    }
  if (*held != 0)
    return FALSE;
  *held = -1;
  handle->shm_exclusive |= bit;
  return TRUE;
}

static int
file_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  Handle *handle = (Handle *)file;
  gboolean may = TRUE;

  if (!(flags & SQLITE_SHM_UNLOCK) && fails (DISK_SHARED))
    return SQLITE_IOERR_SHMLOCK;
  g_rec_mutex_lock (&lock);
  for (int i = offset; i < offset + n && !(flags & SQLITE_SHM_UNLOCK); i++)
    if ((flags & SQLITE_SHM_EXCLUSIVE) ? handle->inode->shm_locks[i] != 0 : handle->inode->shm_locks[i] < 0)
      may = FALSE;
  for (int i = offset; may && i < offset + n; i++)
    shm_lock_one (handle, (guint)i, flags);
  g_rec_mutex_unlock (&lock);
  return may ? SQLITE_OK : SQLITE_BUSY;
}

static void
file_shm_barrier (sqlite3_file *file)
{
  __sync_synchronize ();
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

/* ---- the disk ------------------------------------------------------------------------------------------ */

static int
disk_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  Handle *handle = (Handle *)file;
  Inode *inode;

  memset (handle, 0, sizeof *handle);
  if (fails (DISK_OPEN))
    return SQLITE_CANTOPEN;
  g_rec_mutex_lock (&lock);
  inode = name != NULL ? g_hash_table_lookup (inodes, name) : NULL;
  if (inode == NULL && (name == NULL || (flags & SQLITE_OPEN_CREATE)))
    {
      inode = inode_new (name);
      if (name != NULL)
        note (DISK_OP_CREATE, name, 0, NULL, 0);
    }
  if (inode != NULL)
    {
      inode->handles++;
      handle->base.pMethods = &methods;
      handle->inode = inode;
      handle->deletes = name == NULL || (flags & SQLITE_OPEN_DELETEONCLOSE);
      /* As the one for Unix: the first sync of a log or journal syncs the folder, too. */
      handle->syncs_dir = (flags & SQLITE_OPEN_CREATE)
                          && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL));
      if (out_flags != NULL)
        *out_flags = flags;
    }
  g_rec_mutex_unlock (&lock);
  return inode != NULL ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int
disk_delete (sqlite3_vfs *vfs, const char *name, int sync_dir)
{
  Inode *inode;

  if (fails (DISK_DELETE))
    return SQLITE_IOERR_DELETE;
  g_rec_mutex_lock (&lock);
  inode = g_hash_table_lookup (inodes, name);
  if (inode != NULL)
    {
      note (DISK_OP_DELETE, name, 0, NULL, 0);
      if (sync_dir && !lying)
        note (DISK_OP_SYNC_DIR, NULL, 0, NULL, 0);
      forget (inode);
    }
  g_rec_mutex_unlock (&lock);
  return inode != NULL ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int
disk_access (sqlite3_vfs *vfs, const char *name, int flags, int *there)
{
  const Inode *inode;

  g_rec_mutex_lock (&lock);
  inode = g_hash_table_lookup (inodes, name);
  *there = inode != NULL && (flags != SQLITE_ACCESS_EXISTS || inode->bytes->len > 0);
  g_rec_mutex_unlock (&lock);
  return SQLITE_OK;
}

static int
disk_full_name (sqlite3_vfs *vfs, const char *name, int n, char *to)
{
  return g_strlcpy (to, name, (gsize)n) < (gsize)n ? SQLITE_OK : SQLITE_CANTOPEN;
}

void
disk_install (gboolean powersafe)
{
  sqlite3_mem_methods failing;

  characteristics = powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
  inodes = g_hash_table_new (g_str_hash, g_str_equal);
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_GETMALLOC, &allocator), ==, SQLITE_OK);
  failing = allocator;
  failing.xMalloc = failing_malloc;
  failing.xRealloc = failing_realloc;
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_MALLOC, &failing), ==, SQLITE_OK);
  usual = sqlite3_vfs_find (NULL);
  memory = *usual;
  memory.zName = "disk";
  memory.pNext = NULL;
  memory.szOsFile = (int)sizeof (Handle);
  memory.xOpen = disk_open;
  memory.xDelete = disk_delete;
  memory.xAccess = disk_access;
  memory.xFullPathname = disk_full_name;
  g_assert_cmpint (sqlite3_vfs_register (&memory, 1), ==, SQLITE_OK);
}
