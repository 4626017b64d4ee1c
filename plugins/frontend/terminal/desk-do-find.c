/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking things up; and the site's own fields, which customers and cases both have.
 */
#include <string.h>

#include "desk-app.h"
#include "desk-words.h"

/* ---- chats without codes -------------------------------------------------------------------------------- */

static void
uncoded_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *one;

  if (page == NULL)
    return;
  cJSON_Delete (page->record);
  page->record = cJSON_Duplicate (desk_get (result, "interactions"), TRUE);
  cJSON_ArrayForEach (one, page->record)
  {
    g_autofree char *when = desk_words_moment (desk_int (one, "enqueued_at"));
    DeskChat chat = { .data = (cJSON *)one };
    g_autofree char *label
        = g_strdup_printf ("%s  %s, %s", when, desk_chat_name (&chat), desk_str (one, "queue_name"));

    desk_page_item (page, desk_str (one, "interaction"), label, NULL);
  }
  if (page->items->len == 0)
    page->hint = g_strdup ("All chats have their codes.");
  desk_app_paged (app, page);
}

static void
uncoded_chosen (DeskApp *app, DeskPage *page)
{
  g_autoptr (cJSON) one = cJSON_DetachItemFromArray (page->record, (int)page->at);
  DeskChat chat = { .data = one };

  desk_page_close (app, page);
  desk_do_codes_of (app, one, desk_chat_name (&chat));
}

static void
find_uncoded (DeskApp *app)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, "My chats without codes");
  DeskAsk *ask = desk_ask_new (app, "Read chats", uncoded_came);
  cJSON *args = desk_object ("agent", desk_str (app->model->me, "user"), NULL);

  cJSON_AddTrueToObject (args, "uncoded");
  page->chosen = uncoded_chosen;
  page->loading = TRUE;
  ask->page = page->serial;
  desk_ask_send (ask, "interaction.list", args);
}

/* ---- undelivered messages of chats that are over --------------------------------------------------------- */

static void
outbox_came (DeskApp *app, DeskAsk *ask, const cJSON *result)
{
  DeskPage *page = desk_ask_page (ask);
  const cJSON *one;

  if (page == NULL)
    return;
  cJSON_ArrayForEach (one, desk_get (result, "messages"))
  {
    g_autofree char *label = g_strdup_printf ("%s: %s", desk_str (one, "name"), desk_str (one, "text"));
    g_autofree char *detail = g_strdup_printf (
        "%s  %s", desk_equal (one, "state", "uncertain") ? "UNCERTAIN" : "NOT DELIVERED", desk_str (one, "error"));

    desk_page_item (page, desk_str (one, "message"), label, detail);
  }
  if (page->items->len == 0)
    page->hint = g_strdup ("Everything has arrived.");
  desk_app_paged (app, page);
}

static void
fate_chosen (DeskApp *app, DeskPage *page)
{
  gboolean again = strcmp (desk_page_current (page)->id, "again") == 0;
  g_autofree char *message = g_strdup (page->id);

  desk_page_close (app, page);
  desk_app_do (app, again ? "Send again" : "Leave undelivered", again ? "outbox.replay" : "outbox.discard",
               desk_object ("message", message, NULL));
}

static void
outbox_chosen (DeskApp *app, DeskPage *page)
{
  g_autofree char *title = g_strdup (desk_page_current (page)->label);
  g_autofree char *message = g_strdup (desk_page_current (page)->id);

  desk_page_close (app, page);
  page = desk_page_open (app, DESK_PLACE_LIST, title);
  page->id = g_steal_pointer (&message);
  page->chosen = fate_chosen;
  desk_page_item (page, "again", "Send it again", NULL);
  desk_page_item (page, "leave", "Leave it as it is", NULL);
  desk_app_paged (app, page);
}

static void
find_outbox (DeskApp *app)
{
  DeskPage *page = desk_page_open (app, DESK_PLACE_LIST, "Messages that may not have arrived");
  DeskAsk *ask = desk_ask_new (app, "Read messages", outbox_came);

  page->chosen = outbox_chosen;
  page->loading = TRUE;
  ask->page = page->serial;
  desk_ask_send (ask, "outbox.list", cJSON_CreateObject ());
}

/* ---- what for ------------------------------------------------------------------------------------------- */

