/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xmpp: an XMPP address for customers, as an external component (XEP-0114) of the site's XMPP server. Descriptor,
 * settings, life of an instance, and the events of its stream. Main thread.
 */
#include "xmpp.h"

#include <string.h>

#define MAX_AVATAR (64 * 1024)
#define START_MS 10000 /* the core waits 30 s */

/* ---- shared by the other files ------------------------------------------------------------------------- */

void
jabber_log (Jabber *xmpp, UsherLogLevel level, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  xmpp->host->log (xmpp->instance, level, g_strdelimit (text, "\r\n", ' '));
}

void
jabber_complete (Jabber *xmpp, UsherReply *reply, UsherStatus status, const char *message, const char *external_id)
{
  UsherResult result
      = { .struct_size = sizeof result, .status = status, .message = message, .external_id = external_id };

  xmpp->host->complete (reply, &result);
}

void
jabber_push (Jabber *xmpp, JabberOut *out)
{
  if (xmpp->stream != NULL)
    jabber_stream_push (xmpp->stream, out);
  else
    jabber_out_free (out);
}

/* ---- create -------------------------------------------------------------------------------------------- */

static gboolean
check_announce (const char *const *codes, char **why)
{
  static const char *const known[] = { "queued", "agent_joined", "agent_left", "ended", NULL };

  for (; *codes != NULL; codes++)
    if (!g_strv_contains (known, *codes))
      {
        *why = g_strdup_printf (
            "announce: there is no system line \"%s\"; there are queued, agent_joined, agent_left and ended.",
            *codes);
        return FALSE;
      }
  return TRUE;
}

static gboolean
load_avatar (JabberSelf *self, const char *path, char **why)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize len;

  if (!g_file_get_contents (path, &bytes, &len, &error))
    *why = g_strdup_printf ("avatar: the picture can't be read: %s.", error->message);
  else if (len > MAX_AVATAR)
    *why = g_strdup_printf ("avatar: %s has %" G_GSIZE_FORMAT
                            " bytes; customers' clients take at most %d. Make the "
                            "picture smaller, 96 by 96 pixels do.",
                            path, len, MAX_AVATAR);
  else if ((self->avatar_type = jabber_image_type (bytes, len)) == NULL)
    *why = g_strdup_printf ("avatar: %s is no PNG, JPEG, GIF or WebP picture.", path);
  else
    {
      self->avatar_sum = g_compute_checksum_for_data (G_CHECKSUM_SHA1, (const guchar *)bytes, len);
      self->avatar = g_bytes_new_take (g_steal_pointer (&bytes), len);
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_address (Jabber *xmpp, char **why)
{
  g_autofree char *domain = g_utf8_strdown (xmpp->host->get_string (xmpp->instance, "domain"), -1);
  g_autofree char *local = g_utf8_strdown (xmpp->host->get_string (xmpp->instance, "address"), -1);

  if (!jabber_jid_is_domain (domain))
    {
      *why = g_strdup_printf (
          "domain: \"%s\" is no domain; write the component's name alone, as help.example.org.", domain);
      return FALSE;
    }
  if (!jabber_jid_is_local_part (local))
    {
      *why = g_strdup_printf (
          "address: \"%s\" can't stand before the @ of an XMPP address; write the part before it "
          "alone, as support.",
          local);
      return FALSE;
    }
  xmpp->self.domain = g_strdup (domain);
  xmpp->self.address = g_strconcat (local, "@", domain, NULL);
  xmpp->self.full = g_strconcat (xmpp->self.address, "/usher", NULL);
  return TRUE;
}

static gboolean
read_settings (Jabber *xmpp, char **why)
{
  const UsherHost *host = xmpp->host;
  UsherInstance *instance = xmpp->instance;
  const char *avatar = host->get_string (instance, "avatar");
  JabberStreamConfig *config = &xmpp->config;

  config->server = host->get_string (instance, "server");
  config->port = (guint16)host->get_int (instance, "port");
  config->secret = host->get_string (instance, "secret");
  config->reconnect_min = host->get_int (instance, "reconnect_min");
  config->reconnect_max = host->get_int (instance, "reconnect_max");
  config->keepalive = host->get_int (instance, "keepalive");
  xmpp->announce = host->get_list (instance, "announce");
  xmpp->profile_expiry = host->get_int (instance, "profile_expiry");
  xmpp->self.name = jabber_text_clean (host->get_string (instance, "display_name"));
  if (config->secret == NULL || *config->secret == '\0')
    *why = g_strdup ("secret: it is empty; it must equal component_secret in the XMPP server's configuration.");
  else if (*xmpp->self.name == '\0')
    *why = g_strdup ("display_name: it is empty; give the name that customers shall see.");
  else if (config->reconnect_min > config->reconnect_max)
    *why = g_strdup ("reconnect_min: it is longer than reconnect_max; make it shorter, or the other longer.");
  else if (!g_utf8_validate (config->secret, -1, NULL))
    *why = g_strdup ("secret: it is not UTF-8 text.");
  else
    return read_address (xmpp, why) && check_announce (xmpp->announce, why)
           && (avatar == NULL || load_avatar (&xmpp->self, avatar, why));
  return FALSE;
}

static void jabber_destroy (void *self);

static void on_events (void *data);

static void *
jabber_create (UsherInstance *instance, const UsherHost *host)
{
  Jabber *xmpp = g_new0 (Jabber, 1);
  g_autofree char *why = NULL;

  xmpp->instance = instance;
  xmpp->host = host;
  xmpp->users = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, jabber_user_free);
  xmpp->pending = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, jabber_pending_free);
  xmpp->taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  xmpp->config.host = host;
  xmpp->config.instance = instance;
  xmpp->config.self = &xmpp->self;
  xmpp->config.wake = on_events;
  xmpp->config.data = xmpp;
  if (read_settings (xmpp, &why))
    return xmpp;
  host->fail (instance, USHER_INVALID, why);
  jabber_destroy (xmpp);
  return NULL;
}

