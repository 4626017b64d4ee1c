/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin of all three kinds that is compiled against every released set of headers and loaded by today's core.
 * It uses what was there in 1.0 and nothing else. With FUTURE its tables are longer than anything we know.
 */
#include <usher/usher.h>

#include <stdlib.h>

#ifdef FUTURE
#define TABLE(name, type)                                                                                         \
  typedef struct                                                                                                  \
  {                                                                                                               \
    type today;                                                                                                   \
    void (*slot_of_tomorrow[9]) (void *self);                                                                     \
  } name
TABLE (Channel, UsherChannelOps);
TABLE (Crm, UsherCrmOps);
TABLE (Frontend, UsherFrontendOps);
TABLE (Capabilities, UsherChannelCapabilities);
TABLE (Setting, UsherSetting);
TABLE (Plugin, UsherPlugin);
TABLE (Result, UsherResult);
#define MINOR 99
/* What today's core must not call. */
static void
trap (void *self)
{
  abort ();
}
#define TRAPS , .slot_of_tomorrow = { trap, trap, trap, trap, trap, trap, trap, trap, trap }
#else
#define TABLE(name, type)                                                                                         \
  typedef struct                                                                                                  \
  {                                                                                                               \
    type today;                                                                                                   \
  } name
TABLE (Channel, UsherChannelOps);
TABLE (Crm, UsherCrmOps);
TABLE (Frontend, UsherFrontendOps);
TABLE (Capabilities, UsherChannelCapabilities);
TABLE (Setting, UsherSetting);
TABLE (Plugin, UsherPlugin);
TABLE (Result, UsherResult);
#define MINOR USHER_ABI_MINOR
#define TRAPS
#endif

typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
} Sample;

static void
answer (Sample *self, UsherReply *reply, UsherStatus status)
{
  const Result result = { .today = { .struct_size = sizeof result,
                                     .status = status,
                                     .message = status == USHER_OK ? NULL : "it keeps nothing" } };

  self->host->complete (reply, &result.today);
}

static void *
sample_create (UsherInstance *instance, const UsherHost *host)
{
  Sample *self = malloc (sizeof *self);

  if (self == NULL || host->abi_major != USHER_ABI_MAJOR || !USHER_HOST_HAS (host, free_text)
      || host->get_string (instance, "word") == NULL)
    abort ();
  *self = (Sample){ host, instance };
  host->route (instance, "/", USHER_ROUTE_HTTP | USHER_ROUTE_PREFIX, 0);
  return self;
}

static void
sample_start (void *self, UsherReply *reply)
{
  answer (self, reply, USHER_OK);
}

static void
sample_http (void *data, UsherExchange *exchange, const UsherRequest *request)
{
  Sample *self = data;
  const UsherResponse response = { .struct_size = sizeof response, .status = 404 };

  self->host->http_respond (exchange, &response);
}

static void
sample_send (void *self, const UsherLine *line, UsherReply *reply)
{
  answer (self, reply, line->text != NULL && line->message_id != NULL ? USHER_OK : USHER_CONTENT);
}

static void
sample_lookup (void *self, const UsherIdentity *identity, UsherReply *reply)
{
  answer (self, reply, USHER_OK);
}

static void
sample_get (void *self, const char *id, UsherReply *reply)
{
  answer (self, reply, USHER_NOT_FOUND);
}

static void
sample_list (void *self, const UsherCrmQuery *query, UsherReply *reply)
{
  answer (self, reply, USHER_OK);
}

static void
sample_save_customer (void *self, const UsherCustomer *customer, UsherReply *reply)
{
  answer (self, reply, USHER_BUSY);
}

static void
sample_save_case (void *self, const UsherCase *record, UsherReply *reply)
{
  answer (self, reply, USHER_BUSY);
}

static void
sample_desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
}

static void
sample_desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
}

#define HEAD(table)                                                                                               \
  .struct_size = sizeof table, .create = sample_create, .start = sample_start, .destroy = free, .http = sample_http

static const Setting word = { .today = { .struct_size = sizeof word,
                                         .key = "word",
                                         .type = USHER_SETTING_STRING,
                                         .default_value = "none",
                                         .help = "means nothing" } };
static const UsherSetting *const settings[] = { &word.today, NULL };
static const Capabilities capabilities
    = { .today = { .struct_size = sizeof capabilities, .network = "sample", .max_text = 100 } };
static const Channel channel
    = { .today = { HEAD (channel), .capabilities = &capabilities.today, .send = sample_send } TRAPS };
static const Crm crm
    = { .today = { HEAD (crm), .lookup = sample_lookup, .get_customer = sample_get,
                   .search_customers = sample_list, .save_customer = sample_save_customer, .get_case = sample_get,
                   .list_cases = sample_list, .save_case = sample_save_case } TRAPS };
static const Frontend frontend
    = { .today = { HEAD (frontend), .desk_output = sample_desk_output, .desk_closed = sample_desk_closed } TRAPS };
static const Plugin plugin = { .today = { .struct_size = sizeof plugin,
                                          .abi_major = USHER_ABI_MAJOR,
                                          .abi_minor = MINOR,
                                          .name = "sample",
                                          .version = "1",
                                          .summary = "as old as its headers",
                                          .license = "GPL-3.0-or-later",
                                          .settings = settings,
                                          .channel = &channel.today,
                                          .crm = &crm.today,
                                          .frontend = &frontend.today } TRAPS };

USHER_PLUGIN_EXPORT (plugin.today)
