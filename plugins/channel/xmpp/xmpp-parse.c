/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Message stanzas and vCards to plain data. Pure; any thread, but a stanza stays on the thread of its context.
 */
#include "xmpp-parse.h"
#include "xmpp-text.h"

#include <string.h>

void
jabber_self_clear (JabberSelf *self)
{
  g_free (self->domain);
  g_free (self->address);
  g_free (self->full);
  g_free (self->name);
  g_free (self->avatar_sum);
  g_clear_pointer (&self->avatar, g_bytes_unref);
  *self = (JabberSelf){ 0 };
}

static void
link_free (gpointer data)
{
  JabberLink *link = data;

  g_free (link->url);
  g_free (link->name);
  g_free (link);
}

JabberIn *
jabber_in_new (JabberInKind kind, const char *from)
{
  JabberIn *in = g_new0 (JabberIn, 1);

  in->kind = kind;
  in->from = g_strdup (from);
  return in;
}

void
jabber_in_free (JabberIn *in)
{
  if (in == NULL)
    return;
  g_free (in->from);
  g_free (in->full);
  g_free (in->id);
  g_free (in->external_id);
  g_free (in->reply_to);
  g_free (in->nick);
  g_free (in->text);
  g_free (in->why);
  g_free (in->name);
  g_free (in->picture);
  g_clear_pointer (&in->photo, g_bytes_unref);
  g_clear_pointer (&in->links, g_ptr_array_unref);
  g_free (in);
}

gsize
jabber_in_size (const JabberIn *in)
{
  return 1024 + (in->text != NULL ? strlen (in->text) : 0) + (in->photo != NULL ? g_bytes_get_size (in->photo) : 0)
         + (in->links != NULL ? in->links->len * JABBER_MAX_URL : 0);
}

/* ---- small readers ------------------------------------------------------------------------------------- */

static xmpp_stanza_t *
child (xmpp_stanza_t *stanza, const char *name, const char *ns)
{
  return stanza != NULL ? xmpp_stanza_get_child_by_name_and_ns (stanza, name, ns) : NULL;
}

/* The element's text; NULL when there is no element or nothing in it. */
static char *
text_of (xmpp_stanza_t *element)
{
  char *raw = element != NULL ? xmpp_stanza_get_text (element) : NULL;
  char *text = raw != NULL && *raw != '\0' ? g_strdup (raw) : NULL;

  if (raw != NULL)
    xmpp_free (xmpp_stanza_get_context (element), raw);
  return text;
}

static char *
child_text (xmpp_stanza_t *stanza, const char *name)
{
  return text_of (stanza != NULL ? xmpp_stanza_get_child_by_name (stanza, name) : NULL);
}

static const char *
attribute (xmpp_stanza_t *element, const char *name)
{
  const char *value = element != NULL ? xmpp_stanza_get_attribute (element, name) : NULL;

  return value != NULL && *value != '\0' ? value : NULL;
}

/* A name for people: one line, not endless. */
static char *
tidy_name (char *name)
{
  g_autofree char *text = name;

  if (text == NULL || *g_strstrip (g_strdelimit (text, "\r\n\t", ' ')) == '\0')
    return NULL;
  return jabber_text_cut (text, 200);
}

/* ---- the parts of a message ---------------------------------------------------------------------------- */

static gboolean
is_encrypted (xmpp_stanza_t *stanza)
{
  xmpp_stanza_t *omemo = child (stanza, "encrypted", "eu.siacs.conversations.axolotl");

  if (omemo == NULL)
    omemo = child (stanza, "encrypted", "urn:xmpp:omemo:2");
  /* Without a payload it only exchanges keys between devices. */
  if (omemo != NULL)
    return xmpp_stanza_get_child_by_name (omemo, "payload") != NULL;
  return child (stanza, "x", "jabber:x:encrypted") != NULL
         || child (stanza, "openpgp", "urn:xmpp:openpgp:0") != NULL
         || child (stanza, "encryption", "urn:xmpp:eme:0") != NULL;
}

static const char *
retracted_id (xmpp_stanza_t *stanza)
{
  xmpp_stanza_t *fasten = child (stanza, "apply-to", JABBER_NS_FASTEN);

  if (child (fasten, "retract", JABBER_NS_RETRACT_0) != NULL)
    return attribute (fasten, "id");
  return attribute (child (stanza, "retract", JABBER_NS_RETRACT_1), "id");
}

