/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames: every message survives the way with all members of its structs, every shorter or longer one is refused,
 * and the table in docs/isolation.md is the one of the program. With --table it prints that; with --frames DIR it
 * writes frames to begin fuzzing with.
 */
#include <stdio.h>
#include <string.h>

#include "core/plugin/wire.h"

/* Fills a struct with different values for each member. */
static gpointer
make_struct (const UcWireStruct *type, guint *n, guint depth)
{
  char *base = g_malloc0 (type->size);

  memcpy (base, &type->size, sizeof type->size);
  for (const UcWireField *f = type->fields; f->kind != UC_FIELD_END; f++)
    {
      char *at = base + f->offset;
      gpointer pointer = NULL;

      ++*n;
      switch (f->kind)
        {
        case UC_FIELD_INT:
          *(gint64 *)at = (gint64)*n << 33;
          continue;
        case UC_FIELD_INT32:
          *(gint32 *)at = -(gint32)*n;
          continue;
        case UC_FIELD_BOOL:
          *(bool *)at = TRUE;
          continue;
        case UC_FIELD_TEXT:
          pointer = g_strdup_printf ("%s %u", f->name, *n);
          break;
        case UC_FIELD_BYTES:
          pointer = g_memdup2 ("a\0b", 4);
          *(gsize *)(base + f->extra) = 3;
          break;
        case UC_FIELD_TEXTS:
          pointer = g_strsplit ("one,two,", ",", -1);
          break;
        case UC_FIELD_STRUCTS:
          pointer = g_new0 (gpointer, 3);
          ((gpointer *)pointer)[0] = make_struct (f->of, n, depth + 1);
          ((gpointer *)pointer)[1] = make_struct (f->of, n, depth + 1);
          break;
        default:
          g_assert_not_reached ();
        }
      memcpy (at, &pointer, sizeof pointer);
    }
  return base;
}

static void
free_struct (const UcWireStruct *type, char *base)
{
  for (const UcWireField *f = type->fields; f->kind != UC_FIELD_END; f++)
    {
      gpointer pointer;

      if (f->kind == UC_FIELD_INT || f->kind == UC_FIELD_INT32 || f->kind == UC_FIELD_BOOL)
        continue;
      memcpy (&pointer, base + f->offset, sizeof pointer);
      if (f->kind == UC_FIELD_TEXT || f->kind == UC_FIELD_BYTES)
        g_free (pointer);
      else if (f->kind == UC_FIELD_TEXTS)
        g_strfreev (pointer);
      else if (f->kind == UC_FIELD_STRUCTS)
        {
          for (char **one = pointer; *one != NULL; one++)
            free_struct (f->of, *one);
          g_free (pointer);
        }
    }
  g_free (base);
}

static UcWireMessage *
decode (GByteArray *frame, gsize len, UcSide from, const char **why)
{
  UcWireHeader header;
  g_autoptr (GBytes) body = g_bytes_new (frame->data + sizeof header, len - sizeof header);

  memcpy (&header, frame->data, sizeof header);
  header.len = (guint32)(len - sizeof header);
  return uc_wire_decode (&header, body, from, why);
}

/* One frame with one field of a struct; encoding what was decoded must give the same bytes. */
static void
check_struct (UcOp op, const UcWireStruct *type)
{
  guint n = 0;
  char *given = make_struct (type, &n, 0);
  gconstpointer list[] = { given, NULL };
  const UcWireSpec *spec = uc_wire_spec (op);
  gboolean many = spec->fields[0].kind == UC_FIELD_STRUCTS;
  g_autoptr (GByteArray) frame = many ? uc_wire_encode (op, 7, list) : uc_wire_encode (op, 7, given);
  const char *why;
  g_autoptr (UcWireMessage) message = decode (frame, frame->len, spec->from, &why);
  g_autoptr (GByteArray) again = NULL;

  g_assert_cmpstr (why, ==, NULL);
  g_assert_nonnull (message);
  g_assert_cmpuint (message->token, ==, 7);
  again = many ? uc_wire_encode (op, 7, message->values[0].structures)
               : uc_wire_encode (op, 7, message->values[0].structure);
  g_assert_cmpmem (frame->data, frame->len, again->data, again->len);
  for (gsize len = sizeof (UcWireHeader); len < frame->len; len++)
    {
      g_autoptr (UcWireMessage) cut = decode (frame, len, spec->from, &why);

      g_assert_null (cut);
      g_assert_nonnull (why);
    }
  free_struct (type, given);
}

