/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pools, answers and errors. Any thread, one at a time.
 */
#include "local-value.h"

G_DEFINE_QUARK (usher - local - error - quark, local_error)

#define RETRY_AFTER_MS 1000

LocalPool *
local_pool_new (void)
{
  return g_ptr_array_new_with_free_func (g_free);
}

void
local_pool_free (LocalPool *pool)
{
  g_ptr_array_unref (pool);
}

gpointer
local_pool_alloc (LocalPool *pool, gsize size)
{
  gpointer memory = g_malloc0 (size);

  g_ptr_array_add (pool, memory);
  return memory;
}

char *
local_pool_take (LocalPool *pool, char *text)
{
  if (text != NULL)
    g_ptr_array_add (pool, text);
  return text;
}

char *
local_pool_text (LocalPool *pool, const char *text)
{
  return local_pool_take (pool, g_strdup (text));
}

char *
local_pool_id (LocalPool *pool, const UsherHost *host, const char *prefix)
{
  /* No i, l, o, u: an id survives being read aloud. */
  static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  guint8 raw[26];
  char text[sizeof raw + 1];

  host->random (raw, sizeof raw);
  for (gsize i = 0; i < sizeof raw; i++)
    text[i] = digits[raw[i] & 31];
  text[sizeof raw] = '\0';
  return local_pool_take (pool, g_strconcat (prefix, "_", text, NULL));
}

const char *
local_merged (const char *wanted, const char *stored)
{
  if (wanted == NULL)
    return stored;
  return *wanted != '\0' ? wanted : NULL;
}

LocalAnswer *
local_answer_new (void)
{
  LocalAnswer *answer = g_new0 (LocalAnswer, 1);

  answer->pool = local_pool_new ();
  answer->customers = g_ptr_array_new ();
  answer->cases = g_ptr_array_new ();
  return answer;
}

void
local_answer_free (LocalAnswer *answer)
{
  g_ptr_array_unref (answer->customers);
  g_ptr_array_unref (answer->cases);
  local_pool_free (answer->pool);
  g_free (answer);
}

void
local_answer_clear (LocalAnswer *answer)
{
  g_ptr_array_set_size (answer->customers, 0);
  g_ptr_array_set_size (answer->cases, 0);
  g_ptr_array_set_size (answer->pool, 0);
  answer->next = answer->data = NULL;
}

static UsherStatus
status_of (const GError *error)
{
  if (error == NULL)
    return USHER_OK;
  return error->domain == LOCAL_ERROR ? (UsherStatus)error->code : USHER_FAILED;
}

void
local_answer_send (const UsherHost *host, UsherReply *reply, LocalAnswer *answer, const GError *error)
{
  UsherResult result = { .struct_size = sizeof result, .status = status_of (error) };

  if (error != NULL)
    result.message = error->message;
  if (result.status == USHER_RETRY || result.status == USHER_BUSY)
    result.retry_after_ms = RETRY_AFTER_MS;
  if (answer != NULL && answer->customers->len > 0)
    {
      g_ptr_array_add (answer->customers, NULL);
      result.customers = (const UsherCustomer *const *)answer->customers->pdata;
    }
  if (answer != NULL && answer->cases->len > 0)
    {
      g_ptr_array_add (answer->cases, NULL);
      result.cases = (const UsherCase *const *)answer->cases->pdata;
    }
  if (answer != NULL && error == NULL)
    {
      result.next = answer->next;
      result.data = answer->data;
    }
  host->complete (reply, &result);
}
