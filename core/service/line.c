/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines for channels. Attachments are kept as JSON in the journal and handed out as plain structs. Main thread.
 */
#include "core/service/line.h"

#include <string.h>

#include "core/base/json.h"

struct UcLine
{
  UsherLine line;
  UcJson *json; /* owns the strings of items */
  UsherAttachment *items;
  const UsherAttachment **list;
};

UsherAuthor
uc_author_from_word (const char *word)
{
  if (g_strcmp0 (word, "agent") == 0)
    return USHER_AUTHOR_AGENT;
  return g_strcmp0 (word, "system") == 0 ? USHER_AUTHOR_SYSTEM : USHER_AUTHOR_CUSTOMER;
}

static const char *
member (const UcJson *object, const char *key)
{
  return uc_json_string (uc_json_get (object, key));
}

static void
read_attachments (UcLine *line, const char *text)
{
  gsize count;

  line->json = text != NULL ? uc_json_parse (text, strlen (text), NULL, NULL) : NULL;
  count = line->json != NULL && uc_json_is_array (line->json) ? uc_json_length (line->json) : 0;
  if (count == 0)
    return;
  line->items = g_new0 (UsherAttachment, count);
  line->list = g_new0 (const UsherAttachment *, count + 1);
  for (gsize i = 0; i < count; i++)
    {
      const UcJson *one = uc_json_at (line->json, i);
      const char *kind = member (one, "kind");

      line->items[i] = (UsherAttachment){ .struct_size = sizeof line->items[i],
                                          .kind = kind != NULL ? kind : "file",
                                          .media = member (one, "media"),
                                          .name = member (one, "name"),
                                          .mime = member (one, "mime"),
                                          .url = member (one, "url"),
                                          .size = uc_json_int (uc_json_get (one, "size"), 0) };
      line->list[i] = &line->items[i];
    }
  line->line.attachments = line->list;
}

UcLine *
uc_line_new (const UcEvent *row, const char *identity)
{
  UcLine *line = g_new0 (UcLine, 1);
  UsherAuthor author = uc_author_from_word (row->author);

  line->line = (UsherLine){ .struct_size = sizeof line->line,
                            .conversation = row->conversation,
                            .user_id = identity,
                            .message_id = row->message,
                            .n = row->n,
                            .author = author,
                            .author_name = row->author_name,
                            .code = row->code,
                            .text = row->text,
                            .external_id = author == USHER_AUTHOR_CUSTOMER ? row->external_id : NULL,
                            .at = row->at,
                            .form = row->form };
  read_attachments (line, row->attachments);
  return line;
}

void
uc_line_free (UcLine *line)
{
  if (line == NULL)
    return;
  uc_json_free (line->json);
  g_free (line->items);
  g_free (line->list);
  g_free (line);
}

UsherLine *
uc_line_get (UcLine *line)
{
  return &line->line;
}
