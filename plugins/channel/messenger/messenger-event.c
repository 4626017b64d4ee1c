/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the JSON of a webhook to items for the core. Nothing in it is trusted to be there or to be of the right
 * type: what makes no sense is counted and left out, and the rest of the body goes on. Main thread.
 */
#include "messenger.h"

#include <string.h>

#define AD_WINDOW_MS (7 * MESSENGER_DAY_MS)
#define GET(object, key) (mg->host->json_get ((object), (key)))

/* One event while it is read. */
typedef struct
{
  MessengerHook *hook;
  const UsherJson *event;
  gboolean standby; /* another app holds the conversation: for reading only */
  gint64 at;
  char *sender, *recipient; /* ids; NULL = none */
  char *person;             /* the one of the two that is not the page */
} Event;

/* ---- ids ----------------------------------------------------------------------------------------------- */

/* Whether the core takes it as an id of so many bytes. */
static gboolean
is_id (const char *id, gsize max)
{
  for (const char *p = id; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  return *id != '\0' && strlen (id) <= max;
}

/* As it is if the core takes it, else a digest of it: in any case the same for the same. */
static const char *
external_id (MessengerHook *hook, const char *id)
{
  g_autofree char *sum = NULL;

  if (is_id (id, MESSENGER_MAX_EXTERNAL))
    return messenger_hook_keep (hook, id);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, id, -1);
  return messenger_hook_keep (hook, sum);
}

/* Of an event that has no id of its own: a digest of what it says, which is the same when it comes again. */
static const char *
made_id (const Event *event)
{
  const UsherHost *host = event->hook->mg->host;
  char *text = host->json_print (event->event, NULL);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_autofree char *id = g_strconcat ("event:", sum, NULL);

  host->free_text (text);
  return messenger_hook_keep (event->hook, id);
}

static const char *
mid_or_made (const Event *event, const UsherJson *object)
{
  g_autofree char *mid = messenger_id (event->hook->mg, object, "mid");

  return mid != NULL ? external_id (event->hook, mid) : made_id (event);
}

static const char *
reply_to (const Event *event, const UsherJson *object)
{
  g_autofree char *mid = messenger_id (event->hook->mg, object, "mid");

  return mid != NULL ? external_id (event->hook, mid) : NULL;
}

/* ---- items --------------------------------------------------------------------------------------------- */

static const char *
bounded_text (MessengerHook *hook, const char *text)
{
  gsize len = strlen (text);
  g_autofree char *cut = NULL;

  if (len <= MESSENGER_MAX_TEXT_IN)
    return messenger_hook_keep (hook, text);
  len = (gsize)(g_utf8_find_prev_char (text, text + MESSENGER_MAX_TEXT_IN + 1) - text);
  cut = g_strndup (text, len);
  messenger_log (hook->mg, USHER_LOG_WARNING, "a message of more than 64 KiB was cut");
  return messenger_hook_keep (hook, cut);
}

static MessengerItem *
add_message (const Event *event, const char *id, const char *form, const char *text)
{
  MessengerItem *item = messenger_hook_add (event->hook, USHER_INBOUND_MESSAGE, event->person, event->at);

  item->in.external_id = id;
  item->in.form = form;
  item->in.text = bounded_text (event->hook, text);
  item->in.passive = event->standby;
  return item;
}

static gboolean
is_ad (Messenger *mg, const UsherJson *referral)
{
  const char *source = messenger_text (mg, referral, "source");

  return GET (referral, "ad_id") != NULL || (source != NULL && g_ascii_strcasecmp (source, "ADS") == 0);
}

/* How the person came; behind the message it came with, if any. */
static void
add_referral (const Event *event, const UsherJson *referral, const char *id)
{
  Messenger *mg = event->hook->mg;
  g_autofree char *ad = messenger_id (mg, referral, "ad_id");
  g_autofree char *ref = messenger_id (mg, referral, "ref");
  const char *source = messenger_text (mg, referral, "source");
  GString *text = g_string_new (NULL);
  MessengerItem *item;

  if (ad != NULL)
    g_string_append_printf (text, "Came through the ad %s", ad);
  else if (is_ad (mg, referral))
    g_string_append (text, "Came through an ad");
  else if (source != NULL)
    g_string_append_printf (text, "Came through a link (%s)", source);
  else
    g_string_append (text, "Came through a link");
  if (ref != NULL)
    g_string_append_printf (text, ", reference \"%s\"", ref);
  g_string_append_c (text, '.');
  item = add_message (event, id, "referral", text->str);
  item->in.passive = true;
  if (is_ad (mg, referral))
    item->in.window_until = item->in.at + AD_WINDOW_MS;
  g_string_free (text, TRUE);
}

