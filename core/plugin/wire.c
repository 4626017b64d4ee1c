/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Encoding and decoding by the table, see wire.h. Numbers are in the machine's order: both ends are on one
 * machine. Text is a 32-bit length including its NUL (0 = NULL) and the bytes, so that a decoded text is used in
 * place. Any thread.
 */
#include "core/plugin/wire.h"

#include <stdarg.h>
#include <string.h>

/* Structs inside structs inside ...: a result's customers' identities are three. */
#define MAX_DEPTH 4

/* ---- encoding ------------------------------------------------------------------------------------------ */

static void
put (GByteArray *out, const void *data, gsize len)
{
  g_byte_array_append (out, data, (guint)len);
}

static void
put_u32 (GByteArray *out, guint32 value)
{
  put (out, &value, sizeof value);
}

static void
put_u8 (GByteArray *out, guint8 value)
{
  put (out, &value, sizeof value);
}

static void
put_i64 (GByteArray *out, gint64 value)
{
  put (out, &value, sizeof value);
}

/* What is too long makes the frame too long: the caller hears of it. */
static gboolean
is_over (const GByteArray *out, gsize more)
{
  return more > UC_WIRE_MAX_BODY || out->len + more > UC_WIRE_MAX_BODY + sizeof (UcWireHeader);
}

static gboolean
put_bytes (GByteArray *out, const void *data, gsize len)
{
  if (is_over (out, len + 5))
    return FALSE;
  put_u32 (out, data != NULL ? (guint32)len + 1 : 0);
  if (data == NULL)
    return TRUE;
  put (out, data, len);
  put_u8 (out, 0);
  return TRUE;
}

static gboolean
put_text (GByteArray *out, const char *text)
{
  return put_bytes (out, text, text != NULL ? strlen (text) : 0);
}

static gsize
count_of (const void *const *list)
{
  gsize n = 0;

  while (list[n] != NULL)
    n++;
  return n;
}

/* 0 = NULL, else the number of elements + 1. */
static gsize
put_count (GByteArray *out, const void *list)
{
  gsize n = list != NULL ? count_of (list) : 0;

  put_u32 (out, list != NULL ? (guint32)MIN (n, UC_WIRE_MAX_ELEMENTS) + 1 : 0);
  return n;
}

static gboolean
put_texts (GByteArray *out, const char *const *texts)
{
  gsize n = put_count (out, texts);

  for (gsize i = 0; i < n; i++)
    if (!put_text (out, texts[i]))
      return FALSE;
  return n <= UC_WIRE_MAX_ELEMENTS;
}

static gboolean put_struct (GByteArray *out, const UcWireStruct *type, const void *from);

static gboolean
put_structs (GByteArray *out, const UcWireStruct *type, const void *const *list)
{
  gsize n = put_count (out, list);

  for (gsize i = 0; i < n; i++)
    if (!put_struct (out, type, list[i]))
      return FALSE;
  return n <= UC_WIRE_MAX_ELEMENTS;
}

static gboolean
put_member (GByteArray *out, const UcWireField *field, const char *base)
{
  const char *at = base + field->offset;
  const void *pointer;
  gint64 number;
  gint32 small;
  gsize len;
  bool truth;

  switch (field->kind)
    {
    case UC_FIELD_INT:
      memcpy (&number, at, sizeof number);
      put_i64 (out, number);
      return TRUE;
    case UC_FIELD_INT32:
      memcpy (&small, at, sizeof small);
      put (out, &small, sizeof small);
      return TRUE;
    case UC_FIELD_BOOL:
      memcpy (&truth, at, sizeof truth);
      put_u8 (out, truth);
      return TRUE;
    default:
      break;
    }
  memcpy (&pointer, at, sizeof pointer);
  switch (field->kind)
    {
    case UC_FIELD_TEXT:
      return put_text (out, pointer);
    case UC_FIELD_BYTES:
      memcpy (&len, base + field->extra, sizeof len);
      return put_bytes (out, pointer, len);
    case UC_FIELD_TEXTS:
      return put_texts (out, pointer);
    case UC_FIELD_STRUCTS:
      return put_structs (out, field->of, pointer);
    default:
      return FALSE;
    }
}

static gboolean
put_struct (GByteArray *out, const UcWireStruct *type, const void *from)
{
  put_u8 (out, from != NULL);
  if (from == NULL)
    return TRUE;
  for (const UcWireField *field = type->fields; field->kind != UC_FIELD_END; field++)
    if (is_over (out, 16) || !put_member (out, field, from))
      return FALSE;
  return TRUE;
}

