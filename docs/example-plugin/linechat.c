/* SPDX-License-Identifier: 0BSD
 *
 * linechat: a channel for a small line-based chat over TCP. The protocol is in README.md, the way to this file in
 * usher's tutorial. Everything runs on the main thread but `watch`, which only waits for sockets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <usher/usher.h>

#define MAX_LINE 2000         /* bytes of one line from a customer */
#define MAX_QUEUE (64 * 1024) /* bytes that wait for a slow customer */
#define KEY_LENGTH 32         /* of the secret with which a customer comes back */

/* ---- state --------------------------------------------------------------------------------------------- */

typedef struct Linechat Linechat;

/* One connection. */
typedef struct Customer Customer;
struct Customer
{
  Linechat *self;
  int fd;
  char in[MAX_LINE + 1]; /* the beginning of a line whose end has not come yet */
  size_t in_len;
  bool skipping; /* what comes is the rest of a line that was too long */
  char *out;     /* what the socket did not take yet */
  size_t out_len;
  char *user; /* NULL until HELLO was answered */
  char *name;
  int64_t after;    /* the number of the last line it knows */
  int calls;        /* answers of the core that are still to come */
  bool catching_up; /* the history is on its way ... */
  bool missed;      /* ... and a newer line came meanwhile */
  bool gone;        /* closed; freed when no answer is to come */
  Customer *next;
};

struct Linechat
{
  const UsherHost *host;
  UsherInstance *instance;
  int listener, epoll, wake; /* -1 = not open */
  pthread_t thread;
  bool has_thread, ending;
  sem_t handled; /* the main thread has looked at all sockets */
  Customer *customers;
  int64_t customer_count;
};

/* An answer of the core that is to come, for one line of one customer. */
typedef struct
{
  Customer *customer;
  char word[128]; /* the id of a SAY or BYE, or the key of a HELLO */
} Call;

static Call *
call_new (Customer *customer, const char *word)
{
  Call *call = calloc (1, sizeof *call);

  if (call == NULL)
    abort ();
  call->customer = customer;
  snprintf (call->word, sizeof call->word, "%s", word);
  customer->calls++;
  return call;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* The customer hears nothing more. Its memory stays until the core has answered everything. */
static void
leave (Customer *customer)
{
  if (customer->gone)
    return;
  close (customer->fd);
  customer->gone = true;
  customer->self->customer_count--;
}

static void
flush (Customer *customer)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = customer };
  ssize_t sent = send (customer->fd, customer->out, customer->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (sent < 0 && errno != EAGAIN && errno != EINTR)
    {
      leave (customer);
      return;
    }
  if (sent > 0)
    {
      customer->out_len -= (size_t)sent;
      memmove (customer->out, customer->out + sent, customer->out_len);
    }
  if (customer->out_len > 0)
    event.events |= EPOLLOUT;
  epoll_ctl (customer->self->epoll, EPOLL_CTL_MOD, customer->fd, &event);
}

/* One line; line feeds within the text become spaces. */
static void
tell (Customer *customer, const char *format, ...)
{
  char *text = NULL, *all;
  va_list args;
  int len;

  if (customer->gone)
    return;
  va_start (args, format);
  len = vasprintf (&text, format, args);
  va_end (args);
  if (len < 0)
    abort ();
  for (int i = 0; i < len; i++)
    if (text[i] == '\n' || text[i] == '\r')
      text[i] = ' ';
  /* Who does not read is let go. Nothing is lost: it comes back and asks for what it missed. */
  all = customer->out_len + (size_t)len < MAX_QUEUE ? realloc (customer->out, customer->out_len + (size_t)len + 1)
                                                    : NULL;
  if (all == NULL)
    leave (customer);
  else
    {
      customer->out = all;
      memcpy (all + customer->out_len, text, (size_t)len);
      all[customer->out_len + (size_t)len] = '\n';
      customer->out_len += (size_t)len + 1;
      flush (customer);
    }
  free (text);
}

