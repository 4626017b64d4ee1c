/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A channel carries messages between customers on one network account and the engine.
 *
 * In:  the plugin verifies and parses what came from the network, then calls UsherHost.deliver. Only when
 *      that answers USHER_OK may it acknowledge to the network: the message is then durable.
 * Out: the core calls `send`; the plugin hands the message to the network and completes the reply.
 *
 * The core removes duplicates by (instance, external_id), keeps the order of one conversation, retries,
 * splits what is too long and refuses what comes too late. A plugin never has to.
 */
#ifndef USHER_CHANNEL_H
#define USHER_CHANNEL_H

#include <usher/plugin.h>

USHER_BEGIN_DECLS

typedef enum
{
  USHER_INBOUND_MESSAGE = 1, /* the customer wrote something */
  USHER_INBOUND_ENDED = 2,   /* the customer ended the chat (closed it on purpose) */
  USHER_INBOUND_RECEIPT = 3, /* `receipt` for everything up to our message `external_id`, `upto` or `upto_at` */
  /* The network shows us a message of our own account. With `message_id` (or a known external_id) it is one that
   * we sent: it settles a send whose outcome was uncertain. Otherwise a person wrote it with another tool: it is
   * kept as ours, "sent elsewhere", and opens nothing. */
  USHER_INBOUND_ECHO = 4,
  USHER_INBOUND_PROFILE = 5 /* user_name and picture of a person; ignored when the conversation is not known */
} UsherInboundKind;

typedef enum
{
  USHER_RECEIPT_NONE = 0,
  USHER_RECEIPT_DELIVERED = 1, /* shown on the customer's device */
  USHER_RECEIPT_READ = 2
} UsherReceipt;

/* One thing that came from the network. Since 1.0 */
typedef struct
{
  size_t struct_size;
  UsherInboundKind kind;
  /* Required: the network's stable id of the person; with the instance it names the conversation. */
  const char *user_id;
  const char *user_name;   /* display name; NULL = private or unknown */
  const char *external_id; /* MESSAGE, ENDED: required, the network's id of this event, the same on redelivery */
  const char *text;        /* MESSAGE: required, at most 64 KiB; longer is refused USHER_CONTENT */
  int64_t at;              /* when the network says it happened; 0 = now */
  UsherReceipt receipt;    /* RECEIPT */
  int64_t upto;            /* RECEIPT: every outbound message with n <= upto; 0 = only the one in external_id */
  int64_t upto_at;         /* RECEIPT: every outbound message sent at or before this time; 0 = not by time */
  /* MESSAGE: what it is besides text the person typed: "postback", "quick_reply", "reaction", "edit", "retract",
   * "referral", "encrypted", "unsupported"; `text` then is a sentence for people. NULL = a plain message. */
  const char *form;
  bool passive; /* MESSAGE: belongs to the conversation but does not open an interaction (reaction, referral) */
  const char *reply_to; /* MESSAGE: external_id of the line it answers or is about; NULL = none */
  const UsherAttachment *const *attachments; /* MESSAGE, ECHO: NULL = none; with them `text` may be "" */
  const char *message_id;                    /* ECHO: our UsherLine.message_id, if the network handed it back */
  int64_t window_until; /* MESSAGE: until when we may answer; 0 = `at` + the capability's reply_window_ms */
  const char *picture;  /* PROFILE: id from UsherHost.media_put; NULL = leave it */
} UsherInbound;

/* Called once per deliver, on the main thread, when all of the array is durable or refused.
 * result->status: USHER_OK stored (also for duplicates); USHER_BUSY or USHER_RETRY not stored, deliver again
 * later with the same external_id; anything else: refused for good, `message` says why.
 * numbers[i] is item i's number in its conversation (message or ended line), 0 for receipts. */
typedef void (*UsherDelivered) (void *data, const UsherResult *result, const int64_t *numbers, size_t count);

typedef enum
{
  USHER_AUTHOR_CUSTOMER = 1,
  USHER_AUTHOR_AGENT = 2,
  USHER_AUTHOR_SYSTEM = 3
} UsherAuthor;

