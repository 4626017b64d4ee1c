/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin of all three kinds that passes every check, unless the environment variable USHER_BAD names what it is
 * to do wrong. For the tests of the conformance kit: each fault has to be caught, and named.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <usher/usher.h>

#define MAX_RECORDS 4096

typedef struct
{
  char id[32], user[2100], external_id[64];
  UsherIdentity identity;
  const UsherIdentity *identities[2];
  UsherCustomer customer;
} Customer;

typedef struct
{
  char id[32];
  UsherCase record;
  char *interaction, *customer, *transcript;
  bool closed;
} Case;

typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
  pthread_t thread;
  bool has_thread;
  UsherReply *kept;
  UsherSocket *socket;
  UsherDesk *desk;
  Customer *customers[MAX_RECORDS];
  Case *cases[MAX_RECORDS];
  size_t customer_count, case_count, sent_once;
} Bad;

/* On purpose: what two instances must not share. */
static Bad *the_only_one;

static bool
bad (const char *fault)
{
  const char *word = getenv ("USHER_BAD");

  return word != NULL && strcmp (word, fault) == 0;
}

/* Not a constant: the compiler would refuse to write there. */
static volatile int *volatile nowhere = (volatile int *)8;

/* At the beginning of every slot. */
static void
enter (const char *slot)
{
  char fault[64];

  snprintf (fault, sizeof fault, "crash-%s", slot);
  if (bad (fault))
    *nowhere = 1;
  snprintf (fault, sizeof fault, "block-%s", slot);
  while (bad (fault))
    usleep (100000);
  snprintf (fault, sizeof fault, "dawdle-%s", slot);
  if (bad (fault))
    usleep (400000);
  snprintf (fault, sizeof fault, "exit-%s", slot);
  if (bad (fault))
    exit (0);
}

static void
complete (Bad *self, UsherReply *reply, UsherStatus status)
{
  UsherResult result = { .struct_size = bad ("lie-result") ? sizeof result - 8 : sizeof result,
                         .status = bad ("lie-status") ? (UsherStatus)99 : status,
                         .message = status == USHER_OK || bad ("no-message") ? NULL : "so it is" };

  self->host->complete (reply, &result);
}

/* ---- channel ------------------------------------------------------------------------------------------- */

/* Instances come and go, the host stays. */
static const UsherHost *the_host;

/* data: the request that brought it, or NULL. */
static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  const UsherResponse response
      = { .struct_size = sizeof response, .status = result->status == USHER_OK ? 200 : 503 };

  if (data != NULL)
    the_host->http_respond (data, &response);
}

static void
deliver (Bad *self, const char *user, const char *id, UsherExchange *exchange)
{
  UsherInbound item = { .struct_size = bad ("lie-inbound") ? 4096 : sizeof item,
                        .kind = USHER_INBOUND_MESSAGE,
                        .user_id = user,
                        .external_id = id,
                        .text = "hello" };
  const UsherInbound *const items[] = { &item };

  self->host->deliver (self->instance, items, 1, on_delivered, exchange);
}

typedef struct
{
  Bad *self;
  UsherReply *reply;
} Errand;

static void *
run_errand (void *data)
{
  Errand *errand = data;

  usleep (20000);
  if (bad ("wrong-thread"))
    deliver (errand->self, "user", "from-a-thread", NULL);
  /* The instance, and with it the reply, is gone by then. */
  if (bad ("late-thread"))
    usleep (60000);
  complete (errand->self, errand->reply, USHER_OK);
  free (errand);
  return NULL;
}

static void
send_from_thread (Bad *self, UsherReply *reply)
{
  Errand *errand = malloc (sizeof *errand);
  pthread_t thread;

  *errand = (Errand){ self, reply };
  if (pthread_create (&thread, NULL, run_errand, errand) != 0)
    abort ();
  pthread_detach (thread);
}

static void
bad_send (void *data, const UsherLine *line, UsherReply *reply)
{
  Bad *self = data;

  enter ("send");
  if (bad ("leak-work") && malloc (500) == NULL)
    abort ();
  if (bad ("never"))
    return;
  if (bad ("wrong-thread") || bad ("late-thread"))
    {
      send_from_thread (self, reply);
      return;
    }
  if (bad ("no-message"))
    complete (self, reply, USHER_RECIPIENT);
  else if (bad ("strange-status"))
    complete (self, reply, USHER_CONFLICT);
  else if (bad ("not-idempotent") && strcmp (line->text, "once") == 0 && self->sent_once++ > 0)
    complete (self, reply, USHER_RECIPIENT);
  else
    complete (self, reply, bad ("too-long") && strlen (line->text) > 60 ? USHER_CONTENT : USHER_OK);
  if (bad ("twice"))
    complete (self, reply, USHER_OK);
}

