/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of messages and the layout of the structs in them. A member that include/usher gets belongs here, too:
 * tests/core/plugin/test-wire compares the sizes. Constant data, any thread.
 */
#include "core/plugin/wire.h"

#define IN(type, member, how)                                                                                     \
  {                                                                                                               \
#member, how, NULL, offsetof(type, member), 0                                                                 \
  }
#define IN_BYTES(type, member, length)                                                                            \
  {                                                                                                               \
#member, UC_FIELD_BYTES, NULL, offsetof(type, member), offsetof(type, length)                                 \
  }
#define IN_STRUCTS(type, member, what)                                                                            \
  {                                                                                                               \
#member, UC_FIELD_STRUCTS, &what, offsetof(type, member), 0                                                   \
  }
#define END                                                                                                       \
  {                                                                                                               \
    NULL, UC_FIELD_END, NULL, 0, 0                                                                                \
  }
#define STRUCT(variable, type) const UcWireStruct uc_wire_##variable = { #type, sizeof (type), variable##_fields }

/* ---- structs ------------------------------------------------------------------------------------------- */

static const UcWireField identity_fields[]
    = { IN (UsherIdentity, network, UC_FIELD_TEXT), IN (UsherIdentity, id, UC_FIELD_TEXT),
        IN (UsherIdentity, name, UC_FIELD_TEXT), END };
STRUCT (identity, UsherIdentity);

static const UcWireField customer_fields[]
    = { IN (UsherCustomer, id, UC_FIELD_TEXT),         IN (UsherCustomer, name, UC_FIELD_TEXT),
        IN (UsherCustomer, first_name, UC_FIELD_TEXT), IN (UsherCustomer, last_name, UC_FIELD_TEXT),
        IN (UsherCustomer, email, UC_FIELD_TEXT),      IN (UsherCustomer, phone, UC_FIELD_TEXT),
        IN (UsherCustomer, company, UC_FIELD_TEXT),    IN (UsherCustomer, notes, UC_FIELD_TEXT),
        IN (UsherCustomer, fields, UC_FIELD_TEXT),     IN (UsherCustomer, draft, UC_FIELD_BOOL),
        IN (UsherCustomer, version, UC_FIELD_INT),     IN (UsherCustomer, created_at, UC_FIELD_INT),
        IN (UsherCustomer, updated_at, UC_FIELD_INT),  IN_STRUCTS (UsherCustomer, identities, uc_wire_identity),
        IN (UsherCustomer, account, UC_FIELD_TEXT),    IN (UsherCustomer, author, UC_FIELD_TEXT),
        IN (UsherCustomer, merges, UC_FIELD_TEXT),     END };
STRUCT (customer, UsherCustomer);

static const UcWireField case_fields[]
    = { IN (UsherCase, id, UC_FIELD_TEXT),          IN (UsherCase, customer_id, UC_FIELD_TEXT),
        IN (UsherCase, interaction, UC_FIELD_TEXT), IN (UsherCase, subject, UC_FIELD_TEXT),
        IN (UsherCase, state, UC_FIELD_TEXT),       IN (UsherCase, transcript, UC_FIELD_TEXT),
        IN (UsherCase, queue, UC_FIELD_TEXT),       IN (UsherCase, channel, UC_FIELD_TEXT),
        IN (UsherCase, agent, UC_FIELD_TEXT),       IN (UsherCase, notes, UC_FIELD_TEXT),
        IN (UsherCase, fields, UC_FIELD_TEXT),      IN (UsherCase, version, UC_FIELD_INT),
        IN (UsherCase, started_at, UC_FIELD_INT),   IN (UsherCase, ended_at, UC_FIELD_INT),
        IN (UsherCase, created_at, UC_FIELD_INT),   IN (UsherCase, updated_at, UC_FIELD_INT),
        IN (UsherCase, number, UC_FIELD_TEXT),      IN (UsherCase, severity, UC_FIELD_TEXT),
        IN (UsherCase, priority, UC_FIELD_TEXT),    IN (UsherCase, category, UC_FIELD_TEXT),
        IN (UsherCase, codes, UC_FIELD_TEXT),       IN (UsherCase, author, UC_FIELD_TEXT),
        IN (UsherCase, comment, UC_FIELD_TEXT),     IN (UsherCase, follow_up_of, UC_FIELD_TEXT),
        IN (UsherCase, comments, UC_FIELD_TEXT),    IN (UsherCase, history, UC_FIELD_TEXT),
        IN (UsherCase, follow_ups, UC_FIELD_TEXT),  END };
STRUCT (case, UsherCase);

