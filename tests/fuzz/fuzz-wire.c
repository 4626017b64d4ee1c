/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: frames from a plugin host, header and body. A frame that is taken has texts that end inside it, and
 * lists whose elements are all there.
 */
#include "core/plugin/wire.h"
#include "tests/fuzz/fuzz.h"

const guint fuzz_variations = 500000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

static void touch_struct (const UcWireStruct *type, const char *base, gsize *sum);

static void
touch_structs (const UcWireStruct *type, const void *const *list, gsize *sum)
{
  for (; list != NULL && *list != NULL; list++)
    touch_struct (type, *list, sum);
}

static void
touch_texts (const char *const *texts, gsize *sum)
{
  for (; texts != NULL && *texts != NULL; texts++)
    *sum += strlen (*texts);
}

/* Reads all of it, for a sanitizer to see. */
static void
touch_struct (const UcWireStruct *type, const char *base, gsize *sum)
{
  gsize size;

  memcpy (&size, base, sizeof size);
  HOLDS (size == type->size);
  for (const UcWireField *f = type->fields; f->kind != UC_FIELD_END; f++)
    {
      const void *pointer;

      memcpy (&pointer, base + f->offset,
              f->kind == UC_FIELD_INT32 || f->kind == UC_FIELD_BOOL ? 0 : sizeof pointer);
      if (f->kind == UC_FIELD_TEXT && pointer != NULL)
        *sum += strlen (pointer);
      else if (f->kind == UC_FIELD_TEXTS)
        touch_texts (pointer, sum);
      else if (f->kind == UC_FIELD_STRUCTS)
        touch_structs (f->of, pointer, sum);
    }
}

static void
touch (const UcWireMessage *message)
{
  gsize sum = 0;

  for (guint i = 0; message->spec->fields[i].kind != UC_FIELD_END; i++)
    {
      const UcWireField *f = &message->spec->fields[i];
      const UcWireValue *v = &message->values[i];

      if (f->kind == UC_FIELD_TEXT && v->text != NULL)
        sum += strlen (v->text);
      else if (f->kind == UC_FIELD_BYTES && v->bytes.data != NULL)
        HOLDS (v->bytes.data[v->bytes.len] == '\0');
      else if (f->kind == UC_FIELD_TEXTS)
        touch_texts (v->texts, &sum);
      else if (f->kind == UC_FIELD_STRUCT && v->structure != NULL)
        touch_struct (f->of, v->structure, &sum);
      else if (f->kind == UC_FIELD_STRUCTS)
        touch_structs (f->of, v->structures, &sum);
    }
  HOLDS (sum < G_MAXUINT32);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  UcWireHeader header = { 0 };

  if (size < sizeof header)
    return 0;
  memcpy (&header, data, sizeof header);
  header.len = (guint32)(size - sizeof header);
  header.flags &= UC_WIRE_MEMFD;
  for (int side = UC_SIDE_DAEMON; side <= UC_SIDE_HOST; side++)
    {
      g_autoptr (GBytes) body = g_bytes_new (data + sizeof header, size - sizeof header);
      const char *why = NULL;
      g_autoptr (UcWireMessage) message = uc_wire_decode (&header, body, (UcSide)side, &why);

      HOLDS ((message == NULL) == (why != NULL));
      if (message != NULL)
        touch (message);
    }
  return 0;
}