static void
take_referral_of (MessengerItem *item, const Event *event, const UsherJson *referral)
{
  g_autofree char *id = NULL;

  if (event->hook->mg->host->json_length (referral) == 0)
    return;
  if (is_ad (event->hook->mg, referral))
    item->in.window_until = item->in.at + AD_WINDOW_MS;
  id = g_strconcat ("referral:", item->in.external_id, NULL);
  add_referral (event, referral, external_id (event->hook, id));
}

/* ---- message and its echo ------------------------------------------------------------------------------ */

/* After text and attachments: what has neither can't be shown. */
static void
need_something (MessengerItem *item)
{
  if (*item->in.text != '\0' || item->attachments != NULL)
    return;
  item->in.form = "unsupported";
  item->in.text = "(A message of a kind that can't be shown here.)";
}

static void
take_message (const Event *event, const UsherJson *message)
{
  Messenger *mg = event->hook->mg;
  const char *text = messenger_text (mg, message, "text");
  const UsherJson *quick_reply = GET (message, "quick_reply");
  gboolean quick = mg->host->json_length (quick_reply) > 0;
  MessengerItem *item;

  if (text == NULL && quick)
    text = messenger_text (mg, quick_reply, "payload");
  item = add_message (event, mid_or_made (event, message), quick ? "quick_reply" : NULL, text != NULL ? text : "");
  item->in.reply_to = reply_to (event, GET (message, "reply_to"));
  messenger_attach (item, GET (message, "attachments"));
  need_something (item);
  take_referral_of (item, event, GET (message, "referral"));
}

static void
take_echo (const Event *event, const UsherJson *message)
{
  Messenger *mg = event->hook->mg;
  const char *text = messenger_text (mg, message, "text");
  const char *metadata = messenger_text (mg, message, "metadata");
  MessengerItem *item;

  /* A system line of ours: the core has it as one. */
  if (metadata != NULL && g_str_has_prefix (metadata, MESSENGER_NOTE_PREFIX))
    return;
  item = messenger_hook_add (event->hook, USHER_INBOUND_ECHO, event->person, event->at);
  item->in.external_id = mid_or_made (event, message);
  item->in.text = bounded_text (event->hook, text != NULL ? text : "");
  item->in.reply_to = reply_to (event, GET (message, "reply_to"));
  if (metadata != NULL && g_str_has_prefix (metadata, MESSENGER_OUT_PREFIX)
      && is_id (metadata + strlen (MESSENGER_OUT_PREFIX), MESSENGER_MAX_EXTERNAL))
    item->in.message_id = messenger_hook_keep (event->hook, metadata + strlen (MESSENGER_OUT_PREFIX));
  messenger_attach (item, GET (message, "attachments"));
  need_something (item);
}

/* ---- the other events ---------------------------------------------------------------------------------- */

static void
take_postback (const Event *event, const UsherJson *postback)
{
  Messenger *mg = event->hook->mg;
  const char *title = messenger_text (mg, postback, "title");
  const char *payload = messenger_text (mg, postback, "payload");
  const char *text = title != NULL ? title : payload != NULL ? payload : "(A button was pressed.)";
  MessengerItem *item = add_message (event, mid_or_made (event, postback), "postback", text);

  take_referral_of (item, event, GET (postback, "referral"));
}

static void
take_referral (const Event *event, const UsherJson *referral)
{
  add_referral (event, referral, made_id (event));
}

static void
take_reaction (const Event *event, const UsherJson *reaction)
{
  Messenger *mg = event->hook->mg;
  const char *emoji = messenger_text (mg, reaction, "emoji");
  const char *name = messenger_text (mg, reaction, "reaction");
  gboolean off = g_strcmp0 (messenger_text (mg, reaction, "action"), "unreact") == 0;
  g_autofree char *text = NULL;
  MessengerItem *item;

  if (off)
    text = g_strdup ("Took a reaction back.");
  else
    text = g_strdup_printf ("Reacted with %s.", emoji != NULL ? emoji : name != NULL ? name : "an emoji");
  item = add_message (event, made_id (event), "reaction", text);
  item->in.passive = true;
  item->in.reply_to = reply_to (event, reaction);
}

static void
take_edit (const Event *event, const UsherJson *edit)
{
  Messenger *mg = event->hook->mg;
  const char *text = messenger_text (mg, edit, "text");
  g_autofree char *mid = messenger_id (mg, edit, "mid");
  g_autofree char *number = messenger_id (mg, edit, "num_edit");
  g_autofree char *id = mid != NULL && number != NULL ? g_strdup_printf ("edit:%s:%s", number, mid) : NULL;
  MessengerItem *item = add_message (event, id != NULL ? external_id (event->hook, id) : made_id (event), "edit",
                                     text != NULL ? text : "(The text was removed.)");

  item->in.reply_to = reply_to (event, edit);
}

