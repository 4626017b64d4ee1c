/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draws the page on top: a list, a form or a record.
 */
#include <string.h>

#include "desk-screen-private.h"
#include "desk-text.h"

#define DETAIL_ROWS 5
#define LABEL_COLS 15

/* The last rows of a box, taken from it. */
static DeskBox
take_bottom (DeskBox *box, int rows)
{
  DeskBox part = { box->row, box->col, CLAMP (rows, 0, box->rows), box->cols };

  box->rows -= part.rows;
  part.row = box->row + box->rows;
  return part;
}

static void
skip (DeskBox *box, int rows)
{
  rows = MIN (rows, box->rows);
  box->row += rows;
  box->rows -= rows;
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

static int
number_of (const DeskPage *page, guint index)
{
  int number = 0;

  for (guint i = 0; i <= index; i++)
    number += !((DeskItem *)page->items->pdata[i])->heading;
  return number;
}

static void
draw_item (const DeskBox *box, int row, const DeskPage *page, guint index)
{
  const DeskItem *item = page->items->pdata[index];
  int number = number_of (page, index);
  g_autofree char *digit = !page->search && number <= 9 ? g_strdup_printf ("%d", number) : g_strdup (" ");
  g_autofree char *line = NULL;

  if (item->heading)
    {
      desk_draw (box, row, 0, DESK_LOOK_BOLD, item->label);
      return;
    }
  line = g_strdup_printf ("%s %s %s%s", index == page->at ? ">" : " ", digit,
                          page->several ? (item->chosen ? "[x] " : "[ ] ") : "", item->label);
  if (index == page->at && page->focused)
    desk_draw_bar (box, row, DESK_LOOK_BAR, line);
  else
    desk_draw (box, row, 0, DESK_LOOK_PLAIN, line);
}

static void
draw_detail (DeskBox *box, const char *detail)
{
  g_autofree char *safe = desk_text_safe (detail, TRUE);
  g_autoptr (GPtrArray) lines = NULL;
  DeskBox part;

  if (*safe == '\0')
    return;
  lines = desk_text_wrap (safe, box->cols - 2);
  part = take_bottom (box, MIN ((int)lines->len, MIN (DETAIL_ROWS, box->rows / 2)));
  for (int i = 0; i < part.rows; i++)
    desk_draw (&part, i, 2, DESK_LOOK_BOLD, lines->pdata[i]);
}

static void
draw_list (DeskBox *box, DeskPage *page)
{
  DeskItem *item = desk_page_current (page);
  int first;

  if (page->search)
    {
      int at = desk_draw (box, 0, 0, DESK_LOOK_BOLD, "Look for: ");
      DeskBox field = { box->row, box->col + at, 1, box->cols - at };

      desk_draw_edit (&field, &page->query, page->focused);
      skip (box, 1);
    }
  if (item != NULL)
    draw_detail (box, item->detail);
  first = MAX (0, (int)page->at - box->rows + 1);
  /* A heading above the first one stays in sight with it. */
  if (first == 1 && box->rows > 1)
    first = (int)page->at < box->rows ? 0 : 1;
  for (int i = 0; i < box->rows && first + i < (int)page->items->len; i++)
    draw_item (box, i, page, (guint)(first + i));
}

/* ---- forms ---------------------------------------------------------------------------------------------- */

static int
draw_field (const DeskBox *box, int row, const DeskPage *page, guint index)
{
  const DeskField *field = page->fields->pdata[index];
  gboolean current = index == page->at && page->focused;
  g_autofree char *label
      = g_strdup_printf ("%s %s%s", current ? ">" : " ", field->label, field->required ? " *" : "");
  DeskBox value = { box->row + row, box->col + 20, 1, box->cols - 20 };

  desk_draw (box, row, 0, current ? DESK_LOOK_BOLD : DESK_LOOK_PLAIN, label);
  if (field->secret)
    {
      if (current)
        desk_draw_cursor (&value, 0, 0);
      desk_draw (&value, 0, 0, DESK_LOOK_DIM, field->value.text->len > 0 ? " (typed, not shown)" : "");
      return 1;
    }
  if (field->options != NULL)
    {
      g_autofree char *text
          = g_strdup_printf ("< %s >", *field->value.text->str != '\0' ? field->value.text->str : "none");

      desk_draw (&value, 0, 0, current ? DESK_LOOK_BAR : DESK_LOOK_PLAIN, text);
      return 1;
    }
  value.rows = 0;
  value.rows = CLAMP (desk_draw_edit (&value, &field->value, FALSE), 1, MIN (4, MAX (box->rows - row, 1)));
  desk_draw_edit (&value, &field->value, current);
  return value.rows;
}

static void
draw_form (DeskBox *box, DeskPage *page)
{
  guint first = page->at >= (guint)MAX (box->rows, 1) ? page->at - (guint)MAX (box->rows, 1) + 1 : 0;
  int row = 0;

  for (guint i = first; i < page->fields->len && row < box->rows; i++)
    row += draw_field (box, row, page, i);
}

/* ---- records -------------------------------------------------------------------------------------------- */

/* One line of a record, wrapped; what follows a tab stands in a column of its own. */
static void
wrap_record_line (GPtrArray *lines, const char *line, int cols)
{
  g_auto (GStrv) parts = g_strsplit (line, "\t", 2);
  gboolean labelled = parts[0] != NULL && parts[1] != NULL;
  g_autofree char *label = desk_text_safe (labelled ? parts[0] : "", FALSE);
  g_autofree char *text = desk_text_safe (labelled ? parts[1] : line, FALSE);
  int indent = labelled ? MIN (LABEL_COLS, cols / 2) : 0;
  g_autoptr (GPtrArray) wrapped = desk_text_wrap (text, cols - indent);

  for (guint i = 0; i < wrapped->len; i++)
    {
      int gap = MAX (indent - (i == 0 ? desk_text_width (label) : 0), labelled);

      g_ptr_array_add (lines,
                       g_strdup_printf ("%s%*s%s", i == 0 ? label : "", gap, "", (char *)wrapped->pdata[i]));
    }
}

static GPtrArray *
record_lines (const DeskPage *page, int cols)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = g_strchomp (g_strdup (page->text->str));
  g_auto (GStrv) parts = g_strsplit (text, "\n", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    wrap_record_line (lines, parts[i], cols);
  return lines;
}

static void
draw_text (const DeskBox *box, DeskPage *page)
{
  g_autoptr (GPtrArray) lines = record_lines (page, box->cols);
  int count = (int)lines->len;

  page->scroll = CLAMP (page->scroll, 0, MAX (count - box->rows, 0));
  for (int i = 0; i < box->rows && page->scroll + i < count; i++)
    desk_draw (box, i, 0, DESK_LOOK_PLAIN, lines->pdata[page->scroll + i]);
  if (page->scroll + box->rows < count && box->rows > 1)
    desk_draw_bar (box, box->rows - 1, DESK_LOOK_DIM, page->focused ? "-- more: Down, PgDn --" : "-- more: F3 --");
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static void
draw_wrapped (DeskBox *box, DeskLook look, const char *text)
{
  g_autofree char *safe = desk_text_safe (text, FALSE);
  g_autoptr (GPtrArray) lines = desk_text_wrap (safe, box->cols);
  int rows = MIN ((int)lines->len, 3);

  for (int i = 0; i < rows; i++)
    desk_draw (box, i, 0, look, lines->pdata[i]);
  skip (box, rows);
}

static int
wrapped_rows (const char *text, int cols)
{
  g_autofree char *safe = desk_text_safe (text, TRUE);
  g_autoptr (GPtrArray) lines = *safe != '\0' ? desk_text_wrap (safe, cols) : NULL;

  return lines != NULL ? (int)lines->len : 0;
}

int
desk_draw_page_rows (int cols, DeskPage *page)
{
  int rows = 1 + MIN (wrapped_rows (page->problem, cols), 3) + MIN (wrapped_rows (page->hint, cols), 3);
  DeskItem *item = desk_page_current (page);

  /* A list that is searched keeps its size while one types. */
  if (page->search)
    return G_MAXINT;
  if (page->place == DESK_PLACE_LIST)
    return rows + (int)page->items->len + (item != NULL ? wrapped_rows (item->detail, cols - 2) : 0);
  if (page->fields->len > 0)
    return rows + (int)page->fields->len + 3;
  {
    g_autoptr (GPtrArray) lines = record_lines (page, cols);

    return rows + (int)lines->len;
  }
}

void
desk_draw_page (DeskApp *app, const DeskBox *box, DeskPage *page)
{
  DeskBox rest = *box;
  g_autofree char *title = g_strdup_printf (" %s%s%s", page->title, page->loading ? " ..." : "",
                                            page->focused                    ? ""
                                            : page->place == DESK_PLACE_LIST ? " (F3 chooses, Esc closes)"
                                                                             : " (F3 goes in, Esc closes)");

  desk_draw_bar (&rest, 0, page->focused ? DESK_LOOK_BAR : DESK_LOOK_UNDERLINE, title);
  skip (&rest, 1);
  if (page->problem != NULL)
    draw_wrapped (&rest, DESK_LOOK_WARNING, page->problem);
  if (page->hint != NULL && rest.rows > 1)
    draw_wrapped (&rest, DESK_LOOK_DIM, page->hint);
  if (page->place == DESK_PLACE_LIST)
    draw_list (&rest, page);
  else if (page->fields->len > 0)
    draw_form (&rest, page);
  else
    draw_text (&rest, page);
}
