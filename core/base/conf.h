/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Configuration files: GKeyFile syntax plus conf.d, with the file and line of every key kept, because an error
 * that does not say where is no help. Problems are collected, not thrown one by one.
 */
#pragma once

#include <glib.h>

typedef struct
{
  char *key, *value;
  char *file;
  guint line;
  gboolean used; /* set by whoever reads it; what is left over is an unknown key */
} UcConfEntry;

typedef struct
{
  char *kind; /* "usher", "store", "listen", "channel", "crm", "frontend" */
  char *name; /* what follows the colon; NULL for [usher] and [store] */
  char *file;
  guint line;
  GPtrArray *entries; /* of UcConfEntry* */
} UcConfSection;

typedef struct
{
  char *path;          /* of the main file, absolute */
  GPtrArray *sections; /* of UcConfSection*, in file order */
} UcConf;

/* One thing that is wrong. */
typedef struct
{
  char *file;
  guint line;    /* 0 = the file as a whole */
  char *message; /* what is wrong and what to do */
} UcProblem;

/* Reads `path` and then conf.d/\*.conf beside it in name order; a later file adds sections and overrides keys.
 * Syntax errors, and a section or key that one file has twice, become problems (GPtrArray of UcProblem*). Space
 * around a value is dropped; \s writes one. Never NULL. */
UcConf *uc_conf_read (const char *path, GPtrArray *problems);
/* The same for text in memory; `name` stands for the file. */
UcConf *uc_conf_parse (const char *text, const char *name, GPtrArray *problems);
void uc_conf_free (UcConf *conf);

UcConfSection *uc_conf_section (UcConf *conf, const char *kind, const char *name);
UcConfEntry *uc_conf_entry (UcConfSection *section, const char *key);

GPtrArray *uc_problems_new (void);
void uc_problem_add (GPtrArray *problems, const char *file, guint line, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* By file and line: the order in which they will be corrected. */
void uc_problems_sort (GPtrArray *problems);
/* "file:line: message" */
char *uc_problem_text (const UcProblem *problem);

/* The candidate nearest to `word` by edit distance, NULL when none is near enough to be meant. */
const char *uc_nearest (const char *word, const char *const *candidates);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcConf, uc_conf_free)
