/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages that lie over the chat: lists to choose from, forms, records. What is in them and what keys do there.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-text.h"

static void
item_free (gpointer data)
{
  DeskItem *item = data;

  g_free (item->id);
  g_free (item->label);
  g_free (item->detail);
  g_free (item);
}

static void
field_free (gpointer data)
{
  DeskField *field = data;

  g_free (field->key);
  g_free (field->label);
  g_free (field->was);
  g_strfreev (field->options);
  desk_edit_clear (&field->value);
  g_free (field);
}

void
desk_page_free (gpointer data)
{
  DeskPage *page = data;

  g_free (page->title);
  g_free (page->hint);
  g_free (page->problem);
  g_free (page->chat);
  g_free (page->id);
  cJSON_Delete (page->record);
  g_ptr_array_unref (page->items);
  g_ptr_array_unref (page->fields);
  desk_edit_clear (&page->query);
  g_string_free (page->text, TRUE);
  g_free (page);
}

DeskPage *
desk_page_open (DeskApp *app, DeskPlace place, const char *title)
{
  DeskPage *page = g_new0 (DeskPage, 1);

  page->serial = ++app->serial;
  page->place = place;
  page->title = g_strdup (title);
  page->focused = TRUE;
  page->items = g_ptr_array_new_with_free_func (item_free);
  page->fields = g_ptr_array_new_with_free_func (field_free);
  page->text = g_string_new (NULL);
  desk_edit_init (&page->query, "");
  g_ptr_array_add (app->pages, page);
  return page;
}

void
desk_page_close (DeskApp *app, DeskPage *page)
{
  g_ptr_array_remove (app->pages, page);
  if (app->pages->len > 0)
    desk_app_paged (app, desk_page_top (app));
  else
    desk_app_paged (app, NULL);
}

DeskPage *
desk_page_top (const DeskApp *app)
{
  return app->pages->len > 0 ? app->pages->pdata[app->pages->len - 1] : NULL;
}

DeskPage *
desk_page_by_serial (const DeskApp *app, guint64 serial)
{
  for (guint i = 0; i < app->pages->len; i++)
    if (((DeskPage *)app->pages->pdata[i])->serial == serial)
      return app->pages->pdata[i];
  return NULL;
}

