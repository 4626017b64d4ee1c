/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files in memory, see disk.h. Each file has two contents: what a process sees, and what is on the platter;
 * between them stands the list of writes that were not synced yet. One thread.
 */
#include "disk.h"

#include <sqlite3.h>
#include <string.h>

#include "node.h"
#include "sim.h"

#define SECTOR 512
#define REGION (32 * 1024)
#define LOCKS 8

typedef struct
{
  gint64 at;       /* -1 = truncated to len */
  gsize len, from; /* its bytes in `unsynced` */
} Write;

typedef struct
{
  char *name;
  gboolean there;
  GByteArray *seen, *platter;
  GArray *writes; /* of Write */
  GByteArray *unsynced;
} Inode;

/* One disk; a crash leaves the old one to those who still have it open. */
typedef struct
{
  int references;
  GPtrArray *inodes;  /* of Inode* */
  GPtrArray *regions; /* of shared memory */
  int shared[LOCKS];  /* holders; -1 = exclusive */
  int readers, level; /* of the database file; level of the one above SHARED */
} Disk;

typedef struct
{
  sqlite3_file base;
  Disk *disk;
  Inode *inode;
  gboolean is_log;
  int level;
  guint8 holds[LOCKS]; /* 1 shared, 2 exclusive */
} File;

static Disk *disk, *ghost;
static gint64 full_until;
static gboolean sync_fails;
static guint die_in;

/* ---- contents ------------------------------------------------------------------------------------------ */

/* They are as large in each run as in the one before: used again, they need no new memory from the system, and are
 * not copied while they grow. */
static GQueue contents = G_QUEUE_INIT; /* of GByteArray* */

static GByteArray *
content_new (void)
{
  GByteArray *content = g_queue_pop_head (&contents);

  return content != NULL ? content : g_byte_array_sized_new (1024 * 1024);
}

static void
content_free (GByteArray *content)
{
  g_byte_array_set_size (content, 0);
  g_queue_push_head (&contents, content);
}

/* ---- disks --------------------------------------------------------------------------------------------- */

static void
inode_free (gpointer data)
{
  Inode *inode = data;

  content_free (inode->seen);
  content_free (inode->platter);
  g_array_unref (inode->writes);
  content_free (inode->unsynced);
  g_free (inode->name);
  g_free (inode);
}

static Disk *
disk_new (void)
{
  Disk *made = g_new0 (Disk, 1);

  made->references = 1;
  made->inodes = g_ptr_array_new_with_free_func (inode_free);
  made->regions = g_ptr_array_new_with_free_func (g_free);
  return made;
}

static void
disk_unref (Disk *old)
{
  if (old == NULL || --old->references > 0)
    return;
  g_ptr_array_unref (old->inodes);
  g_ptr_array_unref (old->regions);
  g_free (old);
}

static Inode *
inode_of (Disk *on, const char *path, gboolean make)
{
  g_autofree char *name = g_path_get_basename (path);
  Inode *inode;

  for (guint i = 0; i < on->inodes->len; i++)
    if (strcmp (((Inode *)on->inodes->pdata[i])->name, name) == 0)
      return on->inodes->pdata[i];
  if (!make)
    return NULL;
  inode = g_new0 (Inode, 1);
  inode->name = g_steal_pointer (&name);
  inode->seen = content_new ();
  inode->platter = content_new ();
  inode->writes = g_array_new (FALSE, FALSE, sizeof (Write));
  inode->unsynced = content_new ();
  g_ptr_array_add (on->inodes, inode);
  return inode;
}

static void
put (GByteArray *content, gint64 at, const guint8 *bytes, gsize len)
{
  guint before = content->len;

  if (len == 0)
    return;
  if (at + (gint64)len > before)
    {
      g_byte_array_set_size (content, (guint)(at + (gint64)len));
      if (at > before)
        memset (content->data + before, 0, (gsize)at - before);
    }
  memcpy (content->data + at, bytes, len);
}