static char *
reaction_text (xmpp_stanza_t *reactions)
{
  GString *text = g_string_new (NULL);

  for (xmpp_stanza_t *one = xmpp_stanza_get_children (reactions); one != NULL; one = xmpp_stanza_get_next (one))
    {
      g_autofree char *emoji = g_strcmp0 (xmpp_stanza_get_name (one), "reaction") == 0 ? text_of (one) : NULL;

      if (emoji != NULL && text->len < 256)
        g_string_append_printf (text, "%s%.64s", text->len > 0 ? " " : "", emoji);
    }
  if (text->len == 0)
    g_string_append (text, "took the reaction back");
  if (!g_utf8_validate (text->str, (gssize)text->len, NULL))
    g_string_assign (text, "reacted");
  return g_string_free (text, FALSE);
}

static void
add_links (JabberIn *in, xmpp_stanza_t *stanza)
{
  for (xmpp_stanza_t *one = xmpp_stanza_get_children (stanza); one != NULL; one = xmpp_stanza_get_next (one))
    {
      g_autofree char *url = NULL;
      const char *kind;
      JabberLink *link;

      if (g_strcmp0 (xmpp_stanza_get_name (one), "x") != 0
          || g_strcmp0 (xmpp_stanza_get_ns (one), JABBER_NS_OOB) != 0)
        continue;
      url = child_text (one, "url");
      kind = url != NULL && strlen (url) <= JABBER_MAX_URL ? jabber_link_kind (url) : NULL;
      if (kind == NULL || (in->links != NULL && in->links->len >= JABBER_MAX_LINKS))
        continue;
      if (in->links == NULL)
        in->links = g_ptr_array_new_with_free_func (link_free);
      link = g_new0 (JabberLink, 1);
      link->url = g_steal_pointer (&url);
      link->name = tidy_name (child_text (one, "desc"));
      link->kind = kind;
      g_ptr_array_add (in->links, link);
      /* Clients repeat the address as the text, for those that don't know links. */
      if (g_strcmp0 (in->text, link->url) == 0)
        *in->text = '\0';
    }
}

