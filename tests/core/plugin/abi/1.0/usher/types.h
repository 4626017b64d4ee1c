/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plain data shared by all tables of the plugin ABI.
 *
 * Rules that hold for every struct and slot in these headers:
 *  - `struct_size` is the first member; the maker of a struct writes sizeof of it there. A reader never
 *    looks at a member that lies beyond the size it was given. Members are only ever appended.
 *  - Strings are NUL-terminated UTF-8. NULL means "not known" unless a member says otherwise.
 *  - Times are int64_t milliseconds since 1970-01-01 UTC. Durations are int64_t milliseconds.
 *  - Arguments are borrowed until the call returns; whoever needs them longer copies them.
 *  - Lists are NULL-terminated arrays of pointers, so that the structs in them may grow.
 *  - Everything is plain data: the same plugin runs inside the daemon or in a process of its own.
 */
#ifndef USHER_TYPES_H
#define USHER_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* C linkage of what stands between them, also for C++. */
#ifdef __cplusplus
#define USHER_BEGIN_DECLS                                                                                         \
  extern "C"                                                                                                      \
  {
#define USHER_END_DECLS }
#else
#define USHER_BEGIN_DECLS
#define USHER_END_DECLS
#endif

USHER_BEGIN_DECLS

/* The core's handle of one configured instance of a plugin. Opaque; a plugin hands it back to the host. */
typedef struct UsherInstance UsherInstance;

/* An answer that is owed to the core. Completed exactly once with UsherHost.complete, at once or later. */
typedef struct UsherReply UsherReply;

/* One HTTP exchange waiting for its response. Answered exactly once with UsherHost.http_respond. */
typedef struct UsherExchange UsherExchange;

/* One open WebSocket. */
typedef struct UsherSocket UsherSocket;

/* One attached front-end session of a logged-in user. */
typedef struct UsherDesk UsherDesk;

/* A parsed or built JSON value, owned by the host's JSON service. */
typedef struct UsherJson UsherJson;

/* How an operation ended, by what the receiver should do about it. Since 1.0 */
typedef enum
{
  /* Done; for a channel: the network took the message. */
  USHER_OK = 0,
  /* Not done, may work later (network down, 5xx, rate limit); retry_after_ms may say when. */
  USHER_RETRY = 1,
  /* May or may not have happened (time-out after the request left); never repeated blindly. */
  USHER_UNCERTAIN = 2,
  /* The network's reply window is closed. */
  USHER_WINDOW = 3,
  /* This recipient can't be reached (blocked, gone, unknown). */
  USHER_RECIPIENT = 4,
  /* This content is refused (too long, bad media). */
  USHER_CONTENT = 5,
  /* Credentials are wrong, expired or lack a right. */
  USHER_AUTH = 6,
  /* The account is restricted by the network. */
  USHER_POLICY = 7,
  /* The request makes no sense as it stands; the same request will fail again. */
  USHER_INVALID = 8,
  /* The thing named does not exist. */
  USHER_NOT_FOUND = 9,
  /* Somebody else changed it, or a unique key is taken. */
  USHER_CONFLICT = 10,
  /* This plugin or network can't do that. */
  USHER_UNSUPPORTED = 11,
  /* create, start: the settings are fine but there is nothing to do; listed, not an error. */
  USHER_NOT_CONFIGURED = 12,
  /* Overloaded: refused before anything was done; try again after retry_after_ms. */
  USHER_BUSY = 13,
  /* Cancelled because the instance is stopping. */
  USHER_CANCELLED = 14,
  /* The process that owed the answer is gone. */
  USHER_LOST = 15,
  /* Anything else; `message` says what. */
  USHER_FAILED = 16
} UsherStatus;

typedef enum
{
  USHER_LOG_ERROR = 1,   /* something is lost or stopped; a person must act */
  USHER_LOG_WARNING = 2, /* something failed and will be tried again, or is degraded */
  USHER_LOG_NOTICE = 3,  /* rare and normal: started, stopped, reconnected */
  USHER_LOG_INFO = 4,    /* per conversation; never contains message text or secrets */
  USHER_LOG_DEBUG = 5    /* for developers */
} UsherLogLevel;

/* What one feature of a channel is worth. Since 1.0 */
typedef enum
{
  USHER_CAN_NOT = 0, /* the network has nothing like it and the core does not pretend */
  USHER_EMULATE = 1, /* the core stands in (long text is split, markup becomes plain text) */
  USHER_NATIVE = 2   /* the network does it */
} UsherCapability;

/* One identity of a customer: who somebody is on one network. (network, id) is unique. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *network; /* "webchat", "messenger", "xmpp", ... lower case */
  const char *id;      /* the network's stable id of the person */
  const char *name;    /* display name on that network, NULL if it is private */
} UsherIdentity;