void
disk_insert (GBytes *image)
{
  disk_unref (disk);
  disk = disk_new ();
  full_until = 0;
  sync_fails = FALSE;
  die_in = 0;
  if (image != NULL)
    {
      Inode *inode = inode_of (disk, "usher.db", TRUE);
      gsize len;
      const guint8 *bytes = g_bytes_get_data (image, &len);

      inode->there = TRUE;
      put (inode->seen, 0, bytes, len);
      put (inode->platter, 0, bytes, len);
    }
}

GBytes *
disk_image (void)
{
  Inode *inode = disk->inodes->pdata[0];

  return g_bytes_new (inode->seen->data, inode->seen->len);
}

gboolean
disk_is_empty (void)
{
  return disk->inodes->len == 0;
}

/* ---- death --------------------------------------------------------------------------------------------- */

typedef enum
{
  KEEP_ALL,
  KEEP_NONE,
  KEEP_BEGINNING,
  KEEP_ANY
} Keep;

static void
apply (Inode *old, GByteArray *content, Keep keep)
{
  guint whole = keep == KEEP_BEGINNING && old->writes->len > 0 ? (guint)sim_range (0, old->writes->len) : 0;

  for (guint i = 0; i < old->writes->len && keep != KEEP_NONE; i++)
    {
      const Write *write = &g_array_index (old->writes, Write, i);

      if (keep == KEEP_BEGINNING && i >= whole)
        break;
      if (write->at < 0)
        {
          if (keep != KEEP_ANY || sim_chance (500))
            g_byte_array_set_size (content, (guint)write->len);
          continue;
        }
      if (keep != KEEP_ANY)
        {
          put (content, write->at, old->unsynced->data + write->from, write->len);
          continue;
        }
      for (gsize from = 0; from < write->len; from += SECTOR)
        if (sim_chance (500))
          put (content, write->at + (gint64)from, old->unsynced->data + write->from + from,
               MIN (SECTOR, write->len - from));
        else
          sim.facts.lost_writes++;
    }
  if (keep == KEEP_NONE)
    sim.facts.lost_writes += old->writes->len;
}

void
disk_die (gboolean power)
{
  Disk *next = disk_new ();
  Keep keep = power ? (Keep)sim_range (KEEP_NONE, KEEP_ANY) : KEEP_ALL;

  for (guint i = 0; i < disk->inodes->len; i++)
    {
      Inode *old = disk->inodes->pdata[i];
      Inode *inode = inode_of (next, old->name, TRUE);

      inode->there = old->there;
      put (inode->seen, 0, old->platter->data, old->platter->len);
      apply (old, inode->seen, keep);
      /* The first start to come reads what is there; from then on that is the truth. */
      put (inode->platter, 0, inode->seen->data, inode->seen->len);
    }
  disk_bury ();
  ghost = disk;
  disk = next;
  full_until = 0;
  sync_fails = FALSE;
  die_in = 0;
}

void
disk_bury (void)
{
  disk_unref (ghost);
  ghost = NULL;
}

/* What a dead process still does, it does to the old one. */
static Disk *
mine (void)
{
  return machine_dead && ghost != NULL ? ghost : disk;
}

void
disk_fill (gint64 until)
{
  full_until = until;
}

gboolean
disk_is_full (void)
{
  return sim.now < full_until;
}

void
disk_fail_sync (void)
{
  sync_fails = TRUE;
}

