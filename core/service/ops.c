/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dispatch of operations: look-up, permission, argument check, idempotency. Main thread.
 */
#include "core/service/ops.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/conf.h"
#include "core/base/error.h"
#include "core/base/id.h"
#include "core/service/metrics.h"

#define MAX_ANSWERS 20000
/* LIST/CODE, the longest word there is, has room for the longest id of a list and of a code. */
#define MAX_WORD 200
/* A longer answer (a case with its transcript) is kept in memory only. */
#define MAX_KEPT_ANSWER (64 * 1024)

/* What became of a command with an idempotency key. */
typedef struct
{
  char *answer;       /* NULL while it runs */
  GPtrArray *waiting; /* of UcOpCall*: the same command again while the first one runs */
} Answer;

struct UcOps
{
  UcCore *core;
  GHashTable *rows;    /* name -> UcOp */
  GHashTable *answers; /* "user\ncmd" -> Answer */
  GQueue order;        /* of char*: finished keys, oldest first; owned by the table */
};

const UcOp *const uc_op_tables[]
    = { uc_ops_session,  uc_ops_agent, uc_ops_interaction, uc_ops_message, uc_ops_outbox,
        uc_ops_codes,    uc_ops_faq,   uc_ops_playback,    uc_ops_crm,     uc_ops_customer,
        uc_ops_timeline, uc_ops_admin, uc_ops_plugin,      uc_ops_store,   uc_ops_system,
        uc_ops_why,      NULL };

static void
answer_free (Answer *answer)
{
  g_free (answer->answer);
  if (answer->waiting != NULL)
    g_ptr_array_unref (answer->waiting);
  g_free (answer);
}

UcOps *
uc_ops_new (UcCore *core)
{
  UcOps *ops = g_new0 (UcOps, 1);

  ops->core = core;
  ops->rows = g_hash_table_new (g_str_hash, g_str_equal);
  ops->answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)answer_free);
  g_queue_init (&ops->order);
  for (gsize t = 0; uc_op_tables[t] != NULL; t++)
    for (const UcOp *op = uc_op_tables[t]; op->name != NULL; op++)
      g_hash_table_insert (ops->rows, (gpointer)op->name, (gpointer)op);
  return ops;
}

void
uc_ops_free (UcOps *ops)
{
  if (ops == NULL)
    return;
  g_queue_clear (&ops->order);
  g_hash_table_unref (ops->answers);
  g_hash_table_unref (ops->rows);
  g_free (ops);
}

void
uc_ops_queues (UcCore *core, GArray *queues)
{
  /* The oldest answer makes room for a new one: the store has it for longer. */
  uc_queues_add (queues, "operations.answers", core->ops->order.length, MAX_ANSWERS, 0);
}

/* ---- arguments ----------------------------------------------------------------------------------------- */

static gboolean
check_text (const UcOpArg *arg, const UcJson *value, GError **error)
{
  const char *text = uc_json_string (value);
  gint64 max = arg->max > 0 ? arg->max : arg->type == UC_ARG_STRING ? 200 : 65536;
  gint64 len;

  if (text == NULL)
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "argument \"%s\" must be a string", arg->name);
      return FALSE;
    }
  len = g_utf8_strlen (text, -1);
  if (len > max || (arg->type == UC_ARG_STRING && len == 0))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "argument \"%s\" has %" G_GINT64_FORMAT " characters; %s to %" G_GINT64_FORMAT " are allowed",
                   arg->name, len, arg->type == UC_ARG_STRING ? "1" : "0", max);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_word (const char *text)
{
  return text != NULL && *text != '\0' && strlen (text) <= MAX_WORD && strchr (text, ',') == NULL;
}

static gboolean
check_arg (const UcOpArg *arg, const UcJson *value, GError **error)
{
  switch (arg->type)
    {
    case UC_ARG_STRING:
    case UC_ARG_TEXT:
      return check_text (arg, value, error);
    case UC_ARG_INT:
      if (uc_json_is_int (value) && uc_json_int (value, 0) >= arg->min
          && (arg->max == 0 || uc_json_int (value, 0) <= arg->max))
        return TRUE;
      if (arg->max == 0)
        g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                     "argument \"%s\" must be a whole number not below %" G_GINT64_FORMAT, arg->name, arg->min);
      else
        g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                     "argument \"%s\" must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                     arg->name, arg->min, arg->max);
      return FALSE;
    case UC_ARG_BOOL:
      if (uc_json_is_bool (value))
        return TRUE;
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "argument \"%s\" must be true or false", arg->name);
      return FALSE;
    case UC_ARG_WORDS:
      if (uc_json_is_array (value) && uc_json_length (value) <= 100)
        {
          gboolean good = TRUE;

          for (const UcJson *v = uc_json_first (value); v != NULL; v = uc_json_next (v))
            good = good && is_word (uc_json_string (v));
          if (good)
            return TRUE;
        }
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "argument \"%s\" must be an array of at most 100 words of 1 to %d bytes without commas",
                   arg->name, MAX_WORD);
      return FALSE;
    case UC_ARG_TEXTS:
      if (uc_json_is_array (value) && uc_json_length (value) <= 200)
        {
          gboolean good = TRUE;

          for (const UcJson *v = uc_json_first (value); v != NULL; v = uc_json_next (v))
            good = good && uc_json_string (v) != NULL && strlen (uc_json_string (v)) <= 400;
          if (good)
            return TRUE;
        }
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "argument \"%s\" must be an array of at most 200 texts of at most 400 bytes", arg->name);
      return FALSE;
    case UC_ARG_OBJECT:
      if (uc_json_is_object (value))
        return TRUE;
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "argument \"%s\" must be an object", arg->name);
      return FALSE;
    default:
      g_assert_not_reached ();
    }
}