static void
bad_notice (void *data, const UsherLine *line)
{
  enter ("notice");
}

static void
bad_typing (void *data, const char *user_id, bool on)
{
  enter ("typing");
}

static void
bad_seen (void *data, const UsherLine *line)
{
  enter ("seen");
}

static UsherChannelCapabilities capabilities = { .struct_size = sizeof capabilities,
                                                 .network = "bad",
                                                 .max_text = 50,
                                                 .typing_out = USHER_NATIVE,
                                                 .idempotent_send = true };

static const UsherChannelCapabilities *
bad_runtime_capabilities (void *data)
{
  enter ("runtime_capabilities");
  return &capabilities;
}

/* ---- CRM ----------------------------------------------------------------------------------------------- */

static bool
same (const char *a, const char *b)
{
  return a != NULL && b != NULL && strcmp (a, b) == 0;
}

static void
answer_customer (Bad *self, UsherReply *reply, UsherStatus status, const Customer *one)
{
  const UsherCustomer *const list[] = { one != NULL ? &one->customer : NULL, NULL };
  const UsherResult result = { .struct_size = sizeof result,
                               .status = status,
                               .message = status == USHER_OK ? NULL : "so it is",
                               .customers = list };

  self->host->complete (reply, &result);
}

static void
answer_case (Bad *self, UsherReply *reply, UsherStatus status, const Case *one)
{
  const UsherCase *const list[] = { one != NULL ? &one->record : NULL, NULL };
  const UsherResult result = { .struct_size = sizeof result,
                               .status = status,
                               .message = status == USHER_OK ? NULL : "so it is",
                               .cases = list };

  self->host->complete (reply, &result);
}

static Customer *
find_customer (Bad *self, const char *id, const char *user, const char *name)
{
  for (size_t i = 0; i < self->customer_count; i++)
    if (same (self->customers[i]->id, id) || same (self->customers[i]->user, user)
        || same (self->customers[i]->customer.last_name, name))
      return self->customers[i];
  return NULL;
}

static void
bad_lookup (void *data, const UsherIdentity *identity, UsherReply *reply)
{
  enter ("lookup");
  if (!bad ("never"))
    answer_customer (data, reply, USHER_OK, find_customer (data, NULL, identity->id, NULL));
}

static void
bad_get_customer (void *data, const char *id, UsherReply *reply)
{
  Customer *one = find_customer (data, id, NULL, NULL);

  enter ("get_customer");
  answer_customer (data, reply, one != NULL || bad ("finds-nothing-fine") ? USHER_OK : USHER_NOT_FOUND, one);
}

static void
bad_search_customers (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  enter ("search_customers");
  answer_customer (data, reply, USHER_OK, find_customer (data, NULL, NULL, query->text));
}

static Customer *
new_customer (Bad *self, const UsherCustomer *wanted)
{
  Customer *one = calloc (1, sizeof *one);

  if (self->customer_count >= MAX_RECORDS)
    abort ();
  snprintf (one->id, sizeof one->id, "%zu", self->customer_count + 1);
  snprintf (one->user, sizeof one->user, "%.2000s",
            wanted->identities != NULL && wanted->identities[0] != NULL ? wanted->identities[0]->id : "");
  one->customer = (UsherCustomer){ .struct_size = sizeof one->customer, .id = one->id, .name = "Kit" };
  self->customers[self->customer_count++] = one;
  return one;
}