/* ---- SAY and BYE: from the customer to the core -------------------------------------------------------- */

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Call *call = data;

  call->customer->calls--;
  if (result->status == USHER_OK)
    tell (call->customer, "OK %s", call->word);
  else if (result->status == USHER_BUSY || result->status == USHER_RETRY)
    tell (call->customer, "LATER %s", call->word);
  else
    tell (call->customer, "ERROR %s: %s", call->word, result->message);
  free (call);
}

static void
deliver (Customer *customer, UsherInboundKind kind, const char *id, const char *text)
{
  char external_id[256];
  UsherInbound item = { .struct_size = sizeof item,
                        .kind = kind,
                        .user_id = customer->user,
                        .user_name = customer->name,
                        .external_id = external_id,
                        .text = text };
  const UsherInbound *const items[] = { &item };

  /* Two customers may choose the same id. */
  snprintf (external_id, sizeof external_id, "%s/%s", customer->user, id);
  customer->self->host->deliver (customer->self->instance, items, 1, on_delivered, call_new (customer, id));
}

/* "ID TEXT" of SAY. */
static void
say (Customer *customer, char *rest)
{
  char *text = strchr (rest, ' ');

  if (text != NULL)
    *text++ = '\0';
  if (text == NULL || rest[0] == '\0' || text[0] == '\0' || strlen (rest) > 100)
    tell (customer, "ERROR write: SAY ID TEXT");
  else
    deliver (customer, USHER_INBOUND_MESSAGE, rest, text);
}

/* "N" of SEEN: everything up to the line N was read. */
static void
seen (Customer *customer, const char *rest)
{
  const UsherInbound item = { .struct_size = sizeof item,
                              .kind = USHER_INBOUND_RECEIPT,
                              .user_id = customer->user,
                              .receipt = USHER_RECEIPT_READ,
                              .upto = atoll (rest) };
  const UsherInbound *const items[] = { &item };

  if (item.upto < 1)
    tell (customer, "ERROR write: SEEN N");
  else
    customer->self->host->deliver (customer->self->instance, items, 1, on_delivered, call_new (customer, "SEEN"));
}

/* ---- HELLO: who it is, and what it missed -------------------------------------------------------------- */

static void
show (Customer *customer, const UsherLine *line)
{
  if (line->n <= customer->after)
    return;
  if (line->author == USHER_AUTHOR_AGENT)
    tell (customer, "AGENT %lld %s: %s", (long long)line->n,
          line->author_name != NULL ? line->author_name : "agent", line->text);
  else if (line->author == USHER_AUTHOR_SYSTEM)
    tell (customer, "INFO %lld %s", (long long)line->n, line->text);
  customer->after = line->n;
}

static void catch_up (Customer *customer);

static void
on_history (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
            const char *agent_name)
{
  Call *call = data;

  Customer *customer = call->customer;

  customer->calls--;
  customer->catching_up = false;
  for (; result->status == USHER_OK && *lines != NULL; lines++)
    show (customer, *lines);
  if (customer->missed && !customer->gone)
    catch_up (customer);
  free (call);
}

static void
catch_up (Customer *customer)
{
  customer->catching_up = true;
  customer->missed = false;
  customer->self->host->history (customer->self->instance, customer->user, customer->after, 500, on_history,
                                 call_new (customer, ""));
}

/* The user to whom the key was given. */
static void
on_key (void *data, const char *user, size_t len)
{
  Call *call = data;
  Customer *customer = call->customer;

  customer->calls--;
  if (user == NULL)
    {
      tell (customer, "ERROR this key is not known; say HELLO without one");
      free (customer->name);
      customer->name = NULL;
    }
  else if (customer->user == NULL)
    {
      customer->user = strndup (user, len);
      tell (customer, "WELCOME %s", call->word);
      catch_up (customer);
    }
  free (call);
}

/* The key is out only when it is kept: it has to be good after a restart of usher. */
static void
on_key_kept (void *data, const UsherResult *result)
{
  Call *call = data;
  Customer *customer = call->customer;

  customer->calls--;
  if (result->status == USHER_OK)
    tell (customer, "WELCOME %s", call->word);
  else
    {
      tell (customer, "ERROR nobody new can be taken at the moment; come back later");
      leave (customer);
    }
  free (call);
}

