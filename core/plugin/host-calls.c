/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Host slots that the core answers later: deliver, history, kv_get, kv_set. The plugin's function and data are
 * kept here and dropped when the instance is destroyed, so that no service above has to think of that. Main
 * thread.
 */
#include <string.h>

#include "core/base/text.h"
#include "core/plugin/abi.h"
#include "core/plugin/instance-private.h"
#include "core/plugin/result.h"

#define MAX_ITEMS 256
#define MAX_KEY 128
#define MAX_VALUE (64 * 1024)
#define MAX_LINES 500
#define MAX_MEDIA (25 * 1024 * 1024)
#define MAX_ATTACHMENTS 64

typedef struct
{
  UsherInstance *instance; /* NULL = dropped */
  enum
  {
    CALL_DELIVER,
    CALL_HISTORY,
    CALL_KV_GET,
    CALL_KV_SET,
    CALL_MEDIA_PUT
  } what;
  UsherDelivered delivered;
  UsherHistory history;
  void (*kv_get) (void *, const char *, size_t);
  void (*kv_set) (void *, const UsherResult *);
  void (*media_put) (void *, const UsherResult *, const char *);
  void *data;
  size_t count;        /* deliver */
  UsherStatus refused; /* answered by us, not by the service */
  char *refusal;
} HostCall;

static HostCall *
call_new (UsherInstance *instance, int what, void *data)
{
  HostCall *call = g_new0 (HostCall, 1);

  call->instance = instance;
  call->what = what;
  call->data = data;
  if (instance->priv->calls == NULL)
    instance->priv->calls = g_hash_table_new (NULL, NULL);
  g_hash_table_add (instance->priv->calls, call);
  return call;
}

/* Before the plugin's function runs: it may make the instance go away. */
static gboolean
call_is_wanted (HostCall *call)
{
  if (call->instance == NULL)
    return FALSE;
  g_hash_table_remove (call->instance->priv->calls, call);
  return TRUE;
}

static void
call_free (HostCall *call)
{
  g_free (call->refusal);
  g_free (call);
}

