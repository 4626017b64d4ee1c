/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists of codes: dispositions of interactions, reasons of a status and of a reject. A code that is out of use
 * stays in its list, not active, so that what was chosen once keeps its name. Main thread.
 */
#include "core/engine/engine-private.h"

#include <string.h>

#include "core/base/json.h"

#define CODES_MAX 200
#define CODE_NAME_MAX 256

UcCodeList *
uc_codes_find (UcEngine *engine, const char *id)
{
  for (guint l = 0; l < engine->code_lists->len; l++)
    {
      UcCodeList *list = engine->code_lists->pdata[l];

      if (strcmp (list->id, id) == 0)
        return list;
    }
  return NULL;
}

/* ---- reading JSON -------------------------------------------------------------------------------------- */

static gboolean
is_active (const UcJson *code)
{
  const UcJson *active = uc_json_get (code, "active");

  return active == NULL || (uc_json_is_bool (active) ? uc_json_bool (active, TRUE) : uc_json_int (active, 1) != 0);
}

static UcCode *
read_code (const char *list, const UcJson *json, GError **error)
{
  const char *id = uc_json_string (uc_json_get (json, "code")),
             *name = uc_json_string (uc_json_get (json, "name"));
  UcCode *code;

  if (!uc_id_valid (id))
    {
      uc_config_invalid (
          error,
          "list of codes %s: the code '%s' must be 1 to 128 printable ASCII characters without spaces "
          "or commas",
          list, id != NULL ? id : "");
      return NULL;
    }
  if (name != NULL && strlen (name) > CODE_NAME_MAX)
    {
      uc_config_invalid (error, "list of codes %s: the name of code %s is longer than %d bytes", list, id,
                         CODE_NAME_MAX);
      return NULL;
    }
  code = g_new0 (UcCode, 1);
  code->id = g_strdup (id);
  code->name = g_strdup (name != NULL && *name != '\0' ? name : id);
  code->active = is_active (json);
  return code;
}

static const UcCode *
find_code (const GPtrArray *codes, const char *id)
{
  for (guint c = 0; c < codes->len; c++)
    if (strcmp (((UcCode *)codes->pdata[c])->id, id) == 0)
      return codes->pdata[c];
  return NULL;
}

/* NULL = it is not a list of codes. */
static GPtrArray *
read_codes (const char *list, const char *text, GError **error)
{
  g_autoptr (GPtrArray) codes = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_code_free);
  g_autoptr (UcJson) root
      = uc_json_parse (text != NULL ? text : "[]", text != NULL ? strlen (text) : 2, NULL, error);

  if (root == NULL)
    {
      g_prefix_error (error, "list of codes %s: ", list);
      return NULL;
    }
  if (!uc_json_is_array (root) || uc_json_length (root) > CODES_MAX)
    {
      uc_config_invalid (error, "list of codes %s: codes must be an array of at most %d", list, CODES_MAX);
      return NULL;
    }
  for (const UcJson *json = uc_json_first (root); json != NULL; json = uc_json_next (json))
    {
      UcCode *code = read_code (list, json, error);

      if (code == NULL)
        return NULL;
      if (find_code (codes, code->id) != NULL)
        {
          uc_config_invalid (error, "list of codes %s: the code %s is there twice", list, code->id);
          uc_code_free (code);
          return NULL;
        }
      g_ptr_array_add (codes, code);
    }
  return g_steal_pointer (&codes);
}

static char *
write_codes (const GPtrArray *codes)
{
  GString *out = g_string_new ("[");

  for (guint c = 0; c < codes->len; c++)
    {
      const UcCode *code = codes->pdata[c];

      uc_json_begin (out);
      uc_json_add_string (out, "code", code->id);
      uc_json_add_string (out, "name", code->name);
      uc_json_add_bool (out, "active", code->active);
      uc_json_end (out);
    }
  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}

/* The event has been checked. */
UcCodeList *
uc_codes_new (const UcEvent *event)
{
  UcCodeList *list = g_new0 (UcCodeList, 1);

  list->id = g_strdup (event->list);
  list->name = g_strdup (event->name);
  list->use = g_strdup (event->use);
  list->status = g_strdup (event->status);
  list->queues = g_strdup (event->queues);
  list->required = event->required != 0;
  list->enabled = event->enabled != 0;
  list->codes = read_codes (event->list, event->codes, NULL);
  if (list->codes == NULL)
    list->codes = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_code_free);
  list->json = write_codes (list->codes);
  return list;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

static gboolean
check_status (const UcEvent *event, GError **error)
{
  static const char *const statuses[] = { "available", "on_break", "work_offline", "logged_out", NULL };

  if (strcmp (event->use, "status") == 0)
    return uc_config_check_word ("list of codes", event->list, "status", event->status, statuses, error);
  return event->status == NULL
         || uc_config_invalid (error, "list of codes %s: only a list for the use status has a status",
                               event->list);
}

static gboolean
check_queues (UcEngine *engine, const UcEvent *event, GError **error)
{
  g_auto (GStrv) words = g_strsplit (event->queues != NULL ? event->queues : "", ",", -1);

  if (event->queues != NULL && strcmp (event->use, "disposition") != 0)
    return uc_config_invalid (error, "list of codes %s: only a list for the use disposition has queues",
                              event->list);
  for (gsize w = 0; words[w] != NULL; w++)
    if (!g_hash_table_contains (engine->queues, words[w]))
      {
        g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND, "list of codes %s: there is no queue '%s'", event->list,
                     words[w]);
        return FALSE;
      }
  return TRUE;
}

