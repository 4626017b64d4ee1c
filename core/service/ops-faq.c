/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operations about FAQs: supervisors write them, agents search and send them. They live in the store alone; the
 * engine only checks and journals. Main thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/ops.h"

static void
add_faq (GString *out, const UcEvent *row)
{
  uc_json_begin (out);
  uc_json_add_string (out, "faq", row->faq);
  uc_json_add_string (out, "category", row->category);
  uc_json_add_string (out, "question", row->question);
  uc_json_add_string (out, "answer", row->answer);
  uc_json_add_string (out, "language", row->language);
  uc_json_add_bool (out, "enabled", row->enabled != 0);
  uc_json_add_int (out, "uses", row->n);
  uc_json_end (out);
}

/* Rows come by category, so that each is named once. */
static void
add_categories (GString *out, GPtrArray *rows)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  uc_json_begin_array (out, "categories");
  for (guint i = 0; i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];

      if (row->category != NULL && g_hash_table_add (seen, row->category))
        uc_json_add_string (out, NULL, row->category);
    }
  uc_json_end_array (out);
}

static void
on_rows (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  g_autoptr (GString) out = NULL;

  if (result != UC_STORE_OK)
    {
      uc_op_fail_store (call, why);
      return;
    }
  out = g_string_sized_new (4096);
  uc_json_begin (out);
  if (strcmp (call->op->name, "faq.list") == 0)
    add_categories (out, rows);
  uc_json_begin_array (out, "faqs");
  for (guint i = 0; i < rows->len; i++)
    add_faq (out, rows->pdata[i]);
  uc_json_end_array (out);
  uc_json_end (out);
  uc_op_reply (call, out->str);
}

static void
faq_list (UcOpCall *call)
{
  UcFaqQuery query = {
    .category = uc_op_string (call, "category"),
    .all = uc_op_bool (call, "all", FALSE) && uc_auth_may (call->core, &call->who, "faq.edit"),
    .limit = 2000,
  };

  uc_store_faqs (call->core->store, &query, on_rows, call);
}

static void
search (UcOpCall *call, const char *text)
{
  UcFaqQuery query = {
    .text = text != NULL && *text != '\0' ? text : NULL,
    .category = uc_op_string (call, "category"),
    .language = uc_op_string (call, "language"),
    .limit = (guint)uc_op_int (call, "limit", 20),
  };

  uc_store_faqs (call->core->store, &query, on_rows, call);
}

/* Nothing typed yet: what the customer wrote last is the question. */
static void
on_messages (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;
  const char *text = NULL;

  for (guint i = 0; result == UC_STORE_OK && i < rows->len; i++)
    {
      const UcEvent *row = rows->pdata[i];

      if (g_strcmp0 (row->author, "customer") == 0 && row->text != NULL && *row->text != '\0')
        text = row->text;
    }
  search (call, text);
}

static void
faq_search (UcOpCall *call)
{
  const char *text = uc_op_string (call, "text");
  const UcInteraction *interaction
      = uc_engine_interaction (call->core->engine, uc_op_string (call, "interaction"));

  if ((text != NULL && *text != '\0') || interaction == NULL || interaction->agent == NULL
      || !uc_op_may_see (call, interaction->agent->id, interaction->queue->id))
    search (call, text);
  else
    uc_store_messages (call->core->store, interaction->conversation->id,
                       MAX (0, interaction->conversation->last_n - 20), 20, on_messages, call);
}

static char *
answer_faq (GPtrArray *events)
{
  GString *out = g_string_new (NULL);

  uc_json_begin (out);
  if (events->len > 0)
    uc_json_add_string (out, "faq", ((UcEvent *)events->pdata[0])->faq);
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

static void
put (UcOpCall *call, const UcEvent *old, const char *id)
{
  const char *language = uc_op_has (call, "language") ? uc_op_string (call, "language")
                         : old != NULL                ? old->language
                                                      : NULL;
  UcCommand command = {
    .type = UC_COMMAND_PUT_FAQ,
    .faq = id,
    .category = uc_op_has (call, "category") ? uc_op_string (call, "category")
                : old != NULL                ? old->category
                                             : NULL,
    .question = uc_op_has (call, "question") ? uc_op_string (call, "question")
                : old != NULL                ? old->question
                                             : NULL,
    .answer = uc_op_has (call, "answer") ? uc_op_string (call, "answer")
              : old != NULL              ? old->answer
                                         : NULL,
    .language = language != NULL && *language != '\0' ? language : NULL,
    .enabled = uc_op_bool (call, "enabled", old == NULL || old->enabled != 0),
    .removed = uc_op_bool (call, "removed", FALSE),
  };

  uc_op_submit (call, &command, answer_faq);
}

static void
on_old (gpointer data, UcStoreResult result, GPtrArray *rows, gboolean more, const char *why)
{
  UcOpCall *call = data;

  if (result != UC_STORE_OK)
    uc_op_fail_store (call, why);
  else if (rows->len == 0)
    uc_op_fail_with (call, UC_ERROR_NOT_FOUND, "there is no FAQ %s; leave \"faq\" out to make a new one",
                     uc_op_string (call, "faq"));
  else
    put (call, rows->pdata[0], uc_op_string (call, "faq"));
}

static void
faq_put (UcOpCall *call)
{
  UcFaqQuery query = { .faq = uc_op_string (call, "faq"), .all = TRUE, .limit = 1 };
  g_autofree char *fresh = uc_id_new ("faq");

  if (query.faq != NULL)
    uc_store_faqs (call->core->store, &query, on_old, call);
  else
    put (call, NULL, fresh);
}

static const UcOpArg list_args[] = {
  { "category", UC_ARG_STRING, FALSE, 0, 100, "only this category" },
  { "all", UC_ARG_BOOL, FALSE, 0, 0, "for those who may edit: disabled ones too" },
  { NULL },
};
static const UcOpArg search_args[] = {
  { "text", UC_ARG_TEXT, FALSE, 0, 1000, "words or any part of question or answer" },
  { "category", UC_ARG_STRING, FALSE, 0, 100, "only this category" },
  { "language", UC_ARG_STRING, FALSE, 0, 35, "only this language" },
  { "interaction", UC_ARG_STRING, FALSE, 0, 100, "without a text: what its customer wrote last is searched for" },
  { "limit", UC_ARG_INT, FALSE, 1, 100, "at most so many; default 20" },
  { NULL },
};
static const UcOpArg put_args[] = {
  { "faq", UC_ARG_STRING, FALSE, 0, 100, "id; absent = a new one" },
  { "category", UC_ARG_STRING, FALSE, 0, 100, "under which agents find it" },
  { "question", UC_ARG_STRING, FALSE, 0, 500, "the question" },
  { "answer", UC_ARG_STRING, FALSE, 0, 5000, "the answer; may hold {{customer.name|there}} and the like" },
  { "language", UC_ARG_TEXT, FALSE, 0, 35, "language tag, e.g. de; \"\" = for all languages" },
  { "enabled", UC_ARG_BOOL, FALSE, 0, 0, "agents find it" },
  { "removed", UC_ARG_BOOL, FALSE, 0, 0, "take it away" },
  { NULL },
};

const UcOp uc_ops_faq[] = {
  { "faq.list", "desk", UC_OP_NO_USER, list_args, faq_list, "All FAQs by category." },
  { "faq.search", "desk", UC_OP_NO_USER, search_args, faq_search, "Find FAQs, the best one first." },
  { "faq.put", "faq.edit", UC_OP_CHANGE | UC_OP_NO_USER, put_args, faq_put, "Create, change or remove an FAQ." },
  { NULL },
};
