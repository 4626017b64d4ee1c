/* SPDX-License-Identifier: 0BSD
 *
 * new-plugin: a CRM in memory. What it knows is gone with the daemon; it shows which rules a CRM keeps. For a real
 * one put the calls of its interface where the lists are, and complete the reply when it has answered: from a
 * thread of your own if its library blocks. usher-crm(3) has all slots. Everything runs on the main thread.
 */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usher/usher.h>

#define MAX_IDENTITIES 32

typedef struct Customer Customer;
struct Customer
{
  UsherCustomer record; /* its texts are this struct's own */
  UsherIdentity identities[MAX_IDENTITIES];
  const UsherIdentity *list[MAX_IDENTITIES + 1];
  size_t count;
  Customer *next;
};

typedef struct Case Case;
struct Case
{
  UsherCase record;
  Case *next;
};

typedef struct
{
  const UsherHost *host;
  Customer *customers; /* newest change first */
  Case *cases;         /* newest change first */
  long last_customer, last_case;
} NewPlugin;

/* ---- texts of a record --------------------------------------------------------------------------------- */

#define CUSTOMER(member) offsetof (UsherCustomer, member)
#define CASE(member) offsetof (UsherCase, member)
/* What a save may change. */
static const size_t customer_texts[] = { CUSTOMER (name),  CUSTOMER (first_name), CUSTOMER (last_name),
                                         CUSTOMER (email), CUSTOMER (phone),      CUSTOMER (company),
                                         CUSTOMER (notes), CUSTOMER (fields),     0 };
static const size_t case_texts[]
    = { CASE (customer_id), CASE (interaction), CASE (subject),  CASE (state), CASE (transcript),
        CASE (queue),       CASE (channel),     CASE (agent),    CASE (notes), CASE (fields),
        CASE (severity),    CASE (priority),    CASE (category), CASE (codes), 0 };

static char *
copy_text (const char *text)
{
  char *copy = text != NULL ? strdup (text) : NULL;

  if (text != NULL && copy == NULL)
    abort ();
  return copy;
}

static const char **
text_at (const void *record, size_t offset)
{
  return (const char **)((char *)record + offset);
}

static void
set_text (const char **at, const char *text)
{
  free ((char *)*at);
  *at = copy_text (text);
}

/* NULL leaves a text as it is, "" clears it. */
static void
change_texts (void *record, const void *wanted, const size_t *offsets)
{
  for (; *offsets != 0; offsets++)
    {
      const char *text = *text_at (wanted, *offsets);

      if (text != NULL)
        set_text (text_at (record, *offsets), text[0] != '\0' ? text : NULL);
    }
}

static void
free_texts (void *record, const size_t *offsets)
{
  for (; *offsets != 0; offsets++)
    free ((char *)*text_at (record, *offsets));
}

static bool
same (const char *a, const char *b)
{
  return a != NULL && b != NULL && strcmp (a, b) == 0;
}

