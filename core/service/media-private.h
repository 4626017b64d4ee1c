/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by media.c (keeping), media-serve.c (showing) and media-files.c (what threads do to files). Main thread,
 * except for media-files.c.
 */
#pragma once

#include "core/service/media.h"

/* Work for the pool. `run` on a thread, `done` on the main thread afterwards; done frees the data. */
typedef struct
{
  void (*run) (gpointer data);
  void (*done) (gpointer data);
  gpointer data;
  UcLoop *loop;
} UcMediaJob;

struct UcMedia
{
  UcCore *core;
  char *folder;
  GThreadPool *pool;         /* NULL: stopping */
  gsize held;                /* bytes in memory for writing; main thread */
  gint64 lent;               /* bytes in memory for answers on their way, or about to be */
  guint64 refused, not_lent; /* because too much was held or lent */
  GHashTable *recent;        /* set of ids given lately, so that the store need not be asked */
  GQueue recent_order;       /* of char*, the same */
};

#define UC_MEDIA_MAX_LENT (128 * 1024 * 1024)

/* FALSE = stopping; nothing is called then. */
gboolean uc_media_push (UcMedia *media, void (*run) (gpointer), void (*done) (gpointer), gpointer data);

/* ---- media-files.c: any thread ------------------------------------------------------------------------- */

/* A file is ID.new until its row is durable, then ID; both are read. */
char *uc_media_path (const char *folder, const char *id, gboolean fresh);
gboolean uc_media_write (const char *folder, const char *id, GBytes *bytes, GError **error);
/* From ID.new to ID. */
void uc_media_settle (const char *folder, const char *id);
void uc_media_drop (const char *folder, const char *id);
/* NULL = can't be read; `size` of the whole, `head` its first bytes. len -1 = to the end. */
typedef struct
{
  gint64 size;
  guint8 head[64];
  gsize head_len;
} UcMediaFile;
int uc_media_open (const char *folder, const char *id, UcMediaFile *file, GError **error);
GBytes *uc_media_read (int fd, gint64 from, gint64 len, GError **error);
/* Ids of files whose row was not known to be durable. */
GPtrArray *uc_media_unsettled (const char *folder);
/* How long ago the file was written, s. */
gint64 uc_media_age (const char *folder, const char *id);