void
desk_page_problem (DeskPage *page, const char *format, ...)
{
  va_list args;

  g_clear_pointer (&page->problem, g_free);
  if (format == NULL)
    return;
  va_start (args, format);
  page->problem = g_strdup_vprintf (format, args);
  va_end (args);
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

DeskItem *
desk_page_item (DeskPage *page, const char *id, const char *label, const char *detail)
{
  DeskItem *item = g_new0 (DeskItem, 1);

  item->id = g_strdup (id);
  item->label = g_strdup (label);
  item->detail = g_strdup (detail != NULL ? detail : "");
  g_ptr_array_add (page->items, item);
  return item;
}

void
desk_page_heading (DeskPage *page, const char *label)
{
  desk_page_item (page, "", label, NULL)->heading = TRUE;
  if (page->at == page->items->len - 1)
    page->at++;
}

void
desk_page_no_items (DeskPage *page)
{
  g_ptr_array_set_size (page->items, 0);
  page->at = 0;
}

DeskItem *
desk_page_current (DeskPage *page)
{
  DeskItem *item = page->at < page->items->len ? page->items->pdata[page->at] : NULL;

  return item != NULL && !item->heading ? item : NULL;
}

static void
step (DeskPage *page, int by)
{
  int at = (int)page->at;

  do
    at += by;
  while (at >= 0 && at < (int)page->items->len && ((DeskItem *)page->items->pdata[at])->heading);
  if (at >= 0 && at < (int)page->items->len)
    page->at = (guint)at;
}

/* In a list that is not searched a digit chooses: the number that stands beside it. */
static gboolean
choose_number (DeskApp *app, DeskPage *page, int number)
{
  for (guint i = 0; i < page->items->len; i++)
    {
      DeskItem *item = page->items->pdata[i];

      if (item->heading || --number > 0)
        continue;
      page->at = i;
      if (page->several)
        item->chosen = !item->chosen;
      else
        page->chosen (app, page);
      return TRUE;
    }
  return FALSE;
}

static void
list_key (DeskApp *app, DeskPage *page, int key)
{
  DeskItem *item = desk_page_current (page);

  if (key == DESK_KEY_UP || key == DESK_KEY_DOWN)
    step (page, key == DESK_KEY_UP ? -1 : 1);
  else if (key == DESK_KEY_PAGE_UP || key == DESK_KEY_PAGE_DOWN)
    for (int i = 0; i < 8; i++)
      step (page, key == DESK_KEY_PAGE_UP ? -1 : 1);
  else if (key == DESK_KEY_ENTER)
    {
      if (page->several || item != NULL)
        page->chosen (app, page);
    }
  else if (page->search)
    {
      g_autofree char *was = g_strdup (page->query.text->str);

      if (desk_edit_key (&page->query, key, FALSE) && strcmp (was, page->query.text->str) != 0)
        page->searched (app, page);
    }
  else if (key == ' ' && page->several && item != NULL)
    item->chosen = !item->chosen;
  else if (key >= '1' && key <= '9')
    choose_number (app, page, key - '0');
}

/* ---- forms ---------------------------------------------------------------------------------------------- */

DeskField *
desk_page_field (DeskPage *page, const char *key, const char *label, const char *value)
{
  DeskField *field = g_new0 (DeskField, 1);

  field->key = g_strdup (key);
  field->label = g_strdup (label);
  field->was = g_strdup (value != NULL ? value : "");
  desk_edit_init (&field->value, field->was);
  g_ptr_array_add (page->fields, field);
  return field;
}

const char *
desk_page_value (DeskPage *page, const char *key)
{
  for (guint i = 0; i < page->fields->len; i++)
    {
      DeskField *field = page->fields->pdata[i];

      if (strcmp (field->key, key) == 0)
        return field->value.text->str;
    }
  return "";
}

gboolean
desk_page_changed (DeskPage *page)
{
  for (guint i = 0; i < page->fields->len; i++)
    {
      DeskField *field = page->fields->pdata[i];

      if (strcmp (field->value.text->str, field->was) != 0)
        return TRUE;
    }
  return FALSE;
}

static void
next_option (DeskField *field, int by)
{
  int count = (int)g_strv_length (field->options), at = 0;

  for (int i = 0; i < count; i++)
    if (strcmp (field->options[i], field->value.text->str) == 0)
      at = i;
  desk_edit_set (&field->value, field->options[(at + by + count) % count]);
}

static void
form_key (DeskApp *app, DeskPage *page, int key)
{
  DeskField *field = page->fields->pdata[page->at];
  gboolean last = page->at + 1 == page->fields->len;

  if (key == DESK_KEY_ENTER && last)
    page->chosen (app, page);
  else if (key == '\t' || key == DESK_KEY_DOWN || key == DESK_KEY_ENTER)
    page->at = last ? 0 : page->at + 1;
  else if (key == DESK_KEY_BACKTAB || key == DESK_KEY_UP)
    page->at = page->at > 0 ? page->at - 1 : page->fields->len - 1;
  else if (field->options != NULL)
    {
      if (key == DESK_KEY_LEFT || key == DESK_KEY_RIGHT || key == ' ')
        next_option (field, key == DESK_KEY_LEFT ? -1 : 1);
    }
  else
    desk_edit_key (&field->value, key, strcmp (field->key, "notes") == 0 || strcmp (field->key, "text") == 0);
}

/* ---- texts ---------------------------------------------------------------------------------------------- */

void
desk_page_line (DeskPage *page, const char *label, const char *value)
{
  g_autofree char *safe = desk_text_safe (value, TRUE);
  g_auto (GStrv) lines = NULL;

  if (*g_strstrip (safe) == '\0')
    return;
  lines = g_strsplit (safe, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (page->text, "%s\t%s\n", i == 0 ? label : "", lines[i]);
}

void
desk_page_say (DeskPage *page, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (page->text, format, args);
  va_end (args);
  g_string_append_c (page->text, '\n');
}

static void
text_key (DeskPage *page, int key)
{
  static const struct
  {
    int key, by;
  } moves[] = { { DESK_KEY_UP, -1 },       { DESK_KEY_DOWN, 1 }, { DESK_KEY_PAGE_UP, -8 },
                { DESK_KEY_PAGE_DOWN, 8 }, { ' ', 8 },           { DESK_KEY_HOME, -100000 } };

  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    if (moves[i].key == key)
      page->scroll = MAX (page->scroll + moves[i].by, 0);
}

/* ---- keys ----------------------------------------------------------------------------------------------- */

gboolean
desk_edit_key (DeskEdit *edit, int key, gboolean lines)
{
  static const struct
  {
    int key;
    DeskEditMove move;
  } moves[] = {
    { DESK_KEY_LEFT, DESK_EDIT_LEFT },           { DESK_KEY_RIGHT, DESK_EDIT_RIGHT },
    { DESK_KEY_WORD_LEFT, DESK_EDIT_WORD_LEFT }, { DESK_KEY_WORD_RIGHT, DESK_EDIT_WORD_RIGHT },
    { DESK_KEY_HOME, DESK_EDIT_HOME },           { DESK_KEY_END, DESK_EDIT_END },
    { DESK_CTRL ('A'), DESK_EDIT_HOME },         { DESK_CTRL ('E'), DESK_EDIT_END },
    { DESK_KEY_BACKSPACE, DESK_EDIT_BACKSPACE }, { DESK_KEY_DELETE, DESK_EDIT_DELETE },
    { DESK_CTRL ('W'), DESK_EDIT_WORD_BACK },    { DESK_CTRL ('K'), DESK_EDIT_KILL },
    { DESK_CTRL ('U'), DESK_EDIT_CLEAR },
  };
  char text[8];

  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    if (moves[i].key == key)
      {
        desk_edit_move (edit, moves[i].move);
        return TRUE;
      }
  if (key == '\n' && !lines)
    return FALSE;
  if ((key < 0x20 && key != '\n') || key >= 0x110000)
    return FALSE;
  text[g_unichar_to_utf8 ((gunichar)key, text)] = '\0';
  desk_edit_insert (edit, text);
  return TRUE;
}

void
desk_page_key (DeskApp *app, DeskPage *page, int key)
{
  if (page->place == DESK_PLACE_LIST)
    list_key (app, page, key);
  else if (page->fields->len > 0)
    form_key (app, page, key);
  else
    text_key (page, key);
}
