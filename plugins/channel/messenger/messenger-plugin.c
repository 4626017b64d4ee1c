/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * messenger: Facebook Messenger. Descriptor, settings, life of an instance. Main thread.
 */
#include "messenger.h"

#include <string.h>

#include "messenger-sign.h"

/* ---- shared by the other files ------------------------------------------------------------------------- */

Messenger *
messenger_ref (Messenger *mg)
{
  mg->refs++;
  return mg;
}

void
messenger_unref (Messenger *mg)
{
  if (--mg->refs > 0)
    return;
  messenger_out_free (mg->out);
  messenger_actions_free (mg->actions);
  messenger_intake_free (mg->intake);
  messenger_profiles_free (mg->profiles);
  messenger_media_free (mg->media);
  for (int i = 0; i < MESSENGER_PROBLEMS; i++)
    g_free (mg->problems[i]);
  g_clear_object (&mg->session);
  g_free (mg->base);
  g_clear_pointer (&mg->base_uri, g_uri_unref);
  g_free (mg->proof);
  g_free (mg);
}

void
messenger_owe (Messenger *mg)
{
  mg->owed++;
}

void
messenger_paid (Messenger *mg)
{
  mg->owed--;
  messenger_stop_check (mg);
}

MessengerExpected *
messenger_expect (Messenger *mg, gpointer data, GDestroyNotify drop)
{
  MessengerExpected *expected = g_new0 (MessengerExpected, 1);

  expected->mg = mg;
  expected->link.data = expected;
  expected->data = data;
  expected->drop = drop;
  g_queue_push_tail_link (&mg->expected, &expected->link);
  return expected;
}

gpointer
messenger_arrived (MessengerExpected *expected)
{
  gpointer data = expected->data;

  g_queue_unlink (&expected->mg->expected, &expected->link);
  g_free (expected);
  return data;
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static char *
check_base (Messenger *mg, const char *text)
{
  GUri *uri = mg->base_uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);

  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0' || g_uri_get_query (uri) != NULL
      || g_uri_get_fragment (uri) != NULL || g_uri_get_userinfo (uri) != NULL)
    return g_strdup_printf (
        "base_url: \"%s\" must be an address like https://graph.facebook.com, without a query.", text);
  mg->base = g_strdup (text);
  while (g_str_has_suffix (mg->base, "/"))
    mg->base[strlen (mg->base) - 1] = '\0';
  return NULL;
}