static gboolean
put_argument (GByteArray *out, const UcWireField *field, va_list *args)
{
  const void *pointer;
  gsize len;

  switch (field->kind)
    {
    case UC_FIELD_INT:
      put_i64 (out, va_arg (*args, gint64));
      return TRUE;
    case UC_FIELD_BOOL:
      put_u8 (out, va_arg (*args, int) != 0);
      return TRUE;
    case UC_FIELD_TEXT:
      return put_text (out, va_arg (*args, const char *));
    case UC_FIELD_TEXTS:
      return put_texts (out, va_arg (*args, const char *const *));
    case UC_FIELD_STRUCT:
      return put_struct (out, field->of, va_arg (*args, const void *));
    case UC_FIELD_STRUCTS:
      return put_structs (out, field->of, va_arg (*args, const void *const *));
    case UC_FIELD_BYTES:
      pointer = va_arg (*args, const void *);
      len = va_arg (*args, gsize);
      return put_bytes (out, pointer, len);
    case UC_FIELD_INTS:
      pointer = va_arg (*args, const void *);
      len = va_arg (*args, gsize);
      if (len > UC_WIRE_MAX_ELEMENTS || (pointer == NULL && len > 0))
        return FALSE;
      put_u32 (out, (guint32)len);
      put (out, pointer, len * sizeof (gint64));
      return TRUE;
    default:
      return FALSE;
    }
}

GByteArray *
uc_wire_encode_valist (UcOp op, guint64 token, va_list args)
{
  const UcWireSpec *spec = uc_wire_spec (op);
  UcWireHeader header = { .op = (guint16)op, .token = token };
  GByteArray *out = g_byte_array_sized_new (256);
  va_list copy;
  gboolean ok = TRUE;

  put (out, &header, sizeof header);
  va_copy (copy, args);
  for (const UcWireField *field = spec->fields; ok && field->kind != UC_FIELD_END; field++)
    ok = put_argument (out, field, &copy);
  va_end (copy);
  if (!ok || out->len - sizeof header > UC_WIRE_MAX_BODY)
    {
      g_byte_array_unref (out);
      return NULL;
    }
  header.len = out->len - (guint)sizeof header;
  memcpy (out->data, &header, sizeof header);
  return out;
}

GByteArray *
uc_wire_encode (UcOp op, guint64 token, ...)
{
  GByteArray *out;
  va_list args;

  va_start (args, token);
  out = uc_wire_encode_valist (op, token, args);
  va_end (args);
  return out;
}

/* ---- decoding ------------------------------------------------------------------------------------------ */

typedef struct
{
  const guint8 *at, *end;
  UcWireMessage *message;
  gsize elements; /* that may still come */
} Reader;

static gpointer
block (Reader *reader, gsize size)
{
  gpointer memory = g_malloc0 (size);

  if (reader->message->blocks == NULL)
    reader->message->blocks = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (reader->message->blocks, memory);
  return memory;
}

static gboolean
get (Reader *reader, void *to, gsize len)
{
  if ((gsize)(reader->end - reader->at) < len)
    return FALSE;
  memcpy (to, reader->at, len);
  reader->at += len;
  return TRUE;
}

static gboolean
get_truth (Reader *reader, gboolean *to)
{
  guint8 byte;

  if (!get (reader, &byte, 1) || byte > 1)
    return FALSE;
  *to = byte;
  return TRUE;
}

static gboolean
get_bytes (Reader *reader, const char **data, gsize *len)
{
  guint32 size;

  *data = NULL;
  *len = 0;
  if (!get (reader, &size, sizeof size))
    return FALSE;
  if (size == 0)
    return TRUE;
  if ((gsize)(reader->end - reader->at) < size || reader->at[size - 1] != '\0')
    return FALSE;
  *data = (const char *)reader->at;
  *len = size - 1;
  reader->at += size;
  return TRUE;
}

static gboolean
get_text (Reader *reader, const char **text)
{
  gsize len;

  return get_bytes (reader, text, &len) && (*text == NULL || memchr (*text, '\0', len) == NULL);
}

/* `least`: bytes that one element takes at the very least. */
static gboolean
get_count (Reader *reader, gsize least, gboolean *null, gsize *count)
{
  guint32 n;

  if (!get (reader, &n, sizeof n))
    return FALSE;
  *null = n == 0;
  *count = n > 0 ? n - 1 : 0;
  if (*count > reader->elements || *count * least > (gsize)(reader->end - reader->at))
    return FALSE;
  reader->elements -= *count;
  return TRUE;
}

static gboolean
get_texts (Reader *reader, const char *const **texts)
{
  const char **list;
  gboolean null;
  gsize count;

  *texts = NULL;
  if (!get_count (reader, 4, &null, &count))
    return FALSE;
  if (null)
    return TRUE;
  list = block (reader, (count + 1) * sizeof *list);
  for (gsize i = 0; i < count; i++)
    if (!get_text (reader, &list[i]) || list[i] == NULL)
      return FALSE;
  *texts = list;
  return TRUE;
}

static gboolean get_struct (Reader *reader, const UcWireStruct *type, guint depth, const void **to);

static gboolean
get_structs (Reader *reader, const UcWireStruct *type, guint depth, const void *const **to)
{
  const void **list;
  gboolean null;
  gsize count;

  *to = NULL;
  if (!get_count (reader, 1, &null, &count))
    return FALSE;
  if (null)
    return TRUE;
  list = block (reader, (count + 1) * sizeof *list);
  for (gsize i = 0; i < count; i++)
    if (!get_struct (reader, type, depth, &list[i]) || list[i] == NULL)
      return FALSE;
  *to = list;
  return TRUE;
}

