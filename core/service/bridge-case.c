/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bridge to the CRM: a customer who mentions a case number ("about C-1042") continues that case, if it is his. The
 * numbers are kept until it is known who he is; then the CRM is asked for his cases. Main thread.
 */
#include "core/service/bridge-private.h"

#include <string.h>

#define MAX_CASES 100

/* Of one interaction: somebody who pastes a table must not keep us busy. */
#define MAX_NUMBERS 20
#define MAX_LETTERS 4
#define MAX_DIGITS 12

/* What the customer of an interaction called by a number. */
typedef struct
{
  GPtrArray *numbers; /* of char*, as he wrote them */
  gboolean settled;   /* it continues a case, or the agent said that it continues none */
} Named;

static void
named_free (gpointer data)
{
  Named *named = data;

  g_ptr_array_unref (named->numbers);
  g_free (named);
}

GHashTable *
uc_bridge_named_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, named_free);
}

static Named *
named_of (UcBridge *bridge, const char *interaction)
{
  Named *named = g_hash_table_lookup (bridge->named, interaction);

  if (named == NULL)
    {
      named = g_new0 (Named, 1);
      named->numbers = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (bridge->named, g_strdup (interaction), named);
    }
  return named;
}

/* What may not stand beside a number, so that it is a word of its own. */
static gboolean
is_part (const char *at)
{
  gunichar c = g_utf8_get_char (at);

  return c == '-' || c == '_' || g_unichar_isalnum (c);
}

/* Where the number begins whose dash or hash stands at `mark`; NULL = it is none. */
static const char *
number_start (const char *text, const char *mark)
{
  const char *start = mark;

  if (*mark == '-')
    {
      while (start > text && mark - start <= MAX_LETTERS && g_ascii_isalpha (start[-1]))
        start--;
      if (start == mark || mark - start > MAX_LETTERS)
        return NULL;
    }
  return start == text || !is_part (g_utf8_prev_char (start)) ? start : NULL;
}

/* "C-1042", "INC-77", "#1042": up to four letters and a dash, or a hash, then digits. Much looks like it
 * ("UTF-8"): the CRM tells which one is a case. NULL = none. Every message comes through here. */
static GPtrArray *
find_numbers (const char *text)
{
  GPtrArray *numbers = NULL;

  for (const char *mark = strpbrk (text, "-#"); mark != NULL; mark = strpbrk (mark + 1, "-#"))
    {
      gsize digits = strspn (mark + 1, "0123456789");
      const char *start, *end = mark + 1 + digits;

      if (digits == 0 || digits > MAX_DIGITS || (*end != '\0' && is_part (end)))
        continue;
      start = number_start (text, mark);
      if (start == NULL)
        continue;
      if (numbers == NULL)
        numbers = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (numbers, g_strndup (start, (gsize)(end - start)));
      if (numbers->len == MAX_NUMBERS)
        break;
    }
  return numbers;
}

/* One question to the CRM: which of the numbers is a case of this customer. */
typedef struct
{
  UcBridge *bridge;
  char *interaction, *customer;
  GPtrArray *numbers; /* of char* */
} Naming;

static void
naming_free (Naming *naming)
{
  g_free (naming->interaction);
  g_free (naming->customer);
  g_ptr_array_unref (naming->numbers);
  g_free (naming);
}

static gboolean
is_number (const UsherCase *record, const char *number)
{
  const char *digits = record->number != NULL ? strrchr (record->number, '-') : NULL;

  if (record->number == NULL)
    return FALSE;
  return g_ascii_strcasecmp (record->number, number) == 0
         || (*number == '#' && strcmp (digits != NULL ? digits + 1 : record->number, number + 1) == 0);
}

/* The first that he named and that is his; NULL = none. */
static const UsherCase *
named_case (const Naming *naming, const UsherCase *const *cases)
{
  for (guint n = 0; n < naming->numbers->len; n++)
    for (const UsherCase *const *c = cases; c != NULL && *c != NULL; c++)
      if (is_number (*c, naming->numbers->pdata[n]))
        return *c;
  return NULL;
}

/* Only what is not in the CRM yet can still become part of an earlier case. */
static gboolean
may_follow (const UcInteraction *interaction)
{
  return interaction != NULL && interaction->follows == NULL
         && (interaction->save_state == NULL || strcmp (interaction->save_state, "failed") == 0);
}

static void
on_cases (gpointer data, const UsherResult *result)
{
  Naming *naming = data;
  UcBridge *bridge = naming->bridge;
  const Named *named = g_hash_table_lookup (bridge->named, naming->interaction);
  const UcInteraction *interaction = uc_engine_interaction (bridge->core->engine, naming->interaction);
  const UsherCase *record = result->status == USHER_OK ? named_case (naming, result->cases) : NULL;
  UcCommand command = { .type = UC_COMMAND_FOLLOW, .interaction = naming->interaction, .cause = "named" };

  if (result->status != USHER_OK)
    g_info ("the case that interaction %s names can't be looked up: %s", naming->interaction, result->message);
  if (record != NULL && named != NULL && !named->settled && may_follow (interaction)
      && g_strcmp0 (interaction->customer, naming->customer) == 0)
    {
      command.follows = record->id;
      uc_core_submit (bridge->core, &command, NULL, NULL);
    }
  naming_free (naming);
}

static void
start_list (const UsherCrmOps *ops, void *self, UsherReply *reply, gpointer data)
{
  UsherCrmQuery query
      = { .struct_size = sizeof query, .customer_id = ((Naming *)data)->customer, .limit = MAX_CASES };

  ops->list_cases (self, &query, reply);
}

/* Only his own: a number that somebody else's case has must not open that to him. */
static void
look_up (UcBridge *bridge, const UcInteraction *interaction, GPtrArray *numbers)
{
  Naming *naming = g_new0 (Naming, 1);

  naming->bridge = bridge;
  naming->interaction = g_strdup (interaction->id);
  naming->customer = g_strdup (interaction->customer);
  naming->numbers = g_ptr_array_ref (numbers);
  uc_bridge_call (bridge->core, start_list, naming, on_cases, naming);
}

void
uc_bridge_case_message (UcBridge *bridge, const UcEvent *message)
{
  const UcInteraction *interaction;
  g_autoptr (GPtrArray) numbers = NULL;
  Named *named;

  if (g_strcmp0 (message->author, "customer") != 0 || message->text == NULL || uc_core_crm (bridge->core) == NULL)
    return;
  interaction = uc_engine_interaction (bridge->core->engine, message->interaction);
  numbers = may_follow (interaction) ? find_numbers (message->text) : NULL;
  if (numbers == NULL)
    return;
  named = named_of (bridge, interaction->id);
  if (named->settled || named->numbers->len + numbers->len > MAX_NUMBERS)
    return;
  for (guint n = 0; n < numbers->len; n++)
    g_ptr_array_add (named->numbers, g_strdup (numbers->pdata[n]));
  if (interaction->customer != NULL)
    look_up (bridge, interaction, numbers);
}

void
uc_bridge_case_customer_known (UcBridge *bridge, const char *interaction)
{
  const Named *named = g_hash_table_lookup (bridge->named, interaction);
  const UcInteraction *now = uc_engine_interaction (bridge->core->engine, interaction);

  if (named != NULL && !named->settled && may_follow (now) && now->customer != NULL)
    look_up (bridge, now, named->numbers);
}

void
uc_bridge_case_settled (UcBridge *bridge, const char *interaction)
{
  if (uc_engine_interaction (bridge->core->engine, interaction) != NULL)
    named_of (bridge, interaction)->settled = TRUE;
}