static void
make_word (const UsherHost *host, char word[KEY_LENGTH + 1])
{
  unsigned char random[KEY_LENGTH / 2];

  host->random (random, sizeof random);
  for (size_t i = 0; i < sizeof random; i++)
    snprintf (word + 2 * i, 3, "%02x", random[i]);
}

/* "NAME" or "NAME KEY N". The key is a secret, so it can't be the user's id, which agents see. */
static void
hello (Customer *customer, const char *rest)
{
  const UsherHost *host = customer->self->host;
  char name[101], key[KEY_LENGTH + 1] = "", user[KEY_LENGTH + 1];
  long long after = 0;
  int words = sscanf (rest, "%100s %32[0-9a-f] %lld", name, key, &after);

  if (customer->name != NULL || words < 1)
    {
      tell (customer, "ERROR write once: HELLO NAME, or HELLO NAME KEY N to come back");
      return;
    }
  customer->name = strdup (name);
  if (words > 1)
    {
      customer->after = after > 0 ? after : 0;
      host->kv_get (customer->self->instance, key, on_key, call_new (customer, key));
      return;
    }
  make_word (host, key);
  make_word (host, user);
  customer->user = strdup (user);
  host->kv_set (customer->self->instance, key, user, strlen (user), on_key_kept, call_new (customer, key));
}

/* ---- lines from the customer --------------------------------------------------------------------------- */

/* Well-formed UTF-8 without control characters. (Overlong forms and surrogates are left to the core.) */
static bool
is_text (const char *line)
{
  const unsigned char *p = (const unsigned char *)line;

  for (int more; *p != '\0'; p++)
    {
      more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
      if ((*p < ' ' && *p != '\t') || *p == 0x7f || (*p >= 0x80 && *p < 0xc2) || *p > 0xf4)
        return false;
      for (; more > 0; more--)
        if ((*++p & 0xc0) != 0x80)
          return false;
    }
  return true;
}

static void
take_line (Customer *customer, char *line)
{
  char *rest = strchrnul (line, ' ');

  if (*rest == ' ')
    *rest++ = '\0';
  if (!is_text (line) || !is_text (rest))
    tell (customer, "ERROR lines are UTF-8 without control characters");
  else if (strcmp (line, "HELLO") == 0)
    hello (customer, rest);
  else if (customer->user == NULL)
    tell (customer, "ERROR say HELLO first");
  else if (strcmp (line, "SAY") == 0)
    say (customer, rest);
  else if (strcmp (line, "SEEN") == 0)
    seen (customer, rest);
  else if (strcmp (line, "TYPING") == 0)
    customer->self->host->typing (customer->self->instance, customer->user, strcmp (rest, "on") == 0);
  else if (strcmp (line, "BYE") == 0 && rest[0] != '\0' && strlen (rest) <= 100)
    deliver (customer, USHER_INBOUND_ENDED, rest, NULL);
  else
    tell (customer, "ERROR known are HELLO, SAY, SEEN, TYPING and BYE");
}

/* A read brings part of a line, or several. */
static void
take_bytes (Customer *customer)
{
  ssize_t got = recv (customer->fd, customer->in + customer->in_len, MAX_LINE - customer->in_len, MSG_DONTWAIT);
  char *line = customer->in, *end;

  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
    {
      leave (customer);
      return;
    }
  customer->in_len += got > 0 ? (size_t)got : 0;
  while (!customer->gone && (end = memchr (line, '\n', (size_t)(customer->in + customer->in_len - line))) != NULL)
    {
      *end = '\0';
      if (end > line && end[-1] == '\r')
        end[-1] = '\0';
      if (!customer->skipping)
        take_line (customer, line);
      customer->skipping = false;
      line = end + 1;
    }
  customer->in_len -= (size_t)(line - customer->in);
  memmove (customer->in, line, customer->in_len);
  if (customer->in_len == MAX_LINE)
    {
      if (!customer->skipping)
        tell (customer, "ERROR a line has at most %d bytes", MAX_LINE);
      customer->skipping = true;
      customer->in_len = 0;
    }
}

/* ---- sockets ------------------------------------------------------------------------------------------- */