void
disk_die_at (guint n)
{
  die_in = n;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static gboolean
is_current (const File *file)
{
  return file->disk == disk && !machine_dead;
}

static void
count_down (const File *file)
{
  if (is_current (file) && die_in > 0 && --die_in == 0)
    {
      sim.facts.inside_crashes++;
      node_dies (sim_chance (500), "inside a commit");
    }
}

static int
file_close (sqlite3_file *base)
{
  File *file = (File *)base;

  disk_unref (file->disk);
  return SQLITE_OK;
}

static int
file_read (sqlite3_file *base, void *to, int n, sqlite3_int64 at)
{
  const GByteArray *seen = ((File *)base)->inode->seen;
  gsize there = at >= seen->len ? 0 : MIN ((gsize)n, seen->len - (gsize)at);

  if (there > 0)
    memcpy (to, seen->data + at, there);
  if (there == (gsize)n)
    return SQLITE_OK;
  memset ((char *)to + there, 0, (gsize)n - there);
  return SQLITE_IOERR_SHORT_READ;
}

static int
file_write (sqlite3_file *base, const void *from, int n, sqlite3_int64 at)
{
  File *file = (File *)base;
  Inode *inode = file->inode;
  Write write = { at, (gsize)n, inode->unsynced->len };

  if (is_current (file) && file->is_log && disk_is_full ())
    {
      sim.facts.full_disks++;
      return SQLITE_FULL;
    }
  count_down (file);
  put (inode->seen, at, from, (gsize)n);
  g_array_append_val (inode->writes, write);
  g_byte_array_append (inode->unsynced, from, (guint)n);
  return SQLITE_OK;
}

static int
file_truncate (sqlite3_file *base, sqlite3_int64 size)
{
  Inode *inode = ((File *)base)->inode;
  Write write = { -1, (gsize)size, 0 };

  if (size >= inode->seen->len)
    return SQLITE_OK;
  g_byte_array_set_size (inode->seen, (guint)size);
  g_array_append_val (inode->writes, write);
  return SQLITE_OK;
}

static int
file_sync (sqlite3_file *base, int flags)
{
  File *file = (File *)base;
  Inode *inode = file->inode;

  if (is_current (file))
    machine_sleep (sim_delay (4));
  if (is_current (file) && file->is_log && sync_fails)
    {
      sync_fails = FALSE;
      sim.facts.failed_syncs++;
      sim_trace ("disk: a sync fails");
      return SQLITE_IOERR_FSYNC;
    }
  count_down (file);
  if (sim.lie != SIM_LIE_FSYNC || !sim_chance (100))
    apply (inode, inode->platter, KEEP_ALL);
  else
    {
      sim_trace ("LIE: the disk says that it synced");
      return SQLITE_OK;
    }
  g_array_set_size (inode->writes, 0);
  g_byte_array_set_size (inode->unsynced, 0);
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *base, sqlite3_int64 *size)
{
  *size = ((File *)base)->inode->seen->len;
  return SQLITE_OK;
}

static int
file_lock (sqlite3_file *base, int level)
{
  File *file = (File *)base;
  Disk *on = file->disk;

  if (level <= file->level)
    return SQLITE_OK;
  if (level == SQLITE_LOCK_SHARED)
    {
      if (on->level >= SQLITE_LOCK_PENDING)
        return SQLITE_BUSY;
      on->readers++;
    }
  else
    {
      if (on->level > SQLITE_LOCK_SHARED && file->level <= SQLITE_LOCK_SHARED)
        return SQLITE_BUSY;
      if (level == SQLITE_LOCK_EXCLUSIVE && on->readers > 1)
        return SQLITE_BUSY;
      on->level = level;
    }
  file->level = level;
  return SQLITE_OK;
}

static int
file_unlock (sqlite3_file *base, int level)
{
  File *file = (File *)base;
  Disk *on = file->disk;

  if (level >= file->level)
    return SQLITE_OK;
  if (file->level > SQLITE_LOCK_SHARED)
    on->level = SQLITE_LOCK_NONE;
  if (level == SQLITE_LOCK_NONE)
    on->readers--;
  file->level = level;
  return SQLITE_OK;
}

static int
file_check_lock (sqlite3_file *base, int *reserved)
{
  *reserved = ((File *)base)->disk->level >= SQLITE_LOCK_RESERVED;
  return SQLITE_OK;
}

static int
file_control (sqlite3_file *base, int op, void *arg)
{
  return SQLITE_NOTFOUND;
}

static int
file_sector (sqlite3_file *base)
{
  return SECTOR;
}

static int
file_characteristics (sqlite3_file *base)
{
  return 0;
}

/* ---- shared memory of the log -------------------------------------------------------------------------- */

static int
file_shm_map (sqlite3_file *base, int index, int size, int extend, void volatile **to)
{
  GPtrArray *regions = ((File *)base)->disk->regions;

  *to = NULL;
  while ((guint)index >= regions->len)
    {
      if (!extend)
        return SQLITE_OK;
      g_ptr_array_add (regions, g_malloc0 (REGION));
    }
  *to = regions->pdata[index];
  return SQLITE_OK;
}

static int
file_shm_lock (sqlite3_file *base, int offset, int n, int flags)
{
  File *file = (File *)base;
  int *shared = file->disk->shared;

  for (int i = offset; i < offset + n; i++)
    if (flags & SQLITE_SHM_UNLOCK)
      continue;
    else if (flags & SQLITE_SHM_SHARED ? shared[i] < 0 : shared[i] != (file->holds[i] == 1 ? 1 : 0))
      return SQLITE_BUSY;
  for (int i = offset; i < offset + n; i++)
    {
      if (flags & SQLITE_SHM_UNLOCK)
        {
          if (file->holds[i] == 1)
            shared[i]--;
          else if (file->holds[i] == 2)
            shared[i] = 0;
          file->holds[i] = 0;
        }
      else if (flags & SQLITE_SHM_SHARED)
        {
          if (file->holds[i] == 0)
            shared[i]++;
          file->holds[i] = 1;
        }
      else
        {
          shared[i] = -1;
          file->holds[i] = 2;
        }
    }
  return SQLITE_OK;
}

static void
file_shm_barrier (sqlite3_file *base)
{
}

static int
file_shm_unmap (sqlite3_file *base, int remove)
{
  if (remove)
    g_ptr_array_set_size (((File *)base)->disk->regions, 0);
  return SQLITE_OK;
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

/* ---- the VFS ------------------------------------------------------------------------------------------- */

static int
vfs_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
  File *file = (File *)base;

  memset (file, 0, sizeof *file);
  file->disk = mine ();
  file->disk->references++;
  file->inode = inode_of (file->disk, name, TRUE);
  file->inode->there = TRUE;
  file->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  file->base.pMethods = &methods;
  if (out_flags != NULL)
    *out_flags = flags;
  return SQLITE_OK;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *name, int sync)
{
  Inode *inode = inode_of (mine (), name, FALSE);

  if (inode != NULL)
    {
      inode->there = FALSE;
      g_byte_array_set_size (inode->seen, 0);
      g_byte_array_set_size (inode->platter, 0);
      g_array_set_size (inode->writes, 0);
      g_byte_array_set_size (inode->unsynced, 0);
    }
  return SQLITE_OK;
}

static int
vfs_access (sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
  const Inode *inode = inode_of (mine (), name, FALSE);

  *result = inode != NULL && inode->there;
  return SQLITE_OK;
}

static int
vfs_full_path (sqlite3_vfs *vfs, const char *name, int n, char *out)
{
  g_strlcpy (out, name, (gsize)n);
  return SQLITE_OK;
}

static int
vfs_randomness (sqlite3_vfs *vfs, int n, char *out)
{
  for (int i = 0; i < n; i++)
    out[i] = (char)(sim_dice (&sim.ids) >> 24);
  return n;
}

static int
vfs_sleep (sqlite3_vfs *vfs, int us)
{
  machine_sleep ((us + 999) / 1000);
  return us;
}

static int
vfs_time (sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
  /* Days from noon in Greenwich on November 24, 4714 B.C. */
  *ms = G_GINT64_CONSTANT (24405875) * 8640000 + sim.now;
  return SQLITE_OK;
}

static int
vfs_error (sqlite3_vfs *vfs, int n, char *out)
{
  return 0;
}

void
disk_install (void)
{
  static sqlite3_vfs vfs = {
    .iVersion = 2,
    .szOsFile = sizeof (File),
    .mxPathname = 512,
    .zName = "simulated",
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xCurrentTimeInt64 = vfs_time,
    .xGetLastError = vfs_error,
  };

  g_assert_cmpint (sqlite3_vfs_register (&vfs, 1), ==, SQLITE_OK);
}
