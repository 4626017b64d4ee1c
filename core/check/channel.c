/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of channels: every message is answered once, whatever is in it and whatever happens meanwhile.
 */
#include "core/check/kit.h"

#include <string.h>

static const UsherChannelOps *
ops (const UsherInstance *instance)
{
  return &instance->plugin->channel;
}

/* The caller keeps texts alive until the reply is completed. */
static UsherLine
make_line (const char *user, const char *message_id, const char *text)
{
  return (UsherLine){ .struct_size = sizeof (UsherLine),
                      .conversation = "con_kit",
                      .user_id = user,
                      .message_id = message_id,
                      .n = 1,
                      .author = USHER_AUTHOR_AGENT,
                      .author_name = "Kit",
                      .text = text,
                      .at = kit.host->now () };
}

/* FALSE when there was no answer. */
static gboolean
send_one (UsherInstance *instance, const UsherLine *line, KitReply *reply)
{
  ops (instance)->send (instance->self, line, kit_reply (instance, "send", reply, 0));
  return kit_await (reply, "send");
}

static void
check_send_status (const KitReply *reply)
{
  switch (reply->status)
    {
    case USHER_NOT_FOUND:
    case USHER_CONFLICT:
    case USHER_NOT_CONFIGURED:
      kit_fault ("`send` answered %s, which says nothing about a message; use OK RETRY UNCERTAIN WINDOW RECIPIENT "
                 "CONTENT AUTH or POLICY",
                 uc_status_word (reply->status));
      break;
    default:
      break;
    }
}

/* ---- work that is under way ---------------------------------------------------------------------------- */

typedef struct
{
  UsherLine line;
  UsherIdentity identity;
  char *user, *id;
  KitReply reply;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  kit_reply_clear (&work->reply);
  g_free (work->user);
  g_free (work->id);
  g_free (work);
}

static void
begin_work (UsherInstance *instance, Work *work, guint number, gint64 timeout)
{
  work->user = g_strdup_printf ("kit-user-%u", number % 3);
  work->id = g_strdup_printf ("msg_kit_%u", number);
  if (kit.kind == UC_KIND_CHANNEL)
    {
      work->line = make_line (work->user, work->id, "a message under way");
      ops (instance)->send (instance->self, &work->line, kit_reply (instance, "send", &work->reply, timeout));
    }
  else
    {
      work->identity = (UsherIdentity){ sizeof work->identity, "kit", work->user, NULL };
      instance->plugin->crm.lookup (instance->self, &work->identity,
                                    kit_reply (instance, "lookup", &work->reply, timeout));
    }
}

GPtrArray *
kit_work_begin (UsherInstance *instance, guint count, gint64 timeout)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (work_free);

  for (guint i = 0; i < count && kit.kind != UC_KIND_FRONTEND; i++)
    {
      Work *work = g_new0 (Work, 1);

      g_ptr_array_add (all, work);
      begin_work (instance, work, i, timeout);
    }
  /* Their memory must outlast the answers. */
  for (guint i = 0; i < all->len && timeout == 0 && count <= 3; i++)
    kit_await (&((Work *)all->pdata[i])->reply, kit.kind == UC_KIND_CHANNEL ? "send" : "lookup");
  return all;
}

/* Of what was under way when the instance ended, each has one answer. */
static void
check_work (GPtrArray *all)
{
  guint none = 0;

  for (guint i = 0; i < all->len; i++)
    none += ((Work *)all->pdata[i])->reply.count != 1;
  if (none > 0)
    kit_fault ("%u of %u replies had no answer", none, all->len);
}

void
kit_check_stop_at_work (void)
{
  for (int turn = 0; turn < 3; turn++)
    {
      UsherInstance *instance = kit_start ("kit");
      GPtrArray *work;

      if (instance == NULL)
        return;
      work = kit_work_begin (instance, 20, 0);
      if (turn > 0)
        kit_pass (turn * 5);
      if (turn < 2)
        kit_stop (instance);
      else
        uc_instance_free (instance);
      check_work (work);
      /* Late completions of threads that were not joined come now. */
      kit_pass (100);
      g_ptr_array_unref (work);
    }
}