void
uc_calls_forget (UsherInstance *instance)
{
  GHashTableIter iter;
  gpointer call;

  if (instance->priv->calls == NULL)
    return;
  g_hash_table_iter_init (&iter, instance->priv->calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    ((HostCall *)call)->instance = NULL;
  g_clear_pointer (&instance->priv->calls, g_hash_table_unref);
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  HostCall *call = data;

  if (call_is_wanted (call) && call->delivered != NULL)
    call->delivered (call->data, result, numbers, count);
  call_free (call);
}

static void
on_history (void *data, const UsherResult *result, const UsherLine *const *lines, const char *state,
            const char *agent_name)
{
  HostCall *call = data;

  if (call_is_wanted (call))
    call->history (call->data, result, lines, state, agent_name);
  call_free (call);
}

static void
on_kv_get (void *data, const char *value, size_t len)
{
  HostCall *call = data;

  if (call_is_wanted (call))
    call->kv_get (call->data, value, len);
  call_free (call);
}

static void
on_kv_set (void *data, const UsherResult *result)
{
  HostCall *call = data;

  if (call_is_wanted (call) && call->kv_set != NULL)
    call->kv_set (call->data, result);
  call_free (call);
}

static void
on_media_put (void *data, const UsherResult *result, const char *id)
{
  HostCall *call = data;

  if (call_is_wanted (call))
    call->media_put (call->data, result, id);
  call_free (call);
}

static void
send_refusal (gpointer data)
{
  static const UsherLine *const no_lines[] = { NULL };
  HostCall *call = data;
  UsherResult result = { .struct_size = sizeof result, .status = call->refused, .message = call->refusal };
  g_autofree int64_t *numbers = g_new0 (int64_t, call->count + 1);

  switch (call->what)
    {
    case CALL_DELIVER:
      on_delivered (call, &result, numbers, call->count);
      break;
    case CALL_HISTORY:
      on_history (call, &result, no_lines, "none", NULL);
      break;
    case CALL_KV_GET:
      on_kv_get (call, NULL, 0);
      break;
    case CALL_KV_SET:
      on_kv_set (call, &result);
      break;
    case CALL_MEDIA_PUT:
      on_media_put (call, &result, NULL);
      break;
    }
}

/* Never before the slot returned: plugins rely on it. */
static void
refuse (HostCall *call, UsherStatus status, const char *why)
{
  uc_plugin_log (call->instance, USHER_LOG_ERROR, why);
  call->refused = status;
  call->refusal = g_strdup (why);
  uc_loop_invoke (call->instance->priv->loop, send_refusal, call);
}

/* ---- deliver ------------------------------------------------------------------------------------------- */

static gboolean
is_text (const char *text, gboolean required)
{
  return text == NULL ? !required : (!required || text[0] != '\0') && uc_text_is_utf8 (text, strlen (text), NULL);
}

static const char *
check_attachments (const UsherAttachment *const *list)
{
  for (size_t i = 0; list != NULL && list[i] != NULL; i++)
    {
      UsherAttachment one;

      if (i >= MAX_ATTACHMENTS)
        return "an inbound item has more than 64 attachments";
      if (!uc_abi_copy (&one, sizeof one, list[i], offsetof (UsherAttachment, media)))
        return "the struct_size of an attachment is not set";
      if (!is_text (one.kind, TRUE) || !is_text (one.media, FALSE) || !is_text (one.name, FALSE)
          || !is_text (one.mime, FALSE) || !is_text (one.url, FALSE))
        return "an attachment has no kind, or a member that is not UTF-8";
    }
  return NULL;
}

/* NULL when the item can be passed on. */
static const char *
check_item (const UsherInbound *item)
{
  gboolean named = item->kind != USHER_INBOUND_RECEIPT && item->kind != USHER_INBOUND_PROFILE;

  if (item->kind < USHER_INBOUND_MESSAGE || item->kind > USHER_INBOUND_PROFILE)
    return "an inbound item is of an unknown kind";
  if (!is_text (item->user_id, TRUE))
    return "an inbound item has no user_id, or one that is not UTF-8";
  if (!is_text (item->user_name, FALSE))
    return "the user_name of an inbound item is not UTF-8";
  if (!is_text (item->external_id, named))
    return "an inbound item has no external_id, or one that is not UTF-8";
  if ((item->kind == USHER_INBOUND_MESSAGE || item->kind == USHER_INBOUND_ECHO)
      && (item->text == NULL || !uc_text_is_utf8 (item->text, strlen (item->text), NULL)))
    return "an inbound message has no text, or text that is not UTF-8";
  if (!is_text (item->form, FALSE) || !is_text (item->reply_to, FALSE) || !is_text (item->message_id, FALSE)
      || !is_text (item->picture, FALSE))
    return "form, reply_to, message_id or picture of an inbound item is not UTF-8";
  return check_attachments (item->attachments);
}

static const char *
copy_items (const UsherInbound *const *items, size_t count, UsherInbound *copies, const UsherInbound **list)
{
  for (size_t i = 0; i < count; i++)
    {
      const char *why;

      if (items[i] == NULL
          || !uc_abi_copy (&copies[i], sizeof copies[i], items[i], offsetof (UsherInbound, user_name)))
        return "an inbound item is NULL or its struct_size is not set";
      why = check_item (&copies[i]);
      if (why != NULL)
        return why;
      list[i] = &copies[i];
    }
  return NULL;
}

static void
host_deliver (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
              void *data)
{
  HostCall *call;
  g_autofree UsherInbound *copies = NULL;
  g_autofree const UsherInbound **list = NULL;
  const char *why;

  if (!uc_host_check (instance, "deliver"))
    return;
  call = call_new (instance, CALL_DELIVER, data);
  call->delivered = done;
  if (instance->kind != UC_KIND_CHANNEL)
    refuse (call, USHER_UNSUPPORTED, "the plugin called host->deliver, which is for channels only");
  else if (items == NULL || count == 0 || count > MAX_ITEMS)
    refuse (call, USHER_INVALID, "the plugin delivers no items or more than 256 at once");
  else
    {
      call->count = count;
      copies = g_new0 (UsherInbound, count);
      list = g_new0 (const UsherInbound *, count + 1);
      why = copy_items (items, count, copies, list);
      if (why != NULL)
        refuse (call, USHER_INVALID, why);
      else if (uc_host_services ()->deliver == NULL)
        refuse (call, USHER_UNSUPPORTED, "this process takes no messages");
      else
        uc_host_services ()->deliver (instance, list, count, on_delivered, call);
    }
}

static void
host_history (UsherInstance *instance, const char *user_id, int64_t after, int limit, UsherHistory done,
              void *data)
{
  HostCall *call;

  if (!uc_host_check (instance, "history") || done == NULL)
    return;
  call = call_new (instance, CALL_HISTORY, data);
  call->history = done;
  if (instance->kind != UC_KIND_CHANNEL)
    refuse (call, USHER_UNSUPPORTED, "the plugin called host->history, which is for channels only");
  else if (!is_text (user_id, TRUE))
    refuse (call, USHER_INVALID, "the plugin asks for the history of nobody");
  else if (uc_host_services ()->history == NULL)
    refuse (call, USHER_UNSUPPORTED, "this process keeps no history");
  else
    uc_host_services ()->history (instance, user_id, MAX (after, 0), CLAMP (limit, 1, MAX_LINES), on_history,
                                  call);
}

/* ---- kv ------------------------------------------------------------------------------------------------ */

static gboolean
is_key (const char *key)
{
  return key != NULL && key[0] != '\0' && strlen (key) <= MAX_KEY && g_utf8_validate (key, -1, NULL);
}

static void
host_kv_get (UsherInstance *instance, const char *key, void (*done) (void *, const char *, size_t), void *data)
{
  HostCall *call;

  if (!uc_host_check (instance, "kv_get") || done == NULL)
    return;
  call = call_new (instance, CALL_KV_GET, data);
  call->kv_get = done;
  if (!is_key (key))
    refuse (call, USHER_INVALID, "the plugin used a kv key that is empty, longer than 128 bytes or not UTF-8");
  else if (uc_host_services ()->kv_get == NULL)
    refuse (call, USHER_UNSUPPORTED, "this process keeps no state for plugins");
  else
    uc_host_services ()->kv_get (instance, key, on_kv_get, call);
}

static void
host_kv_set (UsherInstance *instance, const char *key, const char *value, size_t len,
             void (*done) (void *, const UsherResult *), void *data)
{
  HostCall *call;

  if (!uc_host_check (instance, "kv_set"))
    return;
  call = call_new (instance, CALL_KV_SET, data);
  call->kv_set = done;
  if (!is_key (key))
    refuse (call, USHER_INVALID, "the plugin used a kv key that is empty, longer than 128 bytes or not UTF-8");
  else if (len > MAX_VALUE || (value == NULL && len > 0))
    refuse (call, USHER_INVALID, "the plugin wanted to keep a kv value of more than 64 KiB");
  else if (uc_host_services ()->kv_set == NULL)
    refuse (call, USHER_UNSUPPORTED, "this process keeps no state for plugins");
  else
    uc_host_services ()->kv_set (instance, key, value, len, on_kv_set, call);
}

/* ---- media --------------------------------------------------------------------------------------------- */

static void
host_media_put (UsherInstance *instance, const void *bytes, size_t len, const char *mime, const char *name,
                void (*done) (void *, const UsherResult *, const char *), void *data)
{
  HostCall *call;

  if (!uc_host_check (instance, "media_put") || done == NULL)
    return;
  call = call_new (instance, CALL_MEDIA_PUT, data);
  call->media_put = done;
  if (bytes == NULL || len == 0 || len > MAX_MEDIA)
    refuse (call, USHER_CONTENT, "the plugin wanted to keep media of 0 bytes or more than 25 MiB");
  else if (!is_text (mime, FALSE) || !is_text (name, FALSE))
    refuse (call, USHER_INVALID, "the type or name of the media is not UTF-8");
  else if (uc_host_services ()->media_put == NULL)
    refuse (call, USHER_UNSUPPORTED, "this process keeps no media");
  else
    uc_host_services ()->media_put (instance, bytes, len, mime, name, on_media_put, call);
}

void
uc_host_fill_calls (UsherHost *host)
{
  host->media_put = host_media_put;
  host->deliver = host_deliver;
  host->history = host_history;
  host->kv_get = host_kv_get;
  host->kv_set = host_kv_set;
}
