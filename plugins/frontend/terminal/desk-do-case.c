/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cases: the record with its transcript, its form, comments, looking for one.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-words.h"

/* ---- the record ----------------------------------------------------------------------------------------- */

static void
say_lines (DeskPage *page, const char *title, const cJSON *list)
{
  const cJSON *one;

  if (cJSON_GetArraySize (list) == 0)
    return;
  desk_page_say (page, "\n%s", title);
  cJSON_ArrayForEach (one, list)
  {
    g_autofree char *when = desk_words_moment (desk_int (one, "at"));
    const char *name = *desk_str (one, "name") != '\0' ? desk_str (one, "name") : desk_str (one, "author");

    if (desk_get (one, "field") != NULL)
      desk_page_say (page, "%s %s: %s: %s -> %s", when, name, desk_str (one, "field"), desk_str (one, "from"),
                     desk_str (one, "to"));
    else
      desk_page_say (page, "%s %s: %s", when, name, desk_str (one, "text"));
  }
}

static void
show_codes (DeskPage *page, const cJSON *record)
{
  g_autoptr (GString) codes = g_string_new (NULL);
  const cJSON *one;

  cJSON_ArrayForEach (one, desk_get (record, "codes"))
      g_string_append_printf (codes, "%s%s", codes->len > 0 ? ", " : "", desk_str (one, "name"));
  desk_page_line (page, "Codes", codes->str);
}

static void
show_record (DeskApp *app, DeskPage *page)
{
  static const struct
  {
    const char *key, *label;
  } lines[]
      = { { "subject", "Subject" },   { "state", "State" }, { "severity", "Severity" }, { "priority", "Priority" },
          { "category", "Category" }, { "queue", "Queue" }, { "agent", "Agent" },       { "notes", "Notes" } };
  const cJSON *record = page->record;

  g_string_truncate (page->text, 0);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    desk_page_line (page, lines[i].label, desk_str (record, lines[i].key));
  if (*desk_str (record, "customer") == '\0')
    desk_page_line (page, "Customer", "NOT ASSIGNED to a customer");
  show_codes (page, record);
  desk_page_own_fields (page, desk_get (app->model->crm, "case_fields"), desk_get (record, "fields"));
  say_lines (page, "Comments", desk_get (record, "comments"));
  say_lines (page, "Transcript", desk_get (record, "transcript"));
  say_lines (page, "History", desk_get (record, "history"));
}

static void
take (DeskApp *app, DeskPage *page, const cJSON *record)
{
  cJSON_Delete (page->record);
  page->record = cJSON_Duplicate (record, TRUE);
  g_free (page->title);
  page->title = g_strdup_printf ("Case %s: %s (%s)", desk_str (record, "number"), desk_str (record, "subject"),
                                 desk_str (record, "state"));
  show_record (app, page);
  desk_app_paged (app, page);
}

static void
came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);

  if (page != NULL && page->place == DESK_PLACE_CASE)
    take (app, page, desk_get (result, "case"));
}

void
desk_do_case_open (DeskApp *app, const char *id, DeskChat *chat, gboolean focused)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_CASE, "Case");
  DeskAsk *ask = desk_ask_new (app, "Read case", came);

  page->id = g_strdup (id);
  page->chat = chat != NULL ? g_strdup (chat->id) : NULL;
  page->focused = focused;
  page->loading = TRUE;
  ask->page = page->serial;
  desk_ask_send (ask, "case.get", desk_object ("case", id, NULL));
}

void
desk_do_case (DeskApp *app, const char *argument)
{
  DeskChat *chat = desk_app_chat (app);
  const char *saved = desk_str (desk_get (chat->data, "save"), "case");

  if (*saved != '\0')
    desk_do_case_open (app, saved, chat, TRUE);
  else if (*desk_str (chat->data, "customer") != '\0')
    desk_do_find_case (app, "", desk_str (chat->data, "customer"));
  else
    desk_app_tell (app, FALSE, "This chat has no case yet; F7 saves it");
}

/* ---- changes -------------------------------------------------------------------------------------------- */

static void
changed (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *record = desk_get (result, "case");

  desk_app_tell (app, FALSE, "Case %s is saved", desk_str (record, "number"));
  if (page != NULL && page->place == DESK_PLACE_FORM)
    desk_page_close (app, page);
  page = desk_page_top (app);
  if (page != NULL && page->place == DESK_PLACE_CASE)
    take (app, page, record);
}

/* Takes args. */
static void
change (DeskApp *app, DeskPage *page, const cJSON *record, cJSON *args)
{
  DeskAsk *ask = desk_ask_new (app, "Save case", changed);

  desk_put_str (args, "case", desk_str (record, "id"));
  desk_put_int (args, "version", desk_int (record, "version"));
  ask->page = page->serial;
  page->loading = TRUE;
  desk_ask_send (ask, "case.save", args);
}

static void
save (DeskApp *app, DeskPage *page)
{
  cJSON *args = desk_form_changes (page, desk_get (app->model->crm, "case_fields"));

  if (args->child != NULL)
    {
      desk_page_problem (page, NULL);
      change (app, page, page->record, args);
      return;
    }
  cJSON_Delete (args);
  desk_page_close (app, page);
}

