/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reply handles: completed exactly once, from any thread, and kept as deep copies for the test to look at.
 */
#include "tests/lib/fake-internal.h"

#include <string.h>

struct UsherReply
{
  FakeHost *fake;
  gboolean done, cancelled;
  UsherResult *result;
};

/* ---- deep copies --------------------------------------------------------------------------------------- */

static char *
text_copy (const char *what, const char *text)
{
  fake_need_text (what, text);
  return g_strdup (text);
}

static guint
list_length (const void *list)
{
  guint n = 0;

  while (list != NULL && ((void *const *)list)[n] != NULL)
    n++;
  return n;
}

static UsherIdentity *
identity_copy (const UsherIdentity *from)
{
  UsherIdentity *to = g_new0 (UsherIdentity, 1);

  g_assert_cmpuint (from->struct_size, ==, sizeof *from);
  to->struct_size = sizeof *to;
  to->network = text_copy ("identity.network", from->network);
  to->id = text_copy ("identity.id", from->id);
  to->name = text_copy ("identity.name", from->name);
  return to;
}

static void
identity_free (UsherIdentity *identity)
{
  g_free ((char *)identity->network);
  g_free ((char *)identity->id);
  g_free ((char *)identity->name);
  g_free (identity);
}

/* clang-format off */
#define CUSTOMER_TEXTS(X)                                                                                \
  X (id) X (name) X (first_name) X (last_name) X (email) X (phone) X (company) X (notes) X (fields)      \
  X (account) X (author) X (merges)
#define CASE_TEXTS(X)                                                                                    \
  X (id) X (customer_id) X (interaction) X (subject) X (state) X (transcript) X (queue) X (channel)      \
  X (agent) X (notes) X (fields) X (number) X (severity) X (priority) X (category) X (codes)             \
  X (author) X (comment) X (follow_up_of) X (comments) X (history) X (follow_ups)
/* clang-format on */

static UsherCustomer *
customer_copy (const UsherCustomer *from)
{
  UsherCustomer *to = g_memdup2 (from, sizeof *from);
  guint n = list_length (from->identities);
  UsherIdentity **identities = n > 0 ? g_new0 (UsherIdentity *, n + 1) : NULL;

  g_assert_cmpuint (from->struct_size, ==, sizeof *from);
#define X(member) to->member = text_copy ("customer." #member, from->member);
  CUSTOMER_TEXTS (X)
#undef X
  for (guint i = 0; i < n; i++)
    identities[i] = identity_copy (from->identities[i]);
  to->identities = (const UsherIdentity *const *)identities;
  return to;
}

static void
customer_free (UsherCustomer *customer)
{
#define X(member) g_free ((char *)customer->member);
  CUSTOMER_TEXTS (X)
#undef X
  for (guint i = 0; i < list_length (customer->identities); i++)
    identity_free ((UsherIdentity *)customer->identities[i]);
  g_free ((void *)customer->identities);
  g_free (customer);
}

static UsherCase *
case_copy (const UsherCase *from)
{
  UsherCase *to = g_memdup2 (from, sizeof *from);

  g_assert_cmpuint (from->struct_size, ==, sizeof *from);
#define X(member) to->member = text_copy ("case." #member, from->member);
  CASE_TEXTS (X)
#undef X
  return to;
}

static void
case_free (UsherCase *record)
{
#define X(member) g_free ((char *)record->member);
  CASE_TEXTS (X)
#undef X
  g_free (record);
}

UsherResult *
fake_result_copy (const UsherResult *from)
{
  UsherResult *to = g_memdup2 (from, sizeof *from);
  guint n_customers = list_length (from->customers), n_cases = list_length (from->cases);
  UsherCustomer **customers = from->customers != NULL ? g_new0 (UsherCustomer *, n_customers + 1) : NULL;
  UsherCase **cases = from->cases != NULL ? g_new0 (UsherCase *, n_cases + 1) : NULL;

  if (from->struct_size != sizeof *from)
    g_error ("a result has struct_size %zu instead of %zu", from->struct_size, sizeof *from);
  if (from->status != USHER_OK && (from->message == NULL || *from->message == '\0'))
    g_error ("a result has status %d but no message", from->status);
  to->message = text_copy ("result.message", from->message);
  to->external_id = text_copy ("result.external_id", from->external_id);
  to->next = text_copy ("result.next", from->next);
  to->data = text_copy ("result.data", from->data);
  for (guint i = 0; i < n_customers; i++)
    customers[i] = customer_copy (from->customers[i]);
  for (guint i = 0; i < n_cases; i++)
    cases[i] = case_copy (from->cases[i]);
  to->customers = (const UsherCustomer *const *)customers;
  to->cases = (const UsherCase *const *)cases;
  return to;
}