static const UcOpArg *
find_arg (const UcOp *op, const char *name)
{
  for (const UcOpArg *arg = op->args; arg != NULL && arg->name != NULL; arg++)
    if (strcmp (arg->name, name) == 0)
      return arg;
  return NULL;
}

static gboolean
check_args (const UcOp *op, const UcJson *args, GError **error)
{
  if (!uc_json_is_object (args))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s: the arguments must be a JSON object", op->name);
      return FALSE;
    }
  for (const UcJson *v = uc_json_first (args); v != NULL; v = uc_json_next (v))
    {
      const UcOpArg *arg = find_arg (op, uc_json_key (v));

      if (arg == NULL)
        {
          g_autoptr (GPtrArray) names = g_ptr_array_new ();
          const char *nearest;

          for (const UcOpArg *a = op->args; a != NULL && a->name != NULL; a++)
            g_ptr_array_add (names, (gpointer)a->name);
          g_ptr_array_add (names, NULL);
          nearest = uc_nearest (uc_json_key (v), (const char *const *)names->pdata);
          g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s has no argument \"%s\"%s%s%s", op->name,
                       uc_json_key (v), nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                       nearest != NULL ? "\"?" : "");
          return FALSE;
        }
      if (!uc_json_is_null (v) && !check_arg (arg, v, error))
        {
          g_prefix_error (error, "%s: ", op->name);
          return FALSE;
        }
    }
  for (const UcOpArg *arg = op->args; arg != NULL && arg->name != NULL; arg++)
    if (arg->required
        && (uc_json_get (args, arg->name) == NULL || uc_json_is_null (uc_json_get (args, arg->name))))
      {
        g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s needs the argument \"%s\" (%s)", op->name, arg->name,
                     arg->doc);
        return FALSE;
      }
  return TRUE;
}

const char *
uc_op_string (UcOpCall *call, const char *arg)
{
  return uc_json_string (uc_json_get (call->args, arg));
}

gint64
uc_op_int (UcOpCall *call, const char *arg, gint64 fallback)
{
  return uc_json_int (uc_json_get (call->args, arg), fallback);
}

gboolean
uc_op_bool (UcOpCall *call, const char *arg, gboolean fallback)
{
  return uc_json_bool (uc_json_get (call->args, arg), fallback);
}

gboolean
uc_op_has (UcOpCall *call, const char *arg)
{
  const UcJson *value = uc_json_get (call->args, arg);

  return value != NULL && !uc_json_is_null (value);
}

/* ---- the end of a call --------------------------------------------------------------------------------- */

static void
call_free (UcOpCall *call)
{
  if (call->data_free != NULL)
    call->data_free (call->data);
  uc_principal_clear (&call->who);
  uc_json_free (call->owned_args);
  g_free (call->cmd);
  g_free (call->address);
  g_free (call);
}

static char *
answer_key (const UcOpCall *call)
{
  return g_strconcat (call->who.user != NULL ? call->who.user : call->who.label, "\n", call->cmd, NULL);
}

static void
finish (UcOpCall *call, const char *result, const GError *error, const char *details)
{
  UcOps *ops = call->core->ops;
  g_autoptr (GPtrArray) waiting = NULL;

  if (call->cmd != NULL)
    {
      g_autofree char *key = answer_key (call);
      Answer *answer = g_hash_table_lookup (ops->answers, key);

      if (answer != NULL)
        {
          waiting = g_steal_pointer (&answer->waiting);
          if (error != NULL)
            g_hash_table_remove (ops->answers, key);
          else
            {
              gpointer kept;

              answer->answer = g_strdup (result);
              g_hash_table_lookup_extended (ops->answers, key, &kept, NULL);
              g_queue_push_tail (&ops->order, kept);
              if (ops->order.length > MAX_ANSWERS)
                g_hash_table_remove (ops->answers, g_queue_pop_head (&ops->order));
            }
        }
    }
  call->done (call->done_data, result, error, details);
  for (guint i = 0; waiting != NULL && i < waiting->len; i++)
    {
      UcOpCall *again = waiting->pdata[i];

      again->done (again->done_data, result, error, details);
      call_free (again);
    }
  call_free (call);
}

