/* SPDX-License-Identifier: 0BSD
 *
 * new-plugin: a channel for a site that relays its customers' messages by HTTP.
 *
 *   POST MOUNT/messages {"user","name","id","text"}   a customer wrote; 200 {"n"} once it is stored
 *   GET MOUNT/messages?user=USER&after=N              the lines of his conversation after number N
 *
 * Both need the header "Authorization: Bearer TOKEN". Change it into a channel for your network: what arrives goes
 * to host->deliver, what `send` gets goes to the network. usher-channel(3) has all slots. Everything runs on the
 * main thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usher/usher.h>

/* A request that waits for the core. Those that still do when the instance is destroyed are freed with it. */
typedef struct Waiting Waiting;

typedef struct
{
  const UsherHost *host;
  UsherInstance *instance;
  const char *token; /* the host keeps it until destroy */
  Waiting *waiting;
} NewPlugin;

struct Waiting
{
  NewPlugin *self;
  UsherExchange *exchange;
  Waiting *next, **link;
};

static Waiting *
waiting_new (NewPlugin *self, UsherExchange *exchange)
{
  Waiting *waiting = calloc (1, sizeof *waiting);

  if (waiting == NULL)
    abort ();
  *waiting = (Waiting){ self, exchange, self->waiting, &self->waiting };
  if (self->waiting != NULL)
    self->waiting->link = &waiting->next;
  self->waiting = waiting;
  return waiting;
}

static void
waiting_free (Waiting *waiting)
{
  *waiting->link = waiting->next;
  if (waiting->next != NULL)
    waiting->next->link = waiting->link;
  free (waiting);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void
answer (NewPlugin *self, UsherExchange *exchange, int status, UsherJson *body)
{
  UsherResponse response
      = { .struct_size = sizeof response, .status = status, .content_type = "application/json; charset=utf-8" };
  char *text = self->host->json_print (body, &response.body_len);

  response.body = text;
  self->host->http_respond (exchange, &response);
  self->host->free_text (text);
  self->host->json_free (body);
}

static void
complain (NewPlugin *self, UsherExchange *exchange, int status, const char *why)
{
  UsherJson *body = self->host->json_object ();

  self->host->json_set_string (body, "error", why);
  answer (self, exchange, status, body);
}

/* What did not work now and may work later is 503: the site comes again with the same id. */
static int
http_status (UsherStatus status)
{
  return status == USHER_BUSY || status == USHER_RETRY ? 503 : 422;
}

/* ---- from the customer --------------------------------------------------------------------------------- */

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Waiting *waiting = data;
  NewPlugin *self = waiting->self;

  if (result->status == USHER_OK)
    {
      UsherJson *body = self->host->json_object ();

      self->host->json_set_int (body, "n", count > 0 ? numbers[0] : 0);
      answer (self, waiting->exchange, 200, body);
    }
  else
    complain (self, waiting->exchange, http_status (result->status), result->message);
  waiting_free (waiting);
}

static void
post_message (NewPlugin *self, UsherExchange *exchange, const UsherRequest *request)
{
  const UsherHost *host = self->host;
  const char *why = "the request has no body";
  UsherJson *body = request->body != NULL ? host->json_parse (request->body, request->body_len, &why) : NULL;
  UsherInbound item = { .struct_size = sizeof item, .kind = USHER_INBOUND_MESSAGE };
  const UsherInbound *const items[] = { &item };

  item.user_id = host->json_string (host->json_get (body, "user"));
  item.user_name = host->json_string (host->json_get (body, "name"));
  item.external_id = host->json_string (host->json_get (body, "id"));
  item.text = host->json_string (host->json_get (body, "text"));
  if (body == NULL)
    complain (self, exchange, 400, why);
  else if (item.user_id == NULL || item.user_id[0] == '\0' || item.external_id == NULL
           || item.external_id[0] == '\0' || item.text == NULL)
    complain (self, exchange, 400, "user, id and text have to be strings, and the first two not empty");
  else
    host->deliver (self->instance, items, 1, on_delivered, waiting_new (self, exchange));
  host->json_free (body);
}

/* ---- to the customer ----------------------------------------------------------------------------------- */