void
fake_result_free (UsherResult *result)
{
  for (guint i = 0; i < list_length (result->customers); i++)
    customer_free ((UsherCustomer *)result->customers[i]);
  for (guint i = 0; i < list_length (result->cases); i++)
    case_free ((UsherCase *)result->cases[i]);
  g_free ((void *)result->customers);
  g_free ((void *)result->cases);
  g_free ((char *)result->message);
  g_free ((char *)result->external_id);
  g_free ((char *)result->next);
  g_free ((char *)result->data);
  g_free (result);
}

/* ---- slots; any thread --------------------------------------------------------------------------------- */

static void
complete (UsherReply *reply, const UsherResult *result)
{
  UsherResult *copy = fake_result_copy (result);

  g_mutex_lock (&reply->fake->priv->lock);
  if (reply->done)
    g_error ("a reply was completed twice: first %d (%s), then %d (%s)", reply->result->status,
             reply->result->message, result->status, result->message);
  reply->done = TRUE;
  reply->result = copy;
  g_mutex_unlock (&reply->fake->priv->lock);
  g_main_context_wakeup (NULL);
}

static bool
cancelled (UsherReply *reply)
{
  bool answer;

  g_mutex_lock (&reply->fake->priv->lock);
  answer = reply->cancelled;
  g_mutex_unlock (&reply->fake->priv->lock);
  return answer;
}

/* ---- for tests ----------------------------------------------------------------------------------------- */

UsherReply *
fake_reply_new (FakeHost *fake)
{
  UsherReply *reply = g_new0 (UsherReply, 1);

  reply->fake = fake;
  g_mutex_lock (&fake->priv->lock);
  g_ptr_array_add (fake->priv->replies, reply);
  g_mutex_unlock (&fake->priv->lock);
  return reply;
}

void
fake_reply_cancel (UsherReply *reply)
{
  g_mutex_lock (&reply->fake->priv->lock);
  reply->cancelled = TRUE;
  g_mutex_unlock (&reply->fake->priv->lock);
}

gboolean
fake_reply_done (UsherReply *reply)
{
  gboolean done;

  g_mutex_lock (&reply->fake->priv->lock);
  done = reply->done;
  g_mutex_unlock (&reply->fake->priv->lock);
  return done;
}

static gboolean
is_done (gpointer data)
{
  return fake_reply_done (data);
}

const UsherResult *
fake_reply_wait (UsherReply *reply)
{
  fake_host_wait (is_done, reply, "a reply");
  return reply->result;
}

guint
fake_host_open_replies (FakeHost *fake)
{
  guint open = 0;

  g_mutex_lock (&fake->priv->lock);
  for (guint i = 0; i < fake->priv->replies->len; i++)
    open += !((UsherReply *)fake->priv->replies->pdata[i])->done;
  g_mutex_unlock (&fake->priv->lock);
  return open;
}

void
fake_host_drop_replies (FakeHost *fake)
{
  g_mutex_lock (&fake->priv->lock);
  for (guint i = fake->priv->replies->len; i > 0; i--)
    {
      UsherReply *reply = fake->priv->replies->pdata[i - 1];

      if (!reply->done)
        continue;
      g_ptr_array_remove_index_fast (fake->priv->replies, i - 1);
      fake_result_free (reply->result);
      g_free (reply);
    }
  g_mutex_unlock (&fake->priv->lock);
}

void
fake_reply_slots (UsherHost *host)
{
  host->complete = complete;
  host->cancelled = cancelled;
}