void
uc_op_reply (UcOpCall *call, const char *result)
{
  finish (call, result, NULL, NULL);
}

void
uc_op_fail (UcOpCall *call, const GError *error)
{
  finish (call, NULL, error, NULL);
}

void
uc_op_fail_details (UcOpCall *call, const GError *error, const char *details)
{
  finish (call, NULL, error, details);
}

void
uc_op_fail_with (UcOpCall *call, int code, const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (UC_ERROR, code, format, args);
  va_end (args);
  uc_op_fail (call, error);
}

void
uc_op_fail_store (UcOpCall *call, const char *why)
{
  uc_op_fail_with (call, UC_ERROR_UNAVAILABLE, "the store does not answer (%s); try again",
                   why != NULL ? why : "no reason");
}

typedef struct
{
  UcOpCall *call;
  char *answer;
} Submitting;

/* What was done outside stays done, whether its answer could be kept or not. */
static void
on_kept (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Submitting *submitting = data;
  g_autofree char *answer = submitting->answer;

  if (error != NULL)
    g_warning ("%s: the answer could not be kept for a repetition: %s", submitting->call->op->name,
               error->message);
  uc_op_reply (submitting->call, answer);
}

void
uc_op_reply_kept (UcOpCall *call, const char *result)
{
  Submitting *submitting;
  UcTxn *txn;

  if (call->cmd == NULL || strlen (result) > MAX_KEPT_ANSWER)
    {
      uc_op_reply (call, result);
      return;
    }
  submitting = g_new0 (Submitting, 1);
  submitting->call = call;
  submitting->answer = g_strdup (result);
  txn = uc_txn_new (call->core);
  uc_batch_command (uc_txn_batch (txn), call->who.user != NULL ? call->who.user : call->who.label, call->cmd,
                    uc_clock_now (), result);
  uc_txn_commit (txn, on_kept, submitting);
}

static void
on_submitted (gpointer data, const GError *error, GPtrArray *events)
{
  g_autofree Submitting *submitting = data;
  g_autofree char *answer = submitting->answer;

  if (error != NULL)
    uc_op_fail (submitting->call, error);
  else
    uc_op_reply (submitting->call, answer);
}

void
uc_op_submit (UcOpCall *call, UcCommand *command, char *(*make_answer) (GPtrArray *events))
{
  uc_op_submit_with (call, command, NULL, make_answer);
}

void
uc_op_submit_with (UcOpCall *call, UcCommand *command, UcCommand *also, char *(*make_answer) (GPtrArray *events))
{
  g_autoptr (GError) error = NULL;
  UcTxn *txn = uc_txn_new (call->core);
  Submitting *submitting;

  command->by = call->who.user != NULL ? call->who.user : call->who.label;
  if (!uc_txn_step (txn, command, &error))
    {
      uc_txn_drop (txn);
      uc_op_fail (call, error);
      return;
    }
  if (also != NULL)
    {
      also->by = command->by;
      if (!uc_txn_step (txn, also, &error))
        g_message ("%s: what goes with it was left out: %s", call->op->name, error->message);
    }
  submitting = g_new0 (Submitting, 1);
  submitting->call = call;
  submitting->answer = make_answer != NULL ? make_answer (uc_txn_events (txn)) : g_strdup ("{}");
  if (call->cmd != NULL)
    uc_batch_command (uc_txn_batch (txn), command->by, call->cmd, uc_clock_now (), submitting->answer);
  uc_txn_commit (txn, on_submitted, submitting);
}

/* ---- dispatch ------------------------------------------------------------------------------------------ */

static void
on_stored_answer (gpointer data, UcStoreResult result, const char *value, gsize len, const char *why)
{
  UcOpCall *call = data;

  if (result != UC_STORE_OK)
    uc_op_fail_store (call, why);
  else if (value != NULL)
    uc_op_reply (call, value);
  else
    call->op->run (call);
}

/* A command that was given before gets the same answer and is not run again. */
static void
run_once (UcOps *ops, UcOpCall *call)
{
  g_autofree char *key = answer_key (call);
  Answer *answer = g_hash_table_lookup (ops->answers, key);

  if (answer != NULL && answer->answer != NULL)
    {
      call->done (call->done_data, answer->answer, NULL, NULL);
      call_free (call);
      return;
    }
  if (answer != NULL)
    {
      if (answer->waiting == NULL)
        answer->waiting = g_ptr_array_new ();
      g_ptr_array_add (answer->waiting, call);
      return;
    }
  g_hash_table_insert (ops->answers, g_steal_pointer (&key), g_new0 (Answer, 1));
  uc_store_command (ops->core->store, call->who.user != NULL ? call->who.user : call->who.label, call->cmd,
                    on_stored_answer, call);
}