static void
test_structs (void)
{
  check_struct (UC_OP_LOOKUP, &uc_wire_identity);
  check_struct (UC_OP_SAVE_CUSTOMER, &uc_wire_customer);
  check_struct (UC_OP_SAVE_CASE, &uc_wire_case);
  check_struct (UC_OP_COMPLETE, &uc_wire_result);
  check_struct (UC_OP_DELIVER, &uc_wire_inbound);
  check_struct (UC_OP_SEND, &uc_wire_line);
  check_struct (UC_OP_CREATED, &uc_wire_capabilities);
  check_struct (UC_OP_LIST_CASES, &uc_wire_query);
  check_struct (UC_OP_MERGE_CUSTOMERS, &uc_wire_merge);
  check_struct (UC_OP_HTTP, &uc_wire_request);
  check_struct (UC_OP_HTTP_RESPOND, &uc_wire_response);
}

static gsize
size_in_memory (const UcWireField *field)
{
  switch (field->kind)
    {
    case UC_FIELD_INT:
      return 8;
    case UC_FIELD_INT32:
      return 4;
    case UC_FIELD_BOOL:
      return 1;
    case UC_FIELD_BYTES:
      return 16;
    default:
      return sizeof (gpointer);
    }
}

/* A member that the headers get and the table does not would be lost on the way: no gap may be as large as one. */
static void
test_every_member (void)
{
  static const UcWireStruct *const all[]
      = { &uc_wire_identity, &uc_wire_customer,     &uc_wire_case,    &uc_wire_attachment, &uc_wire_result,
          &uc_wire_inbound,  &uc_wire_line,         &uc_wire_query,   &uc_wire_merge,      &uc_wire_request,
          &uc_wire_response, &uc_wire_capabilities, &uc_wire_setting, &uc_wire_declared };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      gsize used = sizeof (gsize), align = sizeof (gpointer);

      for (const UcWireField *f = all[i]->fields; f->kind != UC_FIELD_END; f++)
        {
          g_assert_cmpuint (f->offset, >=, used);
          g_assert_cmpuint (f->offset - used, <, MIN (size_in_memory (f), align));
          used = f->offset + size_in_memory (f);
        }
      g_assert_cmpuint (all[i]->size - used, <, align);
    }
}

static void
test_null_and_empty (void)
{
  g_autoptr (GByteArray) frame = uc_wire_encode (UC_OP_KV_SET, 1, NULL, NULL, (gsize)0);
  g_autoptr (GByteArray) other = uc_wire_encode (UC_OP_KV_SET, 1, "", "", (gsize)0);
  const char *why;
  g_autoptr (UcWireMessage) null = decode (frame, frame->len, UC_SIDE_HOST, &why);
  g_autoptr (UcWireMessage) empty = decode (other, other->len, UC_SIDE_HOST, &why);

  g_assert_null (null->values[0].text);
  g_assert_null (null->values[1].bytes.data);
  g_assert_cmpstr (empty->values[0].text, ==, "");
  g_assert_cmpstr (empty->values[1].bytes.data, ==, "");
  g_assert_cmpuint (empty->values[1].bytes.len, ==, 0);
}

static void
test_wrong_direction (void)
{
  g_autoptr (GByteArray) frame = uc_wire_encode (UC_OP_KV_GET, 1, "key");
  const char *why;

  g_assert_null (decode (frame, frame->len, UC_SIDE_DAEMON, &why));
  g_assert_nonnull (why);
  for (guint op = UC_OP_COUNT; op < 70000; op += 999)
    g_assert_null (uc_wire_spec (op));
}

/* A text with a NUL in it, and one whose NUL is missing. */
static void
test_texts (void)
{
  g_autoptr (GByteArray) frame = uc_wire_encode (UC_OP_KV_GET, 1, "key");
  const char *why;

  frame->data[frame->len - 1] = 'x';
  g_assert_null (decode (frame, frame->len, UC_SIDE_HOST, &why));
  frame->data[frame->len - 1] = '\0';
  frame->data[frame->len - 3] = '\0';
  g_assert_null (decode (frame, frame->len, UC_SIDE_HOST, &why));
}

