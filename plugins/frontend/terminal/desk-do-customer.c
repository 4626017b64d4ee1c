/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Customers: the record, its form, a choice between several, looking for one.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-words.h"

/* ---- the record ----------------------------------------------------------------------------------------- */

static void
show_identities (DeskPage *page, const cJSON *customer)
{
  const cJSON *one;
  const char *label = "Known as";

  cJSON_ArrayForEach (one, desk_get (customer, "identities"))
  {
    g_autofree char *text = g_strdup_printf ("%s (%s)", desk_str (one, "id"), desk_str (one, "network"));

    desk_page_line (page, label, text);
    label = "";
  }
}

static void
show_record (DeskApp *app, DeskPage *page)
{
  static const struct
  {
    const char *key, *label;
  } lines[] = { { "name", "Name" },       { "email", "E-mail" },    { "phone", "Phone" },
                { "company", "Company" }, { "account", "Account" }, { "notes", "Notes" } };
  const cJSON *customer = page->record;

  g_string_truncate (page->text, 0);
  if (desk_is (customer, "draft"))
    desk_page_say (page, "NEW CUSTOMER: e enters the name and what else is known");
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    desk_page_line (page, lines[i].label, desk_str (customer, lines[i].key));
  desk_page_own_fields (page, desk_get (app->model->crm, "customer_fields"), desk_get (customer, "fields"));
  show_identities (page, customer);
}

static void
cases_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *one;
  const char *label = "Cases";

  if (page == NULL || page->place != DESK_PLACE_CUSTOMER)
    return;
  cJSON_ArrayForEach (one, desk_get (result, "cases"))
  {
    g_autofree char *when = desk_words_moment (desk_int (one, "created_at"));
    g_autofree char *text = g_strdup_printf ("%s %s, %s (%s)", desk_str (one, "number"), desk_str (one, "subject"),
                                             desk_str (one, "state"), when);

    desk_page_line (page, label, text);
    label = "";
  }
  desk_app_paged (app, page);
}

static void
ask_cases (DeskApp *app, DeskPage *page)
{
  DeskAsk *ask = desk_ask_new (app, "Read cases", cases_came);
  cJSON *args = desk_object ("customer", page->id, NULL);

  ask->page = page->serial;
  desk_put_int (args, "limit", 5);
  desk_ask_send (ask, "case.list", args);
}

static void
came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);

  if (page == NULL)
    return;
  cJSON_Delete (page->record);
  page->record = cJSON_Duplicate (desk_get (result, "customer"), TRUE);
  g_free (page->title);
  page->title = g_strdup_printf ("Customer: %s", desk_str (page->record, "name"));
  show_record (app, page);
  /* With the cases it is whole: it is not told twice. */
  if (desk_is (page->record, "draft"))
    desk_app_paged (app, page);
  else
    ask_cases (app, page);
}

static void
read_again (DeskApp *app, DeskPage *page)
{
  DeskAsk *ask = desk_ask_new (app, "Read customer", came);

  ask->page = page->serial;
  page->loading = TRUE;
  desk_ask_send (ask, "customer.get", desk_object ("customer", page->id, NULL));
}

void
desk_do_customer_open (DeskApp *app, const char *customer, DeskChat *chat, gboolean focused)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_CUSTOMER, "Customer");

  page->id = g_strdup (customer);
  page->chat = chat != NULL ? g_strdup (chat->id) : NULL;
  page->focused = focused;
  read_again (app, page);
}

void
desk_do_customer_again (DeskApp *app, const char *customer)
{
  DeskPage *page = desk_page_top (app);

  if (page != NULL && page->place == DESK_PLACE_CUSTOMER && strcmp (page->id, customer) == 0)
    read_again (app, page);
}

/* F3: into the page that has popped, or opens it. */
void
desk_do_customer (DeskApp *app, const char *argument)
{
  DeskChat *chat = desk_app_chat (app);
  DeskPage *page = desk_page_top (app);

  if (page != NULL && !page->focused)
    {
      page->focused = TRUE;
      desk_app_paged (app, page);
    }
  else if (*desk_str (chat->data, "customer") != '\0')
    desk_do_customer_open (app, desk_str (chat->data, "customer"), chat, TRUE);
  else
    desk_do_matches (app, chat, TRUE);
}

/* ---- the form ------------------------------------------------------------------------------------------- */

static void
saved (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask), *below;
  const cJSON *customer = desk_get (result, "customer");

  desk_app_tell (app, FALSE, "Customer %s is saved", desk_str (customer, "name"));
  if (page == NULL)
    return;
  desk_page_close (app, page);
  below = desk_page_top (app);
  if (below == NULL || below->place != DESK_PLACE_CUSTOMER)
    return;
  cJSON_Delete (below->record);
  below->record = cJSON_Duplicate (customer, TRUE);
  g_free (below->title);
  below->title = g_strdup_printf ("Customer: %s", desk_str (customer, "name"));
  show_record (app, below);
  /* Back to the chat: the record stays in sight. */
  below->focused = below->chat == NULL;
  ask_cases (app, below);
}