static const UcWireField attachment_fields[] = { IN (UsherAttachment, kind, UC_FIELD_TEXT),
                                                 IN (UsherAttachment, media, UC_FIELD_TEXT),
                                                 IN (UsherAttachment, name, UC_FIELD_TEXT),
                                                 IN (UsherAttachment, mime, UC_FIELD_TEXT),
                                                 IN (UsherAttachment, url, UC_FIELD_TEXT),
                                                 IN (UsherAttachment, size, UC_FIELD_INT),
                                                 END };
STRUCT (attachment, UsherAttachment);

static const UcWireField result_fields[] = { IN (UsherResult, status, UC_FIELD_INT32),
                                             IN (UsherResult, message, UC_FIELD_TEXT),
                                             IN (UsherResult, retry_after_ms, UC_FIELD_INT),
                                             IN (UsherResult, external_id, UC_FIELD_TEXT),
                                             IN_STRUCTS (UsherResult, customers, uc_wire_customer),
                                             IN_STRUCTS (UsherResult, cases, uc_wire_case),
                                             IN (UsherResult, next, UC_FIELD_TEXT),
                                             IN (UsherResult, data, UC_FIELD_TEXT),
                                             END };
STRUCT (result, UsherResult);

static const UcWireField inbound_fields[] = { IN (UsherInbound, kind, UC_FIELD_INT32),
                                              IN (UsherInbound, user_id, UC_FIELD_TEXT),
                                              IN (UsherInbound, user_name, UC_FIELD_TEXT),
                                              IN (UsherInbound, external_id, UC_FIELD_TEXT),
                                              IN (UsherInbound, text, UC_FIELD_TEXT),
                                              IN (UsherInbound, at, UC_FIELD_INT),
                                              IN (UsherInbound, receipt, UC_FIELD_INT32),
                                              IN (UsherInbound, upto, UC_FIELD_INT),
                                              IN (UsherInbound, upto_at, UC_FIELD_INT),
                                              IN (UsherInbound, form, UC_FIELD_TEXT),
                                              IN (UsherInbound, passive, UC_FIELD_BOOL),
                                              IN (UsherInbound, reply_to, UC_FIELD_TEXT),
                                              IN_STRUCTS (UsherInbound, attachments, uc_wire_attachment),
                                              IN (UsherInbound, message_id, UC_FIELD_TEXT),
                                              IN (UsherInbound, window_until, UC_FIELD_INT),
                                              IN (UsherInbound, picture, UC_FIELD_TEXT),
                                              END };
STRUCT (inbound, UsherInbound);

static const UcWireField line_fields[] = { IN (UsherLine, conversation, UC_FIELD_TEXT),
                                           IN (UsherLine, user_id, UC_FIELD_TEXT),
                                           IN (UsherLine, message_id, UC_FIELD_TEXT),
                                           IN (UsherLine, n, UC_FIELD_INT),
                                           IN (UsherLine, author, UC_FIELD_INT32),
                                           IN (UsherLine, author_name, UC_FIELD_TEXT),
                                           IN (UsherLine, code, UC_FIELD_TEXT),
                                           IN (UsherLine, text, UC_FIELD_TEXT),
                                           IN (UsherLine, external_id, UC_FIELD_TEXT),
                                           IN (UsherLine, at, UC_FIELD_INT),
                                           IN (UsherLine, window, UC_FIELD_INT32),
                                           IN (UsherLine, form, UC_FIELD_TEXT),
                                           IN_STRUCTS (UsherLine, attachments, uc_wire_attachment),
                                           END };
STRUCT (line, UsherLine);

static const UcWireField capabilities_fields[]
    = { IN (UsherChannelCapabilities, network, UC_FIELD_TEXT),
        IN (UsherChannelCapabilities, max_text, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, text_unit, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, typing_in, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, typing_out, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, receipts_delivered, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, receipts_read, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, reply_window_ms, UC_FIELD_INT),
        IN (UsherChannelCapabilities, idempotent_send, UC_FIELD_BOOL),
        IN (UsherChannelCapabilities, tagged_window_ms, UC_FIELD_INT),
        IN (UsherChannelCapabilities, echoes, UC_FIELD_BOOL),
        IN (UsherChannelCapabilities, settle_ms, UC_FIELD_INT),
        IN (UsherChannelCapabilities, media_in, UC_FIELD_INT32),
        IN (UsherChannelCapabilities, media_out, UC_FIELD_INT32),
        END };
STRUCT (capabilities, UsherChannelCapabilities);