static gboolean
get_member (Reader *reader, const UcWireField *field, guint depth, char *base)
{
  char *at = base + field->offset;
  const void *pointer = NULL;
  gboolean truth, ok;
  gsize len = 0;

  switch (field->kind)
    {
    case UC_FIELD_INT:
      return get (reader, at, sizeof (gint64));
    case UC_FIELD_INT32:
      return get (reader, at, sizeof (gint32));
    case UC_FIELD_BOOL:
      ok = get_truth (reader, &truth);
      *(bool *)at = ok && truth;
      return ok;
    case UC_FIELD_TEXT:
      ok = get_text (reader, (const char **)&pointer);
      break;
    case UC_FIELD_BYTES:
      ok = get_bytes (reader, (const char **)&pointer, &len);
      memcpy (base + field->extra, &len, sizeof len);
      break;
    case UC_FIELD_TEXTS:
      ok = get_texts (reader, (const char *const **)&pointer);
      break;
    case UC_FIELD_STRUCTS:
      ok = get_structs (reader, field->of, depth + 1, (const void *const **)&pointer);
      break;
    default:
      return FALSE;
    }
  memcpy (at, &pointer, sizeof pointer);
  return ok;
}

static gboolean
get_struct (Reader *reader, const UcWireStruct *type, guint depth, const void **to)
{
  gboolean there;
  char *base;

  *to = NULL;
  if (depth > MAX_DEPTH || !get_truth (reader, &there))
    return FALSE;
  if (!there)
    return TRUE;
  base = block (reader, type->size);
  memcpy (base, &type->size, sizeof type->size);
  for (const UcWireField *field = type->fields; field->kind != UC_FIELD_END; field++)
    if (!get_member (reader, field, depth, base))
      return FALSE;
  *to = base;
  return TRUE;
}

static gboolean
get_ints (Reader *reader, UcWireValue *value)
{
  gint64 *list;
  guint32 n;

  if (!get (reader, &n, sizeof n) || n > reader->elements
      || n * sizeof (gint64) > (gsize)(reader->end - reader->at))
    return FALSE;
  reader->elements -= n;
  list = block (reader, (n + 1) * sizeof *list);
  value->ints.values = list;
  value->ints.count = n;
  return get (reader, list, n * sizeof *list);
}

static gboolean
get_argument (Reader *reader, const UcWireField *field, UcWireValue *value)
{
  switch (field->kind)
    {
    case UC_FIELD_INT:
      return get (reader, &value->number, sizeof value->number);
    case UC_FIELD_BOOL:
      return get_truth (reader, &value->truth);
    case UC_FIELD_TEXT:
      return get_text (reader, &value->text);
    case UC_FIELD_BYTES:
      return get_bytes (reader, &value->bytes.data, &value->bytes.len);
    case UC_FIELD_TEXTS:
      return get_texts (reader, &value->texts);
    case UC_FIELD_INTS:
      return get_ints (reader, value);
    case UC_FIELD_STRUCT:
      return get_struct (reader, field->of, 1, &value->structure);
    case UC_FIELD_STRUCTS:
      return get_structs (reader, field->of, 1, &value->structures);
    default:
      return FALSE;
    }
}

UcWireMessage *
uc_wire_decode (const UcWireHeader *header, GBytes *body, UcSide from, const char **why)
{
  const UcWireSpec *spec = uc_wire_spec (header->op);
  g_autoptr (UcWireMessage) message = NULL;
  Reader reader = { .elements = UC_WIRE_MAX_ELEMENTS };
  gsize len;

  *why = NULL;
  if (spec == NULL || (spec->from != from && !spec->both))
    *why = "a message that does not exist, or not in this direction";
  else if ((header->flags & ~UC_WIRE_MEMFD) != 0 || g_bytes_get_size (body) != header->len)
    *why = "a frame whose header does not fit its body";
  if (*why != NULL)
    return NULL;
  message = g_new0 (UcWireMessage, 1);
  message->refs = 1;
  message->spec = spec;
  message->token = header->token;
  message->body = g_bytes_ref (body);
  reader.message = message;
  reader.at = g_bytes_get_data (body, &len);
  reader.end = reader.at + len;
  for (guint i = 0; spec->fields[i].kind != UC_FIELD_END; i++)
    if (!get_argument (&reader, &spec->fields[i], &message->values[i]))
      {
        *why = "a frame whose fields are not those of its message";
        return NULL;
      }
  if (reader.at != reader.end)
    {
      *why = "a frame with something after its last field";
      return NULL;
    }
  return g_steal_pointer (&message);
}

UcWireMessage *
uc_wire_message_ref (UcWireMessage *message)
{
  g_atomic_int_inc (&message->refs);
  return message;
}

void
uc_wire_message_unref (UcWireMessage *message)
{
  if (message == NULL || !g_atomic_int_dec_and_test (&message->refs))
    return;
  g_clear_pointer (&message->blocks, g_ptr_array_unref);
  g_bytes_unref (message->body);
  g_free (message);
}
