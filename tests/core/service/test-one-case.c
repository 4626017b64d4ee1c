/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One interaction never makes two cases: saving, ending, the customer's last message, the loss of the agent and an
 * outage of the CRM, in every order. Main thread.
 */
#include "kit.h"

#include <string.h>

typedef enum
{
  SAVE,
  END,
  MESSAGE,
  LOSS,
  OUTAGE,
  N_DEEDS
} Deed;

/* A CRM that keeps what it is told, also when its answer gets lost. */
typedef struct
{
  char *id, *state, *customer;
  guint lines;
} Stored;

static GHashTable *stored; /* interaction -> Stored */
static gboolean mute;      /* its answers get lost */

static void
stored_free (gpointer data)
{
  Stored *one = data;

  g_free (one->id);
  g_free (one->state);
  g_free (one->customer);
  g_free (one);
}

static void
keep_case (const UsherCase *record, UsherReply *reply)
{
  g_autoptr (UcJson) lines = uc_json_parse (record->transcript, strlen (record->transcript), NULL, NULL);
  Stored *one = g_hash_table_lookup (stored, record->interaction);
  UsherCase answer = { .struct_size = sizeof answer };
  const UsherCase *list[] = { &answer, NULL };
  UsherResult result = { .struct_size = sizeof result, .status = USHER_OK, .cases = list };

  /* The interaction is the key; a save that names no interaction would be a second case. */
  g_assert_nonnull (record->interaction);
  g_assert_null (record->id);
  if (one == NULL)
    {
      one = g_new0 (Stored, 1);
      one->id = g_strdup_printf ("case-%u", g_hash_table_size (stored) + 1);
      one->state = g_strdup (record->state);
      one->customer = g_strdup (record->customer_id);
      g_hash_table_insert (stored, g_strdup (record->interaction), one);
    }
  one->lines = MAX (one->lines, (guint)uc_json_length (lines));
  answer.id = one->id;
  if (mute)
    result = (UsherResult){ .struct_size = sizeof result, .status = USHER_UNCERTAIN, .message = "no answer" };
  kit.rig->host->complete (reply, &result);
}

static void
keep_cases (Rig *rig)
{
  rig->save_case = keep_case;
}

/* ---- the deeds ----------------------------------------------------------------------------------------- */

typedef struct
{
  char *user, *id;
  const char *agent;      /* who has it, or had it last */
  gboolean saved, during; /* asked for; before the end */
  gboolean ended;
  guint messages;
} Chat;

static void
with (const char *login, const char *name, const char *id)
{
  uc_json_free (kit_do (login, name, "{\"interaction\":\"%s\"}", id));
}

static void
set_available (const char *login)
{
  UcCommand command = { .type = UC_COMMAND_SET_STATUS, .agent = login, .cause = "login" };

  uc_core_submit (kit.core, &command, NULL, NULL);
  kit_settle ();
  uc_json_free (kit_do (login, "agent.set_status", "{\"status\":\"%s\"}", "available"));
}

static void
take (Chat *chat)
{
  const UcInteraction *interaction;

  kit_until ((interaction = kit_interaction (chat->user)) != NULL && interaction->state == UC_INTERACTION_OFFERED);
  chat->agent = g_intern_string (interaction->agent->id);
  with (chat->agent, "interaction.accept", interaction->id);
}

/* His desk is gone, the chat goes to the other one. */
static void
lose (Chat *chat)
{
  UcCommand here = { .type = UC_COMMAND_PRESENCE, .agent = chat->agent, .state = "here" };
  UcCommand away = { .type = UC_COMMAND_PRESENCE, .agent = chat->agent, .state = "away" };
  UcCommand none = { .type = UC_COMMAND_PRESENCE, .agent = chat->agent, .state = "none" };
  const char *lost = chat->agent;

  uc_core_submit (kit.core, &here, NULL, NULL);
  uc_core_submit (kit.core, &away, NULL, NULL);
  kit_pass (61000);
  if (!chat->ended)
    take (chat);
  uc_core_submit (kit.core, &none, NULL, NULL);
  set_available (lost);
}

static void
write_once (Chat *chat)
{
  g_autofree char *id = g_strdup_printf ("%s-m%u", chat->user, ++chat->messages);

  /* After the end it would be another interaction, which has a case of its own. */
  if (!chat->ended)
    kit_say (chat->user, id, "one more thing");
}

static void
do_one (Chat *chat, Deed deed)
{
  switch (deed)
    {
    case SAVE:
      with (chat->agent, "interaction.save", chat->id);
      chat->saved = TRUE;
      chat->during = !chat->ended;
      break;
    case END:
      with (chat->agent, "interaction.end", chat->id);
      with (chat->agent, "interaction.wrap_up_done", chat->id);
      chat->ended = TRUE;
      break;
    case MESSAGE:
      write_once (chat);
      break;
    case LOSS:
      lose (chat);
      break;
    default:
      mute = TRUE;
    }
}

static gboolean
is_saved (const char *id)
{
  g_autoptr (UcJson) got = kit_do (NULL, "interaction.get", "{\"interaction\":\"%s\"}", id);
  const UcJson *save = uc_json_get (uc_json_get (got, "interaction"), "save");

  return g_strcmp0 (uc_json_string (uc_json_get (save, "state")), "saved") == 0;
}

static guint
count_lines (const char *id)
{
  g_autoptr (UcJson) got = kit_do (NULL, "interaction.messages", "{\"interaction\":\"%s\"}", id);

  return (guint)uc_json_length (uc_json_get (got, "messages"));
}

static void
play (const Deed *deeds, guint number)
{
  g_autofree char *user = g_strdup_printf ("u%u", number), *first = g_strdup_printf ("u%u-first", number);
  g_autofree char *id = NULL;
  Chat chat = { .user = user };
  const Stored *one;

  mute = FALSE;
  kit_say (user, first, "hello");
  take (&chat);
  kit_until (kit_interaction (user)->customer != NULL);
  chat.id = id = g_strdup (kit_interaction (user)->id);
  for (int d = 0; d < N_DEEDS; d++)
    do_one (&chat, deeds[d]);
  mute = FALSE;
  while (!is_saved (id))
    kit_pass (10000);
  kit_settle ();
  g_assert_cmpuint (g_hash_table_size (stored), ==, number);
  one = g_hash_table_lookup (stored, id);
  g_assert_nonnull (one);
  g_assert_cmpstr (one->state, ==, chat.during ? "closed" : "open");
  g_assert_true ((one->customer != NULL) == chat.during);
  g_assert_cmpuint (one->lines, ==, count_lines (id));
}

static void
play_all (Deed *deeds, int fixed, guint *number)
{
  if (fixed == N_DEEDS)
    {
      play (deeds, ++*number);
      return;
    }
  for (int i = fixed; i < N_DEEDS; i++)
    {
      Deed swapped = deeds[fixed];

      deeds[fixed] = deeds[i];
      deeds[i] = swapped;
      play_all (deeds, fixed + 1, number);
      deeds[i] = deeds[fixed];
      deeds[fixed] = swapped;
    }
}

static void
test_every_order (void)
{
  Deed deeds[N_DEEDS] = { SAVE, END, MESSAGE, LOSS, OUTAGE };
  guint number = 0;

  stored = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, stored_free);
  kit_start_with (NULL, keep_cases);
  kit_seed ();
  set_available ("anna");
  set_available ("ben");
  play_all (deeds, 0, &number);
  g_assert_cmpuint (number, ==, 120);
  kit_end ();
  g_hash_table_unref (stored);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/one-case/every-order", test_every_order);
  return g_test_run ();
}
