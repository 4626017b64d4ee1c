/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prepared statements that speak in members of UcEvent: `:agent` in the SQL is bound from event->agent, a result
 * column named agent fills it. The thread that owns the connection.
 */
#include "core/store/sqlite.h"

#include <stddef.h>
#include <string.h>

struct UcField
{
  const char *name;
  gsize offset;
  gboolean is_string;
};

static const UcField fields[] = { { "seq", offsetof (UcEvent, seq), FALSE },
                                  { "at", offsetof (UcEvent, at), FALSE },
#define X(name) { #name, offsetof (UcEvent, name), TRUE },
                                  UC_EVENT_STRINGS (X)
#undef X
#define X(name) { #name, offsetof (UcEvent, name), FALSE },
                                      UC_EVENT_INTS (X)
#undef X
};

static const UcField *
find_field (const char *name)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (fields); i++)
    if (strcmp (fields[i].name, name) == 0)
      return &fields[i];
  return NULL;
}

static void
statement_free (gpointer data)
{
  UcStatement *statement = data;

  sqlite3_finalize (statement->handle);
  g_free (statement->parameters);
  g_free (statement->columns);
  g_free (statement);
}

static UcStatement *
statement_new (sqlite3_stmt *handle)
{
  UcStatement *statement = g_new0 (UcStatement, 1);

  statement->handle = handle;
  statement->n_parameters = sqlite3_bind_parameter_count (handle);
  statement->n_columns = sqlite3_column_count (handle);
  statement->parameters = g_new0 (const UcField *, statement->n_parameters + 1);
  statement->columns = g_new0 (const UcField *, statement->n_columns + 1);
  for (int i = 0; i < statement->n_parameters; i++)
    {
      const char *name = sqlite3_bind_parameter_name (handle, i + 1);

      if (name == NULL || *name != ':')
        continue;
      statement->parameters[i] = find_field (name + 1);
      if (statement->parameters[i] == NULL)
        g_error ("%s: no event has a member %s", sqlite3_sql (handle), name + 1);
    }
  for (int i = 0; i < statement->n_columns; i++)
    statement->columns[i] = find_field (sqlite3_column_name (handle, i));
  return statement;
}

UcStatement *
uc_sqlite_statement (UcSqlite *sqlite, const char *sql)
{
  UcStatement *statement = g_hash_table_lookup (sqlite->statements, sql);
  sqlite3_stmt *handle = NULL;

  if (statement != NULL)
    return statement;
  if (sqlite3_prepare_v3 (sqlite->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL) != SQLITE_OK)
    return NULL;
  statement = statement_new (handle);
  g_hash_table_insert (sqlite->statements, (gpointer)sql, statement);
  return statement;
}

void
uc_statement_bind_text (UcStatement *statement, int parameter, const char *text)
{
  if (text == NULL)
    sqlite3_bind_null (statement->handle, parameter);
  else
    sqlite3_bind_text (statement->handle, parameter, text, -1, SQLITE_STATIC);
}

void
uc_statement_bind_event (UcStatement *statement, const UcEvent *event)
{
  for (int i = 0; i < statement->n_parameters; i++)
    {
      const UcField *field = statement->parameters[i];
      const char *at = (const char *)event;

      if (field == NULL)
        continue;
      if (field->is_string)
        uc_statement_bind_text (statement, i + 1, *(char *const *)(at + field->offset));
      else
        sqlite3_bind_int64 (statement->handle, i + 1, *(const gint64 *)(at + field->offset));
    }
}

UcEvent *
uc_statement_row_event (UcStatement *statement, UcEventType type)
{
  UcEvent *event = uc_event_new (type, 0);

  for (int i = 0; i < statement->n_columns; i++)
    {
      const UcField *field = statement->columns[i];
      char *at = (char *)event;

      if (field == NULL)
        continue;
      if (field->is_string)
        {
          char **slot = (char **)(at + field->offset);

          g_free (*slot); /* a later column of the same name counts */
          *slot = g_strdup ((const char *)sqlite3_column_text (statement->handle, i));
        }
      else
        *(gint64 *)(at + field->offset) = sqlite3_column_int64 (statement->handle, i);
    }
  return event;
}

void
uc_statement_borrow_event (UcStatement *statement, UcEventType type, UcEvent *event)
{
  memset (event, 0, sizeof *event);
  event->type = type;
  for (int i = 0; i < statement->n_columns; i++)
    {
      const UcField *field = statement->columns[i];
      char *at = (char *)event;

      if (field == NULL)
        continue;
      if (field->is_string)
        *(const char **)(at + field->offset) = (const char *)sqlite3_column_text (statement->handle, i);
      else
        *(gint64 *)(at + field->offset) = sqlite3_column_int64 (statement->handle, i);
    }
}

int
uc_statement_run (UcSqlite *sqlite, UcStatement *statement)
{
  int code = sqlite3_step (statement->handle);

  /* Reset tells the precise code of a failed step, and ends the statement's hold on the log. */
  if (code == SQLITE_DONE || code == SQLITE_ROW)
    code = SQLITE_OK;
  sqlite3_reset (statement->handle);
  return code;
}

int
uc_sqlite_rows (UcSqlite *sqlite, UcStatement *statement, UcEventType type, GPtrArray *rows)
{
  int code;

  while ((code = sqlite3_step (statement->handle)) == SQLITE_ROW)
    g_ptr_array_add (rows, uc_statement_row_event (statement, type));
  sqlite3_reset (statement->handle);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int
uc_sqlite_exec (UcSqlite *sqlite, const char *sql)
{
  return sqlite3_exec (sqlite->db, sql, NULL, NULL, NULL);
}

gint64
uc_sqlite_int (UcSqlite *sqlite, const char *sql, gint64 fallback)
{
  sqlite3_stmt *handle = NULL;
  gint64 value = fallback;

  if (sqlite3_prepare_v2 (sqlite->db, sql, -1, &handle, NULL) == SQLITE_OK && sqlite3_step (handle) == SQLITE_ROW)
    value = sqlite3_column_int64 (handle, 0);
  sqlite3_finalize (handle);
  return value;
}

char *
uc_sqlite_sentence (UcSqlite *sqlite, int code)
{
  const char *what = sqlite3_errstr (code), *remedy;

  switch (code & 0xff)
    {
    case SQLITE_FULL:
      remedy = "the disk is full; free some space there";
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      remedy = "another program holds a lock on it; end that program";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      remedy = "check the permissions of the file and its folder, and that the disk is not mounted read-only";
      break;
    case SQLITE_IOERR:
      remedy = "the disk fails; look into the kernel's log";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      remedy = "the file is damaged; restore it from a backup";
      break;
    case SQLITE_NOMEM:
      remedy = "there is no memory left";
      break;
    default:
      remedy = sqlite3_errmsg (sqlite->db);
      break;
    }
  return g_strdup_printf ("%s: %s (SQLite error %d): %s", sqlite->path, what, code, remedy);
}

UcSqlite *
uc_sqlite_new (const char *path, sqlite3 *db)
{
  UcSqlite *sqlite = g_new0 (UcSqlite, 1);

  sqlite->db = db;
  sqlite->path = g_strdup (path);
  sqlite->statements = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, statement_free);
  return sqlite;
}

void
uc_sqlite_close (UcSqlite *sqlite)
{
  if (sqlite == NULL)
    return;
  g_hash_table_unref (sqlite->statements);
  sqlite3_close (sqlite->db);
  g_free (sqlite->path);
  g_free (sqlite);
}
