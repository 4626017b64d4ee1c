/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of CRMs: the keys that make repeating safe, versions, pages, and odd words. They make records.
 */
#include "core/check/kit.h"

#include <string.h>

static const UsherCrmOps *
ops (const UsherInstance *instance)
{
  return &instance->plugin->crm;
}

#define ASK(instance, reply, slot, ...)                                                                           \
  (ops (instance)->slot ((instance)->self, __VA_ARGS__, kit_reply (instance, #slot, reply, 0)),                   \
   kit_await (reply, #slot))

/* FALSE ends a check: either it was told what is wrong, or the CRM itself can't be reached. */
static gboolean
expect (const KitReply *reply, UsherStatus status, const char *what)
{
  if (reply->status == status)
    return TRUE;
  if (reply->status == USHER_RETRY || reply->status == USHER_BUSY || reply->status == USHER_AUTH)
    kit_leave_out ("the CRM answers %s: %s (give settings of a test account: --settings)",
                   uc_status_word (reply->status), reply->message != NULL ? reply->message : "no reason");
  else
    kit_fault ("%s: the answer was %s%s%s, and %s is right", what, uc_status_word (reply->status),
               reply->message != NULL ? ": " : "", reply->message != NULL ? reply->message : "",
               uc_status_word (status));
  return FALSE;
}

static gboolean
must (gboolean true_or_not, const char *what)
{
  if (!true_or_not)
    kit_fault ("%s", what);
  return true_or_not;
}

static char *
unique (const char *word)
{
  static guint count;

  return g_strdup_printf ("%s-%" G_GINT64_FORMAT "-%u", word, g_get_real_time (), count++);
}

/* ---- customers ----------------------------------------------------------------------------------------- */

static gboolean
try_draft (UsherInstance *instance, const UsherIdentity *identity, KitReply *made)
{
  const UsherIdentity *const identities[] = { identity, NULL };
  const UsherCustomer draft
      = { .struct_size = sizeof draft, .name = "Kit", .draft = true, .identities = identities };
  UsherCustomer whole = draft;
  g_auto (KitReply) reply = { 0 };

  whole.draft = false;
  whole.first_name = "Kit";
  whole.last_name = "Other";
  return ASK (instance, &reply, lookup, identity) && expect (&reply, USHER_OK, "looking up somebody unknown")
         && ASK (instance, made, save_customer, &draft) && expect (made, USHER_OK, "making a draft")
         && must (made->customers == 1 && made->id != NULL, "a saved customer has to be answered, with its id")
         && must (made->name != NULL && made->name[0] != '\0', "a customer's display name may not be empty")
         && must (made->draft, "a draft was answered as complete")
         && must (made->version > 0, "a stored record needs a version above 0")
         && ASK (instance, &reply, save_customer, &draft) && expect (&reply, USHER_OK, "the same draft again")
         && must (g_strcmp0 (reply.id, made->id) == 0,
                  "the same draft again made a second customer: the identity is the key")
         && ASK (instance, &reply, lookup, identity) && expect (&reply, USHER_OK, "looking up who is known")
         && must (reply.customers == 1 && g_strcmp0 (reply.id, made->id) == 0,
                  "a customer was not found by his identity")
         && ASK (instance, &reply, save_customer, &whole)
         && expect (&reply, USHER_CONFLICT, "a new customer with another one's identity")
         && must (g_strcmp0 (reply.id, made->id) == 0, "a conflict has to come with the record that has the key");
}

static gboolean
try_completion (UsherInstance *instance, const KitReply *made)
{
  g_autofree char *last = unique ("Kitson");
  UsherCustomer change = { .struct_size = sizeof change, .id = made->id, .version = made->version };
  const UsherCrmQuery query = { .struct_size = sizeof query, .text = last, .limit = 10 };
  g_auto (KitReply) reply = { 0 }, saved = { 0 };

  if (!ASK (instance, &reply, save_customer, &change)
      || !expect (&reply, USHER_INVALID, "completing a draft without a name"))
    return FALSE;
  change.first_name = "Kit";
  change.last_name = last;
  if (!ASK (instance, &saved, save_customer, &change) || !expect (&saved, USHER_OK, "completing a draft")
      || !must (!saved.draft && saved.version > made->version,
                "a completed draft is none any more, and each change raises the version"))
    return FALSE;
  change.notes = "from an old version";
  return ASK (instance, &reply, save_customer, &change)
         && expect (&reply, USHER_CONFLICT, "a change of a version that is not the stored one")
         && ASK (instance, &reply, get_customer, made->id) && expect (&reply, USHER_OK, "one customer by id")
         && must (g_strcmp0 (reply.id, made->id) == 0, "get_customer answered another customer")
         && ASK (instance, &reply, search_customers, &query) && expect (&reply, USHER_OK, "searching by last name")
         && must (reply.customers == 1 && g_strcmp0 (reply.id, made->id) == 0,
                  "a customer was not found by his last name");
}

void
kit_check_customers (void)
{
  UsherInstance *instance = kit_start ("kit");
  g_autofree char *user = unique ("kit-user");
  const UsherIdentity identity = { sizeof identity, "kit", user, "Kit" };
  g_auto (KitReply) reply = { 0 }, made = { 0 };

  if (instance == NULL)
    return;
  if (ASK (instance, &reply, get_customer, "no-such-customer")
      && expect (&reply, USHER_NOT_FOUND, "a customer that is not there")
      && try_draft (instance, &identity, &made))
    try_completion (instance, &made);
  kit_stop (instance);
}

/* ---- cases --------------------------------------------------------------------------------------------- */

#define SHORT "[{\"at\":1,\"author\":\"customer\",\"name\":\"Kit\",\"text\":\"hello\"}]"
#define LONG                                                                                                      \
  "[{\"at\":1,\"author\":\"customer\",\"name\":\"Kit\",\"text\":\"hello\"},"                                      \
  "{\"at\":2,\"author\":\"agent\",\"name\":\"A\",\"text\":\"good morning\"}]"

static gboolean
try_case (UsherInstance *instance, UsherCase *record, KitReply *made)
{
  g_auto (KitReply) reply = { 0 };

  if (!ASK (instance, made, save_case, record) || !expect (made, USHER_OK, "making a case")
      || !must (made->cases == 1 && made->id != NULL, "a saved case has to be answered, with its id")
      || !ASK (instance, &reply, save_case, record) || !expect (&reply, USHER_OK, "saving the same case again")
      || !must (g_strcmp0 (reply.id, made->id) == 0, "saving twice made two cases: the interaction is the key"))
    return FALSE;
  record->transcript = SHORT;
  record->state = "closed";
  return ASK (instance, &reply, save_case, record) && expect (&reply, USHER_OK, "closing a case")
         && ASK (instance, &reply, get_case, made->id) && expect (&reply, USHER_OK, "one case by id")
         && must (g_strcmp0 (reply.state, "closed") == 0, "a closed case is not closed")
         && must (reply.transcript != NULL && strlen (reply.transcript) >= strlen (SHORT) + 20,
                  "a longer transcript was replaced by a shorter one")
         && (made->number == NULL
             || (ASK (instance, &reply, get_case, made->number) && expect (&reply, USHER_OK, "one case by number")
                 && must (g_strcmp0 (reply.id, made->id) == 0, "get_case answered another case for the number")));
}

static gboolean
try_conflict (UsherInstance *instance, const KitReply *made)
{
  const UsherCase change
      = { .struct_size = sizeof change, .id = made->id, .version = made->version + 1000, .subject = "new" };
  g_auto (KitReply) reply = { 0 };

  return ASK (instance, &reply, save_case, &change)
         && expect (&reply, USHER_CONFLICT, "a change of a case in a version that is not the stored one");
}

/* Three cases in pages of one. */
static gboolean
try_pages (UsherInstance *instance, const char *customer)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *cursor = NULL;
  g_auto (KitReply) reply = { 0 };

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *interaction = unique ("int_kit");
      const UsherCase record = {
        .struct_size = sizeof record, .interaction = interaction, .customer_id = customer, .subject = "kit"
      };

      if (!ASK (instance, &reply, save_case, &record) || !expect (&reply, USHER_OK, "making a case"))
        return FALSE;
    }
  for (int page = 0; page < 10; page++)
    {
      const UsherCrmQuery query
          = { .struct_size = sizeof query, .customer_id = customer, .cursor = cursor, .limit = 1 };

      if (!ASK (instance, &reply, list_cases, &query) || !expect (&reply, USHER_OK, "a page of cases")
          || !must (reply.cases <= 1, "a page has more records than `limit`"))
        return FALSE;
      if (reply.id != NULL && !must (g_hash_table_add (seen, g_strdup (reply.id)), "a case is on two pages"))
        return FALSE;
      g_free (cursor);
      cursor = g_strdup (reply.next);
      if (cursor == NULL)
        break;
    }
  return must (g_hash_table_size (seen) == 3, "a customer's cases are not all on the pages of list_cases");
}

void
kit_check_cases (void)
{
  UsherInstance *instance = kit_start ("kit");
  g_autofree char *user = unique ("kit-user"), *interaction = unique ("int_kit");
  const UsherIdentity identity = { sizeof identity, "kit", user, "Kit" };
  const UsherIdentity *const identities[] = { &identity, NULL };
  const UsherCustomer draft
      = { .struct_size = sizeof draft, .name = "Kit", .draft = true, .identities = identities };
  UsherCase record = { .struct_size = sizeof record,
                       .interaction = interaction,
                       .subject = "kit",
                       .transcript = LONG,
                       .queue = "Support",
                       .channel = "kit",
                       .agent = "A",
                       .started_at = 1 };
  g_auto (KitReply) reply = { 0 }, made = { 0 }, customer = { 0 };

  if (instance == NULL)
    return;
  if (ASK (instance, &reply, get_case, "no-such-case")
      && expect (&reply, USHER_NOT_FOUND, "a case that is not there")
      && ASK (instance, &customer, save_customer, &draft) && expect (&customer, USHER_OK, "making a draft"))
    {
      record.customer_id = customer.id;
      if (try_case (instance, &record, &made) && try_conflict (instance, &made))
        try_pages (instance, customer.id);
    }
  kit_stop (instance);
}

/* ---- odd words ----------------------------------------------------------------------------------------- */

static gboolean
try_words (UsherInstance *instance, const char *word)
{
  const UsherIdentity identity = { sizeof identity, "kit", word, word };
  const UsherIdentity *const identities[] = { &identity, NULL };
  const UsherCrmQuery query = { .struct_size = sizeof query, .text = word, .limit = 200 };
  const UsherCrmQuery page = { .struct_size = sizeof page, .cursor = word, .limit = 1 };
  const UsherCustomer customer = { .struct_size = sizeof customer,
                                   .name = word,
                                   .email = word,
                                   .notes = word,
                                   .fields = word,
                                   .draft = true,
                                   .identities = identities };
  const UsherCase record = { .struct_size = sizeof record,
                             .interaction = word,
                             .subject = word,
                             .fields = word,
                             .transcript = word,
                             .comment = word,
                             .severity = word };
  g_auto (KitReply) reply = { 0 };

  return ASK (instance, &reply, lookup, &identity) && ASK (instance, &reply, get_customer, word)
         && ASK (instance, &reply, get_case, word) && ASK (instance, &reply, search_customers, &query)
         && ASK (instance, &reply, search_customers, &page) && ASK (instance, &reply, list_cases, &query)
         && ASK (instance, &reply, save_customer, &customer) && ASK (instance, &reply, save_case, &record);
}

void
kit_check_odd_questions (void)
{
  g_autofree char *large = g_strnfill (100000, 'x');
  UsherInstance *instance = kit_start ("kit");
  gboolean fine = instance != NULL;
  g_auto (KitReply) reply = { 0 };

  for (const char *const *word = kit_odd_texts; fine && *word != NULL; word++)
    fine = **word == '\0' || try_words (instance, *word);
  fine = fine && try_words (instance, large);
  if (fine && ops (instance)->describe != NULL)
    {
      ops (instance)->describe (instance->self, kit_reply (instance, "describe", &reply, 0));
      if (kit_await (&reply, "describe") && reply.status == USHER_OK && reply.data != NULL)
        {
          UsherJson *json = kit.host->json_parse (reply.data, strlen (reply.data), NULL);

          must (json != NULL, "`describe` answered data that is not JSON");
          kit.host->json_free (json);
        }
    }
  if (instance != NULL)
    kit_stop (instance);
}
