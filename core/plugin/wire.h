/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames between usherd and usher-plugin-host: pure encoding and decoding from one table of messages, which both
 * sides, the fuzzer and docs/isolation.md share. A decoder believes nothing: every length, count and flag is
 * checked before it is used, and what is decoded points into the frame. Any thread.
 */
#pragma once

#include <usher/usher.h>

#include <glib.h>

/* Both programs come from one build; another number means a mixed installation. */
#define UC_WIRE_VERSION 1
/* Of the body of a packet; a longer one goes into a sealed memfd of at most UC_WIRE_MAX_BODY. */
#define UC_WIRE_MAX_INLINE (64 * 1024)
#define UC_WIRE_MAX_BODY (32 * 1024 * 1024)
#define UC_WIRE_MAX_FIELDS 9
/* Elements of any list, all lists of a frame together. */
#define UC_WIRE_MAX_ELEMENTS 65536

typedef struct
{
  guint32 len; /* of the body */
  guint16 op;
  guint16 flags;
  guint64 token;
} UcWireHeader;
G_STATIC_ASSERT (sizeof (UcWireHeader) == 16);

#define UC_WIRE_MEMFD 1u /* the body is in the descriptor that came along */

typedef enum
{
  UC_SIDE_DAEMON,
  UC_SIDE_HOST
} UcSide; /* who sends */

typedef enum
{
  UC_OP_NONE,
  /* both */
  UC_OP_CREDIT,
  /* usherd -> host */
  UC_OP_PING,
  UC_OP_OPEN,
  UC_OP_CREATE,
  UC_OP_STOP,
  UC_OP_CANCEL,
  UC_OP_SEND,
  UC_OP_NOTICE,
  UC_OP_TYPING,
  UC_OP_SEEN,
  UC_OP_LOOKUP,
  UC_OP_GET_CUSTOMER,
  UC_OP_SEARCH_CUSTOMERS,
  UC_OP_SAVE_CUSTOMER,
  UC_OP_GET_CASE,
  UC_OP_LIST_CASES,
  UC_OP_SAVE_CASE,
  UC_OP_MERGE_CUSTOMERS,
  UC_OP_UNMERGE_CUSTOMERS,
  UC_OP_DESCRIBE,
  UC_OP_DESK_OUTPUT,
  UC_OP_DESK_CLOSED,
  UC_OP_HTTP,
  UC_OP_WS_OPEN,
  UC_OP_WS_MESSAGE,
  UC_OP_WS_CLOSED,
  UC_OP_ROUTED,
  UC_OP_DELIVERED,
  UC_OP_HISTORY_DONE,
  UC_OP_KV_VALUE,
  UC_OP_KV_DONE,
  UC_OP_MEDIA_DONE,
  /* host -> usherd */
  UC_OP_PONG,
  UC_OP_DESCRIBED,
  UC_OP_REFUSED,
  UC_OP_CREATED,
  UC_OP_COMPLETE,
  UC_OP_LOG,
  UC_OP_STATE,
  UC_OP_DELIVER,
  UC_OP_TYPING_IN,
  UC_OP_HISTORY,
  UC_OP_KV_GET,
  UC_OP_KV_SET,
  UC_OP_MEDIA_PUT,
  UC_OP_ROUTE,
  UC_OP_HTTP_RESPOND,
  UC_OP_WS_ANSWER,
  UC_OP_WS_SEND,
  UC_OP_WS_CLOSE,
  UC_OP_DESK_OPEN,
  UC_OP_DESK_INPUT,
  UC_OP_DESK_CLOSE,
  UC_OP_COUNT
} UcOp;

/* ---- structs ------------------------------------------------------------------------------------------- */

typedef enum
{
  UC_FIELD_END,
  UC_FIELD_INT,     /* argument: gint64; in a struct: int64_t */
  UC_FIELD_INT32,   /* in a struct: int32_t, or an enum */
  UC_FIELD_BOOL,    /* argument: int; in a struct: bool */
  UC_FIELD_TEXT,    /* const char *; NULL is kept */
  UC_FIELD_BYTES,   /* const void *, gsize; in a struct the length is at `extra`. NUL-terminated when decoded */
  UC_FIELD_TEXTS,   /* const char *const *, NULL-terminated; NULL is kept */
  UC_FIELD_INTS,    /* const gint64 *, gsize */
  UC_FIELD_STRUCT,  /* pointer to `of`; NULL is kept */
  UC_FIELD_STRUCTS, /* NULL-terminated list of pointers to `of`; NULL is kept */
} UcFieldKind;

typedef struct UcWireStruct UcWireStruct;

typedef struct
{
  const char *name;
  UcFieldKind kind;
  const UcWireStruct *of;
  gsize offset, extra; /* in structs */
} UcWireField;

struct UcWireStruct
{
  const char *name;
  gsize size;
  const UcWireField *fields; /* ends with UC_FIELD_END */
};

/* A value of UcSettings on its way; every struct begins with its size. */
typedef struct
{
  size_t struct_size;
  const char *key;
  int type;
  bool set;
  const char *string;
  int64_t number;
  const char *const *list;
} UcWireSetting;

extern const UcWireStruct uc_wire_identity, uc_wire_customer, uc_wire_case, uc_wire_attachment, uc_wire_result,
    uc_wire_inbound, uc_wire_line, uc_wire_capabilities, uc_wire_query, uc_wire_merge, uc_wire_request,
    uc_wire_response, uc_wire_setting, uc_wire_declared;

/* ---- messages ------------------------------------------------------------------------------------------ */

typedef struct
{
  UcOp op;
  const char *name;
  UcSide from;
  gboolean both;    /* from either side */
  gboolean free;    /* costs no credit */
  const char *help; /* what the token names, and what it is for */
  UcWireField fields[UC_WIRE_MAX_FIELDS];
} UcWireSpec;

/* NULL = there is no such message. */
const UcWireSpec *uc_wire_spec (guint op);

typedef union
{
  gint64 number;
  gboolean truth;
  const char *text;
  const char *const *texts;
  const void *structure;
  const void *const *structures;
  struct
  {
    const char *data; /* NULL = none */
    gsize len;
  } bytes;
  struct
  {
    const gint64 *values;
    gsize count;
  } ints;
} UcWireValue;

typedef struct
{
  const UcWireSpec *spec;
  guint64 token;
  UcWireValue values[UC_WIRE_MAX_FIELDS];
  /* private */
  gint refs;
  GBytes *body;
  GPtrArray *blocks;
} UcWireMessage;

/* The arguments are those of the message's fields. NULL when the body would be longer than UC_WIRE_MAX_BODY. */
GByteArray *uc_wire_encode (UcOp op, guint64 token, ...);
GByteArray *uc_wire_encode_valist (UcOp op, guint64 token, va_list args);
/* from: who sent it. NULL with *why when it is not a message that side may send. */
UcWireMessage *uc_wire_decode (const UcWireHeader *header, GBytes *body, UcSide from, const char **why);
UcWireMessage *uc_wire_message_ref (UcWireMessage *message);
void uc_wire_message_unref (UcWireMessage *message);
/* The table as Markdown, for docs/isolation.md. */
char *uc_wire_table_text (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcWireMessage, uc_wire_message_unref)