/* One line of a conversation. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *conversation; /* the core's id */
  const char *user_id;      /* to whom, as in UsherInbound */
  const char *message_id;   /* unique and the same on every attempt: use it as the network's idempotency key */
  int64_t n;                /* number in the conversation: 1, 2, 3, ... without a gap over all authors */
  UsherAuthor author;
  const char *author_name; /* AGENT: the name customers may see */
  const char *code;        /* SYSTEM: "queued", "agent_joined", "agent_left", "ended"; NULL otherwise */
  const char *text;        /* the text; for SYSTEM an English sentence a plain channel may show */
  const char *external_id; /* CUSTOMER: as it was delivered; send: NULL */
  int64_t at;
  int32_t
      window; /* send: 0 = inside the reply window or there is none, 1 = only as a person's late answer (tag) */
  const char *form;                          /* as in UsherInbound; "elsewhere" for an echo nobody here sent */
  const UsherAttachment *const *attachments; /* NULL = none */
} UsherLine;

/* Answer to UsherHost.history; `lines` is NULL-terminated and borrowed. `state` is "none" (never wrote),
 * "waiting", "active" or "ended"; `agent_name` is set while "active". */
typedef void (*UsherHistory) (void *data, const UsherResult *result, const UsherLine *const *lines,
                              const char *state, const char *agent_name);

/* What the network can do. Static lifetime. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *network; /* required: name of the identities' network, e.g. "webchat" */
  int32_t max_text;    /* longest text of one message, in `text_unit`; 0 = no limit */
  int32_t text_unit;   /* 0 = Unicode code points, 1 = UTF-8 bytes, 2 = UTF-16 units */
  UsherCapability typing_in, typing_out;
  UsherCapability receipts_delivered, receipts_read;
  int64_t reply_window_ms; /* how long after the customer's last message we may write; 0 = always */
  bool idempotent_send;    /* sending the same message_id twice shows it once */
  int64_t
      tagged_window_ms; /* how long after it a person may still answer with the network's tag; 0 = not at all */
  bool echoes;          /* our own messages come back as USHER_INBOUND_ECHO: an uncertain send waits for that */
  /* Deliveries of one conversation may overtake each other: the core gathers them for so long and stores them in
   * the order of `at`. 0 = they come in order. */
  int64_t settle_ms;
  UsherCapability media_in, media_out;
} UsherChannelCapabilities;

struct UsherChannelOps
{
  USHER_OPS_HEAD_MEMBERS;

  /* Required. What the network can do as far as it is known without an instance: data, so that tools can tell it
   * (`usherctl plugin inspect`). Since 1.0 */
  const UsherChannelCapabilities *capabilities;

  /* Required. Hand one agent's message to the network, then complete `reply`: USHER_OK when the network took
   * it (external_id = its id there), or one of RETRY UNCERTAIN WINDOW RECIPIENT CONTENT AUTH POLICY. The core
   * sends the messages of one conversation one after another, those of several at once, and times out after
   * 60 s (-> UNCERTAIN). Called only between `start` answered and `stop` called. RETRY, BUSY and LOST are sent
   * again under the same message_id; UNCERTAIN only with idempotent_send. `line` is borrowed until the reply is
   * completed. Since 1.0 */
  void (*send) (void *self, const UsherLine *line, UsherReply *reply);

  /* Optional. A system line ("queued", "agent_joined", ...) was added. Networks with no place for it leave
   * this NULL. No answer, not retried: what must be seen after an outage is in UsherHost.history. Since 1.0 */
  void (*notice) (void *self, const UsherLine *line);

  /* Optional; NULL with typing_out USHER_CAN_NOT. The agent started (true) or stopped typing to `user_id`. Sent at
   * most every 3 s, lapses after 6 s; no answer. Since 1.0 */
  void (*typing) (void *self, const char *user_id, bool on);

  /* Optional. What this instance can do, where that depends on its settings. Asked once after create, before
   * `start`; returns never NULL, the plugin's, valid until destroy. NULL slot = `capabilities` holds for all
   * instances. Since 1.0 */
  const UsherChannelCapabilities *(*runtime_capabilities) (void *self);

  /* Optional. An agent has read everything up to this line of the customer's. At most one a second and
   * conversation, only ever forward; not retried. Since 1.0 */
  void (*seen) (void *self, const UsherLine *line);
};

USHER_END_DECLS

#endif