static void
merged (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  desk_app_tell (app, FALSE, "The new record is merged into the other one");
  while (app->pages->len > 0)
    desk_page_close (app, desk_page_top (app));
}

static void
merge_chosen (DeskApp *app, DeskPage *page)
{
  const char *keep = desk_page_current (page)->id;

  if (*keep == '\0')
    desk_page_close (app, page);
  else
    {
      DeskAsk *ask = desk_ask_new (app, "Merge customers", merged);

      ask->page = page->serial;
      desk_ask_send (ask, "customer.merge", desk_object ("keep", keep, "drop", page->id, NULL));
    }
}

/* The e-mail address belongs to somebody: perhaps they are one. */
static gboolean
not_saved (DeskApp *app, DeskAsk *ask, const char *code, const char *error, const cJSON *details)
{
  const cJSON *others = desk_get (details, "customers"), *one;
  DeskPage *form = desk_ask_page (ask), *page;

  if (strcmp (code, "conflict") != 0 || cJSON_GetArraySize (others) == 0 || form == NULL)
    return FALSE;
  page = desk_page_open (app, DESK_PLACE_LIST, "There is such a customer already");
  page->id = g_strdup (form->id);
  page->hint = g_strdup (error);
  page->chosen = merge_chosen;
  cJSON_ArrayForEach (one, others)
  {
    const char *id = *desk_str (one, "customer") != '\0' ? desk_str (one, "customer") : desk_str (one, "id");
    g_autofree char *label = g_strdup_printf ("They are one: merge into %s", desk_str (one, "name"));

    desk_page_item (page, id, label, desk_str (one, "email"));
  }
  desk_page_item (page, "", "Back to the form", NULL);
  desk_app_paged (app, page);
  return TRUE;
}

static void
save (DeskApp *app, DeskPage *page)
{
  cJSON *args = desk_form_changes (page, desk_get (app->model->crm, "customer_fields"));
  DeskAsk *ask;

  if (args->child == NULL && !desk_is (page->record, "draft"))
    {
      cJSON_Delete (args);
      desk_page_close (app, page);
      return;
    }
  /* Saving completes a draft, and its name is what the agent has entered. */
  if (*desk_page_value (page, "first_name") != '\0' || *desk_page_value (page, "last_name") != '\0')
    {
      g_autofree char *name
          = g_strdup_printf ("%s %s", desk_page_value (page, "first_name"), desk_page_value (page, "last_name"));

      if (desk_get (args, "first_name") != NULL || desk_get (args, "last_name") != NULL)
        desk_put_str (args, "name", g_strstrip (name));
    }
  if (desk_is (page->record, "draft"))
    desk_put (args, "draft", cJSON_CreateFalse ());
  desk_put_str (args, "customer", page->id);
  desk_put_int (args, "version", desk_int (page->record, "version"));
  ask = desk_ask_new (app, "Save customer", saved);
  ask->page = page->serial;
  ask->failed = not_saved;
  page->loading = TRUE;
  desk_page_problem (page, NULL);
  desk_ask_send (ask, "customer.save", args);
}

void
desk_do_customer_edit (DeskApp *app, const char *argument)
{
  static const struct
  {
    const char *key, *label;
  } fields[] = { { "first_name", "First name" }, { "last_name", "Last name" }, { "email", "E-mail" },
                 { "phone", "Phone" },           { "company", "Company" },     { "notes", "Notes" } };
  DeskPage *of = desk_page_top (app), *page;
  g_autofree char *title = g_strdup_printf ("Edit: %s", desk_str (of->record, "name"));

  page = desk_page_open (app, DESK_PLACE_FORM, desk_is (of->record, "draft") ? "New customer" : title);
  page->id = g_strdup (of->id);
  page->chat = g_strdup (of->chat);
  page->record = cJSON_Duplicate (of->record, TRUE);
  page->hint = g_strdup ("First and last name are needed.");
  page->chosen = save;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    desk_page_field (page, fields[i].key, fields[i].label, desk_str (of->record, fields[i].key))->required = i < 2;
  desk_form_own_fields (page, desk_get (app->model->crm, "customer_fields"), desk_get (of->record, "fields"));
  desk_app_paged (app, page);
}

/* ---- around a customer ---------------------------------------------------------------------------------- */

void
desk_do_customer_cases (DeskApp *app, const char *argument)
{
  desk_do_find_case (app, "", desk_page_top (app)->id);
}