static const UcWireField query_fields[]
    = { IN (UsherCrmQuery, text, UC_FIELD_TEXT),   IN (UsherCrmQuery, customer_id, UC_FIELD_TEXT),
        IN (UsherCrmQuery, state, UC_FIELD_TEXT),  IN (UsherCrmQuery, cursor, UC_FIELD_TEXT),
        IN (UsherCrmQuery, limit, UC_FIELD_INT32), END };
STRUCT (query, UsherCrmQuery);

static const UcWireField merge_fields[]
    = { IN (UsherMerge, id, UC_FIELD_TEXT), IN (UsherMerge, keep, UC_FIELD_TEXT),
        IN (UsherMerge, drop, UC_FIELD_TEXT), IN (UsherMerge, author, UC_FIELD_TEXT), END };
STRUCT (merge, UsherMerge);

static const UcWireField request_fields[]
    = { IN (UsherRequest, method, UC_FIELD_TEXT), IN (UsherRequest, path, UC_FIELD_TEXT),
        IN (UsherRequest, query, UC_FIELD_TEXT),  IN (UsherRequest, headers, UC_FIELD_TEXTS),
        IN_BYTES (UsherRequest, body, body_len),  IN (UsherRequest, remote_address, UC_FIELD_TEXT),
        IN (UsherRequest, origin, UC_FIELD_TEXT), END };
STRUCT (request, UsherRequest);

static const UcWireField response_fields[]
    = { IN (UsherResponse, status, UC_FIELD_INT32), IN (UsherResponse, content_type, UC_FIELD_TEXT),
        IN (UsherResponse, headers, UC_FIELD_TEXTS), IN_BYTES (UsherResponse, body, body_len), END };
STRUCT (response, UsherResponse);

static const UcWireField setting_fields[] = { IN (UcWireSetting, key, UC_FIELD_TEXT),
                                              IN (UcWireSetting, type, UC_FIELD_INT32),
                                              IN (UcWireSetting, set, UC_FIELD_BOOL),
                                              IN (UcWireSetting, string, UC_FIELD_TEXT),
                                              IN (UcWireSetting, number, UC_FIELD_INT),
                                              IN (UcWireSetting, list, UC_FIELD_TEXTS),
                                              END };
STRUCT (setting, UcWireSetting);

static const UcWireField declared_fields[] = { IN (UsherSetting, key, UC_FIELD_TEXT),
                                               IN (UsherSetting, type, UC_FIELD_INT32),
                                               IN (UsherSetting, default_value, UC_FIELD_TEXT),
                                               IN (UsherSetting, required, UC_FIELD_BOOL),
                                               IN (UsherSetting, min, UC_FIELD_INT),
                                               IN (UsherSetting, max, UC_FIELD_INT),
                                               IN (UsherSetting, choices, UC_FIELD_TEXT),
                                               IN (UsherSetting, help, UC_FIELD_TEXT),
                                               END };
STRUCT (declared, UsherSetting);

/* ---- messages ------------------------------------------------------------------------------------------ */

#define D UC_SIDE_DAEMON
#define H UC_SIDE_HOST
#define INT(name)                                                                                                 \
  {                                                                                                               \
    name, UC_FIELD_INT, NULL, 0, 0                                                                                \
  }
#define BOOL(name)                                                                                                \
  {                                                                                                               \
    name, UC_FIELD_BOOL, NULL, 0, 0                                                                               \
  }
#define TEXT(name)                                                                                                \
  {                                                                                                               \
    name, UC_FIELD_TEXT, NULL, 0, 0                                                                               \
  }
#define BYTES(name)                                                                                               \
  {                                                                                                               \
    name, UC_FIELD_BYTES, NULL, 0, 0                                                                              \
  }
#define TEXTS(name)                                                                                               \
  {                                                                                                               \
    name, UC_FIELD_TEXTS, NULL, 0, 0                                                                              \
  }
#define INTS(name)                                                                                                \
  {                                                                                                               \
    name, UC_FIELD_INTS, NULL, 0, 0                                                                               \
  }
#define ONE(name, what)                                                                                           \
  {                                                                                                               \
    name, UC_FIELD_STRUCT, &uc_wire_##what, 0, 0                                                                  \
  }
#define MANY(name, what)                                                                                          \
  {                                                                                                               \
    name, UC_FIELD_STRUCTS, &uc_wire_##what, 0, 0                                                                 \
  }
#define MESSAGE(op, name, from, help, ...) [op] = { op, name, from, FALSE, FALSE, help, { __VA_ARGS__ } }
#define FREE(op, name, from, both, help, ...) [op] = { op, name, from, both, TRUE, help, { __VA_ARGS__ } }

