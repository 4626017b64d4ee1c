/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kit of the service tests. Main thread.
 */
#include "kit.h"

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

#include "core/base/error.h"
#include "core/service/verify.h"

Kit kit;

/* The core's clock follows the wall clock when it is set ahead; the tests set it. */
static gint64 ahead_us; /* atomic: the store's threads look at the clock, too */

gint64
g_get_real_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + __atomic_load_n (&ahead_us, __ATOMIC_RELAXED);
}

char *kit_error, *kit_details;

/* ---- the rig's usual answers --------------------------------------------------------------------------- */

static void
complete (UsherReply *reply, UsherResult *result)
{
  result->struct_size = sizeof *result;
  kit.rig->host->complete (reply, result);
}

static void
complete_status (UsherReply *reply, UsherStatus status)
{
  UsherResult result = { .status = status, .message = status == USHER_OK ? NULL : "the test says no" };

  complete (reply, &result);
}

static void
default_send (const UsherLine *line, UsherReply *reply)
{
  g_ptr_array_add (kit.sent, g_strdup_printf ("%" G_GINT64_FORMAT " %s", line->n, line->text));
  complete_status (reply, kit.send_status);
}

static void
default_notice (const UsherLine *line)
{
  g_ptr_array_add (kit.notices, g_strdup (line->code));
}

static gboolean
crm_refuses (UsherReply *reply)
{
  if (kit.crm_holds)
    {
      g_ptr_array_add (kit.held, reply);
      return TRUE;
    }
  if (kit.crm_status == USHER_OK)
    return FALSE;
  complete_status (reply, kit.crm_status);
  return TRUE;
}

static void
answer_customer (UsherReply *reply, const char *entry)
{
  g_auto (GStrv) parts = g_strsplit (entry, "|", 4);
  UsherIdentity identity = { sizeof identity, "rignet", parts[2], parts[1] };
  const UsherIdentity *identities[] = { &identity, NULL };
  UsherCustomer customer = { .struct_size = sizeof customer,
                             .id = parts[0],
                             .name = parts[1],
                             .draft = parts[3][0] == '1',
                             .identities = identities };
  const UsherCustomer *list[] = { &customer, NULL };
  UsherResult result = { .status = USHER_OK, .customers = list };

  complete (reply, &result);
}

static const char *
find_customer (const char *identity)
{
  for (guint i = 0; i < kit.customers->len; i++)
    {
      g_auto (GStrv) parts = g_strsplit (kit.customers->pdata[i], "|", 4);

      if (g_strcmp0 (parts[2], identity) == 0)
        return kit.customers->pdata[i];
    }
  return NULL;
}

static void
default_lookup (const UsherIdentity *identity, UsherReply *reply)
{
  const char *found = find_customer (identity->id);

  if (crm_refuses (reply))
    return;
  if (found != NULL)
    answer_customer (reply, found);
  else
    complete_status (reply, USHER_OK);
}

static void
default_save_customer (const UsherCustomer *customer, UsherReply *reply)
{
  const char *identity = customer->identities != NULL ? customer->identities[0]->id : "-";
  const char *found = find_customer (identity);

  if (crm_refuses (reply))
    return;
  if (found == NULL)
    {
      g_ptr_array_add (kit.customers, g_strdup_printf ("cus-%u|%s|%s|%d", kit.customers->len + 1, customer->name,
                                                       identity, customer->draft));
      found = kit.customers->pdata[kit.customers->len - 1];
    }
  answer_customer (reply, found);
}

static void
default_save_case (const UsherCase *record, UsherReply *reply)
{
  g_autoptr (UcJson) lines = NULL;
  UsherCase stored = { .struct_size = sizeof stored, .id = "case-1" };
  const UsherCase *list[] = { &stored, NULL };
  UsherResult result = { .status = USHER_OK, .cases = list };

  kit.saves++;
  if (crm_refuses (reply))
    return;
  lines = uc_json_parse (record->transcript, strlen (record->transcript), NULL, NULL);
  g_ptr_array_add (kit.cases, g_strdup_printf ("%s %s %d", record->state != NULL ? record->state : "-",
                                               record->customer_id != NULL ? record->customer_id : "-",
                                               (int)uc_json_length (lines)));
  complete (reply, &result);
}

static void
default_by_id (const char *id, UsherReply *reply)
{
  complete_status (reply, USHER_NOT_FOUND);
}

static void
default_list (const UsherCrmQuery *query, UsherReply *reply)
{
  if (!crm_refuses (reply))
    complete_status (reply, USHER_OK);
}