/* A choice of the CRM's words; none of them, too. */
static void
add_choice (DeskApp *app, DeskPage *page, const char *key, const char *label, const char *words)
{
  g_auto (GStrv) known = desk_words (app->model->crm, words);
  DeskField *field;

  if (known[0] == NULL)
    return;
  field = desk_page_field (page, key, label, desk_str (page->record, key));
  field->options = g_new0 (char *, g_strv_length (known) + 2);
  field->options[0] = g_strdup ("");
  for (guint i = 0; known[i] != NULL; i++)
    field->options[i + 1] = g_strdup (known[i]);
}

void
desk_do_case_edit (DeskApp *app, const char *argument)
{
  static const char *const states[] = { "open", "closed", NULL };
  DeskPage *of = desk_page_top (app), *page;
  g_autofree char *title = g_strdup_printf ("Edit case %s", desk_str (of->record, "number"));

  page = desk_page_open (app, DESK_PLACE_FORM, title);
  page->record = cJSON_Duplicate (of->record, TRUE);
  page->hint = g_strdup ("Left and Right change what is chosen from a list.");
  page->chosen = save;
  desk_page_field (page, "subject", "Subject", desk_str (of->record, "subject"));
  desk_page_field (page, "state", "State", desk_str (of->record, "state"))->options = g_strdupv ((char **)states);
  add_choice (app, page, "severity", "Severity", "severities");
  add_choice (app, page, "priority", "Priority", "priorities");
  add_choice (app, page, "category", "Category", "categories");
  desk_form_own_fields (page, desk_get (app->model->crm, "case_fields"), desk_get (of->record, "fields"));
  desk_page_field (page, "notes", "Notes", desk_str (of->record, "notes"));
  desk_app_paged (app, page);
}

static void
comment (DeskApp *app, DeskPage *page)
{
  DeskAsk *ask = desk_ask_new (app, "Add comment", changed);

  ask->page = page->serial;
  desk_ask_send (ask, "case.comment",
                 desk_object ("case", page->id, "text", desk_page_value (page, "text"), NULL));
}

void
desk_do_case_comment (DeskApp *app, const char *argument)
{
  DeskPage *of = desk_page_top (app);
  DeskPage *page = desk_page_open (app, DESK_PLACE_FORM, "Comment");

  page->id = g_strdup (of->id);
  page->chosen = comment;
  page->hint = g_strdup ("For colleagues; the customer does not see it.");
  desk_page_field (page, "text", "Comment", argument);
  desk_app_paged (app, page);
}

void
desk_do_case_close (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_top (app);
  gboolean open = desk_equal (page->record, "state", "open");

  change (app, page, page->record, desk_object ("state", open ? "closed" : "open", NULL));
}

void
desk_do_case_assign (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_top (app);

  change (app, page, page->record,
          desk_object ("customer", desk_str (desk_app_chat (app)->data, "customer"), NULL));
}

void
desk_do_case_follow (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_top (app);

  desk_app_do (app, "Continue case", "interaction.follow_up",
               desk_object ("interaction", desk_app_chat (app)->id, "case", page->id, NULL));
  desk_app_tell (app, FALSE, "The chat continues case %s", desk_str (page->record, "number"));
}

/* ---- looking for one ------------------------------------------------------------------------------------ */

static void
found (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *one;

  if (page == NULL || strcmp (page->query.text->str, ask->id) != 0)
    return;
  desk_page_no_items (page);
  cJSON_ArrayForEach (one, desk_get (result, "cases"))
  {
    g_autofree char *when = desk_words_moment (desk_int (one, "created_at"));
    g_autofree char *label = g_strdup_printf ("%s  %s  %s", desk_str (one, "number"), desk_str (one, "state"),
                                              desk_str (one, "subject"));

    desk_page_item (page, desk_str (one, "id"), label, when);
  }
  if (page->items->len == 0)
    desk_page_problem (page, "No case is found");
  desk_app_paged (app, page);
}

static void
look_for (DeskApp *app, DeskPage *page)
{
  DeskAsk *ask = desk_ask_new (app, "Look for cases", found);
  cJSON *args = desk_object ("text", page->query.text->str, "customer", page->id, NULL);

  ask->page = page->serial;
  ask->id = g_strdup (page->query.text->str);
  desk_put_int (args, "limit", 50);
  page->loading = TRUE;
  desk_ask_send (ask, "case.list", args);
}

static void
found_chosen (DeskApp *app, DeskPage *page)
{
  desk_do_case_open (app, desk_page_current (page)->id, NULL, TRUE);
}

void
desk_do_find_case (DeskApp *app, const char *words, const char *customer)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, customer != NULL ? "The customer's cases" : "Cases");

  page->id = g_strdup (customer);
  page->search = TRUE;
  page->hint = g_strdup ("Type words of the case, or its number.");
  page->chosen = found_chosen;
  page->searched = look_for;
  desk_edit_set (&page->query, words);
  look_for (app, page);
}
