/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Deep copies of results. All text of one copy lives in one chunk. Any thread.
 */
#include "core/plugin/result.h"

#include "core/plugin/abi.h"

#define MAX_LIST 1000

struct UcResult
{
  UsherResult result;
  GStringChunk *strings; /* made when the first string comes */
  GPtrArray *blocks;
};

static const char *
keep (UcResult *copy, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL)
    return NULL;
  if (copy->strings == NULL)
    copy->strings = g_string_chunk_new (512);
  if (!g_utf8_validate (text, -1, NULL))
    text = valid = g_utf8_make_valid (text, -1);
  return g_string_chunk_insert (copy->strings, text);
}

static gpointer
block (UcResult *copy, gsize size)
{
  gpointer memory = g_malloc0 (size);

  if (copy->blocks == NULL)
    copy->blocks = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (copy->blocks, memory);
  return memory;
}

static gsize
count (const void *const *list)
{
  gsize n = 0;

  while (n < MAX_LIST && list[n] != NULL)
    n++;
  return n;
}

static const UsherIdentity *const *
keep_identities (UcResult *copy, const UsherIdentity *const *from)
{
  gsize n;
  const UsherIdentity **list;
  UsherIdentity *items;

  if (from == NULL)
    return NULL;
  n = count ((const void *const *)from);
  list = block (copy, (n + 1) * sizeof *list);
  items = block (copy, MAX (n, 1) * sizeof *items);
  for (gsize i = 0; i < n; i++)
    {
      uc_abi_copy (&items[i], sizeof items[i], from[i], 0);
      items[i].network = keep (copy, items[i].network);
      items[i].id = keep (copy, items[i].id);
      items[i].name = keep (copy, items[i].name);
      list[i] = &items[i];
    }
  return list;
}

static const UsherCustomer *const *
keep_customers (UcResult *copy, const UsherCustomer *const *from)
{
  gsize n;
  const UsherCustomer **list;
  UsherCustomer *items;

  if (from == NULL)
    return NULL;
  n = count ((const void *const *)from);
  list = block (copy, (n + 1) * sizeof *list);
  items = block (copy, MAX (n, 1) * sizeof *items);
  for (gsize i = 0; i < n; i++)
    {
      UsherCustomer *c = &items[i];

      uc_abi_copy (c, sizeof *c, from[i], 0);
      c->id = keep (copy, c->id);
      c->name = keep (copy, c->name);
      c->first_name = keep (copy, c->first_name);
      c->last_name = keep (copy, c->last_name);
      c->email = keep (copy, c->email);
      c->phone = keep (copy, c->phone);
      c->company = keep (copy, c->company);
      c->notes = keep (copy, c->notes);
      c->fields = keep (copy, c->fields);
      c->identities = keep_identities (copy, c->identities);
      c->account = keep (copy, c->account);
      c->author = keep (copy, c->author);
      c->merges = keep (copy, c->merges);
      list[i] = c;
    }
  return list;
}

static const UsherCase *const *
keep_cases (UcResult *copy, const UsherCase *const *from)
{
  gsize n;
  const UsherCase **list;
  UsherCase *items;

  if (from == NULL)
    return NULL;
  n = count ((const void *const *)from);
  list = block (copy, (n + 1) * sizeof *list);
  items = block (copy, MAX (n, 1) * sizeof *items);
  for (gsize i = 0; i < n; i++)
    {
      UsherCase *c = &items[i];

      uc_abi_copy (c, sizeof *c, from[i], 0);
      c->id = keep (copy, c->id);
      c->customer_id = keep (copy, c->customer_id);
      c->interaction = keep (copy, c->interaction);
      c->subject = keep (copy, c->subject);
      c->state = keep (copy, c->state);
      c->transcript = keep (copy, c->transcript);
      c->queue = keep (copy, c->queue);
      c->channel = keep (copy, c->channel);
      c->agent = keep (copy, c->agent);
      c->notes = keep (copy, c->notes);
      c->fields = keep (copy, c->fields);
      c->number = keep (copy, c->number);
      c->severity = keep (copy, c->severity);
      c->priority = keep (copy, c->priority);
      c->category = keep (copy, c->category);
      c->codes = keep (copy, c->codes);
      c->author = keep (copy, c->author);
      c->comment = keep (copy, c->comment);
      c->follow_up_of = keep (copy, c->follow_up_of);
      c->comments = keep (copy, c->comments);
      c->history = keep (copy, c->history);
      c->follow_ups = keep (copy, c->follow_ups);
      list[i] = c;
    }
  return list;
}

static void
spoil (UsherResult *r, const char *message)
{
  *r = (UsherResult){ .struct_size = sizeof *r, .status = USHER_FAILED, .message = message };
}

UcResult *
uc_result_copy (const UsherResult *result)
{
  UcResult *copy = g_new0 (UcResult, 1);
  UsherResult *r = &copy->result;

  if (result == NULL)
    spoil (r, "the plugin answered without a result");
  else if (!uc_abi_copy (r, sizeof *r, result, offsetof (UsherResult, message)))
    spoil (r, "the plugin answered with a result whose struct_size is not set");
  else if (r->status < USHER_OK || r->status > USHER_FAILED)
    spoil (r, "the plugin answered with a status that does not exist");
  r->message = keep (copy, r->message);
  r->external_id = keep (copy, r->external_id);
  r->next = keep (copy, r->next);
  r->data = keep (copy, r->data);
  r->customers = keep_customers (copy, r->customers);
  r->cases = keep_cases (copy, r->cases);
  r->retry_after_ms = MAX (r->retry_after_ms, 0);
  return copy;
}

void
uc_result_free (UcResult *copy)
{
  if (copy == NULL)
    return;
  g_clear_pointer (&copy->strings, g_string_chunk_free);
  g_clear_pointer (&copy->blocks, g_ptr_array_unref);
  g_free (copy);
}

const UsherResult *
uc_result_get (const UcResult *copy)
{
  return &copy->result;
}