static void
desk_output (void *data, const char *frame, size_t len)
{
  Desk *desk = data;
  g_autoptr (GError) error = NULL;
  UcJson *json = uc_json_parse (frame, len, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (frame), ==, len);
  g_ptr_array_add (desk->frames, json);
}

static void
desk_closed (void *data, int code, const char *reason)
{
  Desk *desk = data;

  desk->bye = g_strdup (reason);
  desk->desk = NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static char *usher_lines;
const char *kit_crm = "plugin = rig";
const char *kit_channel;
static void (*prepare_rig) (Rig *rig);

static void
start_core (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autofree char *modules = g_build_filename (g_getenv ("USHER_BUILDDIR"), "tests", "core", "service", NULL);
  g_autofree char *local = g_build_filename (g_getenv ("USHER_BUILDDIR"), "plugins", "crm", "local", NULL);
  const char *dirs[] = { modules, local, NULL };
  g_autofree char *text = g_strdup_printf (
      "[usher]\ndata_dir = %s\nplugin_path = %s\n%s\n[listen:a]\naddress = 127.0.0.1:0\n"
      "[channel:net]\nplugin = rig\nqueue = q\n%s\n[crm:main]\n%s\n[frontend:desk]\nplugin = rig\n",
      kit.dir, modules, usher_lines != NULL ? usher_lines : "", kit_channel != NULL ? kit_channel : "", kit_crm);
  g_autoptr (UcConf) conf = uc_conf_parse (text, "test.conf", problems);
  g_autoptr (GError) error = NULL;
  const UcPlugin *plugin;
  void *handle;
  UcPlan *plan;

  kit.loader = uc_loader_new (dirs);
  plugin = uc_loader_open (kit.loader, "rig", &error);
  g_assert_no_error (error);
  handle = dlopen (plugin->file, RTLD_NOW | RTLD_NOLOAD);
  g_assert_nonnull (handle);
  kit.rig = dlsym (handle, "usher_test_rig");
  dlclose (handle);
  *kit.rig = (Rig){
    .capabilities = { .struct_size = sizeof (UsherChannelCapabilities), .network = "rignet", .max_text = 100 },
    .send = default_send,
    .notice = default_notice,
    .lookup = default_lookup,
    .get_customer = default_by_id,
    .search_customers = default_list,
    .save_customer = default_save_customer,
    .get_case = default_by_id,
    .list_cases = default_list,
    .save_case = default_save_case,
    .desk_output = desk_output,
    .desk_closed = desk_closed,
  };
  if (prepare_rig != NULL)
    prepare_rig (kit.rig);
  plan = uc_plan_new (conf, kit.loader, problems);
  for (guint i = 0; i < problems->len; i++)
    g_error ("%s", ((UcProblem *)problems->pdata[i])->message);
  kit.core = uc_core_new (plan, kit.loader, &error);
  g_assert_no_error (error);
  kit_until (uc_instance_is_running (uc_core_instance (kit.core, UC_KIND_CHANNEL, "net"))
             && uc_instance_is_running (uc_core_crm (kit.core))
             && uc_instance_is_running (uc_core_instance (kit.core, UC_KIND_FRONTEND, "desk")));
}

void
kit_start (const char *usher)
{
  kit_start_with (usher, NULL);
}

void
kit_start_with (const char *usher, void (*prepare) (Rig *rig))
{
  g_autoptr (GError) error = NULL;

  /* Warnings are part of what is tested here. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  kit = (Kit){ 0 };
  kit.dir = g_dir_make_tmp ("usher-service-XXXXXX", &error);
  g_assert_no_error (error);
  kit.sent = g_ptr_array_new_with_free_func (g_free);
  kit.notices = g_ptr_array_new_with_free_func (g_free);
  kit.customers = g_ptr_array_new_with_free_func (g_free);
  kit.cases = g_ptr_array_new_with_free_func (g_free);
  kit.held = g_ptr_array_new ();
  g_free (usher_lines);
  usher_lines = g_strdup (usher);
  prepare_rig = prepare;
  start_core ();
}

static void
on_stopped (gpointer data)
{
  *(gboolean *)data = TRUE;
}

void
kit_stop (void)
{
  gboolean stopped = FALSE;

  uc_core_stop (kit.core, on_stopped, &stopped);
  kit_until (stopped);
  kit_drop ();
}

void
kit_drop (void)
{
  UcPlan *plan = kit.core->plan;

  uc_core_free (kit.core);
  uc_plan_free (plan);
  uc_loader_free (kit.loader);
  kit.core = NULL;
}

void
kit_start_again_after (gint64 ms)
{
  ahead_us += ms * 1000;
  start_core ();
}

void
kit_restart (void)
{
  kit_stop ();
  start_core ();
}

void
kit_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      kit_remove_tree (child);
    }
  g_remove (path);
}

/* Whatever a test did: the engine makes the same of it again, and the tables are what the journal says. */
static void
verify_journal (void)
{
  g_autofree char *path = g_build_filename (kit.dir, "usher.db", NULL);
  g_auto (UcVerifyReport) report = { 0 };
  g_autoptr (GError) error = NULL;

  if (!uc_verify (path, NULL, NULL, &report, &error))
    g_error ("the journal can't be verified: %s", error->message);
  if (report.finding != NULL)
    g_error ("the journal is wrong: %s", report.finding);
}

void
kit_end (void)
{
  if (kit.core != NULL)
    kit_stop ();
  if (!kit.tampered)
    verify_journal ();
  kit_remove_tree (kit.dir);
  g_free (kit.dir);
  g_ptr_array_unref (kit.sent);
  g_ptr_array_unref (kit.notices);
  g_ptr_array_unref (kit.customers);
  g_ptr_array_unref (kit.cases);
  g_ptr_array_unref (kit.held);
  g_clear_pointer (&kit_error, g_free);
  g_clear_pointer (&kit_details, g_free);
}

void
kit_settle (void)
{
  kit_until (uc_store_pending (kit.core->store) == 0);
}

static void
on_passed (gpointer data)
{
  *(gboolean *)data = TRUE;
}

void
kit_pass (gint64 ms)
{
  gint64 whole = MAX (1000, ms / 100);

  while (ms > 0)
    {
      gint64 step = MIN (ms, whole);
      gboolean passed = FALSE;

      __atomic_fetch_add (&ahead_us, step * 1000, __ATOMIC_RELAXED);
      ms -= step;
      /* The kernel's timer knows nothing of it: one that is due before all others wakes the loop. */
      uc_loop_timer_at (kit.core->loop, 1, on_passed, &passed);
      kit_until (passed);
    }
  kit_settle ();
}

/* ---- operations ---------------------------------------------------------------------------------------- */

typedef struct
{
  gboolean done;
  char *result;
} Answer;

static void
on_answer (gpointer data, const char *result, const GError *error, const char *details)
{
  Answer *answer = data;

  g_assert_false (answer->done);
  answer->done = TRUE;
  answer->result = g_strdup (result);
  g_clear_pointer (&kit_error, g_free);
  g_clear_pointer (&kit_details, g_free);
  if (error != NULL)
    {
      kit_error = g_strdup_printf ("%s: %s", uc_error_word (error), error->message);
      kit_details = g_strdup (details);
    }
}

char *
kit_op_cmd (const char *login, const char *name, const char *args, const char *cmd)
{
  Answer answer = { FALSE, NULL };
  UcPrincipal who = { .local = login == NULL, .label = (char *)"local:0" };
  UcJson *json = args != NULL ? uc_json_parse (args, strlen (args), NULL, NULL) : NULL;

  g_assert_true (args == NULL || json != NULL);
  if (login != NULL)
    {
      const UcAgent *agent = kit_agent (login);

      who.user = agent != NULL ? agent->id : (char *)login;
      who.label = (char *)login;
    }
  uc_ops_run (kit.core->ops, name, json, &who, cmd, "test", FALSE, on_answer, &answer);
  kit_until (answer.done);
  return answer.result;
}

char *
kit_op (const char *login, const char *name, const char *args)
{
  return kit_op_cmd (login, name, args, NULL);
}

UcJson *
kit_do (const char *login, const char *name, const char *format, ...)
{
  g_autofree char *args = NULL;
  g_autofree char *result = NULL;
  va_list list;

  va_start (list, format);
  args = g_strdup_vprintf (format, list);
  va_end (list);
  result = kit_op (login, name, args);
  if (result == NULL)
    g_error ("%s %s: %s", name, args, kit_error);
  return uc_json_parse (result, strlen (result), NULL, NULL);
}

void
kit_seed (void)
{
  static const char *const steps[][2] = {
    { "queue.put", "{\"queue\":\"q\",\"name\":\"Support\"}" },
    { "user.put",
      "{\"user\":\"anna\",\"login\":\"anna\",\"name\":\"Anna\",\"permissions\":[\"interaction.reject\"]}" },
    { "user.put", "{\"user\":\"ben\",\"login\":\"ben\",\"name\":\"Ben\"}" },
    { "user.put", "{\"user\":\"sue\",\"login\":\"sue\",\"name\":\"Sue\",\"role\":\"supervisor\"}" },
    { "membership.put", "{\"user\":\"anna\",\"queue\":\"q\"}" },
    { "membership.put", "{\"user\":\"ben\",\"queue\":\"q\"}" },
    { "user.password", "{\"user\":\"anna\",\"password\":\"anna-anna\"}" },
    { "user.password", "{\"user\":\"ben\",\"password\":\"ben-ben-ben\"}" },
    { "user.password", "{\"user\":\"sue\",\"password\":\"sue-sue-sue\"}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    uc_json_free (kit_do (NULL, steps[i][0], "%s", steps[i][1]));
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Delivered *out = data;

  g_assert_false (out->done);
  out->done = TRUE;
  out->status = result->status;
  out->number = count > 0 ? numbers[0] : 0;
  g_strlcpy (out->message, result->message != NULL ? result->message : "", sizeof out->message);
}

void
kit_deliver_items (Delivered *out, const UsherInbound *const *items, gsize count)
{
  *out = (Delivered){ 0 };
  kit.rig->host->deliver (kit.rig->channel, items, count, on_delivered, out);
  g_assert_false (out->done);
}

void
kit_deliver (const UsherInbound *item)
{
  Delivered out;

  kit_deliver_items (&out, &item, 1);
  kit_until (out.done);
  if (out.status != USHER_OK)
    g_error ("deliver: %s", out.message);
}

void
kit_deliver_start (Delivered *out, const char *user, const char *id, const char *text)
{
  UsherInbound item = {
    .struct_size = sizeof item,
    .kind = USHER_INBOUND_MESSAGE,
    .user_id = user,
    .user_name = user,
    .external_id = id,
    .text = text,
  };
  const UsherInbound *items[] = { &item };

  kit_deliver_items (out, items, 1);
}

gint64
kit_say (const char *user, const char *id, const char *text)
{
  Delivered out;

  kit_deliver_start (&out, user, id, text);
  kit_until (out.done);
  if (out.status != USHER_OK)
    g_error ("deliver: %s", out.message);
  return out.number;
}

void
kit_leave (const char *user, const char *id)
{
  UsherInbound item
      = { .struct_size = sizeof item, .kind = USHER_INBOUND_ENDED, .user_id = user, .external_id = id };
  const UsherInbound *items[] = { &item };
  Delivered out = { 0 };

  kit.rig->host->deliver (kit.rig->channel, items, 1, on_delivered, &out);
  kit_until (out.done);
  g_assert_cmpint (out.status, ==, USHER_OK);
}

typedef struct
{
  const char *user;
  const UcInteraction *found;
} Find;

static void
find_interaction (const UcInteraction *interaction, gpointer data)
{
  Find *find = data;

  if (strcmp (interaction->conversation->identity, find->user) == 0)
    find->found = interaction;
}

const UcInteraction *
kit_interaction (const char *user)
{
  Find find = { user, NULL };

  uc_engine_each_interaction (kit.core->engine, find_interaction, &find);
  return find.found;
}

const UcAgent *
kit_agent (const char *login)
{
  return uc_engine_agent_by_login (kit.core->engine, login);
}

char *
kit_chat (const char *user)
{
  UcCommand login = { .type = UC_COMMAND_SET_STATUS, .agent = "anna", .status = "work_offline", .cause = "login" };
  g_autofree char *first = g_strconcat ("first-", user, NULL);
  const UcInteraction *interaction;

  if (kit_agent ("anna")->asked != UC_AGENT_AVAILABLE)
    {
      uc_core_submit (kit.core, &login, NULL, NULL);
      kit_settle ();
      uc_json_free (kit_do ("anna", "agent.set_status", "{\"status\":\"%s\"}", "available"));
    }
  kit_say (user, first, "hello");
  kit_until ((interaction = kit_interaction (user)) != NULL && interaction->state == UC_INTERACTION_OFFERED);
  uc_json_free (kit_do ("anna", "interaction.accept", "{\"interaction\":\"%s\"}", interaction->id));
  return g_strdup (interaction->id);
}

void
kit_write (const char *interaction, const char *text)
{
  uc_json_free (kit_do ("anna", "message.send", "{\"interaction\":\"%s\",\"text\":\"%s\"}", interaction, text));
}

char *
kit_state (const char *user, const char *text, char **error)
{
  g_autoptr (UcJson) root
      = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", kit_interaction (user)->id);
  char *state = NULL;

  for (const UcJson *m = uc_json_first (uc_json_get (root, "messages")); m != NULL; m = uc_json_next (m))
    if (g_strcmp0 (uc_json_string (uc_json_get (m, "text")), text) == 0)
      {
        g_free (state);
        state = g_strdup (uc_json_string (uc_json_get (m, "state")));
        if (error != NULL)
          {
            g_free (*error);
            *error = g_strdup (uc_json_string (uc_json_get (m, "error")));
          }
      }
  return state;
}

void
kit_wait_state (const char *user, const char *text, const char *state)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  for (;;)
    {
      g_autofree char *now = kit_state (user, text, NULL);

      if (g_strcmp0 (now, state) == 0)
        return;
      if (g_get_monotonic_time () > end)
        g_error ("\"%s\" is %s, not %s", text, now, state);
    }
}

/* ---- desks --------------------------------------------------------------------------------------------- */

Desk *
kit_desk_new (void)
{
  Desk *desk = g_new0 (Desk, 1);

  desk->frames = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_json_free);
  desk->desk = kit.rig->host->desk_open (kit.rig->frontend, "test", desk);
  g_assert_nonnull (desk->desk);
  return desk;
}

void
kit_desk_free (Desk *desk)
{
  if (desk->desk != NULL)
    kit.rig->host->desk_close (desk->desk);
  g_ptr_array_unref (desk->frames);
  g_free (desk->bye);
  g_free (desk);
}

void
kit_desk_say (Desk *desk, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (desk->desk != NULL)
    kit.rig->host->desk_input (desk->desk, text, strlen (text));
}

const char *
kit_text (const UcJson *object, const char *key)
{
  return uc_json_string (uc_json_get (object, key));
}

static void
keep_who (gpointer data, const UcPrincipal *who, const GError *error)
{
  g_assert_no_error (error);
  uc_principal_copy (data, who);
}

void
kit_log_in (UcPrincipal *who)
{
  g_autoptr (UcJson) login
      = kit_do (NULL, "session.login", "{\"login\":\"%s\",\"password\":\"anna-anna\"}", "anna");

  uc_auth_check (kit.core->auth, kit_text (login, "token"), keep_who, who);
  g_assert_nonnull (who->token);
}

static gboolean
has_frame (Desk *desk, const char *type, guint *index)
{
  for (guint i = 0; i < desk->frames->len; i++)
    if (g_strcmp0 (uc_json_string (uc_json_get (desk->frames->pdata[i], "type")), type) == 0)
      {
        *index = i;
        return TRUE;
      }
  return FALSE;
}

UcJson *
kit_desk_wait (Desk *desk, const char *type)
{
  guint index;
  UcJson *frame;

  kit_until (has_frame (desk, type, &index));
  frame = uc_json_copy (desk->frames->pdata[index]);
  g_ptr_array_remove_range (desk->frames, 0, index + 1);
  return frame;
}

UcJson *
kit_desk_call (Desk *desk, const char *id, const char *name, const char *args)
{
  kit_desk_say (desk, "{\"call\":\"%s\",\"id\":\"%s\",\"cmd\":\"cmd-%s\",\"args\":%s}", name, id, id, args);
  return kit_desk_wait (desk, "result");
}

UcJson *
kit_desk_hello (Desk *desk, const char *login, gint64 since)
{
  g_autofree char *args = g_strdup_printf ("{\"login\":\"%s\",\"password\":\"%s\"}", login,
                                           strcmp (login, "anna") == 0  ? "anna-anna"
                                           : strcmp (login, "ben") == 0 ? "ben-ben-ben"
                                                                        : "sue-sue-sue");
  g_autofree char *answer = kit_op (NULL, "session.login", args);
  g_autoptr (UcJson) json = NULL;

  g_assert_nonnull (answer);
  json = uc_json_parse (answer, strlen (answer), NULL, NULL);
  if (since >= 0)
    kit_desk_say (desk, "{\"hello\":{\"token\":\"%s\",\"since\":%" G_GINT64_FORMAT "}}",
                  uc_json_string (uc_json_get (json, "token")), since);
  else
    kit_desk_say (desk, "{\"hello\":{\"token\":\"%s\"}}", uc_json_string (uc_json_get (json, "token")));
  return kit_desk_wait (desk, "welcome");
}
