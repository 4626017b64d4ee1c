/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plugin's code without threads and sockets: texts, addresses, times, errors, and what stanzas are read as and
 * written from.
 */
#include "xmpp-stanza.h"
#include "xmpp-text.h"

#include <string.h>

#define NOW G_GINT64_CONSTANT (1767225600000)

static xmpp_ctx_t *ctx;
static JabberSelf self;

/* ---- text ---------------------------------------------------------------------------------------------- */

static void
cleans (const char *text, const char *expected)
{
  g_autofree char *clean = jabber_text_clean (text);

  g_assert_cmpstr (clean, ==, expected);
}

static void
test_clean (void)
{
  cleans ("", "");
  cleans ("tab\tline\nreturn\r", "tab\tline\nreturn\r");
  cleans ("\001\010\013\014\016\037", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  cleans ("\xef\xbf\xbf", "\xef\xbf\xbd");
  cleans ("a\xff"
          "b",
          "a\xef\xbf\xbd"
          "b");
  cleans ("\xf0\x9f\x98\x80 \xd7\xa9", "\xf0\x9f\x98\x80 \xd7\xa9");
}

static void
test_addresses (void)
{
  g_autofree char *bare = jabber_jid_bare_of ("a@b/c/d");
  g_autofree char *longest = g_strnfill (255, 'x');
  g_autofree char *person = g_strconcat (longest, "@", longest, NULL);
  g_autofree char *longer = g_strconcat (longest, "xx@", longest, NULL);

  g_assert_cmpstr (bare, ==, "a@b");
  g_assert_true (jabber_jid_is_person ("alice@example.org"));
  g_assert_true (jabber_jid_is_person ("\xc3\xbc@\xc3\xa4.example"));
  g_assert_true (jabber_jid_is_person ("a@[::1]"));
  g_assert_true (jabber_jid_is_person (person));
  g_assert_false (jabber_jid_is_person (longer));
  for (const char *const *bad = (const char *const[]){ "", "@", "a@", "@b", "b", "a b@c", "a@b/c", "a@b@c",
                                                       "a\n@b", "<a@b", "a&@b", "a@b'", "a@\x7f", NULL };
       *bad != NULL; bad++)
    if (jabber_jid_is_person (*bad))
      g_error ("\"%s\" is taken for a person", *bad);
}

static void
test_ids (void)
{
  g_autofree char *plain = jabber_external_id ("a@b", "x/y");
  g_autofree char *endless = g_strnfill (5000, 'z');
  g_autofree char *hashed = jabber_external_id ("a@b", endless);
  g_autofree char *again = jabber_external_id ("a@b", endless);
  g_autofree char *lines = jabber_external_id ("a@b", "x\ny");

  g_assert_cmpstr (plain, ==, "a@b/x/y");
  g_assert_cmpstr (jabber_external_stanza (plain, "a@b"), ==, "x/y");
  g_assert_null (jabber_external_stanza (plain, "a@bc"));
  g_assert_null (jabber_external_stanza (plain, "a"));
  g_assert_null (jabber_external_stanza (NULL, "a@b"));
  g_assert_cmpuint (strlen (hashed), <, 100);
  g_assert_cmpstr (hashed, ==, again);
  g_assert_null (strchr (lines, '\n'));
}

static void
test_times (void)
{
  g_assert_cmpint (jabber_time_parse ("2026-01-01T00:00:00Z"), ==, NOW);
  g_assert_cmpint (jabber_time_parse ("2026-01-01T01:30:00.250+01:30"), ==, NOW + 250);
  for (const char *const *bad
       = (const char *const[]){ "", "yesterday", "2026-13-01T00:00:00Z", "20260101", "99999999999999", NULL };
       *bad != NULL; bad++)
    g_assert_cmpint (jabber_time_parse (*bad), ==, 0);
  g_assert_cmpint (jabber_time_parse (NULL), ==, 0);
}

static void
test_links_and_pictures (void)
{
  g_assert_cmpstr (jabber_link_kind ("https://a/b.JPG"), ==, "image");
  g_assert_cmpstr (jabber_link_kind ("HTTPS://a/b.png?x#y"), ==, "image");
  g_assert_cmpstr (jabber_link_kind ("https://a/b?file=c.png"), ==, "link");
  g_assert_cmpstr (jabber_link_kind ("geo:48.2,16.3"), ==, "location");
  g_assert_null (jabber_link_kind ("javascript:alert(1)"));
  g_assert_null (jabber_link_kind ("file:///etc/passwd"));
  g_assert_null (jabber_link_kind ("aesgcm://a/b.jpg"));
  g_assert_cmpstr (jabber_image_type ("\x89PNG\r\n\x1a\n", 8), ==, "image/png");
  g_assert_cmpstr (jabber_image_type ("RIFFxxxxWEBP", 12), ==, "image/webp");
  g_assert_null (jabber_image_type ("<svg", 4));
  g_assert_null (jabber_image_type ("", 0));
}

static void
test_errors (void)
{
  g_autofree char *sentence = jabber_error_sentence ("service-unavailable", NULL);
  g_autofree char *other = jabber_error_sentence (NULL, "because");

  g_assert_cmpint (jabber_error_status ("cancel", "service-unavailable"), ==, USHER_RECIPIENT);
  g_assert_cmpint (jabber_error_status ("wait", "remote-server-timeout"), ==, USHER_RETRY);
  g_assert_cmpint (jabber_error_status ("auth", "forbidden"), ==, USHER_RECIPIENT);
  g_assert_cmpint (jabber_error_status ("modify", "not-acceptable"), ==, USHER_CONTENT);
  g_assert_cmpint (jabber_error_status ("cancel", "policy-violation"), ==, USHER_POLICY);
  g_assert_cmpint (jabber_error_status (NULL, NULL), ==, USHER_RECIPIENT);
  g_assert_nonnull (strstr (sentence, "does not exist"));
  g_assert_nonnull (strstr (other, "because"));
}

static void
test_backoff (void)
{
  g_assert_cmpint (jabber_backoff (1, 1000, 60000, 0), ==, 1000);
  g_assert_cmpint (jabber_backoff (2, 1000, 60000, 0), ==, 2000);
  g_assert_cmpint (jabber_backoff (6, 1000, 60000, 0), ==, 32000);
  g_assert_cmpint (jabber_backoff (7, 1000, 60000, 0), ==, 60000);
  g_assert_cmpint (jabber_backoff (G_MAXUINT, 50, 3600000, 0), ==, 3600000);
  for (guint32 dice = 0; dice < 5000; dice += 7)
    {
      gint64 wait = jabber_backoff (3, 1000, 60000, dice);

      g_assert_cmpint (wait, >=, 2000);
      g_assert_cmpint (wait, <=, 4000);
    }
}

/* ---- stanzas that come --------------------------------------------------------------------------------- */

static xmpp_stanza_t *
stanza_of (const char *text)
{
  xmpp_stanza_t *stanza = xmpp_stanza_new_from_string (ctx, text);

  g_assert_nonnull (stanza);
  return stanza;
}

/* A message from alice's phone; `head` are further attributes, `inside` its elements. */
static JabberIn *
read_message (const char *head, const char *inside, gboolean *wrong)
{
  g_autofree char *text
      = g_strdup_printf ("<message from='alice@example.org/phone' %s>%s</message>", head, inside);
  xmpp_stanza_t *stanza = stanza_of (text);
  JabberIn *in = jabber_parse_message (stanza, &self, NOW, "fresh", wrong);

  xmpp_stanza_release (stanza);
  return in;
}

static JabberIn *
read_chat (const char *inside)
{
  gboolean wrong;
  JabberIn *in = read_message ("to='support@help.example.org' type='chat' id='m1'", inside, &wrong);

  g_assert_false (wrong);
  return in;
}

static void
test_body (void)
{
  g_autoptr (JabberIn) in
      = read_chat ("<body>Hello &amp; hi</body><active xmlns='http://jabber.org/protocol/chatstates'/>"
                   "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>");
  g_autoptr (JabberIn) nothing = read_chat ("");
  g_autoptr (JabberIn) empty = read_chat ("<body/>");

  g_assert_cmpint (in->kind, ==, JABBER_IN_MESSAGE);
  g_assert_cmpstr (in->from, ==, "alice@example.org");
  g_assert_cmpstr (in->full, ==, "alice@example.org/phone");
  g_assert_cmpstr (in->external_id, ==, "alice@example.org/m1");
  g_assert_cmpstr (in->text, ==, "Hello & hi");
  g_assert_true (in->wants_receipt && in->markable);
  g_assert_null (nothing);
  g_assert_null (empty);
}

static void
test_odd_addresses (void)
{
  static const char body[] = "<body>x</body>";
  gboolean wrong;
  g_autoptr (JabberIn) full = read_message ("to='support@help.example.org/usher' id='1'", body, &wrong);
  g_autoptr (JabberIn) domain = read_message ("to='help.example.org' id='1'", body, &wrong);
  g_autoptr (JabberIn) other = NULL;
  g_autoptr (JabberIn) quiet = NULL;
  xmpp_stanza_t *stanza = stanza_of ("<message to='support@help.example.org'><body>x</body></message>");
  xmpp_stanza_t *server
      = stanza_of ("<message from='example.org' to='support@help.example.org'><body>x</body></message>");

  g_assert_nonnull (full);
  g_assert_null (domain);
  g_assert_true (wrong);
  other = read_message ("to='sales@help.example.org' id='1'", body, &wrong);
  g_assert_true (other == NULL && wrong);
  quiet = read_message ("to='sales@help.example.org'", "<gone xmlns='http://jabber.org/protocol/chatstates'/>",
                        &wrong);
  g_assert_true (quiet == NULL && !wrong);
  g_assert_null (jabber_parse_message (stanza, &self, NOW, "fresh", &wrong));
  g_assert_null (jabber_parse_message (server, &self, NOW, "fresh", &wrong));
  xmpp_stanza_release (stanza);
  xmpp_stanza_release (server);
}

static void
test_forms (void)
{
  g_autoptr (JabberIn) old = read_chat (
      "<apply-to xmlns='urn:xmpp:fasten:0' id='a'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>"
      "<body>This person tried to take back a message</body>");
  g_autoptr (JabberIn) back = read_chat ("<reactions xmlns='urn:xmpp:reactions:0' id='a'/>");
  g_autoptr (JabberIn) own
      = read_chat ("<reply xmlns='urn:xmpp:reply:0' id='a' to='alice@example.org/x'/><body>b</body>");
  g_autoptr (JabberIn) ours
      = read_chat ("<reply xmlns='urn:xmpp:reply:0' id='a' to='support@help.example.org/usher'/><body>b</body>");
  g_autoptr (JabberIn) keys = read_chat ("<encrypted xmlns='urn:xmpp:omemo:2'><header/></encrypted>");
  g_autoptr (JabberIn) pgp = read_chat ("<x xmlns='jabber:x:encrypted'>...</x><body>encrypted</body>");

  g_assert_cmpstr (old->form, ==, "retract");
  g_assert_cmpstr (old->reply_to, ==, "alice@example.org/a");
  g_assert_null (strstr (old->text, "This person"));
  g_assert_cmpstr (back->form, ==, "reaction");
  g_assert_cmpstr (back->text, ==, "took the reaction back");
  g_assert_cmpstr (own->reply_to, ==, "alice@example.org/a");
  g_assert_cmpstr (ours->reply_to, ==, "a");
  g_assert_null (keys);
  g_assert_cmpstr (pgp->form, ==, "encrypted");
}

static void
test_many_links (void)
{
  g_autoptr (GString) inside = g_string_new (NULL);
  g_autoptr (JabberIn) in = NULL;

  for (int i = 0; i < 50; i++)
    g_string_append_printf (inside, "<x xmlns='jabber:x:oob'><url>https://a/%d</url><desc> n\n</desc></x>", i);
  in = read_chat (inside->str);
  g_assert_cmpuint (in->links->len, ==, JABBER_MAX_LINKS);
  g_assert_cmpstr (((JabberLink *)in->links->pdata[0])->name, ==, "n");
  g_assert_cmpstr (in->text, ==, "");
}

static void
test_signals (void)
{
  g_autoptr (JabberIn) displayed = read_chat ("<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>");
  g_autoptr (JabberIn) received = read_chat ("<received xmlns='urn:xmpp:receipts' id='x'/>");
  g_autoptr (JabberIn) composing = read_chat ("<composing xmlns='http://jabber.org/protocol/chatstates'/>");
  g_autoptr (JabberIn) gone = read_chat ("<gone xmlns='http://jabber.org/protocol/chatstates'/>");
  g_autoptr (JabberIn) nameless = read_chat ("<received xmlns='urn:xmpp:receipts'/>");

  g_assert_cmpint (displayed->kind, ==, JABBER_IN_RECEIPT);
  g_assert_cmpint (displayed->receipt, ==, USHER_RECEIPT_READ);
  g_assert_cmpstr (displayed->id, ==, "x");
  g_assert_cmpint (received->receipt, ==, USHER_RECEIPT_DELIVERED);
  g_assert_true (composing->kind == JABBER_IN_TYPING && composing->on);
  g_assert_true (gone->kind == JABBER_IN_TYPING && !gone->on);
  g_assert_null (nameless);
}

static void
test_bounces (void)
{
  gboolean wrong;
  g_autoptr (JabberIn) in = read_message (
      "to='support@help.example.org/usher' type='error' id='m7'",
      "<body>x</body><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
      "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>not\nhere</text></error>",
      &wrong);
  g_autoptr (JabberIn) bare
      = read_message ("to='support@help.example.org' type='error'", "<body>x</body>", &wrong);
  g_autoptr (JabberIn) empty = read_message ("to='support@help.example.org' type='error' id='m8'", "", &wrong);

  g_assert_cmpint (in->kind, ==, JABBER_IN_BOUNCE);
  g_assert_cmpint (in->status, ==, USHER_RECIPIENT);
  g_assert_nonnull (strstr (in->why, "not here"));
  g_assert_null (bare);
  g_assert_cmpint (empty->kind, ==, JABBER_IN_BOUNCE);
}

static JabberIn *
read_vcard (const char *type, const char *inside)
{
  g_autofree char *text
      = g_strdup_printf ("<iq from='alice@example.org' to='x' id='q1' type='%s'>%s</iq>", type, inside);
  xmpp_stanza_t *stanza = stanza_of (text);
  JabberIn *in = jabber_parse_vcard (stanza);

  xmpp_stanza_release (stanza);
  return in;
}

static void
test_vcards (void)
{
  g_autoptr (JabberIn) in = read_vcard (
      "result", "<vCard xmlns='vcard-temp'><NICKNAME>Al</NICKNAME><FN> Alice\nAdams </FN><PHOTO><TYPE>text/html"
                "</TYPE><BINVAL>/9j/\n4AAQ</BINVAL></PHOTO></vCard>");
  g_autoptr (JabberIn) nick
      = read_vcard ("result", "<vCard xmlns='vcard-temp'><FN> </FN><NICKNAME>Al</NICKNAME></vCard>");
  g_autoptr (JabberIn) html = read_vcard (
      "result",
      "<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>PGh0bWw+</BINVAL></PHOTO></vCard>");
  g_autoptr (JabberIn) error = read_vcard ("error", "<vCard xmlns='vcard-temp'><FN>x</FN></vCard><error/>");

  g_assert_cmpstr (in->name, ==, "Alice Adams");
  g_assert_cmpstr (in->photo_type, ==, "image/jpeg");
  g_assert_cmpuint (g_bytes_get_size (in->photo), ==, 6);
  g_assert_cmpstr (nick->name, ==, "Al");
  g_assert_null (html->photo);
  g_assert_true (error->name == NULL && error->photo == NULL);
  g_assert_cmpstr (error->id, ==, "q1");
}

/* ---- stanzas nobody would send ------------------------------------------------------------------------- */

static const char *
pick (const char *const *words)
{
  return words[g_test_rand_int_range (0, (gint32)g_strv_length ((char **)words))];
}

/* One element with what it may hold; of our words, so that it is often nearly right. */
static void
add_nonsense (GString *out, int depth, const char *name)
{
  static const char *const names[]
      = { "body",    "subject",  "active",   "composing", "request",   "received",  "displayed", "replace",
          "retract", "apply-to", "reply",    "reactions", "reaction",  "encrypted", "payload",   "x",
          "url",     "desc",     "nick",     "delay",     "origin-id", "error",     "text",      "gone",
          "vCard",   "FN",       "NICKNAME", "PHOTO",     "BINVAL",    "query",     "ping",      NULL };
  static const char *const spaces[] = { JABBER_NS_CHATSTATES,
                                        JABBER_NS_RECEIPTS,
                                        JABBER_NS_MARKERS,
                                        JABBER_NS_CORRECT,
                                        JABBER_NS_RETRACT_1,
                                        JABBER_NS_RETRACT_0,
                                        JABBER_NS_FASTEN,
                                        JABBER_NS_REPLY,
                                        JABBER_NS_REACTIONS,
                                        JABBER_NS_OOB,
                                        JABBER_NS_NICK,
                                        JABBER_NS_DELAY,
                                        JABBER_NS_SID,
                                        JABBER_NS_VCARD,
                                        "urn:ietf:params:xml:ns:xmpp-stanzas",
                                        "jabber:x:encrypted",
                                        "http://jabber.org/protocol/disco#info",
                                        "",
                                        NULL };
  static const char *const values[] = { "",
                                        "a",
                                        "\xf0\x9f\x98\x80",
                                        "&lt;&amp;&#10;",
                                        "https://a/b.png",
                                        "geo:1,2",
                                        "2026-01-01T00:00:00Z",
                                        "chat",
                                        "error",
                                        "normal",
                                        "get",
                                        "result",
                                        "wait",
                                        "alice@example.org/phone",
                                        "support@help.example.org",
                                        "help.example.org",
                                        "support@help.example.org/usher",
                                        "@",
                                        "/",
                                        "iVBORw0KGgo=",
                                        "none:1",
                                        NULL };
  static const char *const attributes[] = { "id", "to", "from", "type", "stamp", "node", NULL };

  if (name == NULL)
    name = pick (names);
  g_string_append_printf (out, "<%s xmlns='%s'", name, depth == 0 ? "jabber:component:accept" : pick (spaces));
  for (gsize i = 0; i + 1 < G_N_ELEMENTS (attributes); i++)
    if (g_test_rand_int_range (0, 3) > 0)
      {
        g_autofree char *endless = g_strnfill (5000, 'e');

        g_string_append_printf (out, " %s='%s'", attributes[i],
                                g_test_rand_int_range (0, 50) == 0 ? endless : pick (values));
      }
  g_string_append_c (out, '>');
  for (int i = g_test_rand_int_range (0, 4); i > 0 && depth < 4; i--)
    if (g_test_rand_int_range (0, 3) == 0)
      g_string_append (out, pick (values));
    else
      add_nonsense (out, depth + 1, NULL);
  g_string_append_printf (out, "</%s>", name);
}

static void
fits (const char *what, const char *text, gsize max)
{
  if (text != NULL && (!g_utf8_validate (text, -1, NULL) || strlen (text) > max))
    g_error ("%s has %zu bytes or is not UTF-8", what, strlen (text));
}

static void
check_in (const JabberIn *in)
{
  fits ("from", in->from, JABBER_MAX_JID);
  fits ("external_id", in->external_id, JABBER_MAX_EXTERNAL);
  fits ("reply_to", in->reply_to, JABBER_MAX_EXTERNAL);
  fits ("id", in->id, in->kind == JABBER_IN_MESSAGE ? JABBER_MAX_STANZA_ID : JABBER_MAX_EXTERNAL);
  fits ("text", in->text, 100000);
  fits ("nick", in->nick, 800);
  fits ("name", in->name, 800);
  fits ("why", in->why, 2000);
  if (in->kind == JABBER_IN_MESSAGE)
    g_assert_true (in->external_id != NULL && in->text != NULL && (*in->text != '\0' || in->links != NULL));
}

static void
test_nonsense (void)
{
  for (int i = 0; i < 20000; i++)
    {
      static const char *const kinds[] = { "message", "message", "message", "iq", "presence", NULL };
      g_autoptr (GString) text = g_string_new (NULL);
      const char *kind = pick (kinds);
      xmpp_stanza_t *stanza;
      g_autoptr (JabberIn) in = NULL;
      g_autoptr (JabberIn) card = NULL;
      g_autoptr (GPtrArray) to_iq = NULL;
      g_autoptr (GPtrArray) to_presence = NULL;
      gboolean wrong;

      add_nonsense (text, 0, kind);
      stanza = stanza_of (text->str);
      in = jabber_parse_message (stanza, &self, NOW, "fresh", &wrong);
      card = jabber_parse_vcard (stanza);
      to_iq = jabber_answer_iq (ctx, &self, stanza);
      to_presence = jabber_answer_presence (ctx, &self, stanza);
      if (in != NULL)
        check_in (in);
      if (card != NULL)
        check_in (card);
      for (guint n = 0; n < to_iq->len; n++)
        g_assert_nonnull (to_iq->pdata[n]);
      xmpp_stanza_release (stanza);
    }
}

/* ---- stanzas that go ----------------------------------------------------------------------------------- */

static char *
text_and_release (xmpp_stanza_t *stanza)
{
  char *text = NULL;
  size_t len;

  g_assert_cmpint (xmpp_stanza_to_text (stanza, &text, &len), ==, 0);
  xmpp_stanza_release (stanza);
  return text;
}

static void
says (JabberOut *out, const char *expected)
{
  char *text = text_and_release (jabber_stanza_of (ctx, &self, out));

  if (strstr (text, expected) == NULL)
    g_error ("\"%s\" is not in: %s", expected, text);
  /* Whatever is said, it is a stanza again. */
  xmpp_stanza_release (stanza_of (text));
  xmpp_free (ctx, text);
  jabber_out_free (out);
}

static void
test_out (void)
{
  JabberOut *out = jabber_out_new (JABBER_OUT_TYPING, "a@b", NULL, NULL);

  out->on = TRUE;
  says (out, "<composing");
  says (jabber_out_new (JABBER_OUT_TYPING, "a@b", NULL, NULL), "<paused");
  says (jabber_out_new (JABBER_OUT_MESSAGE, "a@b", "m1", "<&]]>\001"), "<body>&lt;&amp;]]&gt;\xef\xbf\xbd</body>");
  says (jabber_out_new (JABBER_OUT_MESSAGE, "a@b", "m1", "x"), "from=\"support@help.example.org/usher\"");
  says (jabber_out_new (JABBER_OUT_RECEIPT, "a@b", "\"'<&>", NULL), "<received");
  says (jabber_out_new (JABBER_OUT_VCARD, "a@b", "q", NULL), "<vCard");
  out = jabber_out_new (JABBER_OUT_REFUSAL, "a@b/c", "m", "later");
  out->type = "wait";
  out->condition = "resource-constraint";
  says (out, "<resource-constraint");
}

static guint
answers_to_iq (const char *text, const char *part)
{
  xmpp_stanza_t *iq = stanza_of (text);
  g_autoptr (GPtrArray) answers = jabber_answer_iq (ctx, &self, iq);

  for (guint i = 0; i < answers->len && part != NULL; i++)
    {
      char *said;
      size_t len;

      xmpp_stanza_to_text (answers->pdata[i], &said, &len);
      if (strstr (said, part) == NULL)
        g_error ("\"%s\" is not in: %s", part, said);
      xmpp_free (ctx, said);
    }
  xmpp_stanza_release (iq);
  return answers->len;
}

static void
test_iq_answers (void)
{
#define IQ(type, to, inside) "<iq from='a@b/c' to='" to "' id='7' type='" type "'>" inside "</iq>"
  g_assert_cmpuint (answers_to_iq (IQ ("result", "support@help.example.org", ""), NULL), ==, 0);
  g_assert_cmpuint (answers_to_iq (IQ ("error", "support@help.example.org", "<error/>"), NULL), ==, 0);
  g_assert_cmpuint (answers_to_iq ("<iq type='get'/>", NULL), ==, 0);
  answers_to_iq (IQ ("get", "help.example.org", "<ping xmlns='urn:xmpp:ping'/>"), "type=\"result\"");
  answers_to_iq (IQ ("set", "help.example.org", "<ping xmlns='urn:xmpp:ping'/>"), "service-unavailable");
  answers_to_iq (IQ ("get", "support@help.example.org", ""), "service-unavailable");
  answers_to_iq (IQ ("get", "sales@help.example.org", "<ping xmlns='urn:xmpp:ping'/>"), "service-unavailable");
  answers_to_iq (IQ ("set", "support@help.example.org", "<vCard xmlns='vcard-temp'/>"), "service-unavailable");
  g_assert_cmpuint (answers_to_iq (IQ ("get", "support@help.example.org/usher",
                                       "<query xmlns='http://jabber.org/protocol/disco#info' node='n#v'/>"),
                                   "node=\"n#v\""),
                    ==, 1);
#undef IQ
}

static guint
answers_to_presence (const char *type, const char *to)
{
  g_autofree char *text = g_strdup_printf ("<presence from='a@b/c' to='%s' type='%s'/>", to, type);
  xmpp_stanza_t *presence = stanza_of (text);
  g_autoptr (GPtrArray) answers = jabber_answer_presence (ctx, &self, presence);

  xmpp_stanza_release (presence);
  return answers->len;
}

static void
test_presence_answers (void)
{
  g_assert_cmpuint (answers_to_presence ("subscribe", "support@help.example.org"), ==, 2);
  g_assert_cmpuint (answers_to_presence ("probe", "support@help.example.org"), ==, 1);
  g_assert_cmpuint (answers_to_presence ("unsubscribe", "support@help.example.org"), ==, 1);
  g_assert_cmpuint (answers_to_presence ("unavailable", "support@help.example.org"), ==, 0);
  g_assert_cmpuint (answers_to_presence ("error", "support@help.example.org"), ==, 0);
  g_assert_cmpuint (answers_to_presence ("subscribe", "sales@help.example.org"), ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  xmpp_initialize ();
  ctx = xmpp_ctx_new (NULL, NULL);
  self.domain = g_strdup ("help.example.org");
  self.address = g_strdup ("support@help.example.org");
  self.full = g_strdup ("support@help.example.org/usher");
  self.name = g_strdup ("Support");
  g_test_add_func ("/xmpp/parts/text-is-made-legal-xml", test_clean);
  g_test_add_func ("/xmpp/parts/addresses-of-persons", test_addresses);
  g_test_add_func ("/xmpp/parts/ids-there-and-back", test_ids);
  g_test_add_func ("/xmpp/parts/times", test_times);
  g_test_add_func ("/xmpp/parts/links-and-pictures", test_links_and_pictures);
  g_test_add_func ("/xmpp/parts/errors", test_errors);
  g_test_add_func ("/xmpp/parts/back-off-doubles-and-varies", test_backoff);
  g_test_add_func ("/xmpp/parts/message-with-body", test_body);
  g_test_add_func ("/xmpp/parts/message-for-whom", test_odd_addresses);
  g_test_add_func ("/xmpp/parts/forms", test_forms);
  g_test_add_func ("/xmpp/parts/no-more-links-than-fit", test_many_links);
  g_test_add_func ("/xmpp/parts/receipts-markers-states", test_signals);
  g_test_add_func ("/xmpp/parts/bounces", test_bounces);
  g_test_add_func ("/xmpp/parts/vcards", test_vcards);
  g_test_add_func ("/xmpp/parts/nonsense-stays-within-bounds", test_nonsense);
  g_test_add_func ("/xmpp/parts/what-we-say-is-well-formed", test_out);
  g_test_add_func ("/xmpp/parts/answers-to-questions", test_iq_answers);
  g_test_add_func ("/xmpp/parts/answers-to-presence", test_presence_answers);
  result = g_test_run ();
  jabber_self_clear (&self);
  xmpp_ctx_free (ctx);
  xmpp_shutdown ();
  return result;
}
