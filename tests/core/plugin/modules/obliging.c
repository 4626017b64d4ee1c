/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin of all three kinds that does what its settings say: answers at once, later, from a thread, twice,
 * never. What happens to it is told through the log.
 */
#include <usher/usher.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
  UsherReply *kept; /* the one that is never completed, or late */
  pthread_t thread;
  bool has_thread;
} Obliging;

typedef struct
{
  Obliging *self;
  UsherReply *reply;
  UsherStatus status;
} Errand;

static bool
wants (Obliging *self, const char *key, const char *word)
{
  return strcmp (self->host->get_string (self->instance, key), word) == 0;
}

static void
answer (Obliging *self, UsherReply *reply, UsherStatus status)
{
  UsherIdentity identity = { .struct_size = sizeof identity, .network = "test", .id = "u1" };
  const UsherIdentity *identities[] = { &identity, NULL };
  UsherCustomer customer
      = { .struct_size = sizeof customer, .id = "c1", .name = "Ada \xff", .identities = identities };
  const UsherCustomer *customers[] = { &customer, NULL };
  UsherResult result = { .struct_size = sizeof result,
                         .status = status,
                         .message = status == USHER_OK ? NULL : "as the settings say",
                         .external_id = "x1",
                         .customers = customers };

  self->host->complete (reply, &result);
  /* Whoever keeps pointers into it will notice. */
  memset (&result, 0x5a, sizeof result);
  memset (&customer, 0x5a, sizeof customer);
}

static void
answer_later (void *data)
{
  Errand *errand = data;

  answer (errand->self, errand->reply, errand->status);
  free (errand);
}

static void *
answer_in_thread (void *data)
{
  Errand *errand = data;

  answer (errand->self, errand->reply, errand->status);
  /* A main-thread slot from a thread: has to be refused. */
  errand->self->host->instance_state (errand->self->instance, USHER_AUTH, "from a thread");
  free (errand);
  return NULL;
}

static void
oblige (Obliging *self, const char *key, UsherReply *reply)
{
  Errand *errand = calloc (1, sizeof *errand);

  *errand = (Errand){ self, reply, USHER_OK };
  if (wants (self, key, "later"))
    self->host->timer_add (self->instance, 5, answer_later, errand);
  else if (wants (self, key, "thread"))
    self->has_thread = pthread_create (&self->thread, NULL, answer_in_thread, errand) == 0;
  else
    {
      if (wants (self, key, "at-once") || wants (self, key, "twice"))
        answer (self, reply, USHER_OK);
      if (wants (self, key, "twice"))
        answer (self, reply, USHER_FAILED);
      if (wants (self, key, "retry"))
        answer (self, reply, USHER_RETRY);
      if (wants (self, key, "failed"))
        answer (self, reply, USHER_FAILED);
      if (wants (self, key, "no-result"))
        self->host->complete (reply, NULL);
      if (wants (self, key, "never"))
        self->kept = reply;
      free (errand);
    }
}

static void
say (Obliging *self, const char *what)
{
  self->host->log (self->instance, USHER_LOG_INFO, what);
}

static void
say_invoked (void *data)
{
  say (data, "invoked");
}

static void *
create (UsherInstance *instance, const UsherHost *host)
{
  Obliging *self;

  if (strcmp (host->get_string (instance, "create"), "retry") == 0)
    host->fail (instance, USHER_RETRY, "the sky is cloudy");
  else if (strcmp (host->get_string (instance, "create"), "unconfigured") == 0)
    host->fail (instance, USHER_NOT_CONFIGURED, "nothing to do");
  else if (strcmp (host->get_string (instance, "create"), "failed") == 0)
    host->fail (instance, USHER_FAILED, "the sky has fallen");
  else if (strcmp (host->get_string (instance, "create"), "silent") != 0)
    {
      self = calloc (1, sizeof *self);
      self->host = host;
      self->instance = instance;
      host->route (instance, "/hook", USHER_ROUTE_HTTP, 0);
      say (self, "create");
      return self;
    }
  return NULL;
}

static void
start (void *data, UsherReply *reply)
{
  Obliging *self = data;

  say (self, "start");
  oblige (self, "start", reply);
}

static void
stop (void *data, UsherReply *reply)
{
  Obliging *self = data;

  say (self, "stop");
  if (wants (self, "send", "late") && self->kept != NULL)
    answer (self, self->kept, USHER_OK);
  oblige (self, "stop", reply);
}

static void
destroy (void *data)
{
  Obliging *self = data;

  say (self, "destroy");
  if (self->has_thread)
    pthread_join (self->thread, NULL);
  /* Dropped: the instance is on its way out. */
  self->host->invoke (self->instance, say_invoked, self);
  free (self);
}

static void
http (void *self, UsherExchange *exchange, const UsherRequest *request)
{
}

static const UsherChannelCapabilities capabilities = { .struct_size = sizeof capabilities,
                                                       .network = "test",
                                                       .max_text = 1000,
                                                       .receipts_read = USHER_NATIVE,
                                                       .reply_window_ms = 86400000,
                                                       .tagged_window_ms = 604800000,
                                                       .echoes = true,
                                                       .settle_ms = 1500,
                                                       .media_in = USHER_NATIVE };