static void
take_customer (Linechat *self)
{
  Customer *customer = calloc (1, sizeof *customer);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = customer };

  if (customer == NULL)
    abort ();
  customer->self = self;
  customer->fd = accept4 (self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (customer->fd < 0 || epoll_ctl (self->epoll, EPOLL_CTL_ADD, customer->fd, &event) != 0)
    {
      if (customer->fd >= 0)
        close (customer->fd);
      free (customer);
      return;
    }
  customer->next = self->customers;
  self->customers = customer;
  if (++self->customer_count > self->host->get_int (self->instance, "max_customers"))
    {
      tell (customer, "ERROR there are too many customers; come back later");
      leave (customer);
    }
}

static void
customer_free (Customer *customer)
{
  if (!customer->gone)
    close (customer->fd);
  free (customer->out);
  free (customer->user);
  free (customer->name);
  free (customer);
}

/* Those that are gone and to whom no answer of the core is to come. */
static void
sweep (Linechat *self)
{
  for (Customer **link = &self->customers; *link != NULL;)
    {
      Customer *customer = *link;

      if (customer->gone && customer->calls == 0)
        {
          *link = customer->next;
          customer_free (customer);
        }
      else
        link = &customer->next;
    }
}

/* On the main thread, while `watch` waits. */
static void
on_ready (void *data)
{
  Linechat *self = data;
  struct epoll_event events[64];
  int count = epoll_wait (self->epoll, events, 64, 0);

  for (int i = 0; i < count; i++)
    {
      Customer *customer = events[i].data.ptr;

      if (customer == NULL)
        take_customer (self);
      else if (!customer->gone && (events[i].events & EPOLLOUT) != 0)
        flush (customer);
      if (customer != NULL && !customer->gone && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        take_bytes (customer);
    }
  sweep (self);
  sem_post (&self->handled);
}

/* A thread of its own, because the main thread must not wait. It touches nothing but the sockets' state. */
static void *
watch (void *data)
{
  Linechat *self = data;
  struct epoll_event event;

  while (true)
    {
      if (epoll_wait (self->epoll, &event, 1, -1) < 1)
        continue;
      if (event.data.ptr == self)
        return NULL;
      self->host->invoke (self->instance, on_ready, self);
      while (sem_wait (&self->handled) != 0)
        continue;
      if (self->ending)
        return NULL;
    }
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void *
linechat_create (UsherInstance *instance, const UsherHost *host)
{
  Linechat *self = calloc (1, sizeof *self);

  if (self == NULL)
    abort ();
  self->host = host;
  self->instance = instance;
  self->listener = self->epoll = self->wake = -1;
  sem_init (&self->handled, 0, 0);
  return self;
}

/* 0, or what the administrator can do something about. */
static int
open_listener (Linechat *self, struct sockaddr_in *address)
{
  const int on = 1;

  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->listener < 0 || setsockopt (self->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
      || bind (self->listener, (struct sockaddr *)address, sizeof *address) != 0
      || listen (self->listener, 100) != 0)
    return errno;
  return 0;
}

static bool
begin_to_watch (Linechat *self)
{
  struct epoll_event listener = { .events = EPOLLIN, .data.ptr = NULL };
  struct epoll_event wake = { .events = EPOLLIN, .data.ptr = self };

  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  self->has_thread = self->epoll >= 0 && self->wake >= 0
                     && epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->listener, &listener) == 0
                     && epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->wake, &wake) == 0
                     && pthread_create (&self->thread, NULL, watch, self) == 0;
  return self->has_thread;
}

static void
linechat_start (void *data, UsherReply *reply)
{
  Linechat *self = data;
  const UsherHost *host = self->host;
  const char *where = host->get_string (self->instance, "address");
  int port = (int)host->get_int (self->instance, "port");
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons ((uint16_t)port) };
  socklen_t len = sizeof address;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };
  char text[256];
  int error;

  if (inet_pton (AF_INET, where, &address.sin_addr) != 1)
    {
      result.status = USHER_INVALID;
      snprintf (text, sizeof text, "address = '%.100s' is not an IPv4 address; write one like 127.0.0.1", where);
    }
  else if ((error = open_listener (self, &address)) != 0 || !begin_to_watch (self))
    {
      result.status = USHER_RETRY;
      snprintf (text, sizeof text, "it can't listen on %.100s port %d: %s", where, port,
                strerror (error != 0 ? error : errno));
    }
  else
    {
      getsockname (self->listener, (struct sockaddr *)&address, &len);
      snprintf (text, sizeof text, "listens on %.100s port %d", where, ntohs (address.sin_port));
      host->log (self->instance, USHER_LOG_NOTICE, text);
    }
  if (result.status != USHER_OK)
    result.message = text;
  host->complete (reply, &result);
}