/* A list that must be chosen from and can't be would stop everybody. */
static gboolean
check_choice (const UcEvent *event, GError **error)
{
  g_autoptr (GPtrArray) codes = read_codes (event->list, event->codes, error);

  if (codes == NULL)
    return FALSE;
  for (guint c = 0; c < codes->len; c++)
    if (((UcCode *)codes->pdata[c])->active)
      return TRUE;
  return !event->required || !event->enabled
         || uc_config_invalid (error, "list of codes %s is required and has no active code to choose",
                               event->list);
}

gboolean
uc_codes_check (UcEngine *engine, const UcEvent *event, GError **error)
{
  static const char *const uses[] = { "disposition", "status", "reject", NULL };

  if (!uc_config_check_id ("list of codes", event->list, error))
    return FALSE;
  if (strchr (event->list, '/') != NULL)
    return uc_config_invalid (error, "list of codes %s: the id must not contain '/', which parts list and code",
                              event->list);
  if (event->removed)
    return TRUE;
  if (event->name == NULL || *event->name == '\0')
    return uc_config_invalid (error, "list of codes %s: the name is missing", event->list);
  return uc_config_check_word ("list of codes", event->list, "use", event->use, uses, error)
         && check_status (event, error) && check_queues (engine, event, error) && check_choice (event, error);
}

/* ---- reasons ------------------------------------------------------------------------------------------- */

static gboolean
gives_reasons (const UcCodeList *list, const char *use, const char *status)
{
  return list->enabled && strcmp (list->use, use) == 0 && g_strcmp0 (list->status, status) == 0;
}

static void
name_choices (GString *choices, const UcCodeList *list)
{
  for (guint c = 0; c < list->codes->len; c++)
    {
      const UcCode *code = list->codes->pdata[c];

      if (code->active)
        g_string_append_printf (choices, "%s%s", choices->len > 0 ? ", " : "", code->id);
    }
}

/* `status` NULL: the use has none. Without a list any words will do. */
gboolean
uc_step_reason (UcStep *step, const char *use, const char *status, const char *reason)
{
  g_autoptr (GString) choices = g_string_new (NULL);
  const UcCodeList *required = NULL;
  guint lists = 0;

  for (guint l = 0; l < step->engine->code_lists->len; l++)
    {
      const UcCodeList *list = step->engine->code_lists->pdata[l];
      const UcCode *code;

      if (!gives_reasons (list, use, status))
        continue;
      code = reason != NULL ? find_code (list->codes, reason) : NULL;
      if (code != NULL && code->active)
        return TRUE;
      lists++;
      if (list->required)
        required = list;
      name_choices (choices, list);
    }
  if (lists == 0 || (reason == NULL && required == NULL))
    return TRUE;
  if (reason == NULL)
    return uc_step_fail (step, UC_ERROR_INVALID, "a reason is required (%s): choose one of %s", required->name,
                         choices->str);
  return uc_step_fail (step, UC_ERROR_INVALID, "'%s' is not a reason to choose: take one of %s", reason,
                       choices->str);
}

/* ---- changing ------------------------------------------------------------------------------------------ */

static gboolean
same_list (const UcCodeList *list, const UcEvent *event)
{
  if (list == NULL || event->removed)
    return list == NULL && event->removed;
  return strcmp (list->name, event->name) == 0 && strcmp (list->use, event->use) == 0
         && g_strcmp0 (list->status, event->status) == 0 && g_strcmp0 (list->queues, event->queues) == 0
         && list->required == (event->required != 0) && list->enabled == (event->enabled != 0)
         && strcmp (list->json, event->codes) == 0;
}

static UcEvent *
list_event (UcStep *step)
{
  const UcCommand *command = step->command;
  UcEvent *event = uc_step_event (step, UC_EVENT_CODES_CHANGED);

  event->list = g_strdup (command->list);
  event->removed = command->removed != 0;
  event->by = g_strdup (command->by);
  if (event->removed)
    return event;
  event->name = g_strdup (command->name != NULL && *command->name != '\0' ? command->name : command->list);
  event->use = g_strdup (command->use != NULL ? command->use : "disposition");
  event->status = g_strdup (command->status);
  event->queues = g_strdup (command->queues != NULL && *command->queues != '\0' ? command->queues : NULL);
  event->required = command->required != 0;
  event->enabled = command->enabled != 0;
  event->codes = g_strdup (command->codes);
  return event;
}

gboolean
uc_step_put_codes (UcStep *step)
{
  g_autoptr (UcEvent) event = list_event (step);

  if (!uc_codes_check (step->engine, event, step->error))
    return FALSE;
  if (!event->removed)
    {
      g_autoptr (GPtrArray) codes = read_codes (event->list, event->codes, NULL);

      g_free (event->codes);
      event->codes = write_codes (codes);
    }
  if (same_list (uc_codes_find (step->engine, event->list), event))
    return TRUE;
  uc_step_emit (step, g_steal_pointer (&event));
  return TRUE;
}