/* A customer record in a CRM. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *id;   /* the CRM's id; NULL when a record is to be created */
  const char *name; /* display name; never empty in an answer */
  const char *first_name;
  const char *last_name;
  const char *email; /* unique among customers of one CRM when set; at most 254 characters */
  const char *phone;
  const char *company;
  const char *notes;
  const char *fields; /* JSON object with the site's own fields, NULL = none */
  bool draft;         /* made by the engine for a new identity and not yet completed by a person */
  int64_t version;    /* rises with each change; on write 0 = don't check, else CONFLICT unless equal */
  int64_t created_at;
  int64_t updated_at;
  const UsherIdentity *const *identities; /* NULL = none; on write they are added to those it has */
  const char *account;                    /* unique account number the CRM gave it; answers only */
  const char *author; /* write: name of the person who does it, for the history; NULL = the system */
  const char
      *merges; /* get_customer: JSON array of {"id","customer","name","at","by"}, records merged into this one */
} UsherCustomer;

/* A case: the CRM's record of one handled matter. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *id;          /* the CRM's id; NULL when a case is to be created */
  const char *customer_id; /* NULL = not assigned to a customer (yet) */
  const char *interaction; /* usher's id of the interaction, the idempotency key: it never makes two cases */
  const char *subject;
  const char *state; /* "open" or "closed" */
  /* JSON array of {"at","author","name","text"} objects, oldest first; NULL = leave as it is */
  const char *transcript;
  const char *queue;   /* queue name at the time of the interaction */
  const char *channel; /* channel instance name */
  const char *agent;   /* name of the agent who handled it */
  const char *notes;
  const char *fields; /* JSON object, NULL = none */
  int64_t version;    /* as in UsherCustomer */
  int64_t started_at; /* when the interaction was queued, 0 = unknown */
  int64_t ended_at;   /* when the conversation ended, 0 = still going on */
  int64_t created_at;
  int64_t updated_at;
  const char *number;   /* short number for people, e.g. "C-1042"; unique in the CRM; answers only */
  const char *severity; /* one of the CRM's words (UsherCrmOps.describe); "" clears */
  const char *priority;
  const char *category;
  const char *codes;   /* transaction codes, JSON array of {"list","code","name"}; NULL = leave as they are */
  const char *author;  /* write: name of the person who does it, for the history; NULL = the system */
  const char *comment; /* write: appended to the comments, under `author` */
  /* Write, with `interaction` set and id NULL: the interaction continues this earlier case of the same customer.
   * The CRM's reopen rule decides whether it becomes a follow-up in that case (closed ones are reopened) or a case
   * of its own that names it. The answer is the case that took it. */
  const char *follow_up_of;
  const char *comments;   /* get_case: JSON array of {"at","author","text"}, oldest first */
  const char *history;    /* get_case: JSON array of {"at","author","field","from","to"}, oldest first */
  const char *follow_ups; /* get_case: JSON array of {"interaction","at","agent","channel","queue","transcript"} */
} UsherCase;

/* One thing attached to a message. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *kind;  /* "image", "audio", "video", "file", "sticker", "location", "link" */
  const char *media; /* id from UsherHost.media_put; NULL = the bytes are not kept */
  const char *name;  /* file name or title for people; NULL = none */
  const char *mime;
  const char *url; /* http(s) or geo: address a person may open; never one that carries a secret; NULL = none */
  int64_t size;    /* bytes, 0 = unknown */
} UsherAttachment;

/* The answer to a slot that took an UsherReply. Made by the plugin, borrowed until `complete` returns. Since 1.0
 */
typedef struct
{
  size_t struct_size;
  UsherStatus status;
  const char *message;     /* for people: what failed and why; NULL when status is USHER_OK */
  int64_t retry_after_ms;  /* with USHER_RETRY or USHER_BUSY: not before this long from now; 0 = no opinion */
  const char *external_id; /* send: the network's id of the message; NULL if it has none */
  const UsherCustomer *const *customers; /* CRM answers; NULL = none */
  const UsherCase *const *cases;         /* CRM answers; NULL = none */
  const char *next; /* list and search: opaque cursor of the next page; NULL = this was the last */
  const char *data; /* JSON text, where the slot says what is in it; NULL = none */
} UsherResult;

USHER_END_DECLS

#endif
