/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * message.send: what the channel can't carry, and what was not meant to be sent, is refused in the composer. Main
 * thread.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/base/id.h"
#include "core/base/text.h"
#include "core/service/ops.h"
#include "core/service/outbox.h"

/* An agent who writes on while his channel is down. */
#define MAX_UNSENT 100
/* Of one text that is too long for its network: a slip of the clipboard must not become a flood. */
#define MAX_PARTS 20

static char *
answer_message (GPtrArray *events)
{
  const UcEvent *first = NULL;
  GString *out = g_string_new (NULL);
  guint parts = 0;

  for (guint i = 0; i < events->len; i++)
    if (((UcEvent *)events->pdata[i])->type == UC_EVENT_MESSAGE_ADDED)
      {
        if (first == NULL)
          first = events->pdata[i];
        parts++;
      }
  uc_json_begin (out);
  if (first != NULL)
    {
      uc_json_add_string (out, "message", first->message);
      uc_json_add_int (out, "n", first->n);
      uc_json_add_int (out, "parts", parts);
    }
  uc_json_end (out);
  return g_string_free (out, FALSE);
}

static gboolean
has_room (UcOpCall *call, const UcInteraction *interaction)
{
  if (interaction == NULL || uc_outbox_waiting (call->core->outbox, interaction->conversation->id) < MAX_UNSENT)
    return TRUE;
  uc_op_fail_with (call, UC_ERROR_BUSY,
                   "%d messages of this chat wait for the channel \"%s\", which does not take them; wait until it "
                   "does",
                   MAX_UNSENT, interaction->conversation->channel);
  return FALSE;
}

/* How the network measures a text; 0 = no limit, or the channel is not there to say. */
static gboolean
fits_channel (UcOpCall *call, const UcInteraction *interaction, UcCommand *command)
{
  UsherInstance *instance
      = interaction != NULL ? uc_core_instance (call->core, UC_KIND_CHANNEL, interaction->conversation->channel)
                            : NULL;
  const UsherChannelCapabilities *caps;
  g_auto (GStrv) parts = NULL;

  if (instance == NULL || instance->self == NULL)
    return TRUE;
  caps = uc_instance_capabilities (instance);
  command->max_text = caps->max_text;
  command->text_unit = caps->text_unit;
  parts = uc_text_split (command->text, (UcTextUnit)caps->text_unit, (gsize)caps->max_text);
  if (g_strv_length (parts) <= MAX_PARTS)
    return TRUE;
  uc_op_fail_with (
      call, UC_ERROR_INVALID,
      "this text would become %u messages, and %d is the most: %s takes at most %d %s in one; shorten it",
      g_strv_length (parts), MAX_PARTS, caps->network, caps->max_text,
      caps->text_unit == UC_TEXT_BYTES ? "bytes" : "characters");
  return FALSE;
}

static gboolean
is_blank (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)) && !g_unichar_iszerowidth (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static void
message_send (UcOpCall *call)
{
  const UcInteraction *interaction
      = uc_engine_interaction (call->core->engine, uc_op_string (call, "interaction"));
  g_autofree char *message = uc_id_new ("msg");
  UcCommand command = {
    .type = UC_COMMAND_SEND,
    .agent = call->who.user,
    .interaction = uc_op_string (call, "interaction"),
    .text = uc_op_string (call, "text"),
    .client_id = uc_op_string (call, "client_id"),
    .new_message = message,
  };
  UcCommand used = {
    .type = UC_COMMAND_FAQ_USED,
    .agent = call->who.user,
    .interaction = command.interaction,
    .faq = uc_op_string (call, "faq"),
  };

  if (is_blank (command.text))
    {
      uc_op_fail_with (call, UC_ERROR_INVALID, "a message needs something to read: this text is blank");
      return;
    }
  if (fits_channel (call, interaction, &command) && has_room (call, interaction))
    uc_op_submit_with (call, &command, used.faq != NULL ? &used : NULL, answer_message);
}

static const UcOpArg send_args[] = {
  { "interaction", UC_ARG_STRING, TRUE, 0, 100, "the interaction's id" },
  { "text", UC_ARG_STRING, TRUE, 0, 65536, "what the customer shall read; parted when the network takes less" },
  { "client_id", UC_ARG_STRING, FALSE, 0, 100, "the sender's own id of the message, comes back in message.added" },
  { "faq", UC_ARG_STRING, FALSE, 0, 100, "the FAQ whose answer it is: its use is counted" },
  { NULL },
};

const UcOp uc_ops_message[] = {
  { "message.send", "desk", UC_OP_CHANGE, send_args, message_send, "Send a text to the customer." },
  { NULL },
};