static const UcWireSpec specs[UC_OP_COUNT] = {
  FREE (UC_OP_CREDIT, "credit", D, TRUE, "so many frames and bytes more may be sent", INT ("frames"),
        INT ("bytes")),
  FREE (UC_OP_PING, "ping", D, FALSE, "token: a number that pong repeats", END),

  MESSAGE (UC_OP_OPEN, "open", D, "first frame: confine yourself, open the plugin, describe it", INT ("version"),
           TEXT ("name"), TEXT ("file"), TEXT ("data_dir"), TEXTS ("writable")),
  MESSAGE (UC_OP_CREATE, "create", D, "token: reply; `create` and `start` of the instance", INT ("kind"),
           TEXT ("name"), TEXT ("mount"), TEXT ("data_dir"), MANY ("settings", setting)),
  MESSAGE (UC_OP_STOP, "stop", D, "token: reply", END),
  MESSAGE (UC_OP_CANCEL, "cancel", D, "token: the reply nobody waits for any more", END),
  MESSAGE (UC_OP_SEND, "send", D, "token: reply", ONE ("line", line)),
  MESSAGE (UC_OP_NOTICE, "notice", D, "a system line was added", ONE ("line", line)),
  MESSAGE (UC_OP_TYPING, "typing", D, "the agent types", TEXT ("user_id"), BOOL ("on")),
  MESSAGE (UC_OP_SEEN, "seen", D, "the agent has read up to here", ONE ("line", line)),
  MESSAGE (UC_OP_LOOKUP, "lookup", D, "token: reply", ONE ("identity", identity)),
  MESSAGE (UC_OP_GET_CUSTOMER, "get_customer", D, "token: reply", TEXT ("id")),
  MESSAGE (UC_OP_SEARCH_CUSTOMERS, "search_customers", D, "token: reply", ONE ("query", query)),
  MESSAGE (UC_OP_SAVE_CUSTOMER, "save_customer", D, "token: reply", ONE ("customer", customer)),
  MESSAGE (UC_OP_GET_CASE, "get_case", D, "token: reply", TEXT ("id")),
  MESSAGE (UC_OP_LIST_CASES, "list_cases", D, "token: reply", ONE ("query", query)),
  MESSAGE (UC_OP_SAVE_CASE, "save_case", D, "token: reply", ONE ("record", case)),
  MESSAGE (UC_OP_MERGE_CUSTOMERS, "merge_customers", D, "token: reply", ONE ("merge", merge)),
  MESSAGE (UC_OP_UNMERGE_CUSTOMERS, "unmerge_customers", D, "token: reply", ONE ("merge", merge)),
  MESSAGE (UC_OP_DESCRIBE, "describe", D, "token: reply", END),
  MESSAGE (UC_OP_DESK_OUTPUT, "desk_output", D, "token: desk", BYTES ("frame")),
  MESSAGE (UC_OP_DESK_CLOSED, "desk_closed", D, "token: desk; the last of it", INT ("code"), TEXT ("reason")),
  MESSAGE (UC_OP_HTTP, "http", D, "token: exchange", ONE ("request", request)),
  MESSAGE (UC_OP_WS_OPEN, "ws_open", D, "token: socket; ws_answer comes back", ONE ("request", request)),
  MESSAGE (UC_OP_WS_MESSAGE, "ws_message", D, "token: socket", BYTES ("data"), BOOL ("binary")),
  MESSAGE (UC_OP_WS_CLOSED, "ws_closed", D, "token: socket; the last of it", INT ("code")),
  MESSAGE (UC_OP_ROUTED, "routed", D, "token: that of route", BOOL ("taken over")),
  MESSAGE (UC_OP_DELIVERED, "delivered", D, "token: that of deliver", ONE ("result", result), INTS ("numbers")),
  MESSAGE (UC_OP_HISTORY_DONE, "history_done", D, "token: that of history", ONE ("result", result),
           MANY ("lines", line), TEXT ("state"), TEXT ("agent_name")),
  MESSAGE (UC_OP_KV_VALUE, "kv_value", D, "token: that of kv_get", BYTES ("value")),
  MESSAGE (UC_OP_KV_DONE, "kv_done", D, "token: that of kv_set", ONE ("result", result)),
  MESSAGE (UC_OP_MEDIA_DONE, "media_done", D, "token: that of media_put", ONE ("result", result), TEXT ("id")),

  FREE (UC_OP_PONG, "pong", H, FALSE, "token: that of ping", END),
  MESSAGE (UC_OP_DESCRIBED, "described", H, "the plugin is open", TEXT ("name"), TEXT ("version"),
           TEXT ("summary"), TEXT ("license"), MANY ("settings", declared), INTS ("slots"),
           ONE ("capabilities", capabilities), TEXT ("confinement")),
  MESSAGE (UC_OP_REFUSED, "refused", H, "the plugin can't be opened", TEXT ("why")),
  MESSAGE (UC_OP_CREATED, "created", H, "the instance is created and starts", ONE ("capabilities", capabilities)),
  MESSAGE (UC_OP_COMPLETE, "complete", H, "token: the reply", ONE ("result", result)),
  MESSAGE (UC_OP_LOG, "log", H, "a line of the log", INT ("level"), TEXT ("message")),
  MESSAGE (UC_OP_STATE, "state", H, "instance_state", INT ("status"), TEXT ("message")),
  MESSAGE (UC_OP_DELIVER, "deliver", H, "token: the call", MANY ("items", inbound)),
  MESSAGE (UC_OP_TYPING_IN, "typing_in", H, "the customer types", TEXT ("user_id"), BOOL ("on")),
  MESSAGE (UC_OP_HISTORY, "history", H, "token: the call", TEXT ("user_id"), INT ("after"), INT ("limit")),
  MESSAGE (UC_OP_KV_GET, "kv_get", H, "token: the call", TEXT ("key")),
  MESSAGE (UC_OP_KV_SET, "kv_set", H, "token: the call", TEXT ("key"), BYTES ("value")),
  MESSAGE (UC_OP_MEDIA_PUT, "media_put", H, "token: the call", BYTES ("bytes"), TEXT ("mime"), TEXT ("name")),
  MESSAGE (UC_OP_ROUTE, "route", H, "token: the call; the host waits for routed", TEXT ("path"), INT ("flags"),
           INT ("max_body")),
  MESSAGE (UC_OP_HTTP_RESPOND, "http_respond", H, "token: exchange", ONE ("response", response)),
  MESSAGE (UC_OP_WS_ANSWER, "ws_answer", H, "token: socket; 0 accepts, else an HTTP status", INT ("status")),
  MESSAGE (UC_OP_WS_SEND, "ws_send", H, "token: socket", BYTES ("data"), BOOL ("binary")),
  MESSAGE (UC_OP_WS_CLOSE, "ws_close", H, "token: socket", INT ("code"), TEXT ("reason")),
  MESSAGE (UC_OP_DESK_OPEN, "desk_open", H, "token: a desk's number, never used again", TEXT ("remote_address")),
  MESSAGE (UC_OP_DESK_INPUT, "desk_input", H, "token: desk", BYTES ("frame")),
  MESSAGE (UC_OP_DESK_CLOSE, "desk_close", H, "token: desk", END),
};

