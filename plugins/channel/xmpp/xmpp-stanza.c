/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stanzas for what the core wants said. On the stream's thread.
 */
#include "xmpp-stanza.h"
#include "xmpp-text.h"

#include <stdlib.h>
#include <string.h>

JabberOut *
jabber_out_new (JabberOutKind kind, const char *to, const char *id, const char *text)
{
  JabberOut *out = g_new0 (JabberOut, 1);

  out->kind = kind;
  out->to = g_strdup (to);
  out->id = g_strdup (id);
  out->text = g_strdup (text);
  return out;
}

void
jabber_out_free (JabberOut *out)
{
  if (out == NULL)
    return;
  g_free (out->to);
  g_free (out->id);
  g_free (out->text);
  g_free (out);
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static xmpp_stanza_t *
element (xmpp_ctx_t *ctx, const char *name, const char *ns)
{
  xmpp_stanza_t *made = xmpp_stanza_new (ctx);

  xmpp_stanza_set_name (made, name);
  if (ns != NULL)
    xmpp_stanza_set_ns (made, ns);
  return made;
}

static xmpp_stanza_t *
add (xmpp_stanza_t *parent, const char *name, const char *ns)
{
  xmpp_stanza_t *made = element (xmpp_stanza_get_context (parent), name, ns);

  /* The parent takes our reference. */
  xmpp_stanza_add_child_ex (parent, made, 0);
  return made;
}

static void
add_text (xmpp_stanza_t *parent, const char *name, const char *text)
{
  xmpp_stanza_t *inner = xmpp_stanza_new (xmpp_stanza_get_context (parent));
  g_autofree char *clean = jabber_text_clean (text);

  xmpp_stanza_set_text (inner, clean);
  xmpp_stanza_add_child_ex (name != NULL ? add (parent, name, NULL) : parent, inner, 0);
}

static xmpp_stanza_t *
stanza_new (xmpp_ctx_t *ctx, const char *name, const char *from, const char *to, const char *type, const char *id)
{
  xmpp_stanza_t *made = element (ctx, name, NULL);

  xmpp_stanza_set_from (made, from);
  xmpp_stanza_set_to (made, to);
  if (type != NULL)
    xmpp_stanza_set_type (made, type);
  if (id != NULL)
    xmpp_stanza_set_id (made, id);
  return made;
}

static void
add_error (xmpp_stanza_t *stanza, const char *type, const char *condition, const char *text)
{
  xmpp_stanza_t *error = add (stanza, "error", NULL);

  xmpp_stanza_set_type (error, type);
  add (error, condition, XMPP_NS_STANZAS_IETF);
  if (text != NULL)
    {
      xmpp_stanza_t *sentence = add (error, "text", XMPP_NS_STANZAS_IETF);

      xmpp_stanza_set_attribute (sentence, "xml:lang", "en");
      add_text (sentence, NULL, text);
    }
}

/* ---- what the core wants said -------------------------------------------------------------------------- */

xmpp_stanza_t *
jabber_stanza_of (xmpp_ctx_t *ctx, const JabberSelf *self, const JabberOut *out)
{
  gboolean chat = out->kind != JABBER_OUT_REFUSAL && out->kind != JABBER_OUT_VCARD;
  xmpp_stanza_t *made = stanza_new (ctx, out->kind == JABBER_OUT_VCARD ? "iq" : "message", self->full, out->to,
                                    chat ? "chat" : NULL, NULL);

  switch (out->kind)
    {
    case JABBER_OUT_MESSAGE:
      xmpp_stanza_set_id (made, out->id);
      add_text (made, "body", out->text);
      add (made, "active", JABBER_NS_CHATSTATES);
      add (made, "request", JABBER_NS_RECEIPTS);
      add (made, "markable", JABBER_NS_MARKERS);
      xmpp_stanza_set_attribute (add (made, "origin-id", JABBER_NS_SID), "id", out->id);
      break;
    case JABBER_OUT_NOTICE:
      xmpp_stanza_set_id (made, out->id);
      add_text (made, "body", out->text);
      break;
    case JABBER_OUT_TYPING:
      add (made, out->on ? "composing" : "paused", JABBER_NS_CHATSTATES);
      /* A state is of no use later. */
      add (made, "no-store", "urn:xmpp:hints");
      break;
    case JABBER_OUT_RECEIPT:
      xmpp_stanza_set_attribute (add (made, "received", JABBER_NS_RECEIPTS), "id", out->id);
      break;
    case JABBER_OUT_DISPLAYED:
      xmpp_stanza_set_attribute (add (made, "displayed", JABBER_NS_MARKERS), "id", out->id);
      break;
    case JABBER_OUT_REFUSAL:
      xmpp_stanza_set_type (made, "error");
      xmpp_stanza_set_from (made, self->address);
      if (out->id != NULL)
        xmpp_stanza_set_id (made, out->id);
      add_error (made, out->type, out->condition, out->text);
      break;
    case JABBER_OUT_VCARD:
    default:
      xmpp_stanza_set_type (made, "get");
      xmpp_stanza_set_id (made, out->id);
      add (made, "vCard", JABBER_NS_VCARD);
    }
  return made;
}

xmpp_stanza_t *
jabber_stanza_ping (xmpp_ctx_t *ctx, const JabberSelf *self, const char *id)
{
  xmpp_stanza_t *made = stanza_new (ctx, "iq", self->full, self->domain, "get", id);

  add (made, "ping", JABBER_NS_PING);
  return made;
}

xmpp_stanza_t *
jabber_stanza_error (xmpp_ctx_t *ctx, xmpp_stanza_t *to, const char *type, const char *condition, const char *text)
{
  const char *from = xmpp_stanza_get_to (to), *back = xmpp_stanza_get_from (to);
  xmpp_stanza_t *made;

  if (from == NULL || back == NULL)
    return NULL;
  made = stanza_new (ctx, xmpp_stanza_get_name (to), from, back, "error", xmpp_stanza_get_id (to));
  add_error (made, type, condition, text);
  return made;
}

/* ---- questions about ourselves ------------------------------------------------------------------------- */

static const char *const features[] = {
  "http://jabber.org/protocol/caps",
  JABBER_NS_CHATSTATES,
  "http://jabber.org/protocol/disco#info",
  "http://jabber.org/protocol/disco#items",
  JABBER_NS_NICK,
  JABBER_NS_OOB,
  JABBER_NS_MARKERS,
  JABBER_NS_DELAY,
  JABBER_NS_CORRECT,
  JABBER_NS_RETRACT_1,
  JABBER_NS_PING,
  JABBER_NS_REACTIONS,
  JABBER_NS_RECEIPTS,
  JABBER_NS_REPLY,
  JABBER_NS_SID,
  JABBER_NS_VCARD,
};

static int
by_text (const void *a, const void *b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char *
jabber_caps_hash (const JabberSelf *self)
{
  g_autofree char *name = jabber_text_clean (self->name);
  g_autofree const char **sorted = g_memdup2 (features, sizeof features);
  GString *text = g_string_new (NULL);
  guint8 digest[20];
  gsize len = sizeof digest;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);

  qsort (sorted, G_N_ELEMENTS (features), sizeof *sorted, by_text);
  g_string_append_printf (text, "client/web//%s<", name);
  for (gsize i = 0; i < G_N_ELEMENTS (features); i++)
    g_string_append_printf (text, "%s<", sorted[i]);
  g_checksum_update (sum, (const guchar *)text->str, (gssize)text->len);
  g_checksum_get_digest (sum, digest, &len);
  g_string_free (text, TRUE);
  return g_base64_encode (digest, len);
}

static void
answer_info (xmpp_stanza_t *answer, const JabberSelf *self, gboolean person, const char *node)
{
  xmpp_stanza_t *query = add (answer, "query", XMPP_NS_DISCO_INFO);
  xmpp_stanza_t *identity = add (query, "identity", NULL);
  g_autofree char *name = jabber_text_clean (self->name);

  if (node != NULL)
    xmpp_stanza_set_attribute (query, "node", node);
  xmpp_stanza_set_attribute (identity, "category", person ? "client" : "component");
  xmpp_stanza_set_attribute (identity, "type", person ? "web" : "generic");
  xmpp_stanza_set_attribute (identity, "name", name);
  for (gsize i = 0; i < G_N_ELEMENTS (features); i++)
    xmpp_stanza_set_attribute (add (query, "feature", NULL), "var", features[i]);
}

static void
answer_items (xmpp_stanza_t *answer, const JabberSelf *self, gboolean person)
{
  xmpp_stanza_t *query = add (answer, "query", XMPP_NS_DISCO_ITEMS);
  g_autofree char *name = jabber_text_clean (self->name);
  xmpp_stanza_t *item;

  if (person)
    return;
  item = add (query, "item", NULL);
  xmpp_stanza_set_attribute (item, "jid", self->address);
  xmpp_stanza_set_attribute (item, "name", name);
}

static void
answer_vcard (xmpp_stanza_t *answer, const JabberSelf *self)
{
  xmpp_stanza_t *vcard = add (answer, "vCard", JABBER_NS_VCARD);
  xmpp_stanza_t *photo;
  g_autofree char *binval = NULL;

  add_text (vcard, "FN", self->name);
  add_text (vcard, "NICKNAME", self->name);
  add_text (vcard, "JABBERID", self->address);
  if (self->avatar == NULL)
    return;
  binval = g_base64_encode (g_bytes_get_data (self->avatar, NULL), g_bytes_get_size (self->avatar));
  photo = add (vcard, "PHOTO", NULL);
  add_text (photo, "TYPE", self->avatar_type);
  add_text (photo, "BINVAL", binval);
}

static void
answer_free (gpointer data)
{
  xmpp_stanza_release (data);
}

static GPtrArray *
answers_new (void)
{
  return g_ptr_array_new_with_free_func (answer_free);
}

/* Fills the answer to a question for our address or for the whole domain; FALSE = we don't know this question. */
static gboolean
answer_question (xmpp_stanza_t *answer, const JabberSelf *self, xmpp_stanza_t *question, gboolean person)
{
  const char *name = xmpp_stanza_get_name (question), *ns = xmpp_stanza_get_ns (question);

  if (g_strcmp0 (name, "query") == 0 && g_strcmp0 (ns, XMPP_NS_DISCO_INFO) == 0)
    answer_info (answer, self, person, xmpp_stanza_get_attribute (question, "node"));
  else if (g_strcmp0 (name, "query") == 0 && g_strcmp0 (ns, XMPP_NS_DISCO_ITEMS) == 0)
    answer_items (answer, self, person);
  else if (g_strcmp0 (name, "vCard") == 0 && g_strcmp0 (ns, JABBER_NS_VCARD) == 0)
    answer_vcard (answer, self);
  else
    return g_strcmp0 (name, "ping") == 0 && g_strcmp0 (ns, JABBER_NS_PING) == 0;
  return TRUE;
}

static xmpp_stanza_t *
first_element (xmpp_stanza_t *stanza)
{
  xmpp_stanza_t *one = xmpp_stanza_get_children (stanza);

  while (one != NULL && !xmpp_stanza_is_tag (one))
    one = xmpp_stanza_get_next (one);
  return one;
}

GPtrArray *
jabber_answer_iq (xmpp_ctx_t *ctx, const JabberSelf *self, xmpp_stanza_t *iq)
{
  GPtrArray *answers = answers_new ();
  const char *type = xmpp_stanza_get_type (iq), *id = xmpp_stanza_get_id (iq);
  const char *to = xmpp_stanza_get_to (iq), *from = xmpp_stanza_get_from (iq);
  g_autofree char *bare = to != NULL ? jabber_jid_bare_of (to) : NULL;
  xmpp_stanza_t *question = first_element (iq), *answer;
  gboolean person = g_strcmp0 (bare, self->address) == 0;

  if (bare == NULL || from == NULL || id == NULL || type == NULL
      || (strcmp (type, "get") != 0 && strcmp (type, "set") != 0))
    return answers;
  if (question != NULL && strcmp (type, "get") == 0 && (person || strcmp (bare, self->domain) == 0))
    {
      answer = stanza_new (ctx, "iq", to, from, "result", id);
      if (answer_question (answer, self, question, person))
        {
          g_ptr_array_add (answers, answer);
          return answers;
        }
      xmpp_stanza_release (answer);
    }
  g_ptr_array_add (answers, jabber_stanza_error (ctx, iq, "cancel", "service-unavailable", NULL));
  return answers;
}

static xmpp_stanza_t *
available (xmpp_ctx_t *ctx, const JabberSelf *self, const char *to)
{
  xmpp_stanza_t *made = stanza_new (ctx, "presence", self->full, to, NULL, NULL);
  xmpp_stanza_t *update = add (made, "x", JABBER_NS_VCARD_UPDATE), *photo = add (update, "photo", NULL);
  xmpp_stanza_t *caps = add (made, "c", JABBER_NS_CAPS);
  g_autofree char *hash = jabber_caps_hash (self);

  /* An empty element says that there is no picture, so that an old one goes. */
  if (self->avatar_sum != NULL)
    add_text (photo, NULL, self->avatar_sum);
  xmpp_stanza_set_attribute (caps, "hash", "sha-1");
  xmpp_stanza_set_attribute (caps, "node", "https://usher.invalid/xmpp");
  xmpp_stanza_set_attribute (caps, "ver", hash);
  return made;
}

GPtrArray *
jabber_answer_presence (xmpp_ctx_t *ctx, const JabberSelf *self, xmpp_stanza_t *presence)
{
  GPtrArray *answers = answers_new ();
  const char *type = xmpp_stanza_get_type (presence);
  const char *to = xmpp_stanza_get_to (presence), *from = xmpp_stanza_get_from (presence);
  g_autofree char *bare = to != NULL ? jabber_jid_bare_of (to) : NULL;
  g_autofree char *back = from != NULL ? jabber_jid_bare_of (from) : NULL;

  if (type == NULL || back == NULL || g_strcmp0 (bare, self->address) != 0)
    return answers;
  if (strcmp (type, "subscribe") == 0)
    {
      g_ptr_array_add (answers, stanza_new (ctx, "presence", self->address, back, "subscribed", NULL));
      g_ptr_array_add (answers, available (ctx, self, back));
    }
  else if (strcmp (type, "probe") == 0)
    g_ptr_array_add (answers, available (ctx, self, from));
  else if (strcmp (type, "unsubscribe") == 0)
    g_ptr_array_add (answers, stanza_new (ctx, "presence", self->address, back, "unsubscribed", NULL));
  return answers;
}