static void
linechat_destroy (void *data)
{
  Linechat *self = data;
  const uint64_t one = 1;

  self->ending = true;
  if (self->has_thread && write (self->wake, &one, sizeof one) == sizeof one)
    {
      /* It may wait for an `on_ready` that the host has dropped. */
      sem_post (&self->handled);
      pthread_join (self->thread, NULL);
    }
  while (self->customers != NULL)
    {
      Customer *customer = self->customers;

      self->customers = customer->next;
      customer_free (customer);
    }
  for (const int *fd = (const int[]){ self->listener, self->epoll, self->wake, -2 }; *fd != -2; fd++)
    if (*fd >= 0)
      close (*fd);
  sem_destroy (&self->handled);
  free (self);
}

/* ---- from the core to the customer --------------------------------------------------------------------- */

/* On every connection of the one it is for. Whose history is on its way gets it from there, in order. */
static void
linechat_notice (void *data, const UsherLine *line)
{
  Linechat *self = data;

  for (Customer *customer = self->customers; customer != NULL; customer = customer->next)
    if (customer->user != NULL && strcmp (customer->user, line->user_id) == 0)
      {
        if (customer->catching_up)
          customer->missed = true;
        else
          show (customer, line);
      }
}

/* Who is not here gets it with the HELLO that brings him back, so it is done in any case. */
static void
linechat_send (void *data, const UsherLine *line, UsherReply *reply)
{
  Linechat *self = data;
  const UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  linechat_notice (self, line);
  self->host->complete (reply, &result);
}

static void
linechat_typing (void *data, const char *user, bool on)
{
  Linechat *self = data;

  for (Customer *customer = self->customers; customer != NULL; customer = customer->next)
    if (customer->user != NULL && strcmp (customer->user, user) == 0)
      tell (customer, "TYPING %s", on ? "on" : "off");
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherSetting address = { .struct_size = sizeof address,
                                      .key = "address",
                                      .type = USHER_SETTING_STRING,
                                      .default_value = "127.0.0.1",
                                      .help = "IPv4 address to listen on" };
static const UsherSetting port = { .struct_size = sizeof port,
                                   .key = "port",
                                   .type = USHER_SETTING_INT,
                                   .default_value = "7070",
                                   .max = 65535,
                                   .help = "port to listen on; 0 = any that is free" };
static const UsherSetting max_customers = { .struct_size = sizeof max_customers,
                                            .key = "max_customers",
                                            .type = USHER_SETTING_INT,
                                            .default_value = "1000",
                                            .min = 1,
                                            .max = 100000,
                                            .help = "customers at once; more are turned away" };
static const UsherSetting *const settings[] = { &address, &port, &max_customers, NULL };

static const UsherChannelCapabilities capabilities = { .struct_size = sizeof capabilities,
                                                       .network = "linechat",
                                                       .typing_in = USHER_NATIVE,
                                                       .typing_out = USHER_NATIVE,
                                                       .receipts_read = USHER_NATIVE,
                                                       .idempotent_send = true };

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = linechat_create,
                                         .start = linechat_start,
                                         .destroy = linechat_destroy,
                                         .capabilities = &capabilities,
                                         .send = linechat_send,
                                         .notice = linechat_notice,
                                         .typing = linechat_typing };

static const UsherPlugin plugin = {
  USHER_PLUGIN_HEAD, .name = "linechat",   .version = "1.0",    .summary = "a line-based chat over TCP",
  .license = "0BSD", .settings = settings, .channel = &channel,
};

USHER_PLUGIN_EXPORT (plugin)