static const UsherChannelCapabilities *
runtime_capabilities (void *data)
{
  static const UsherChannelCapabilities capable
      = { .struct_size = sizeof capable, .network = "test", .max_text = 100, .receipts_read = USHER_NATIVE },
      unsettled = { .struct_size = sizeof unsettled, .network = "test", .settle_ms = 60000 },
      shut = { .struct_size = sizeof shut, .network = "test", .reply_window_ms = 2, .tagged_window_ms = 1 },
      unmeasured = { .struct_size = sizeof unmeasured, .network = "test", .text_unit = 3 };
  Obliging *self = data;

  if (wants (self, "create", "incapable"))
    return NULL;
  return wants (self, "create", "unsettled")    ? &unsettled
         : wants (self, "create", "shut")       ? &shut
         : wants (self, "create", "unmeasured") ? &unmeasured
                                                : &capable;
}

static void
send_line (void *data, const UsherLine *line, UsherReply *reply)
{
  Obliging *self = data;

  if (wants (self, "send", "late"))
    self->kept = reply;
  else
    oblige (self, "send", reply);
}

static void
typing (void *data, const char *user_id, bool on)
{
  Obliging *self = data;

  self->host->timer_add (self->instance, 1, say_invoked, self);
  self->host->invoke (self->instance, say_invoked, self);
}

static void
lookup (void *data, const UsherIdentity *identity, UsherReply *reply)
{
  answer (data, reply, USHER_OK);
}

static void
by_id (void *data, const char *id, UsherReply *reply)
{
  answer (data, reply, USHER_NOT_FOUND);
}

static void
by_query (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  answer (data, reply, USHER_OK);
}

static void
save_customer (void *data, const UsherCustomer *customer, UsherReply *reply)
{
  answer (data, reply, USHER_OK);
}

static void
save_case (void *data, const UsherCase *record, UsherReply *reply)
{
  answer (data, reply, USHER_OK);
}

static void
desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
}

static void
desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
}

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = create,
                                         .start = start,
                                         .stop = stop,
                                         .destroy = destroy,
                                         .http = http,
                                         .capabilities = &capabilities,
                                         .runtime_capabilities = runtime_capabilities,
                                         .send = send_line,
                                         .typing = typing };
static const UsherCrmOps crm = { .struct_size = sizeof crm,
                                 .create = create,
                                 .destroy = destroy,
                                 .http = http,
                                 .lookup = lookup,
                                 .get_customer = by_id,
                                 .search_customers = by_query,
                                 .save_customer = save_customer,
                                 .get_case = by_id,
                                 .list_cases = by_query,
                                 .save_case = save_case };
static const UsherFrontendOps frontend = { .struct_size = sizeof frontend,
                                           .create = create,
                                           .destroy = destroy,
                                           .http = http,
                                           .desk_output = desk_output,
                                           .desk_closed = desk_closed };

#define ANSWERS "at-once,later,thread,twice,never,late,retry,failed,no-result"
#define SETTING(id, ...)                                                                                          \
  static const UsherSetting setting_##id = { .struct_size = sizeof (UsherSetting), .key = #id, __VA_ARGS__ }

SETTING (create, .type = USHER_SETTING_ENUM,
         .choices = "ok,retry,unconfigured,failed,silent,incapable,unsettled,shut,unmeasured",
         .default_value = "ok", .help = "what create does");
SETTING (start, .type = USHER_SETTING_ENUM, .choices = ANSWERS, .default_value = "at-once",
         .help = "how start is answered");
SETTING (stop, .type = USHER_SETTING_ENUM, .choices = ANSWERS, .default_value = "at-once",
         .help = "how stop is answered");
SETTING (send, .type = USHER_SETTING_ENUM, .choices = ANSWERS, .default_value = "at-once",
         .help = "how send is answered");
SETTING (server, .type = USHER_SETTING_URL, .help = "a URL");
SETTING (token, .type = USHER_SETTING_SECRET, .help = "a secret");
SETTING (limit, .type = USHER_SETTING_INT, .default_value = "5", .min = 1, .max = 10, .help = "a number");
SETTING (pause, .type = USHER_SETTING_DURATION, .default_value = "30s", .min = 1000, .max = 600000,
         .help = "a pause");
SETTING (body, .type = USHER_SETTING_SIZE, .default_value = "64k", .help = "a size");
SETTING (origins, .type = USHER_SETTING_LIST, .default_value = "a, b", .help = "a list");
SETTING (polite, .type = USHER_SETTING_BOOL, .default_value = "true", .help = "a switch");
SETTING (folder, .type = USHER_SETTING_PATH, .default_value = "files", .help = "a path");

static const UsherSetting *const settings[] = { &setting_create,
                                                &setting_start,
                                                &setting_stop,
                                                &setting_send,
                                                &setting_server,
                                                &setting_token,
                                                &setting_limit,
                                                &setting_pause,
                                                &setting_body,
                                                &setting_origins,
                                                &setting_polite,
                                                &setting_folder,
                                                NULL };

static bool
load (const UsherHost *host)
{
  host->log (NULL, USHER_LOG_NOTICE, "loaded");
  return true;
}

static const UsherPlugin plugin = { USHER_PLUGIN_HEAD,
                                    .name = "obliging",
                                    .version = "2.1",
                                    .summary = "does what it is told",
                                    .license = "GPL-3.0-or-later",
                                    .settings = settings,
                                    .channel = &channel,
                                    .crm = &crm,
                                    .frontend = &frontend,
                                    .load = load };

USHER_PLUGIN_EXPORT (plugin)