static void
bad_save_customer (void *data, const UsherCustomer *wanted, UsherReply *reply)
{
  Bad *self = data;
  const char *user
      = wanted->identities != NULL && wanted->identities[0] != NULL ? wanted->identities[0]->id : NULL;
  Customer *one = find_customer (self, wanted->id, bad ("two-customers") ? NULL : user, NULL);

  enter ("save_customer");
  if (wanted->id == NULL && one != NULL)
    answer_customer (self, reply, wanted->draft ? USHER_OK : USHER_CONFLICT, one);
  else if (wanted->id != NULL && wanted->version != 0 && one != NULL && wanted->version != one->customer.version
           && !bad ("no-versions"))
    answer_customer (self, reply, USHER_CONFLICT, one);
  else if (!wanted->draft && wanted->last_name == NULL && (one == NULL || one->customer.last_name == NULL))
    answer_customer (self, reply, USHER_INVALID, NULL);
  else
    {
      if (one == NULL)
        one = new_customer (self, wanted);
      if (wanted->last_name != NULL)
        {
          free ((char *)one->customer.last_name);
          one->customer.last_name = strdup (wanted->last_name);
        }
      one->customer.draft = wanted->draft;
      one->customer.version++;
      answer_customer (self, reply, USHER_OK, one);
    }
}

static Case *
find_case (Bad *self, const char *id, const char *interaction)
{
  for (size_t i = 0; i < self->case_count; i++)
    if (same (self->cases[i]->id, id) || same (self->cases[i]->interaction, interaction))
      return self->cases[i];
  return NULL;
}

static void
bad_get_case (void *data, const char *id, UsherReply *reply)
{
  Case *one = find_case (data, id, NULL);

  enter ("get_case");
  answer_case (data, reply, one != NULL ? USHER_OK : USHER_NOT_FOUND, one);
}

/* Pages of one. */
static void
bad_list_cases (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  Bad *self = data;
  char next[32];
  size_t skip = query->cursor != NULL ? strtoul (query->cursor, NULL, 10) : 0, i = skip;
  const UsherCase *list[] = { NULL, NULL };
  UsherResult result = { .struct_size = sizeof result, .cases = list };

  enter ("list_cases");
  while (i < self->case_count && query->customer_id != NULL
         && !same (self->cases[i]->customer, query->customer_id))
    i++;
  if (i < self->case_count)
    list[0] = &self->cases[i]->record;
  snprintf (next, sizeof next, "%zu", bad ("same-page") ? i : i + 1);
  result.next = i < self->case_count ? next : NULL;
  self->host->complete (reply, &result);
}

static char *
copy (const char *text)
{
  return text != NULL ? strdup (text) : NULL;
}

static void
bad_save_case (void *data, const UsherCase *wanted, UsherReply *reply)
{
  Bad *self = data;
  Case *one = find_case (self, wanted->id, bad ("two-cases") ? NULL : wanted->interaction);

  enter ("save_case");
  if (one != NULL && wanted->version != 0 && wanted->version != one->record.version)
    {
      answer_case (self, reply, USHER_CONFLICT, one);
      return;
    }
  if (one == NULL)
    {
      one = calloc (1, sizeof *one);
      if (self->case_count >= MAX_RECORDS)
        abort ();
      snprintf (one->id, sizeof one->id, "C-%zu", self->case_count + 1);
      one->interaction = copy (wanted->interaction);
      one->customer = copy (wanted->customer_id);
      one->record = (UsherCase){ .struct_size = bad ("lie-case") ? 64 : sizeof one->record,
                                 .id = one->id,
                                 .number = one->id,
                                 .interaction = one->interaction,
                                 .customer_id = one->customer };
      self->cases[self->case_count++] = one;
    }
  if (wanted->transcript != NULL
      && (one->transcript == NULL || strlen (wanted->transcript) >= strlen (one->transcript)
          || bad ("shorter-transcript")))
    {
      free (one->transcript);
      one->transcript = copy (wanted->transcript);
      one->record.transcript = one->transcript;
    }
  one->closed = one->closed || same (wanted->state, "closed");
  one->record.state = one->closed ? "closed" : "open";
  one->record.version++;
  answer_case (self, reply, USHER_OK, one);
}

static void
bad_merge (void *data, const UsherMerge *merge, UsherReply *reply)
{
  complete (data, reply, USHER_UNSUPPORTED);
}

static void
bad_describe (void *data, UsherReply *reply)
{
  Bad *self = data;
  const UsherResult result
      = { .struct_size = sizeof result, .data = bad ("no-json") ? "{" : "{\"customer_fields\":[]}" };

  enter ("describe");
  self->host->complete (reply, &result);
}

/* ---- front end ----------------------------------------------------------------------------------------- */

static void
bad_desk_output (void *data, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  Bad *self = data;

  enter ("desk_output");
  if (self->socket != NULL)
    self->host->ws_send (self->socket, frame, len, false);
}