/* ---- the stream's events ------------------------------------------------------------------------------- */

static void
started (Jabber *xmpp, UsherStatus status, const char *message)
{
  UsherReply *reply = g_steal_pointer (&xmpp->start_reply);

  if (reply == NULL)
    return;
  xmpp->host->timer_remove (xmpp->instance, xmpp->start_timer);
  xmpp->start_timer = 0;
  jabber_complete (xmpp, reply, status, message, NULL);
}

/* A server that hangs, or a name service: the state says it. */
static void
start_is_slow (void *data)
{
  Jabber *xmpp = data;

  xmpp->start_timer = 0;
  xmpp->host->instance_state (xmpp->instance, USHER_RETRY,
                              "usher is connecting to the XMPP server; it is slow to answer.");
  started (xmpp, USHER_OK, NULL);
}

static void
on_state (Jabber *xmpp, const JabberEvent *event)
{
  gboolean changed = xmpp->connected != event->connected || g_strcmp0 (xmpp->state_message, event->message) != 0;

  xmpp->connected = event->connected;
  g_free (xmpp->state_message);
  xmpp->state_message = g_strdup (event->message);
  if (!event->connected)
    jabber_profile_lost (xmpp);
  /* Each attempt ends in the same sentence; once is enough for the log. */
  if (changed && !xmpp->stopping)
    xmpp->host->instance_state (xmpp->instance, event->connected ? USHER_OK : event->status, event->message);
  started (xmpp, USHER_OK, NULL);
}

static void
on_closed (Jabber *xmpp)
{
  UsherReply *reply = g_steal_pointer (&xmpp->stop_reply);
  JabberStream *stream = g_steal_pointer (&xmpp->stream);

  /* It was the last event: nothing is left in the stream. */
  jabber_stream_free (stream, NULL);
  if (reply != NULL)
    jabber_complete (xmpp, reply, USHER_OK, NULL, NULL);
}

