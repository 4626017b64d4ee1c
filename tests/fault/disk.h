/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A disk in memory behind SQLite that fails when it is told to, and that keeps a record of what was written,
 * synced, made and removed, so that a loss of power can be played at any moment (loss.h). Any thread; one test at
 * a time.
 */
#pragma once

#include <glib.h>

typedef enum
{
  DISK_NOTHING,
  DISK_WRITE,
  DISK_FULL, /* a write that finds no room */
  DISK_SYNC,
  DISK_OPEN,
  DISK_READ,
  DISK_TRUNCATE,
  DISK_DELETE,
  DISK_SIZE,
  DISK_LOCK,
  DISK_SHARED, /* shared memory: making, mapping, locking it */
  DISK_MEMORY, /* an allocation of SQLite's */
  DISK_KINDS
} DiskKind;

const char *disk_kind_word (DiskKind kind);

/* Becomes the usual disk of all connections opened from now on, in this process. Before SQLite is used. powersafe:
 * a write cut short by a loss of power spares the rest of its sector, as SQLite takes for granted by default. */
void disk_install (gboolean powersafe);

/* ---- failing ------------------------------------------------------------------------------------------- */

/* The nth operation of this kind from now on fails, and all after it if lasting. Two of them may be set. */
void disk_fail (guint slot, DiskKind kind, guint64 nth, gboolean lasting);
/* Nothing fails any more. */
void disk_heal (void);
/* Nothing fails, and nothing is counted or recorded, meanwhile. */
void disk_pause (gboolean pause);
/* How many operations of the kind there were since disk_fail; whether that one failed. */
guint64 disk_seen (guint slot);
gboolean disk_failed (guint slot);

/* ---- files --------------------------------------------------------------------------------------------- */

typedef struct DiskImage DiskImage;

/* All files as the next process would find them. */
DiskImage *disk_image (void);
/* The disk is this from now on; no connection may be open. */
void disk_load (const DiskImage *image);
void disk_image_free (DiskImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DiskImage, disk_image_free)
DiskImage *disk_image_new (void);
void disk_image_add (DiskImage *image, const char *name, const void *bytes, gsize len);
/* An empty file, as another part of the program makes it. */
void disk_create (const char *name);

/* The files as another process would find them now, under names that begin with the prefix; and without them. */
void disk_twin (const char *prefix);
void disk_forget (const char *prefix);

/* ---- the record ---------------------------------------------------------------------------------------- */

typedef enum
{
  DISK_OP_WRITE,
  DISK_OP_TRUNCATE,
  DISK_OP_SYNC,     /* of one file */
  DISK_OP_SYNC_DIR, /* of the folder: names are durable */
  DISK_OP_CREATE,
  DISK_OP_DELETE,
  DISK_OP_MARK /* the test says: from here on `at` was acknowledged */
} DiskOpKind;

typedef struct
{
  DiskOpKind kind;
  char *name;
  gint64 at; /* offset, new size, or mark */
  GBytes *bytes;
} DiskOp;

/* Begins with the present files, which are taken to be durable. */
void disk_record (void);
void disk_mark (gint64 value);
/* Of DiskOp; ends the record. */
GArray *disk_recorded (void);
/* From now on syncs say that they succeeded and do nothing, as a disk with a lying cache. */
void disk_lie (gboolean lie);
