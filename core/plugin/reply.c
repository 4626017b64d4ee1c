/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replies a plugin owes. A handle is a number in pointer's clothes, looked up in a table: completing it twice, too
 * late, or after the instance is gone finds nothing and can't touch freed memory. Completions come from any
 * thread; answers are given on the main thread.
 */
#include <string.h>

#include "core/plugin/instance-private.h"
#include "core/plugin/result.h"

typedef struct
{
  gsize id;
  UsherInstance *instance; /* main thread; NULL once it is being freed */
  UcLoop *loop;
  GList link; /* in instance->priv->waiting or ->owed */
  UcReplyFunc func;
  gpointer data;
  guint64 timer;
  gint64 timeout;
  gboolean answered;
  gboolean given_up; /* the answer is passed on, but nobody waits for it */
  UcResult *result;  /* on its way from another thread */
} UcReply;

/* Who had a recent handle, so that a second completion can be laid at the right door. */
#define RECENT 4096
typedef struct
{
  gsize id;
  const char *owner; /* interned */
} RecentOwner;

static GMutex lock;
static GHashTable *open_replies; /* id -> UcReply*; what a plugin still has to complete */
static gsize last_id;
static RecentOwner recent[RECENT];

static void
publish (UcReply *reply)
{
  const char *owner = g_intern_string (reply->instance->priv->owner);

  g_mutex_lock (&lock);
  if (open_replies == NULL)
    open_replies = g_hash_table_new (NULL, NULL);
  do
    last_id++;
  while (last_id == 0 || g_hash_table_contains (open_replies, GSIZE_TO_POINTER (last_id)));
  reply->id = last_id;
  g_hash_table_insert (open_replies, GSIZE_TO_POINTER (reply->id), reply);
  recent[reply->id % RECENT] = (RecentOwner){ reply->id, owner };
  g_mutex_unlock (&lock);
}

/* Whoever takes it out has it alone. */
static UcReply *
take (gsize id, const char **owner)
{
  UcReply *reply = NULL;
  gpointer value;

  g_mutex_lock (&lock);
  if (open_replies != NULL && g_hash_table_steal_extended (open_replies, GSIZE_TO_POINTER (id), NULL, &value))
    reply = value;
  else if (recent[id % RECENT].id == id)
    *owner = recent[id % RECENT].owner;
  g_mutex_unlock (&lock);
  return reply;
}

static gboolean
is_open (const UcReply *reply)
{
  gboolean found;

  g_mutex_lock (&lock);
  found = g_hash_table_contains (open_replies, GSIZE_TO_POINTER (reply->id));
  g_mutex_unlock (&lock);
  return found;
}

static void
reply_free (UcReply *reply)
{
  uc_result_free (reply->result);
  g_free (reply);
}

/* The instance is not touched after func: it may have freed it. */
static void
answer (UcReply *reply, const UsherResult *result)
{
  struct UcInstancePrivate *priv = reply->instance->priv;

  if (reply->answered)
    return;
  __atomic_store_n (&reply->answered, TRUE, __ATOMIC_RELEASE);
  uc_loop_timer_remove (reply->loop, reply->timer);
  reply->timer = 0;
  g_queue_unlink (&priv->waiting, &reply->link);
  g_queue_push_tail_link (&priv->owed, &reply->link);
  uc_instance_reply_answered (reply->instance);
  reply->func (reply->data, result);
}

/* The plugin's own answer: the last that is heard of this reply. */
static void
settle (UcReply *reply, const UcResult *result)
{
  UcReplyFunc func = reply->answered ? NULL : reply->func;

  if (reply->instance != NULL)
    {
      struct UcInstancePrivate *priv = reply->instance->priv;

      g_queue_unlink (reply->answered ? &priv->owed : &priv->waiting, &reply->link);
      uc_loop_timer_remove (reply->loop, reply->timer);
      if (func != NULL)
        {
          uc_instance_reply_answered (reply->instance);
          func (reply->data, uc_result_get (result));
        }
    }
  reply_free (reply);
}

static void
settle_from_thread (gpointer data)
{
  UcReply *reply = data;

  settle (reply, reply->result);
}

static void
on_timeout (gpointer data)
{
  UcReply *reply = data;
  g_autofree char *message = NULL;
  UsherResult result = { .struct_size = sizeof result, .status = USHER_UNCERTAIN };

  reply->timer = 0;
  /* Completed by a thread a moment ago; its answer is already in the loop. */
  if (!is_open (reply))
    return;
  message = g_strdup_printf ("the plugin did not answer within %" G_GINT64_FORMAT " ms", reply->timeout);
  result.message = message;
  uc_plugin_log (reply->instance, USHER_LOG_WARNING, message);
  answer (reply, &result);
}