static void
bad_desk_closed (void *data, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  Bad *self = data;

  enter ("desk_closed");
  if (!bad ("desk-after-end"))
    self->desk = NULL;
}

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

static void
bad_http (void *data, UsherExchange *exchange, const UsherRequest *request)
{
  Bad *self = data;
  UsherResponse response = { .struct_size = bad ("lie-response") ? 16 : sizeof response, .status = 200 };

  enter ("http");
  if (bad ("http-never"))
    return;
  if (strcmp (request->method, "POST") == 0 && self->host->instance_name (self->instance) != NULL
      && bad ("deliver-without-check"))
    self->host->deliver (self->instance, NULL, 0, on_delivered, NULL);
  if (strcmp (request->method, "POST") == 0 && request->body_len == 2
      && strncmp (self->host->mount (self->instance), "/channel/", 9) == 0)
    {
      deliver (self, "user", "1", bad ("ack-early") ? NULL : exchange);
      if (!bad ("ack-early"))
        return;
    }
  if (bad ("lie-status-http"))
    response.status = 7;
  self->host->http_respond (exchange, &response);
  if (bad ("http-twice"))
    self->host->http_respond (exchange, &response);
}

static int
bad_ws_open (void *data, UsherSocket *socket, const UsherRequest *request)
{
  Bad *self = data;

  enter ("ws_open");
  if (bad ("ws-odd-status"))
    return 200;
  if (self->socket != NULL)
    return 503;
  self->socket = socket;
  return 0;
}

static void
bad_ws_message (void *data, UsherSocket *socket, const char *text, size_t len, bool binary)
{
  Bad *self = data;

  enter ("ws_message");
  if (bad ("ws-close-code"))
    self->host->ws_close (socket, 1006, "");
  else if (bad ("ws-no-utf8"))
    self->host->ws_send (socket, "\xff", 1, false);
  else if (self->host->ws_data (socket) == NULL)
    self->host->ws_send (socket, "hello", 5, false);
  if (self->desk == NULL && getenv ("USHER_BAD_DESK") != NULL)
    self->desk = self->host->desk_open (self->instance, "192.0.2.1", self);
  if (self->desk != NULL)
    self->host->desk_input (self->desk, text, len);
}