static bool
has_words (const void *record, const size_t *offsets, const char *words)
{
  for (; *offsets != 0; offsets++)
    {
      const char *text = *text_at (record, *offsets);

      if (text != NULL && strcasestr (text, words) != NULL)
        return true;
    }
  return false;
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void
answer_customer (NewPlugin *self, UsherReply *reply, UsherStatus status, const char *message, const Customer *one)
{
  const UsherCustomer *const list[] = { one != NULL ? &one->record : NULL, NULL };
  const UsherResult result
      = { .struct_size = sizeof result, .status = status, .message = message, .customers = list };

  self->host->complete (reply, &result);
}

static void
answer_case (NewPlugin *self, UsherReply *reply, UsherStatus status, const char *message, const Case *one)
{
  const UsherCase *const list[] = { one != NULL ? &one->record : NULL, NULL };
  const UsherResult result = { .struct_size = sizeof result, .status = status, .message = message, .cases = list };

  self->host->complete (reply, &result);
}

/* A page: `records` has room for one more than the limit, which says whether there is a next one. */
static void
answer_page (NewPlugin *self, UsherReply *reply, const void **records, size_t found, const UsherCrmQuery *query,
             bool customers)
{
  char cursor[32];
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK };

  if (found > (size_t)query->limit)
    {
      snprintf (cursor, sizeof cursor, "%ld", (query->cursor != NULL ? atol (query->cursor) : 0) + query->limit);
      result.next = cursor;
      records[query->limit] = NULL;
    }
  if (customers)
    result.customers = (const UsherCustomer *const *)records;
  else
    result.cases = (const UsherCase *const *)records;
  self->host->complete (reply, &result);
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static Customer *
with_identity (NewPlugin *self, const UsherIdentity *identity)
{
  for (Customer *one = self->customers; one != NULL; one = one->next)
    for (size_t i = 0; i < one->count; i++)
      if (same (one->list[i]->network, identity->network) && same (one->list[i]->id, identity->id))
        return one;
  return NULL;
}

static Customer *
customer_by_id (NewPlugin *self, const char *id)
{
  Customer *one = self->customers;

  while (one != NULL && !same (one->record.id, id))
    one = one->next;
  return one;
}

static Customer *
customer_by_email (NewPlugin *self, const char *email)
{
  Customer *one = self->customers;

  while (one != NULL && (one->record.email == NULL || email == NULL || strcasecmp (one->record.email, email) != 0))
    one = one->next;
  return one;
}

static Customer *
customer_new (NewPlugin *self)
{
  Customer *one = calloc (1, sizeof *one);
  char id[32];

  if (one == NULL)
    abort ();
  snprintf (id, sizeof id, "%ld", ++self->last_customer);
  one->record = (UsherCustomer){ .struct_size = sizeof one->record,
                                 .id = copy_text (id),
                                 .account = copy_text (id),
                                 .identities = one->list,
                                 .created_at = self->host->now () };
  one->next = self->customers;
  self->customers = one;
  return one;
}

static void
add_identities (NewPlugin *self, Customer *one, const UsherIdentity *const *identities)
{
  for (; identities != NULL && *identities != NULL && one->count < MAX_IDENTITIES; identities++)
    if (with_identity (self, *identities) == NULL)
      {
        UsherIdentity *identity = &one->identities[one->count];

        *identity = (UsherIdentity){ .struct_size = sizeof *identity,
                                     .network = copy_text ((*identities)->network),
                                     .id = copy_text ((*identities)->id),
                                     .name = copy_text ((*identities)->name) };
        one->list[one->count++] = identity;
      }
}

/* The display name is never empty. */
static void
name_customer (Customer *one)
{
  UsherCustomer *record = &one->record;
  char whole[512];

  if (record->first_name != NULL && record->last_name != NULL)
    {
      snprintf (whole, sizeof whole, "%.200s %.200s", record->first_name, record->last_name);
      set_text (&record->name, whole);
    }
  else if (record->name == NULL)
    set_text (&record->name, record->email != NULL                          ? record->email
                             : one->count > 0 && one->list[0]->name != NULL ? one->list[0]->name
                             : one->count > 0                               ? one->list[0]->id
                                                                            : "unknown");
}

static void
move_to_front (NewPlugin *self, Customer *one)
{
  Customer **link = &self->customers;

  while (*link != one)
    link = &(*link)->next;
  *link = one->next;
  one->next = self->customers;
  self->customers = one;
}

/* What a record would have after the save. */
static bool
will_have (const char *wanted, const char *stored)
{
  return wanted != NULL ? wanted[0] != '\0' : stored != NULL;
}

static void
new_plugin_save_customer (void *data, const UsherCustomer *wanted, UsherReply *reply)
{
  NewPlugin *self = data;
  Customer *one = wanted->id != NULL ? customer_by_id (self, wanted->id) : NULL, *other;

  if (wanted->id != NULL && one == NULL)
    {
      answer_customer (self, reply, USHER_NOT_FOUND, "there is no customer with this id", NULL);
      return;
    }
  for (const UsherIdentity *const *i = wanted->identities; i != NULL && *i != NULL; i++)
    if ((other = with_identity (self, *i)) != NULL && other != one)
      {
        bool fine = one == NULL && wanted->draft;

        answer_customer (self, reply, fine ? USHER_OK : USHER_CONFLICT,
                         fine ? NULL : "this identity belongs to another customer", other);
        return;
      }
  if (one != NULL && wanted->version != 0 && wanted->version != one->record.version)
    answer_customer (self, reply, USHER_CONFLICT, "somebody else changed this customer meanwhile", one);
  else if (wanted->email != NULL && (other = customer_by_email (self, wanted->email)) != NULL && other != one)
    answer_customer (self, reply, USHER_CONFLICT, "another customer has this e-mail address", other);
  else if (!wanted->draft
           && (!will_have (wanted->first_name, one != NULL ? one->record.first_name : NULL)
               || !will_have (wanted->last_name, one != NULL ? one->record.last_name : NULL)))
    answer_customer (self, reply, USHER_INVALID, "a customer needs a first and a last name", NULL);
  else
    {
      if (one == NULL)
        one = customer_new (self);
      change_texts (&one->record, wanted, customer_texts);
      add_identities (self, one, wanted->identities);
      name_customer (one);
      one->record.draft = wanted->draft;
      one->record.version++;
      one->record.updated_at = self->host->now ();
      move_to_front (self, one);
      answer_customer (self, reply, USHER_OK, NULL, one);
    }
}

static void
new_plugin_lookup (void *data, const UsherIdentity *identity, UsherReply *reply)
{
  NewPlugin *self = data;

  answer_customer (self, reply, USHER_OK, NULL, with_identity (self, identity));
}

static void
new_plugin_get_customer (void *data, const char *id, UsherReply *reply)
{
  NewPlugin *self = data;
  Customer *one = customer_by_id (self, id);

  if (one != NULL)
    answer_customer (self, reply, USHER_OK, NULL, one);
  else
    answer_customer (self, reply, USHER_NOT_FOUND, "there is no customer with this id", NULL);
}

static bool
customer_matches (const Customer *one, const UsherCrmQuery *query)
{
  if (same (query->state, "draft") && !one->record.draft)
    return false;
  if (query->text == NULL || query->text[0] == '\0' || has_words (&one->record, customer_texts, query->text)
      || same (one->record.account, query->text))
    return true;
  for (size_t i = 0; i < one->count; i++)
    if (strcasestr (one->list[i]->id, query->text) != NULL)
      return true;
  return false;
}

static void
new_plugin_search_customers (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  NewPlugin *self = data;
  const void *found[202] = { NULL };
  size_t count = 0;
  long skip = query->cursor != NULL ? atol (query->cursor) : 0;

  for (Customer *one = self->customers; one != NULL && count <= (size_t)query->limit; one = one->next)
    if (customer_matches (one, query) && skip-- <= 0)
      found[count++] = &one->record;
  answer_page (self, reply, found, count, query, true);
}

/* ---- cases --------------------------------------------------------------------------------------------- */

static Case *
find_case (NewPlugin *self, const char *id)
{
  Case *one = self->cases;

  while (one != NULL && !same (one->record.id, id) && !same (one->record.number, id))
    one = one->next;
  return one;
}

static Case *
case_of (NewPlugin *self, const char *interaction)
{
  Case *one = self->cases;

  while (one != NULL && !same (one->record.interaction, interaction))
    one = one->next;
  return one;
}

static Case *
case_new (NewPlugin *self)
{
  Case *one = calloc (1, sizeof *one);
  char id[32];

  if (one == NULL)
    abort ();
  snprintf (id, sizeof id, "C-%ld", ++self->last_case);
  one->record = (UsherCase){ .struct_size = sizeof one->record,
                             .id = copy_text (id),
                             .number = copy_text (id),
                             .state = copy_text ("open"),
                             .created_at = self->host->now () };
  return one;
}

static void
add_comment (NewPlugin *self, Case *one, const char *author, const char *text)
{
  const UsherHost *host = self->host;
  const char *old = one->record.comments;
  UsherJson *list = old != NULL ? host->json_parse (old, strlen (old), NULL) : host->json_array ();
  UsherJson *comment = host->json_object ();
  char *all;

  if (list == NULL)
    list = host->json_array ();
  host->json_set_int (comment, "at", host->now ());
  host->json_set_string (comment, "author", author != NULL ? author : "");
  host->json_set_string (comment, "text", text);
  host->json_append (list, comment);
  all = host->json_print (list, NULL);
  set_text (&one->record.comments, all);
  host->free_text (all);
  host->json_free (list);
}

/* A transcript is only replaced by one that is at least as long. */
static void
change_case (NewPlugin *self, Case *one, const UsherCase *wanted)
{
  UsherCase change = *wanted;
  Case **link = &self->cases;

  if (change.transcript != NULL && one->record.transcript != NULL
      && strlen (change.transcript) < strlen (one->record.transcript))
    change.transcript = NULL;
  change_texts (&one->record, &change, case_texts);
  if (wanted->comment != NULL && wanted->comment[0] != '\0')
    add_comment (self, one, wanted->author, wanted->comment);
  if (wanted->follow_up_of != NULL && one->record.version == 0)
    {
      char note[256];

      snprintf (note, sizeof note, "continues %.200s", wanted->follow_up_of);
      add_comment (self, one, wanted->author, note);
    }
  if (wanted->started_at != 0)
    one->record.started_at = wanted->started_at;
  if (wanted->ended_at != 0)
    one->record.ended_at = wanted->ended_at;
  one->record.version++;
  one->record.updated_at = self->host->now ();
  while (*link != NULL && *link != one)
    link = &(*link)->next;
  if (*link == one)
    *link = one->next;
  one->next = self->cases;
  self->cases = one;
}

static void
new_plugin_save_case (void *data, const UsherCase *wanted, UsherReply *reply)
{
  NewPlugin *self = data;
  Case *one = wanted->id != NULL ? find_case (self, wanted->id) : case_of (self, wanted->interaction);
  Case *earlier = wanted->follow_up_of != NULL ? find_case (self, wanted->follow_up_of) : NULL;

  if (wanted->id != NULL && one == NULL)
    answer_case (self, reply, USHER_NOT_FOUND, "there is no case with this id or number", NULL);
  else if (wanted->follow_up_of != NULL && earlier == NULL && one == NULL)
    answer_case (self, reply, USHER_NOT_FOUND, "there is no case that it could follow", NULL);
  else if (one == NULL && earlier != NULL && wanted->customer_id != NULL
           && !same (earlier->record.customer_id, wanted->customer_id))
    answer_case (self, reply, USHER_INVALID, "the case that it follows is another customer's", NULL);
  else if (wanted->customer_id != NULL && wanted->customer_id[0] != '\0'
           && customer_by_id (self, wanted->customer_id) == NULL)
    answer_case (self, reply, USHER_INVALID, "there is no customer with this id", NULL);
  else if (one != NULL && wanted->version != 0 && wanted->version != one->record.version)
    answer_case (self, reply, USHER_CONFLICT, "somebody else changed this case meanwhile", one);
  else
    {
      if (one == NULL)
        one = case_new (self);
      change_case (self, one, wanted);
      answer_case (self, reply, USHER_OK, NULL, one);
    }
}

static void
new_plugin_get_case (void *data, const char *id, UsherReply *reply)
{
  NewPlugin *self = data;
  Case *one = find_case (self, id);

  if (one != NULL)
    answer_case (self, reply, USHER_OK, NULL, one);
  else
    answer_case (self, reply, USHER_NOT_FOUND, "there is no case with this id or number", NULL);
}

static void
new_plugin_list_cases (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  NewPlugin *self = data;
  UsherCase copies[201];
  const void *found[202] = { NULL };
  size_t count = 0;
  long skip = query->cursor != NULL ? atol (query->cursor) : 0;

  for (Case *one = self->cases; one != NULL && count <= (size_t)query->limit; one = one->next)
    if ((query->customer_id == NULL || same (one->record.customer_id, query->customer_id))
        && (query->state == NULL || same (one->record.state, query->state))
        && (query->text == NULL || query->text[0] == '\0' || same (one->record.number, query->text)
            || has_words (&one->record, case_texts, query->text))
        && skip-- <= 0)
      {
        copies[count] = one->record;
        copies[count].transcript = NULL;
        found[count] = &copies[count];
        count++;
      }
  answer_page (self, reply, found, count, query, false);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void *
new_plugin_create (UsherInstance *instance, const UsherHost *host)
{
  NewPlugin *self = calloc (1, sizeof *self);

  if (self == NULL)
    abort ();
  self->host = host;
  host->log (instance, USHER_LOG_WARNING, "this CRM keeps everything in memory; it is gone when usherd ends");
  return self;
}

static void
new_plugin_destroy (void *data)
{
  NewPlugin *self = data;

  for (Customer *one = self->customers, *next; one != NULL; one = next)
    {
      next = one->next;
      for (size_t i = 0; i < one->count; i++)
        {
          free ((char *)one->list[i]->network);
          free ((char *)one->list[i]->id);
          free ((char *)one->list[i]->name);
        }
      free_texts (&one->record, customer_texts);
      free ((char *)one->record.id);
      free ((char *)one->record.account);
      free (one);
    }
  for (Case *one = self->cases, *next; one != NULL; one = next)
    {
      next = one->next;
      free_texts (&one->record, case_texts);
      free ((char *)one->record.id);
      free ((char *)one->record.number);
      free ((char *)one->record.comments);
      free (one);
    }
  free (self);
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherCrmOps crm = { .struct_size = sizeof crm,
                                 .create = new_plugin_create,
                                 .destroy = new_plugin_destroy,
                                 .lookup = new_plugin_lookup,
                                 .get_customer = new_plugin_get_customer,
                                 .search_customers = new_plugin_search_customers,
                                 .save_customer = new_plugin_save_customer,
                                 .get_case = new_plugin_get_case,
                                 .list_cases = new_plugin_list_cases,
                                 .save_case = new_plugin_save_case };

static const UsherPlugin descriptor
    = { USHER_PLUGIN_HEAD, .name = "new-plugin", .version = "0.1", .summary = "customers and cases in memory",
        .license = "0BSD", .crm = &crm };

USHER_PLUGIN_EXPORT (descriptor)