UsherReply *
uc_reply_new (UsherInstance *instance, gint64 timeout_ms, UcReplyFunc func, gpointer data)
{
  UcReply *reply = g_new0 (UcReply, 1);

  reply->instance = instance;
  reply->loop = instance->priv->loop;
  reply->func = func;
  reply->data = data;
  reply->timeout = timeout_ms;
  reply->link.data = reply;
  g_queue_push_tail_link (&instance->priv->waiting, &reply->link);
  if (timeout_ms > 0)
    reply->timer = uc_loop_timer_in (reply->loop, timeout_ms, on_timeout, reply);
  publish (reply);
  return GSIZE_TO_POINTER (reply->id);
}

void
uc_reply_complete (UsherReply *handle, const UsherResult *result)
{
  const char *owner = NULL;
  UcReply *reply = take (GPOINTER_TO_SIZE (handle), &owner);
  UcResult *copy;

  if (reply == NULL)
    {
      uc_plugin_logf (NULL, USHER_LOG_ERROR,
                      "%s completed a reply that is not open: it was completed before, or its instance is gone; "
                      "ignored",
                      owner != NULL ? owner : "a plugin");
      return;
    }
  copy = uc_result_copy (result);
  if (uc_host_on_main ())
    {
      settle (reply, copy);
      uc_result_free (copy);
      return;
    }
  reply->result = copy;
  uc_loop_invoke (reply->loop, settle_from_thread, reply);
}

bool
uc_reply_cancelled (UsherReply *handle)
{
  UcReply *reply;
  bool cancelled;

  g_mutex_lock (&lock);
  reply = open_replies != NULL ? g_hash_table_lookup (open_replies, (gpointer)handle) : NULL;
  cancelled = reply == NULL || __atomic_load_n (&reply->answered, __ATOMIC_ACQUIRE)
              || __atomic_load_n (&reply->given_up, __ATOMIC_ACQUIRE);
  g_mutex_unlock (&lock);
  return cancelled;
}

static const UsherResult cut_off
    = { .struct_size = sizeof cut_off, .status = USHER_CANCELLED, .message = "the instance is stopping" };

gboolean
uc_reply_was_cut_off (const UsherResult *result)
{
  return result == &cut_off;
}

void
uc_reply_give_up (UsherReply *handle)
{
  UcReply *reply;

  g_mutex_lock (&lock);
  reply = open_replies != NULL ? g_hash_table_lookup (open_replies, (gpointer)handle) : NULL;
  if (reply != NULL)
    __atomic_store_n (&reply->given_up, TRUE, __ATOMIC_RELEASE);
  g_mutex_unlock (&lock);
}

void
uc_replies_cancel (UsherInstance *instance)
{
  GList *first;

  while ((first = g_queue_peek_head_link (&instance->priv->waiting)) != NULL)
    answer (first->data, &cut_off);
}

void
uc_replies_forget (UsherInstance *instance)
{
  GList *link;

  uc_replies_cancel (instance);
  while ((link = g_queue_pop_head_link (&instance->priv->owed)) != NULL)
    {
      UcReply *reply = link->data;
      const char *owner = NULL;

      reply->instance = NULL;
      /* One that is not in the table is on its way from a thread and is freed where it arrives. */
      if (take (reply->id, &owner) != NULL)
        reply_free (reply);
    }
}

const char *
uc_status_word (UsherStatus status)
{
  static const char *const words[] = { [USHER_OK] = "ok",
                                       [USHER_RETRY] = "retry",
                                       [USHER_UNCERTAIN] = "uncertain",
                                       [USHER_WINDOW] = "window",
                                       [USHER_RECIPIENT] = "recipient",
                                       [USHER_CONTENT] = "content",
                                       [USHER_AUTH] = "auth",
                                       [USHER_POLICY] = "policy",
                                       [USHER_INVALID] = "invalid",
                                       [USHER_NOT_FOUND] = "not_found",
                                       [USHER_CONFLICT] = "conflict",
                                       [USHER_UNSUPPORTED] = "unsupported",
                                       [USHER_NOT_CONFIGURED] = "not_configured",
                                       [USHER_BUSY] = "busy",
                                       [USHER_CANCELLED] = "cancelled",
                                       [USHER_LOST] = "lost",
                                       [USHER_FAILED] = "failed" };

  return (gsize)status < G_N_ELEMENTS (words) ? words[status] : "failed";
}