static void
bad_ws_closed (void *data, UsherSocket *socket, int code)
{
  Bad *self = data;

  enter ("ws_closed");
  self->socket = NULL;
  if (bad ("ws-after-close"))
    self->host->ws_send (socket, "too late", 8, false);
  if (self->desk != NULL)
    self->host->desk_close (self->desk);
  self->desk = NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void
on_timer (void *data)
{
  Bad *self = data;
  char id[64];
  static int count;

  if (bad ("flood-log"))
    for (int i = 0; i < 100; i++)
      self->host->log (self->instance, USHER_LOG_INFO, "still here");
  for (int i = 0; i < 50 && bad ("flood-deliver"); i++)
    {
      snprintf (id, sizeof id, "%d", count++);
      deliver (self, "user", id, NULL);
    }
  for (int i = 0; i < 2000 && bad ("flood-timers"); i++)
    self->host->timer_add (self->instance, 100000, on_timer, self);
  for (long i = 0; i < 10000 && bad ("spin"); i++)
    __asm__ volatile("");
  while (bad ("block-timer"))
    usleep (100000);
  if (bad ("crash-timer"))
    *nowhere = 1;
  self->host->timer_add (self->instance, bad ("spin") ? 0 : 10, on_timer, self);
}

static void *
sleep_for_ever (void *data)
{
  while (true)
    sleep (1000);
  return NULL;
}

static void
leak (void)
{
  pthread_t thread;

  if (bad ("leak-memory") && malloc (100) == NULL)
    abort ();
  if (bad ("leak-file") && open ("/dev/null", O_RDONLY) < 0)
    abort ();
  if (bad ("leak-thread") && pthread_create (&thread, NULL, sleep_for_ever, NULL) == 0)
    pthread_detach (thread);
}

static void *
bad_create (UsherInstance *instance, const UsherHost *host)
{
  Bad *self;
  const char *word = host->get_string (instance, "word");

  enter ("create");
  if (bad ("no-reason"))
    return NULL;
  if (bad ("trusts-settings") && word != NULL && strlen (word) > 1000)
    *nowhere = 1;
  if (bad ("undeclared"))
    host->get_string (instance, "no_such_setting");
  if (!host->route (instance, "/hook", USHER_ROUTE_HTTP, 0)
      || !host->route (instance, "/ws", USHER_ROUTE_WEBSOCKET, 0))
    return NULL;
  leak ();
  self = bad ("static-state") && the_only_one != NULL ? the_only_one : calloc (1, sizeof *self);
  self->host = host;
  self->instance = instance;
  the_only_one = self;
  the_host = host;
  return self;
}

static void
bad_start (void *data, UsherReply *reply)
{
  Bad *self = data;

  enter ("start");
  if (bad ("start-never"))
    return;
  self->host->timer_add (self->instance, 10, on_timer, self);
  complete (self, reply, USHER_OK);
}

static void
bad_stop (void *data, UsherReply *reply)
{
  enter ("stop");
  if (!bad ("stop-never"))
    complete (data, reply, USHER_OK);
}

static void
bad_destroy (void *data)
{
  Bad *self = data;

  enter ("destroy");
  for (size_t i = 0; i < self->customer_count; i++)
    {
      free ((char *)self->customers[i]->customer.last_name);
      free (self->customers[i]);
    }
  for (size_t i = 0; i < self->case_count; i++)
    {
      free (self->cases[i]->interaction);
      free (self->cases[i]->customer);
      free (self->cases[i]->transcript);
      free (self->cases[i]);
    }
  if (self == the_only_one)
    the_only_one = NULL;
  if (!bad ("late-thread"))
    free (self);
}

static bool
bad_load (const UsherHost *host)
{
  enter ("load");
  if (bad ("load-refuses"))
    host->log (NULL, USHER_LOG_ERROR, "the library it needs is too old");
  return !bad ("load-refuses");
}

static void
bad_unload (void)
{
  enter ("unload");
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

#define HEAD                                                                                                      \
  .create = bad_create, .start = bad_start, .stop = bad_stop, .destroy = bad_destroy, .http = bad_http,           \
  .ws_open = bad_ws_open, .ws_message = bad_ws_message, .ws_closed = bad_ws_closed

static UsherSetting word = { .struct_size = sizeof word,
                             .key = "word",
                             .type = USHER_SETTING_STRING,
                             .default_value = "none",
                             .help = "means nothing" };
static const UsherSetting *const settings[] = { &word, NULL };
static UsherChannelOps channel = { .struct_size = sizeof channel,
                                   HEAD,
                                   .capabilities = &capabilities,
                                   .send = bad_send,
                                   .notice = bad_notice,
                                   .typing = bad_typing,
                                   .runtime_capabilities = bad_runtime_capabilities,
                                   .seen = bad_seen };
static UsherCrmOps crm = { .struct_size = sizeof crm,
                           HEAD,
                           .lookup = bad_lookup,
                           .get_customer = bad_get_customer,
                           .search_customers = bad_search_customers,
                           .save_customer = bad_save_customer,
                           .get_case = bad_get_case,
                           .list_cases = bad_list_cases,
                           .save_case = bad_save_case,
                           .merge_customers = bad_merge,
                           .unmerge_customers = bad_merge,
                           .describe = bad_describe };
static UsherFrontendOps frontend
    = { .struct_size = sizeof frontend, HEAD, .desk_output = bad_desk_output, .desk_closed = bad_desk_closed };
static UsherPlugin plugin = { USHER_PLUGIN_HEAD,
                              .name = "bad",
                              .version = "1",
                              .summary = "does wrong what it is told to",
                              .license = "GPL-3.0-or-later",
                              .settings = settings,
                              .channel = &channel,
                              .crm = &crm,
                              .frontend = &frontend,
                              .load = bad_load,
                              .unload = bad_unload };

/* Written out, because what stands in the tables depends on the fault. */
USHER_EXPORT const UsherPlugin *usher_plugin_entry (void);
const UsherPlugin *
usher_plugin_entry (void)
{
  enter ("entry");
  if (bad ("lie-descriptor"))
    plugin.struct_size = 200;
  if (bad ("lie-table"))
    channel.struct_size = crm.struct_size = frontend.struct_size = 4000;
  if (bad ("lie-capabilities"))
    capabilities.struct_size = 24;
  if (bad ("lie-setting"))
    word.struct_size = 80;
  if (bad ("no-typing"))
    channel.typing = NULL;
  if (bad ("no-network"))
    capabilities.network = "";
  return &plugin;
}