static MessengerItem *
add_receipt (const Event *event, UsherReceipt receipt)
{
  MessengerItem *item = messenger_hook_add (event->hook, USHER_INBOUND_RECEIPT, event->person, event->at);

  item->in.receipt = receipt;
  return item;
}

static void
take_watermark (const Event *event, const UsherJson *receipt, UsherReceipt rank)
{
  gint64 watermark = messenger_time (event->hook->mg, receipt, "watermark");

  if (watermark > 0)
    add_receipt (event, rank)->in.upto_at = watermark;
}

static void
take_read (const Event *event, const UsherJson *read)
{
  take_watermark (event, read, USHER_RECEIPT_READ);
}

static void
take_delivery (const Event *event, const UsherJson *delivery)
{
  Messenger *mg = event->hook->mg;
  const UsherJson *mids = GET (delivery, "mids");
  size_t n = MIN (mg->host->json_length (mids), MESSENGER_MAX_ELEMENTS);

  for (size_t i = 0; i < n; i++)
    {
      const char *mid = mg->host->json_string (mg->host->json_at (mids, i));

      if (mid != NULL && *mid != '\0')
        add_receipt (event, USHER_RECEIPT_DELIVERED)->in.external_id = external_id (event->hook, mid);
    }
  take_watermark (event, delivery, USHER_RECEIPT_DELIVERED);
}

static void
take_enforcement (const Event *event, const UsherJson *enforcement)
{
  Messenger *mg = event->hook->mg;
  const char *reason = messenger_text (mg, enforcement, "reason");
  g_autofree char *clean = messenger_clean (mg, reason != NULL ? reason : "no reason given", 200);

  if (g_strcmp0 (messenger_text (mg, enforcement, "action"), "unblock") == 0)
    {
      messenger_log (mg, USHER_LOG_NOTICE, "Meta lifted the restriction of the page");
      messenger_problem_clear (mg, MESSENGER_PROBLEM_ENFORCED);
      return;
    }
  messenger_log (mg, USHER_LOG_WARNING, "Meta enforces a policy against the page: %s", clean);
  messenger_problem_set (
      mg, MESSENGER_PROBLEM_ENFORCED,
      "Meta enforces a policy against the page: %s. See the page's support inbox and Page Quality "
      "at Meta; this goes away when Meta says so.",
      clean);
}

static void
take_control (const Event *event, const UsherJson *control)
{
  messenger_log (event->hook->mg, USHER_LOG_NOTICE,
                 "Meta moved the control of a conversation between apps; who holds it may answer");
}

static void
take_optin (const Event *event, const UsherJson *optin)
{
  messenger_log (event->hook->mg, USHER_LOG_INFO, "somebody opted in to messages of the page");
}

/* ---- one event ----------------------------------------------------------------------------------------- */

static gboolean
is_object (Messenger *mg, const UsherJson *value)
{
  return mg->host->json_length (value) > 0 && mg->host->json_at (value, 0) == NULL;
}

static const struct
{
  const char *key;
  gboolean personal; /* sent by a person, to the page */
  void (*take) (const Event *event, const UsherJson *value);
} kinds[] = {
  { "message", TRUE, take_message },
  { "postback", TRUE, take_postback },
  { "message_edit", TRUE, take_edit },
  { "reaction", TRUE, take_reaction },
  { "delivery", TRUE, take_delivery },
  { "read", TRUE, take_read },
  { "referral", TRUE, take_referral },
  { "optin", FALSE, take_optin },
  { "policy_enforcement", FALSE, take_enforcement },
  { "pass_thread_control", FALSE, take_control },
  { "take_thread_control", FALSE, take_control },
  { "request_thread_control", FALSE, take_control },
};

/* An id, or user_ref for people who are known by nothing else yet. */
static char *
party (Messenger *mg, const UsherJson *event, const char *key)
{
  const UsherJson *who = GET (event, key);
  char *id = messenger_id (mg, who, "id");
  g_autofree char *ref = id == NULL ? messenger_id (mg, who, "user_ref") : NULL;

  return ref != NULL ? g_strconcat (MESSENGER_USER_REF, ref, NULL) : id;
}

/* The page's own id at one end says whose event it is; the other end is the person. */
static gboolean
find_person (Event *event, const char *page_end, const char *person_end)
{
  Messenger *mg = event->hook->mg;

  if (page_end != NULL && strcmp (page_end, mg->page_id) != 0)
    {
      messenger_count (mg, USHER_LOG_WARNING, &mg->counts.page, "an event of another page was ignored");
      return FALSE;
    }
  event->person = g_strdup (person_end);
  if (event->person != NULL && is_id (event->person, MESSENGER_MAX_ID) && strcmp (event->person, mg->page_id) != 0)
    return TRUE;
  messenger_count (mg, USHER_LOG_WARNING, &mg->counts.senseless,
                   "an event was dropped: it does not say whose it is");
  return FALSE;
}