static void
find_chosen (DeskApp *app, DeskPage *page)
{
  g_autofree char *id = g_strdup (desk_page_current (page)->id);

  desk_page_close (app, page);
  if (strcmp (id, "customers") == 0)
    desk_do_find_customer (app, "");
  else if (strcmp (id, "cases") == 0)
    desk_do_find_case (app, "", NULL);
  else if (strcmp (id, "uncoded") == 0)
    find_uncoded (app);
  else
    find_outbox (app);
}

void
desk_do_find (DeskApp *app, const char *argument)
{
  DeskPage *page;

  if (argument != NULL && *argument != '\0')
    {
      desk_do_find_customer (app, argument);
      return;
    }
  page = desk_page_open (app, DESK_PLACE_LIST, "Look up");
  page->chosen = find_chosen;
  desk_page_item (page, "customers", "Customers", NULL);
  desk_page_item (page, "cases", "Cases", NULL);
  desk_page_item (page, "outbox", "Messages that may not have arrived", NULL);
  desk_page_item (page, "uncoded", "My chats without codes", NULL);
  desk_app_paged (app, page);
}

/* ---- the site's own fields ------------------------------------------------------------------------------ */

static char *
value_text (const cJSON *value)
{
  if (cJSON_IsString (value))
    return g_strdup (value->valuestring);
  if (cJSON_IsBool (value))
    return g_strdup (cJSON_IsTrue (value) ? "yes" : "no");
  if (cJSON_IsNumber (value))
    return g_strdup_printf ("%.15g", value->valuedouble);
  return g_strdup ("");
}

void
desk_page_own_fields (DeskPage *page, const cJSON *definitions, const cJSON *values)
{
  const cJSON *one;

  cJSON_ArrayForEach (one, definitions)
  {
    g_autofree char *text = value_text (desk_get (values, desk_str (one, "key")));

    desk_page_line (page, desk_str (one, "label"), text);
  }
}

void
desk_form_own_fields (DeskPage *page, const cJSON *definitions, const cJSON *values)
{
  static const char *const yes_no[] = { "", "yes", "no", NULL };
  const cJSON *one;

  cJSON_ArrayForEach (one, definitions)
  {
    g_autofree char *text = value_text (desk_get (values, desk_str (one, "key")));
    DeskField *field = desk_page_field (page, desk_str (one, "key"), desk_str (one, "label"), text);

    field->own = TRUE;
    field->required = desk_is (one, "required");
    if (desk_equal (one, "type", "boolean"))
      field->options = g_strdupv ((char **)yes_no);
    else if (desk_equal (one, "type", "choice"))
      {
        g_auto (GStrv) words = desk_words (one, "options");
        g_autofree char *joined = g_strjoinv ("\n", words);
        g_autofree char *all = g_strconcat ("\n", joined, NULL);

        field->options = g_strsplit (all, "\n", -1);
      }
  }
}

static cJSON *
own_value (const char *type, const char *text)
{
  char *end;
  gdouble number = g_ascii_strtod (text, &end);

  if (*text == '\0')
    return cJSON_CreateNull ();
  if (strcmp (type, "boolean") == 0)
    return cJSON_CreateBool (strcmp (text, "yes") == 0);
  /* What is no number the CRM refuses, in its words. */
  if (strcmp (type, "number") == 0 && *end == '\0')
    return cJSON_CreateNumber (number);
  return cJSON_CreateString (text);
}

static const char *
type_of (const cJSON *definitions, const char *key)
{
  const cJSON *one;

  cJSON_ArrayForEach (one, definitions) if (desk_equal (one, "key", key)) return desk_str (one, "type");
  return "text";
}

cJSON *
desk_form_changes (DeskPage *page, const cJSON *definitions)
{
  cJSON *changes = cJSON_CreateObject (), *own = cJSON_Duplicate (desk_get (page->record, "fields"), TRUE);
  gboolean own_changed = FALSE;

  if (!cJSON_IsObject (own))
    {
      cJSON_Delete (own);
      own = cJSON_CreateObject ();
    }
  for (guint i = 0; i < page->fields->len; i++)
    {
      const DeskField *field = page->fields->pdata[i];
      const char *value = field->value.text->str;

      if (strcmp (value, field->was) == 0)
        continue;
      if (field->own)
        {
          desk_put (own, field->key, own_value (type_of (definitions, field->key), value));
          own_changed = TRUE;
        }
      else
        desk_put_str (changes, field->key, value);
    }
  if (own_changed)
    cJSON_AddItemToObject (changes, "fields", own);
  else
    cJSON_Delete (own);
  return changes;
}