static gboolean
may_run (UcOps *ops, const UcOp *op, const UcPrincipal *who, gboolean desk, GError **error)
{
  if (!uc_auth_may (ops->core, who, op->permission))
    {
      if (who->user == NULL)
        g_set_error (error, UC_ERROR, UC_ERROR_UNAUTHENTICATED, "%s needs a log-in; log in first", op->name);
      else
        g_set_error (error, UC_ERROR, UC_ERROR_DENIED,
                     "%s needs the permission \"%s\", which you don't have; ask an administrator", op->name,
                     op->permission);
      return FALSE;
    }
  if (desk && (op->flags & UC_OP_NO_DESK))
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s works over HTTP only", op->name);
      return FALSE;
    }
  if (who->user == NULL && !(op->flags & UC_OP_NO_USER) && *op->permission != '\0')
    {
      g_set_error (error, UC_ERROR, UC_ERROR_INVALID,
                   "%s is done by an agent for himself; it needs a user's session", op->name);
      return FALSE;
    }
  return TRUE;
}

void
uc_op_add_error (GString *out, const GError *error, const char *details)
{
  uc_json_begin_object (out, "error");
  uc_json_add_string (out, "code", uc_error_word (error));
  uc_json_add_string (out, "message", error->message);
  if (details != NULL)
    uc_json_add_raw (out, "details", details);
  uc_json_end (out);
}

/* What people call things here, and what operations call them. */
static const struct
{
  const char *people, *ops;
} synonyms[] = { { "user", "agent" },        { "agent", "user" },       { "contact", "customer" },
                 { "chat", "interaction" },  { "call", "interaction" }, { "conversation", "interaction" },
                 { "ticket", "case" },       { "skill", "queue" },      { "server", "system" },
                 { "member", "membership" }, { "channel", "plugin" } };

/* The operation that does the same with the thing under its other name, or NULL. */
static const char *
find_synonym (UcOps *ops, const char *name)
{
  const char *dot = strchr (name, '.');

  for (gsize i = 0; dot != NULL && i < G_N_ELEMENTS (synonyms); i++)
    if (strlen (synonyms[i].people) == (gsize)(dot - name) && g_str_has_prefix (name, synonyms[i].people))
      {
        g_autofree char *other = g_strconcat (synonyms[i].ops, dot, NULL);
        const UcOp *op = g_hash_table_lookup (ops->rows, other);

        if (op != NULL)
          return op->name;
      }
  return NULL;
}

static const UcOp *
find_op (UcOps *ops, const char *name, GError **error)
{
  const UcOp *op = g_hash_table_lookup (ops->rows, name);

  if (op == NULL)
    {
      g_autofree const char **names = (const char **)g_hash_table_get_keys_as_array (ops->rows, NULL);
      const char *synonym = find_synonym (ops, name);
      const char *nearest = synonym != NULL ? synonym : uc_nearest (name, names);

      g_set_error (error, UC_ERROR, UC_ERROR_NOT_FOUND, "there is no operation \"%.80s\"%s%s%s", name,
                   nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "\"?" : "");
    }
  return op;
}

void
uc_ops_run (UcOps *ops, const char *name, UcJson *args, const UcPrincipal *who, const char *cmd,
            const char *address, gboolean desk, UcOpDone done, gpointer data)
{
  g_autoptr (UcJson) owned = args != NULL ? args : uc_json_new_object ();
  g_autoptr (GError) error = NULL;
  const UcOp *op = find_op (ops, name, &error);
  UcOpCall *call;

  if (op == NULL || !may_run (ops, op, who, desk, &error) || !check_args (op, owned, &error))
    {
      done (data, NULL, error, NULL);
      return;
    }
  if (cmd != NULL && (*cmd == '\0' || strlen (cmd) > 100))
    {
      g_autoptr (GError) bad
          = g_error_new (UC_ERROR, UC_ERROR_INVALID, "%s: \"cmd\" must have 1 to 100 bytes", name);

      done (data, NULL, bad, NULL);
      return;
    }
  call = g_new0 (UcOpCall, 1);
  call->core = ops->core;
  call->op = op;
  uc_principal_copy (&call->who, who);
  call->args = call->owned_args = g_steal_pointer (&owned);
  call->cmd = op->flags & UC_OP_CHANGE ? g_strdup (cmd) : NULL;
  call->address = g_strdup (address);
  call->done = done;
  call->done_data = data;
  if (call->cmd != NULL)
    run_once (ops, call);
  else
    op->run (call);
}