/* The core's patience is over at once; the plugin still completes, later, and nothing comes of it. */
void
kit_check_late_answers (void)
{
  UsherInstance *instance = kit_start ("kit");
  UcInstanceFigures figures = { 0 };
  GPtrArray *work;
  gint64 end = g_get_monotonic_time () + kit.patience * 1000;

  if (instance == NULL)
    return;
  work = kit_work_begin (instance, 10, 1);
  do
    {
      kit_pass (10);
      uc_instance_figures (instance, &figures);
    }
  while (figures.replies + figures.late > 0 && g_get_monotonic_time () < end);
  if (figures.late > 0)
    kit_fault (
        "it never completed %u replies for which the core did not wait any more; they must be completed all "
        "the same",
        figures.late);
  kit_stop (instance);
  g_ptr_array_unref (work);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

void
kit_check_send (void)
{
  UsherInstance *instance = kit_start ("kit");

  if (instance == NULL)
    return;
  for (int i = 0; i < 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("msg_kit_%d", i);
      const UsherLine line = make_line ("kit-user", id, "hello");
      g_auto (KitReply) reply = { 0 };

      if (!send_one (instance, &line, &reply))
        break;
      check_send_status (&reply);
    }
  kit_stop (instance);
}

void
kit_check_odd_sends (void)
{
  g_autofree char *large = g_strnfill (64 * 1024, 'x'), *user = g_strnfill (2000, 'u');
  const UsherAttachment attachment
      = { .struct_size = sizeof attachment, .kind = "image", .name = "a.png", .mime = "image/png" };
  const UsherAttachment *const attachments[] = { &attachment, NULL };
  UsherInstance *instance = kit_start ("kit");
  gboolean fine = instance != NULL;
  g_auto (KitReply) reply = { 0 };

  for (const char *const *text = kit_odd_texts; fine && *text != NULL; text++)
    {
      const UsherLine line = make_line ("kit-user", "msg_kit_odd", *text);
      /* An empty one is not sent by the core. */
      fine = **text == '\0' || send_one (instance, &line, &reply);
    }
  for (const char *const *text = kit_odd_texts; fine && *text != NULL; text++)
    {
      const UsherLine line = make_line (*text, "msg_kit_user", "to whoever that is");

      fine = **text == '\0' || send_one (instance, &line, &reply);
    }
  if (fine)
    {
      UsherLine line = make_line ("kit-user", "msg_kit_large", large);

      fine = send_one (instance, &line, &reply);
      line = make_line (user, "msg_kit_user", "a long name");
      fine = fine && send_one (instance, &line, &reply);
      line = make_line ("kit-user", "msg_kit_media", "");
      line.attachments = attachments;
      line.author_name = NULL;
      line.window = 1;
      fine = fine && send_one (instance, &line, &reply);
    }
  if (instance != NULL)
    kit_stop (instance);
}

/* ---- capabilities -------------------------------------------------------------------------------------- */

/* As long as it may be, in its unit; letters of two bytes and one UTF-16 unit. */
static char *
longest_text (const UsherChannelCapabilities *caps)
{
  gsize letters = (gsize)(caps->text_unit == 1 ? caps->max_text / 2 : caps->max_text);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < MIN (letters, 100000); i++)
    g_string_append (text, "\xc3\xa9");
  return g_string_free (text, FALSE);
}

static void
try_longest (UsherInstance *instance, const UsherChannelCapabilities *caps)
{
  g_autofree char *text = longest_text (caps);
  const UsherLine line = make_line ("kit-user", "msg_kit_longest", text);
  g_auto (KitReply) reply = { 0 };

  if (send_one (instance, &line, &reply) && reply.status == USHER_CONTENT)
    kit_fault (
        "its capabilities say that a text may have max_text = %d, and `send` refused one that has as many: %s",
        caps->max_text, reply.message);
}

static void
try_twice (UsherInstance *instance)
{
  const UsherLine line = make_line ("kit-user", "msg_kit_twice", "once");
  g_auto (KitReply) first = { 0 }, second = { 0 };

  if (!send_one (instance, &line, &first) || first.status != USHER_OK || !send_one (instance, &line, &second))
    return;
  if (second.status != USHER_OK)
    kit_fault ("its capabilities say idempotent_send, and the same message_id again was answered %s: %s",
               uc_status_word (second.status), second.message);
  else if (g_strcmp0 (first.external_id, second.external_id) != 0)
    kit_fault ("its capabilities say idempotent_send, and the same message_id again got another external_id");
}

void
kit_check_capabilities (void)
{
  UsherInstance *instance = kit_start ("kit");
  const UsherChannelCapabilities *caps;

  if (instance == NULL)
    return;
  caps = uc_instance_capabilities (instance);
  if (caps->typing_out == USHER_NATIVE && ops (instance)->typing == NULL)
    kit_fault ("its capabilities say that it shows typing (typing_out), but it has no slot `typing`");
  if (caps->typing_out == USHER_CAN_NOT && ops (instance)->typing != NULL
      && ops (instance)->runtime_capabilities == NULL)
    kit_fault ("it has a slot `typing` that is never called: its capabilities say typing_out USHER_CAN_NOT");
  if (caps->max_text > 0)
    try_longest (instance, caps);
  if (caps->idempotent_send)
    try_twice (instance);
  kit_stop (instance);
}

/* ---- notices ------------------------------------------------------------------------------------------- */

static void
notify (UsherInstance *instance, const char *user, const char *code, const char *text)
{
  UsherLine line = make_line (user, "msg_kit_notice", text);

  if (ops (instance)->typing != NULL)
    {
      ops (instance)->typing (instance->self, user, true);
      ops (instance)->typing (instance->self, user, false);
      ops (instance)->typing (instance->self, user, false);
    }
  if (ops (instance)->seen != NULL)
    {
      line.author = USHER_AUTHOR_CUSTOMER;
      line.external_id = "kit-1";
      ops (instance)->seen (instance->self, &line);
    }
  line.author = USHER_AUTHOR_SYSTEM;
  line.author_name = line.external_id = NULL;
  line.code = code;
  if (ops (instance)->notice != NULL)
    ops (instance)->notice (instance->self, &line);
}

void
kit_check_notices (void)
{
  static const char *const codes[] = { "queued", "agent_joined", "agent_left", "ended", "a_new_code", NULL };
  UsherInstance *instance = kit_start ("kit");

  if (instance == NULL)
    return;
  for (const char *const *code = codes; *code != NULL; code++)
    notify (instance, "kit-user", *code, "a sentence");
  for (const char *const *text = kit_odd_texts; *text != NULL; text++)
    if (**text != '\0')
      notify (instance, *text, "queued", *text);
  kit_pass (20);
  kit_stop (instance);
}