static char *
words_of (xmpp_stanza_t *stanza)
{
  g_autofree char *subject = child_text (stanza, "subject");
  g_autofree char *body = child_text (stanza, "body");

  if (body != NULL && subject != NULL)
    return g_strconcat (subject, "\n\n", body, NULL);
  return g_steal_pointer (&body);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* NULL unless it may be an id that we gave. */
static const char *
our_id (const char *id)
{
  return id != NULL && strlen (id) <= JABBER_MAX_ID && strpbrk (id, "\r\n") == NULL ? id : NULL;
}

/* Which line of the conversation a stanza id means: ours go by the bare id, the customer's with the address. */
static char *
line_id (const char *bare, const char *id, const char *of, const JabberSelf *self)
{
  g_autofree char *author = of != NULL ? jabber_jid_bare_of (of) : NULL;

  if (id == NULL)
    return NULL;
  return author != NULL && g_strcmp0 (author, self->address) == 0 ? g_strdup (our_id (id))
                                                                  : jabber_external_id (bare, id);
}

static gboolean
set_content (JabberIn *in, xmpp_stanza_t *stanza, const JabberSelf *self)
{
  xmpp_stanza_t *reply = child (stanza, "reply", JABBER_NS_REPLY);
  xmpp_stanza_t *reactions = child (stanza, "reactions", JABBER_NS_REACTIONS);
  const char *replaced = attribute (child (stanza, "replace", JABBER_NS_CORRECT), "id");
  const char *retracted = retracted_id (stanza);

  if (retracted != NULL)
    {
      in->form = "retract";
      in->passive = TRUE;
      in->text = g_strdup ("The customer took a message back.");
      in->reply_to = line_id (in->from, retracted, NULL, self);
    }
  else if (reactions != NULL)
    {
      in->form = "reaction";
      in->passive = TRUE;
      in->text = reaction_text (reactions);
      /* Nothing says whose message it is; people react to what they were told. */
      in->reply_to = line_id (in->from, attribute (reactions, "id"), self->address, self);
    }
  else if (is_encrypted (stanza))
    {
      in->form = "encrypted";
      in->text = g_strdup (
          "The customer sent an end-to-end encrypted message, which can't be read here. Please ask the "
          "customer to switch encryption off for this chat and to send it again.");
    }
  else
    {
      in->text = words_of (stanza);
      add_links (in, stanza);
      if (in->text == NULL && in->links == NULL)
        return FALSE;
      if (in->text == NULL)
        in->text = g_strdup ("");
      if (replaced != NULL)
        in->form = "edit";
      in->reply_to
          = replaced != NULL
                ? line_id (in->from, replaced, NULL, self)
                : line_id (in->from, attribute (reply, "id"),
                           attribute (reply, "to") != NULL ? attribute (reply, "to") : self->address, self);
    }
  return TRUE;
}

/* Without an id nothing is sent twice by the network but what a server kept for later, and that has a stamp. */
static char *
made_id (const JabberIn *in, const char *stamp, const char *fresh)
{
  g_autoptr (GChecksum) sum = NULL;

  if (stamp == NULL)
    return g_strconcat ("none:", fresh, NULL);
  sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (sum, (const guchar *)in->full, (gssize)strlen (in->full) + 1);
  g_checksum_update (sum, (const guchar *)stamp, (gssize)strlen (stamp) + 1);
  g_checksum_update (sum, (const guchar *)in->text, (gssize)strlen (in->text));
  return g_strconcat ("none:", g_checksum_get_string (sum), NULL);
}

static void
set_identity (JabberIn *in, xmpp_stanza_t *stanza, gint64 now, const char *fresh)
{
  const char *origin = attribute (child (stanza, "origin-id", JABBER_NS_SID), "id");
  const char *stamp = attribute (child (stanza, "delay", JABBER_NS_DELAY), "stamp");
  gint64 at = jabber_time_parse (stamp);
  g_autofree char *made = NULL;

  if (origin == NULL)
    origin = in->id;
  if (origin == NULL)
    origin = made = made_id (in, at > 0 ? stamp : NULL, fresh);
  in->external_id = jabber_external_id (in->from, origin);
  in->at = at > 0 && at <= now ? at : 0;
  in->nick = tidy_name (text_of (child (stanza, "nick", JABBER_NS_NICK)));
  /* A receipt names the id attribute; without one there is nothing to name. */
  in->wants_receipt = in->id != NULL && child (stanza, "request", JABBER_NS_RECEIPTS) != NULL;
  in->markable = in->id != NULL && child (stanza, "markable", JABBER_NS_MARKERS) != NULL;
}

static gboolean
set_receipt (JabberIn *in, xmpp_stanza_t *stanza)
{
  static const struct
  {
    const char *name, *ns;
    UsherReceipt receipt;
  } known[] = {
    { "displayed", JABBER_NS_MARKERS, USHER_RECEIPT_READ },
    { "acknowledged", JABBER_NS_MARKERS, USHER_RECEIPT_READ },
    { "received", JABBER_NS_MARKERS, USHER_RECEIPT_DELIVERED },
    { "received", JABBER_NS_RECEIPTS, USHER_RECEIPT_DELIVERED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      const char *id = attribute (child (stanza, known[i].name, known[i].ns), "id");

      if (our_id (id) == NULL)
        continue;
      g_free (in->id);
      in->id = g_strdup (id);
      in->kind = JABBER_IN_RECEIPT;
      in->receipt = known[i].receipt;
      return TRUE;
    }
  return FALSE;
}

static gboolean
set_typing (JabberIn *in, xmpp_stanza_t *stanza)
{
  static const char *const off[] = { "active", "paused", "inactive", "gone" };

  in->kind = JABBER_IN_TYPING;
  in->on = child (stanza, "composing", JABBER_NS_CHATSTATES) != NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (off); i++)
    if (child (stanza, off[i], JABBER_NS_CHATSTATES) != NULL)
      return TRUE;
  return in->on;
}

static void
set_bounce (JabberIn *in, xmpp_stanza_t *stanza)
{
  xmpp_stanza_t *error = xmpp_stanza_get_child_by_name (stanza, "error");
  const char *condition = NULL;
  g_autofree char *text = NULL;

  for (xmpp_stanza_t *one = error != NULL ? xmpp_stanza_get_children (error) : NULL; one != NULL;
       one = xmpp_stanza_get_next (one))
    {
      const char *name = xmpp_stanza_get_name (one);

      if (name == NULL || g_strcmp0 (xmpp_stanza_get_ns (one), XMPP_NS_STANZAS_IETF) != 0)
        continue;
      if (strcmp (name, "text") == 0 && text == NULL)
        text = tidy_name (text_of (one));
      else if (strcmp (name, "text") != 0 && condition == NULL)
        condition = name;
    }
  in->kind = JABBER_IN_BOUNCE;
  in->status = jabber_error_status (attribute (error, "type"), condition);
  in->why = jabber_error_sentence (condition, text);
}

JabberIn *
jabber_parse_message (xmpp_stanza_t *stanza, const JabberSelf *self, gint64 now, const char *fresh,
                      gboolean *wrong_address)
{
  const char *type = attribute (stanza, "type");
  const char *from = attribute (stanza, "from"), *to = attribute (stanza, "to"), *id;
  g_autofree char *bare = from != NULL ? jabber_jid_bare_of (from) : NULL;
  g_autofree char *ours = to != NULL ? jabber_jid_bare_of (to) : NULL;
  g_autoptr (JabberIn) in = NULL;

  *wrong_address = FALSE;
  if (bare == NULL || ours == NULL || !jabber_jid_is_person (bare))
    return NULL;
  in = jabber_in_new (JABBER_IN_MESSAGE, bare);
  in->full = g_strdup (from);
  id = attribute (stanza, "id");
  /* Nobody's clients give such ids, and we would have to keep and to repeat them. */
  in->id = id != NULL && strlen (id) <= JABBER_MAX_STANZA_ID ? g_strdup (id) : NULL;
  if (g_strcmp0 (type, "error") == 0)
    {
      set_bounce (in, stanza);
      return our_id (in->id) != NULL ? g_steal_pointer (&in) : NULL;
    }
  if (type != NULL && strcmp (type, "chat") != 0 && strcmp (type, "normal") != 0)
    return NULL; /* groupchat and headline are for others than an agent */
  if (strcmp (ours, self->address) != 0)
    {
      *wrong_address = xmpp_stanza_get_child_by_name (stanza, "body") != NULL;
      return NULL;
    }
  if (set_content (in, stanza, self))
    set_identity (in, stanza, now, fresh);
  else if (!set_receipt (in, stanza) && !set_typing (in, stanza))
    return NULL;
  return g_steal_pointer (&in);
}

/* ---- vCards -------------------------------------------------------------------------------------------- */

static void
set_photo (JabberIn *in, xmpp_stanza_t *vcard)
{
  xmpp_stanza_t *photo = xmpp_stanza_get_child_by_name (vcard, "PHOTO");
  g_autofree char *text = child_text (photo, "BINVAL");
  g_autofree guchar *bytes = NULL;
  gsize len = 0;

  if (text == NULL || strlen (text) > JABBER_MAX_PHOTO / 3 * 4 + 65536)
    return;
  bytes = g_base64_decode (text, &len);
  in->photo_type = len > 0 && len <= JABBER_MAX_PHOTO ? jabber_image_type (bytes, len) : NULL;
  if (in->photo_type != NULL)
    in->photo = g_bytes_new_take (g_steal_pointer (&bytes), len);
}

JabberIn *
jabber_parse_vcard (xmpp_stanza_t *stanza)
{
  const char *from = attribute (stanza, "from"), *id = attribute (stanza, "id");
  xmpp_stanza_t *vcard = child (stanza, "vCard", JABBER_NS_VCARD);
  g_autofree char *bare = from != NULL ? jabber_jid_bare_of (from) : NULL;
  JabberIn *in;

  if (bare == NULL || !jabber_jid_is_person (bare) || our_id (id) == NULL)
    return NULL;
  in = jabber_in_new (JABBER_IN_VCARD, bare);
  in->id = g_strdup (id);
  if (vcard == NULL || g_strcmp0 (attribute (stanza, "type"), "result") != 0)
    return in;
  in->name = tidy_name (child_text (vcard, "FN"));
  if (in->name == NULL)
    in->name = tidy_name (child_text (vcard, "NICKNAME"));
  set_photo (in, vcard);
  return in;
}