static void
take_known (Event *event, gsize kind, const UsherJson *value)
{
  Messenger *mg = event->hook->mg;

  if (!kinds[kind].personal)
    kinds[kind].take (event, value);
  else if (kind == 0 && mg->host->json_bool (GET (value, "is_echo"), false))
    {
      if (find_person (event, event->sender, event->recipient))
        take_echo (event, value);
    }
  else if (find_person (event, event->recipient, event->sender))
    kinds[kind].take (event, value);
}

static void
take_event (MessengerHook *hook, const UsherJson *json, gint64 entry_time, gboolean standby)
{
  Messenger *mg = hook->mg;
  Event event = { .hook = hook, .event = json, .standby = standby };
  gsize kind = 0;

  if (GET (json, "field") != NULL && is_object (mg, GET (json, "value")))
    event.event = json = GET (json, "value");
  while (kind < G_N_ELEMENTS (kinds) && !is_object (mg, GET (json, kinds[kind].key)))
    kind++;
  if (kind == G_N_ELEMENTS (kinds))
    {
      messenger_count (mg, USHER_LOG_INFO, &mg->counts.unknown, "an event of a kind unknown here was ignored");
      return;
    }
  event.at = messenger_time (mg, json, "timestamp");
  if (event.at == 0)
    event.at = entry_time;
  event.sender = party (mg, json, "sender");
  event.recipient = party (mg, json, "recipient");
  take_known (&event, kind, GET (json, kinds[kind].key));
  g_free (event.sender);
  g_free (event.recipient);
  g_free (event.person);
}

/* ---- the body ------------------------------------------------------------------------------------------ */

static size_t
elements (Messenger *mg, const UsherJson *array)
{
  size_t n = mg->host->json_at (array, 0) != NULL ? mg->host->json_length (array) : 0;

  if (n > MESSENGER_MAX_ELEMENTS)
    messenger_log (mg, USHER_LOG_ERROR, "a webhook call holds %zu elements in one list; all after %d were dropped",
                   n, MESSENGER_MAX_ELEMENTS);
  return MIN (n, MESSENGER_MAX_ELEMENTS);
}

static gboolean
is_messaging (const char *field)
{
  return field != NULL
         && (strcmp (field, "messages") == 0 || g_str_has_prefix (field, "message_")
             || g_str_has_prefix (field, "messaging_") || strcmp (field, "standby") == 0);
}

static void
take_change (MessengerHook *hook, const UsherJson *change, gint64 time)
{
  Messenger *mg = hook->mg;
  const char *field = messenger_text (mg, change, "field");

  if (is_messaging (field))
    take_event (hook, change, time, strcmp (field, "standby") == 0);
  else
    messenger_count (mg, USHER_LOG_INFO, &mg->counts.changes,
                     "a change of the page's feed was ignored: only messages are handled here");
}

static void
take_entry (MessengerHook *hook, const UsherJson *entry)
{
  Messenger *mg = hook->mg;
  g_autofree char *page = messenger_id (mg, entry, "id");
  gint64 time = messenger_time (mg, entry, "time");
  const UsherJson *messaging = GET (entry, "messaging"), *standby = GET (entry, "standby"),
                  *changes = GET (entry, "changes");

  if (page != NULL && strcmp (page, mg->page_id) != 0)
    {
      messenger_count (mg, USHER_LOG_WARNING, &mg->counts.page, "an event of another page was ignored");
      return;
    }
  for (size_t i = 0, n = elements (mg, messaging); i < n; i++)
    take_event (hook, mg->host->json_at (messaging, i), time, FALSE);
  for (size_t i = 0, n = elements (mg, standby); i < n; i++)
    {
      messenger_count (mg, USHER_LOG_INFO, &mg->counts.standby,
                       "an event of a conversation that another app holds was kept for reading");
      take_event (hook, mg->host->json_at (standby, i), time, TRUE);
    }
  for (size_t i = 0, n = elements (mg, changes); i < n; i++)
    take_change (hook, mg->host->json_at (changes, i), time);
  if (GET (entry, "field") != NULL)
    take_change (hook, entry, time);
}

void
messenger_events (MessengerHook *hook, const UsherJson *root)
{
  Messenger *mg = hook->mg;
  const UsherJson *entries = GET (root, "entry");

  if (g_strcmp0 (messenger_text (mg, root, "object"), "page") != 0)
    {
      messenger_count (
          mg, USHER_LOG_WARNING, &mg->counts.object,
          "a webhook call was ignored: its object is not a page (subscribe the app to page events only)");
      return;
    }
  for (size_t i = 0, n = elements (mg, entries); i < n; i++)
    take_entry (hook, mg->host->json_at (entries, i));
}