static void
on_events (void *data)
{
  Jabber *xmpp = data;

  while (xmpp->stream != NULL)
    {
      g_autoptr (JabberEvent) event = jabber_stream_take (xmpp->stream);

      if (event == NULL)
        return;
      if (event->kind == JABBER_EVENT_STATE)
        on_state (xmpp, event);
      else if (event->kind == JABBER_EVENT_SENT)
        jabber_sent (xmpp, event->serial, event->status, event->message);
      else if (event->kind == JABBER_EVENT_IN)
        jabber_intake_event (xmpp, g_steal_pointer (&event->in));
      else
        on_closed (xmpp);
    }
}

/* ---- start, stop, destroy ------------------------------------------------------------------------------ */

static void
jabber_start (void *self, UsherReply *reply)
{
  Jabber *xmpp = self;
  g_autofree char *why = NULL;

  xmpp->stream = jabber_stream_new (&xmpp->config, &why);
  if (xmpp->stream == NULL)
    {
      jabber_complete (xmpp, reply, USHER_RETRY, why, NULL);
      return;
    }
  /* The first attempt decides what the state says. A server that is down is no reason to fail: the stream keeps
   * trying. */
  xmpp->start_reply = reply;
  xmpp->start_timer = xmpp->host->timer_add (xmpp->instance, START_MS, start_is_slow, xmpp);
}

static void
jabber_stop_slot (void *self, UsherReply *reply)
{
  Jabber *xmpp = self;

  xmpp->stopping = TRUE;
  started (xmpp, USHER_CANCELLED, "The channel is stopping.");
  if (xmpp->stream == NULL)
    {
      jabber_complete (xmpp, reply, USHER_OK, NULL, NULL);
      return;
    }
  xmpp->stop_reply = reply;
  jabber_intake_stop (xmpp);
  jabber_stream_stop (xmpp->stream);
}

static void
left_behind (void *data, JabberEvent *event)
{
  if (event->kind == JABBER_EVENT_SENT)
    jabber_sent (data, event->serial, event->status, event->message);
}

static void
jabber_destroy (void *self)
{
  Jabber *xmpp = self;

  xmpp->stopping = TRUE;
  if (xmpp->stream != NULL)
    jabber_stream_free (g_steal_pointer (&xmpp->stream), left_behind);
  if (xmpp->start_reply != NULL)
    jabber_complete (xmpp, g_steal_pointer (&xmpp->start_reply), USHER_CANCELLED, "The channel is stopping.",
                     NULL);
  if (xmpp->stop_reply != NULL)
    jabber_complete (xmpp, g_steal_pointer (&xmpp->stop_reply), USHER_OK, NULL, NULL);
  g_queue_clear_full (&xmpp->uncertain, (GDestroyNotify)jabber_in_free);
  g_hash_table_unref (xmpp->pending);
  g_queue_clear (&xmpp->taken_order);
  g_hash_table_unref (xmpp->taken);
  g_hash_table_unref (xmpp->users);
  jabber_self_clear (&xmpp->self);
  g_free (xmpp->state_message);
  g_free (xmpp);
}