static gboolean
is_version (const char *text)
{
  return g_regex_match_simple ("^v[1-9][0-9]{0,2}\\.[0-9]{1,2}$", text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
is_word (const char *text, const char *also)
{
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr (also, *p) == NULL)
      return FALSE;
  return *text != '\0';
}

/* Secrets travel in headers and are compared with parameters. */
static gboolean
is_secret (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return FALSE;
  return *text != '\0';
}

static char *
check_secrets (Messenger *mg)
{
  const struct
  {
    const char *key, *value;
  } secrets[] = { { "page_access_token", mg->token },
                  { "app_secret", mg->app_secret },
                  { "verify_token", mg->verify_token } };

  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    if (!is_secret (secrets[i].value))
      return g_strdup_printf (
          "%s: the secret is empty or has blanks or letters beyond ASCII in it; the file must hold the "
          "value alone.",
          secrets[i].key);
  return NULL;
}

static char *
check_lists (Messenger *mg)
{
  static const char *const codes[] = { "queued", "agent_joined", "agent_left", "ended", "none", NULL };

  for (const char *const *code = mg->announce; *code != NULL; code++)
    if (!g_strv_contains (codes, *code))
      return g_strdup_printf ("announce: \"%s\" is not one of queued, agent_joined, agent_left, ended, none.",
                              *code);
  if (g_strv_contains (mg->announce, "none") && mg->announce[1] != NULL)
    return g_strdup ("announce: none goes with nothing else.");
  for (const char *const *host = mg->media_hosts; *host != NULL; host++)
    if (!is_word (*host, ".-_:"))
      return g_strdup_printf ("media_hosts: \"%s\" must be a host name or address alone, like cdn.example.com.",
                              *host);
  return NULL;
}

/* NULL, or what is wrong. */
static char *
read_settings (Messenger *mg)
{
  const UsherHost *host = mg->host;
  char *why = check_base (mg, host->get_string (mg->instance, "base_url"));

  mg->version = host->get_string (mg->instance, "api_version");
  mg->page_id = host->get_string (mg->instance, "page_id");
  mg->token = host->get_string (mg->instance, "page_access_token");
  mg->app_secret = host->get_string (mg->instance, "app_secret");
  mg->verify_token = host->get_string (mg->instance, "verify_token");
  mg->announce = host->get_list (mg->instance, "announce");
  mg->media_hosts = host->get_list (mg->instance, "media_hosts");
  mg->human_agent = host->get_bool (mg->instance, "human_agent");
  mg->subscribe = host->get_bool (mg->instance, "subscribe");
  if (why == NULL && !is_version (mg->version))
    why = g_strdup_printf ("api_version: \"%s\" is not a version of the Graph API; write it like v25.0.",
                           mg->version);
  if (why == NULL && (!is_word (mg->page_id, "_") || strlen (mg->page_id) > 64))
    why = g_strdup_printf ("page_id: \"%s\" is not a page's id; it is the number in the page's settings.",
                           mg->page_id);
  if (why == NULL)
    why = check_secrets (mg);
  if (why == NULL)
    why = check_lists (mg);
  if (why == NULL && host->get_bool (mg->instance, "appsecret_proof"))
    mg->proof = messenger_sign_proof (mg->app_secret, mg->token);
  return why;
}

/* Of an instance with default settings. */
static const UsherChannelCapabilities capabilities = { .struct_size = sizeof capabilities,
                                                       .network = "messenger",
                                                       .max_text = MESSENGER_MAX_TEXT,
                                                       .text_unit = 0,
                                                       .typing_in = USHER_CAN_NOT,
                                                       .typing_out = USHER_NATIVE,
                                                       .receipts_delivered = USHER_NATIVE,
                                                       .receipts_read = USHER_NATIVE,
                                                       .reply_window_ms = MESSENGER_DAY_MS,
                                                       .idempotent_send = false,
                                                       .tagged_window_ms = 0,
                                                       .echoes = true,
                                                       .settle_ms = 150,
                                                       .media_in = USHER_NATIVE,
                                                       .media_out = USHER_CAN_NOT };

static const UsherChannelCapabilities *
messenger_runtime_capabilities (void *self)
{
  return &((Messenger *)self)->capabilities;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

/* libsoup takes a new connection for every POST, so that none meets one that is just being closed: what can't be
 * sent has not left, and the few cases that stay uncertain are real ones. */
static SoupSession *
session_new (void)
{
  SoupSession *session = soup_session_new_with_options ("max-conns", 128, "max-conns-per-host", 64, "idle-timeout",
                                                        30, "user-agent", "usher", NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

static void *
messenger_create (UsherInstance *instance, const UsherHost *host)
{
  Messenger *mg = g_new0 (Messenger, 1);
  g_autofree char *why = NULL;

  mg->refs = 1;
  mg->instance = instance;
  mg->host = host;
  mg->shown = MESSENGER_PROBLEMS; /* nothing was told yet */
  mg->session = session_new ();
  mg->out = messenger_out_new ();
  mg->actions = messenger_actions_new ();
  mg->intake = messenger_intake_new ();
  mg->profiles = messenger_profiles_new ();
  mg->media = messenger_media_new ();
  why = read_settings (mg);
  mg->capabilities = capabilities;
  mg->capabilities.tagged_window_ms = mg->human_agent ? 7 * MESSENGER_DAY_MS : 0;
  mg->capabilities.settle_ms = host->get_int (instance, "settle");
  if (why != NULL)
    host->fail (instance, USHER_INVALID, why);
  else if (!host->route (instance, "/webhook", USHER_ROUTE_HTTP, MESSENGER_MAX_BODY))
    host->fail (instance, USHER_CONFLICT,
                "The path /webhook below the mount is taken; give the instance another name.");
  else
    return mg;
  messenger_unref (mg);
  return NULL;
}

static void
messenger_start (void *self, UsherReply *reply)
{
  Messenger *mg = self;

  mg->ready = TRUE;
  /* Messages come in whether or not the Graph API can be reached, so nothing is waited for. */
  messenger_state_start (mg);
  messenger_complete (mg, reply, USHER_OK, NULL, 0, NULL);
}

void
messenger_stop_check (Messenger *mg)
{
  UsherReply *reply;

  if (mg->stopping == NULL || mg->owed > 0 || !messenger_intake_idle (mg))
    return;
  messenger_timer_drop (mg, &mg->stop_timer);
  reply = g_steal_pointer (&mg->stopping);
  messenger_complete (mg, reply, USHER_OK, NULL, 0, NULL);
}

static void
on_stop_limit (void *data)
{
  Messenger *mg = data;

  mg->stop_timer = 0;
  messenger_out_abort (mg);
  messenger_intake_abort (mg);
  if (mg->stopping != NULL)
    messenger_complete (mg, g_steal_pointer (&mg->stopping), USHER_OK, NULL, 0, NULL);
}

static void
messenger_stop (void *self, UsherReply *reply)
{
  Messenger *mg = self;

  mg->ready = FALSE;
  messenger_state_stop (mg);
  messenger_intake_stop (mg);
  messenger_profiles_stop (mg);
  messenger_actions_stop (mg);
  messenger_out_stop (mg);
  mg->stopping = reply;
  mg->stop_timer = mg->host->timer_add (mg->instance, MESSENGER_STOP_MS, on_stop_limit, mg);
  messenger_stop_check (mg);
}

static void
messenger_destroy (void *self)
{
  Messenger *mg = self;
  MessengerExpected *expected;

  mg->ready = FALSE;
  mg->gone = TRUE; /* the host has taken the timers away */
  mg->stopping = NULL;
  messenger_state_stop (mg);
  messenger_profiles_stop (mg);
  messenger_actions_stop (mg);
  messenger_out_abort (mg);
  messenger_intake_destroy (mg);
  while ((expected = g_queue_peek_head (&mg->expected)) != NULL)
    {
      GDestroyNotify drop = expected->drop;

      drop (messenger_arrived (expected));
    }
  messenger_unref (mg);
}

/* ---- descriptor ---------------------------------------------------------------------------------------- */

static const UsherSetting base_url = { .struct_size = sizeof (UsherSetting),
                                       .key = "base_url",
                                       .type = USHER_SETTING_URL,
                                       .default_value = "https://graph.facebook.com",
                                       .help = "where the Graph API is" };
static const UsherSetting api_version = { .struct_size = sizeof (UsherSetting),
                                          .key = "api_version",
                                          .type = USHER_SETTING_STRING,
                                          .default_value = "v25.0",
                                          .help = "version of the Graph API, like v25.0" };
static const UsherSetting page_id = { .struct_size = sizeof (UsherSetting),
                                      .key = "page_id",
                                      .type = USHER_SETTING_STRING,
                                      .required = true,
                                      .help = "id of the Facebook page whose messages come here" };
static const UsherSetting page_access_token = { .struct_size = sizeof (UsherSetting),
                                                .key = "page_access_token",
                                                .type = USHER_SETTING_SECRET,
                                                .required = true,
                                                .help = "access token of that page, with pages_messaging" };
static const UsherSetting app_secret = { .struct_size = sizeof (UsherSetting),
                                         .key = "app_secret",
                                         .type = USHER_SETTING_SECRET,
                                         .required = true,
                                         .help = "secret of the Meta app; it signs the webhook's calls" };
static const UsherSetting verify_token
    = { .struct_size = sizeof (UsherSetting),
        .key = "verify_token",
        .type = USHER_SETTING_SECRET,
        .required = true,
        .help = "any word of yours; the same is typed into the Meta app when the webhook's address is entered" };
static const UsherSetting human_agent
    = { .struct_size = sizeof (UsherSetting),
        .key = "human_agent",
        .type = USHER_SETTING_BOOL,
        .default_value = "false",
        .help = "Meta granted the app the Human Agent feature: agents may answer for 7 days" };
static const UsherSetting announce
    = { .struct_size = sizeof (UsherSetting),
        .key = "announce",
        .type = USHER_SETTING_LIST,
        .default_value = "agent_joined, ended",
        .help = "system lines that customers get as messages: queued, agent_joined, "
                "agent_left, ended; or none" };
static const UsherSetting media_hosts
    = { .struct_size = sizeof (UsherSetting),
        .key = "media_hosts",
        .type = USHER_SETTING_LIST,
        .help = "hosts from which media may be fetched even over http or from private addresses" };
static const UsherSetting appsecret_proof
    = { .struct_size = sizeof (UsherSetting),
        .key = "appsecret_proof",
        .type = USHER_SETTING_BOOL,
        .default_value = "false",
        .help = "sign calls of the Graph API with the app secret, for apps that demand it" };
static const UsherSetting settle
    = { .struct_size = sizeof (UsherSetting),
        .key = "settle",
        .type = USHER_SETTING_DURATION,
        .default_value = "150ms",
        .min = 0,
        .max = 10000,
        .help = "so long a person's messages are gathered, because Meta's calls may overtake each other; 0 only "
                "behind something that delivers them in order" };
static const UsherSetting subscribe = { .struct_size = sizeof (UsherSetting),
                                        .key = "subscribe",
                                        .type = USHER_SETTING_BOOL,
                                        .default_value = "false",
                                        .help = "subscribe the app to the page's events at every start" };
static const UsherSetting *const settings[]
    = { &base_url, &api_version, &page_id,         &page_access_token, &app_secret, &verify_token, &human_agent,
        &announce, &media_hosts, &appsecret_proof, &subscribe,         &settle,     NULL };

static const UsherChannelOps channel = { .struct_size = sizeof channel,
                                         .create = messenger_create,
                                         .start = messenger_start,
                                         .stop = messenger_stop,
                                         .destroy = messenger_destroy,
                                         .http = messenger_http,
                                         .capabilities = &capabilities,
                                         .send = messenger_send,
                                         .notice = messenger_notice,
                                         .typing = messenger_typing,
                                         .runtime_capabilities = messenger_runtime_capabilities,
                                         .seen = messenger_seen };

static const UsherPlugin messenger = { USHER_PLUGIN_HEAD,
                                       .name = "messenger",
                                       .version = USHER_VERSION,
                                       .summary = "Facebook Messenger",
                                       .license = "GPL-3.0-or-later",
                                       .settings = settings,
                                       .channel = &channel };

USHER_PLUGIN_EXPORT (messenger)