const UcWireSpec *
uc_wire_spec (guint op)
{
  return op < UC_OP_COUNT && specs[op].name != NULL ? &specs[op] : NULL;
}

static void
append_fields (GString *out, const UcWireSpec *spec)
{
  static const char *const words[] = {
    [UC_FIELD_INT] = "int",     [UC_FIELD_INT32] = "int",   [UC_FIELD_BOOL] = "bool", [UC_FIELD_TEXT] = "text",
    [UC_FIELD_BYTES] = "bytes", [UC_FIELD_TEXTS] = "texts", [UC_FIELD_INTS] = "ints"
  };

  for (const UcWireField *field = spec->fields; field->kind != UC_FIELD_END; field++)
    {
      g_string_append (out, field == spec->fields ? "" : ", ");
      if (field->of == NULL)
        g_string_append_printf (out, "%s %s", words[field->kind], field->name);
      else
        g_string_append_printf (out, "%s%s %s", field->of->name, field->kind == UC_FIELD_STRUCTS ? "[]" : "",
                                field->name);
    }
}

char *
uc_wire_table_text (void)
{
  GString *out = g_string_new ("| op | message | from | fields | |\n|---:|---|---|---|---|\n");

  for (guint op = 0; op < UC_OP_COUNT; op++)
    {
      const UcWireSpec *spec = uc_wire_spec (op);

      if (spec == NULL)
        continue;
      g_string_append_printf (out, "| %u | `%s` | %s | ", op, spec->name,
                              spec->both                     ? "both"
                              : spec->from == UC_SIDE_DAEMON ? "usherd"
                                                             : "host");
      append_fields (out, spec);
      g_string_append_printf (out, " | %s |\n", spec->help);
    }
  return g_string_free (out, FALSE);
}