static void
history_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *item;

  if (page == NULL)
    return;
  cJSON_ArrayForEach (item, desk_get (result, "items"))
  {
    const cJSON *one = desk_get (item, desk_str (item, "kind"));
    g_autofree char *when = desk_words_moment (desk_int (item, "at"));

    if (desk_equal (item, "kind", "case"))
      desk_page_say (page, "%s  case %s %s (%s)", when, desk_str (one, "number"), desk_str (one, "subject"),
                     desk_str (one, "state"));
    else
      desk_page_say (page, "%s  chat by %s, %s, with %s", when, desk_str (one, "network"),
                     desk_str (one, "queue_name"),
                     *desk_str (one, "agent_name") != '\0' ? desk_str (one, "agent_name") : "nobody");
  }
  if (page->text->len == 0)
    desk_page_say (page, "Nothing yet");
  desk_app_paged (app, page);
}

void
desk_do_customer_history (DeskApp *app, const char *argument)
{
  DeskPage *of = desk_page_top (app);
  g_autofree char *title = g_strdup_printf ("History: %s", desk_str (of->record, "name"));
  DeskPage *page = desk_page_open (app, DESK_PLACE_TEXT, title);
  DeskAsk *ask = desk_ask_new (app, "Read history", history_came);
  cJSON *args = desk_object ("customer", of->id, NULL);

  ask->page = page->serial;
  desk_put_int (args, "limit", 100);
  page->loading = TRUE;
  desk_ask_send (ask, "customer.timeline", args);
}

void
desk_do_customer_attach (DeskApp *app, const char *argument)
{
  DeskPage *page = desk_page_top (app);
  const DeskChat *chat = desk_app_chat (app);

  desk_app_do (app, "Attach customer", "interaction.choose_customer",
               desk_object ("interaction", chat->id, "customer", page->id, NULL));
  desk_app_tell (app, FALSE, "The chat is with %s now", desk_str (page->record, "name"));
  while (app->pages->len > 0)
    desk_page_close (app, desk_page_top (app));
}

/* ---- several may be it ---------------------------------------------------------------------------------- */

static void
match_chosen (DeskApp *app, DeskPage *page)
{
  g_autofree char *chat = g_strdup (page->chat);
  g_autofree char *customer = g_strdup (desk_page_current (page)->id);

  desk_page_close (app, page);
  desk_app_do (app, "Choose customer", "interaction.choose_customer",
               desk_object ("interaction", chat, "customer", customer, NULL));
}

void
desk_do_matches (DeskApp *app, DeskChat *chat, gboolean focused)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, "Several records may be this customer");
  const cJSON *one;

  page->chat = g_strdup (chat->id);
  page->focused = focused;
  page->hint = g_strdup (focused ? "Choose the one it is." : "F3 goes there to choose the one it is.");
  page->chosen = match_chosen;
  cJSON_ArrayForEach (one, desk_get (chat->data, "matches"))
  {
    g_autofree char *label = g_strdup_printf ("%s  %s%s", desk_str (one, "name"), desk_str (one, "email"),
                                              desk_is (one, "draft") ? " (not completed)" : "");

    desk_page_item (page, desk_str (one, "customer"), label, NULL);
  }
  desk_page_item (page, "", "None of them: a new record", NULL);
  desk_app_paged (app, page);
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
  cJSON_ArrayForEach (one, desk_get (result, "customers"))
  {
    g_autofree char *label = g_strdup_printf ("%s  %s  %s", desk_str (one, "name"), desk_str (one, "email"),
                                              desk_str (one, "company"));

    desk_page_item (page, desk_str (one, "id"), label, desk_str (one, "phone"));
  }
  if (page->items->len == 0)
    desk_page_problem (page, "Nobody is found");
  desk_app_paged (app, page);
}

static void
look_for (DeskApp *app, DeskPage *page)
{
  DeskAsk *ask = desk_ask_new (app, "Look for customers", found);
  cJSON *args = desk_object ("text", page->query.text->str, NULL);

  ask->page = page->serial;
  ask->id = g_strdup (page->query.text->str);
  desk_put_int (args, "limit", 50);
  page->loading = TRUE;
  desk_ask_send (ask, "customer.search", args);
}

static void
found_chosen (DeskApp *app, DeskPage *page)
{
  desk_do_customer_open (app, desk_page_current (page)->id, NULL, TRUE);
}

void
desk_do_find_customer (DeskApp *app, const char *words)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, "Customers");

  page->search = TRUE;
  page->hint = g_strdup ("Type a part of the name, the address, the number.");
  page->chosen = found_chosen;
  page->searched = look_for;
  desk_edit_set (&page->query, words);
  look_for (app, page);
}