/* Counts that promise more than there is must not make us reserve memory for it. */
static void
test_counts (void)
{
  g_autoptr (GByteArray) frame = uc_wire_encode (UC_OP_DELIVER, 1, NULL);
  guint32 many = G_MAXUINT32;
  const char *why;

  memcpy (frame->data + sizeof (UcWireHeader), &many, sizeof many);
  g_assert_null (decode (frame, frame->len, UC_SIDE_HOST, &why));
  many = UC_WIRE_MAX_ELEMENTS;
  memcpy (frame->data + sizeof (UcWireHeader), &many, sizeof many);
  g_assert_null (decode (frame, frame->len, UC_SIDE_HOST, &why));
}

static void
test_too_large (void)
{
  gsize len = UC_WIRE_MAX_BODY;
  g_autofree char *bytes = g_malloc0 (len);

  g_assert_null (uc_wire_encode (UC_OP_MEDIA_PUT, 1, bytes, len, NULL, NULL));
  g_byte_array_unref (uc_wire_encode (UC_OP_MEDIA_PUT, 1, bytes, len - 64, NULL, NULL));
}

static void
test_documented (void)
{
  g_autofree char *file = g_build_filename (g_getenv ("USHER_SRCDIR"), "docs", "isolation.md", NULL);
  g_autofree char *text = NULL, *table = uc_wire_table_text ();

  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  if (strstr (text, table) == NULL)
    g_error ("docs/isolation.md does not end with the table of messages; take it from test-wire --table");
}

static void
write_frame (const char *dir, const char *name, GByteArray *frame)
{
  g_autofree char *file = g_build_filename (dir, name, NULL);

  g_assert_true (g_file_set_contents (file, (const char *)frame->data, frame->len, NULL));
  g_byte_array_unref (frame);
}

static void
write_frames (const char *dir)
{
  static const UcOp ops[] = { UC_OP_SAVE_CASE, UC_OP_COMPLETE, UC_OP_DELIVER,     UC_OP_SEND,
                              UC_OP_CREATED,   UC_OP_HTTP,     UC_OP_HTTP_RESPOND };
  const gint64 numbers[] = { 1, 2, 3 };
  const char *const texts[] = { "/a", "/b", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      const UcWireSpec *spec = uc_wire_spec (ops[i]);
      guint n = 0;
      char *given = make_struct (spec->fields[0].of, &n, 0);
      gconstpointer list[] = { given, NULL };

      write_frame (dir, spec->name,
                   spec->fields[0].kind == UC_FIELD_STRUCTS ? uc_wire_encode (ops[i], 1, list)
                                                            : uc_wire_encode (ops[i], 1, given));
      free_struct (spec->fields[0].of, given);
    }
  write_frame (dir, "delivered", uc_wire_encode (UC_OP_DELIVERED, 1, NULL, numbers, (gsize)3));
  write_frame (dir, "open",
               uc_wire_encode (UC_OP_OPEN, 0, (gint64)1, "echo", "/usr/lib/echo.so", "/var/lib/x", texts));
  write_frame (dir, "log", uc_wire_encode (UC_OP_LOG, 0, (gint64)4, "a line"));
  write_frame (dir, "ws_send", uc_wire_encode (UC_OP_WS_SEND, 9, "{}", (gsize)2, 0));
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--frames") == 0)
    {
      write_frames (argv[2]);
      return 0;
    }
  if (argc == 2 && strcmp (argv[1], "--table") == 0)
    {
      g_autofree char *table = uc_wire_table_text ();

      fputs (table, stdout);
      return 0;
    }
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/every-struct-survives-and-every-cut-is-refused", test_structs);
  g_test_add_func ("/wire/every-member-is-in-the-table", test_every_member);
  g_test_add_func ("/wire/null-is-not-empty", test_null_and_empty);
  g_test_add_func ("/wire/nobody-speaks-for-the-other-side", test_wrong_direction);
  g_test_add_func ("/wire/texts-end-where-they-say", test_texts);
  g_test_add_func ("/wire/counts-promise-nothing", test_counts);
  g_test_add_func ("/wire/too-large-is-not-sent", test_too_large);
  g_test_add_func ("/wire/the-table-is-documented", test_documented);
  return g_test_run ();
}