static bool
jabber_load (const UsherHost *host)
{
  xmpp_initialize ();
  return true;
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherChannelCapabilities capabilities
    = { .struct_size = sizeof capabilities,
        .network = "xmpp",
        .max_text = JABBER_MAX_TEXT,
        .text_unit = 1,
        .typing_in = USHER_NATIVE,
        .typing_out = USHER_NATIVE,
        .receipts_delivered = USHER_NATIVE,
        .receipts_read = USHER_NATIVE,
        /* Hardly any client drops a second message with the same id. */
        .idempotent_send = false,
        .media_in = USHER_NATIVE,
        .media_out = USHER_CAN_NOT };

static const UsherSetting server = { .struct_size = sizeof (UsherSetting),
                                     .key = "server",
                                     .type = USHER_SETTING_STRING,
                                     .default_value = "127.0.0.1",
                                     .help = "host of the XMPP server's component port" };
static const UsherSetting port = { .struct_size = sizeof (UsherSetting),
                                   .key = "port",
                                   .type = USHER_SETTING_INT,
                                   .default_value = "5347",
                                   .min = 1,
                                   .max = 65535,
                                   .help = "the XMPP server's component port" };
static const UsherSetting domain = { .struct_size = sizeof (UsherSetting),
                                     .key = "domain",
                                     .type = USHER_SETTING_STRING,
                                     .required = true,
                                     .help = "the component's domain, as the XMPP server names it" };
static const UsherSetting secret = { .struct_size = sizeof (UsherSetting),
                                     .key = "secret",
                                     .type = USHER_SETTING_SECRET,
                                     .required = true,
                                     .help = "the secret that the XMPP server has for the component" };
static const UsherSetting address = { .struct_size = sizeof (UsherSetting),
                                      .key = "address",
                                      .type = USHER_SETTING_STRING,
                                      .default_value = "support",
                                      .help = "the part before the @ of the address that customers write to" };
static const UsherSetting display_name = { .struct_size = sizeof (UsherSetting),
                                           .key = "display_name",
                                           .type = USHER_SETTING_STRING,
                                           .default_value = "Support",
                                           .help = "our name in customers' contact lists" };
static const UsherSetting avatar = { .struct_size = sizeof (UsherSetting),
                                     .key = "avatar",
                                     .type = USHER_SETTING_PATH,
                                     .help = "our picture there: PNG, JPEG, GIF or WebP, at most 64 KiB" };
static const UsherSetting announce
    = { .struct_size = sizeof (UsherSetting),
        .key = "announce",
        .type = USHER_SETTING_LIST,
        .default_value = "agent_joined, ended",
        .help = "system lines that customers are sent: queued, agent_joined, agent_left, ended" };
static const UsherSetting profile_expiry
    = { .struct_size = sizeof (UsherSetting),
        .key = "profile_expiry",
        .type = USHER_SETTING_DURATION,
        .default_value = "24h",
        .min = 60 * 1000,
        .max = G_GINT64_CONSTANT (8760) * 3600 * 1000,
        .help = "how long a customer's name and picture hold before they are asked for again" };
static const UsherSetting reconnect_min = { .struct_size = sizeof (UsherSetting),
                                            .key = "reconnect_min",
                                            .type = USHER_SETTING_DURATION,
                                            .default_value = "1s",
                                            .min = 50,
                                            .max = 60 * 1000,
                                            .help = "longest wait before the first attempt to connect again" };
static const UsherSetting reconnect_max = { .struct_size = sizeof (UsherSetting),
                                            .key = "reconnect_max",
                                            .type = USHER_SETTING_DURATION,
                                            .default_value = "1m",
                                            .min = 50,
                                            .max = 3600 * 1000,
                                            .help = "longest wait before any attempt; it doubles up to this" };
static const UsherSetting keepalive
    = { .struct_size = sizeof (UsherSetting),
        .key = "keepalive",
        .type = USHER_SETTING_DURATION,
        .default_value = "1m",
        .min = 1000,
        .max = 3600 * 1000,
        .help = "silence after which the server is asked whether it is still there" };
static const UsherSetting *const settings[]
    = { &server,   &port,           &domain,        &secret,        &address,   &display_name, &avatar,
        &announce, &profile_expiry, &reconnect_min, &reconnect_max, &keepalive, NULL };

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = jabber_create,
                                         .start = jabber_start,
                                         .stop = jabber_stop_slot,
                                         .destroy = jabber_destroy,
                                         .capabilities = &capabilities,
                                         .send = jabber_send_line,
                                         .notice = jabber_notice,
                                         .typing = jabber_typing,
                                         .seen = jabber_seen };

static const UsherPlugin plugin = { USHER_PLUGIN_HEAD,
                                    .name = "xmpp",
                                    .version = USHER_VERSION,
                                    .summary = "an XMPP address for customers",
                                    .license = "GPL-3.0-or-later",
                                    .settings = settings,
                                    .channel = &channel,
                                    .load = jabber_load,
                                    .unload = xmpp_shutdown };

USHER_PLUGIN_EXPORT (plugin);