static void
on_history (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
            const char *agent_name)
{
  static const char *const authors[] = { NULL, "customer", "agent", "system" };
  Waiting *waiting = data;
  const UsherHost *host = waiting->self->host;

  if (result->status == USHER_OK)
    {
      UsherJson *body = host->json_object (), *list = host->json_array ();

      for (; *lines != NULL; lines++)
        {
          UsherJson *line = host->json_object ();

          host->json_set_int (line, "n", (*lines)->n);
          host->json_set_string (line, "author", authors[(*lines)->author]);
          host->json_set_string (line, "text", (*lines)->text);
          host->json_append (list, line);
        }
      host->json_set (body, "messages", list);
      host->json_set_string (body, "state", state);
      answer (waiting->self, waiting->exchange, 200, body);
    }
  else
    complain (waiting->self, waiting->exchange, http_status (result->status), result->message);
  waiting_free (waiting);
}

/* "user=USER&after=N" in this order; USER as the site gave it, of letters, digits and _ - . only. */
static void
get_messages (NewPlugin *self, UsherExchange *exchange, const UsherRequest *request)
{
  char user[129];
  long long after = 0;

  if (request->query == NULL || sscanf (request->query, "user=%128[A-Za-z0-9_.-]&after=%lld", user, &after) < 1
      || after < 0)
    complain (self, exchange, 400, "ask for ?user=USER&after=N");
  else
    self->host->history (self->instance, user, after, 100, on_history, waiting_new (self, exchange));
}

/* What an agent writes is in the conversation when `send` is called; the site reads it there with its next GET. A
 * network that is told hands it over here, and completes the reply when the network has answered. */
static void
new_plugin_send (void *data, const UsherLine *line, UsherReply *reply)
{
  NewPlugin *self = data;
  const UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  self->host->complete (reply, &result);
}

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

/* Takes the same time wherever the difference is. */
static bool
has_token (const NewPlugin *self, const UsherRequest *request)
{
  size_t len = strlen (self->token);

  for (const char *const *header = request->headers; *header != NULL; header += 2)
    if (strcmp (header[0], "authorization") == 0 && strncmp (header[1], "Bearer ", 7) == 0)
      {
        const char *given = header[1] + 7;
        unsigned char differs = strlen (given) != len;

        for (size_t i = 0; !differs && i < len; i++)
          differs |= (unsigned char)(given[i] ^ self->token[i]);
        return differs == 0;
      }
  return false;
}

static void
new_plugin_http (void *data, UsherExchange *exchange, const UsherRequest *request)
{
  NewPlugin *self = data;

  if (!has_token (self, request))
    complain (self, exchange, 401, "the header Authorization: Bearer TOKEN is missing or has another token");
  else if (strcmp (request->method, "POST") == 0)
    post_message (self, exchange, request);
  else if (strcmp (request->method, "GET") == 0)
    get_messages (self, exchange, request);
  else
    complain (self, exchange, 405, "GET or POST");
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void *
new_plugin_create (UsherInstance *instance, const UsherHost *host)
{
  NewPlugin *self;

  if (!host->route (instance, "/messages", USHER_ROUTE_HTTP, 0))
    {
      host->fail (instance, USHER_FAILED, "its path for requests is taken by another instance; give it a mount");
      return NULL;
    }
  self = calloc (1, sizeof *self);
  if (self == NULL)
    abort ();
  self->host = host;
  self->instance = instance;
  self->token = host->get_string (instance, "token");
  return self;
}

static void
new_plugin_destroy (void *data)
{
  NewPlugin *self = data;

  while (self->waiting != NULL)
    waiting_free (self->waiting);
  free (self);
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherSetting token_setting = { .struct_size = sizeof token_setting,
                                            .key = "token",
                                            .type = USHER_SETTING_SECRET,
                                            .required = true,
                                            .help = "what the site's requests have to bring" };
static const UsherSetting *const settings[] = { &token_setting, NULL };

static const UsherChannelCapabilities capabilities
    = { .struct_size = sizeof capabilities, .network = "new-plugin", .idempotent_send = true };

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = new_plugin_create,
                                         .destroy = new_plugin_destroy,
                                         .http = new_plugin_http,
                                         .capabilities = &capabilities,
                                         .send = new_plugin_send };

static const UsherPlugin descriptor = { USHER_PLUGIN_HEAD,  .name = "new-plugin",
                                        .version = "0.1",   .summary = "messages that a site brings by HTTP",
                                        .license = "0BSD",  .settings = settings,
                                        .channel = &channel };

USHER_PLUGIN_EXPORT (descriptor)
