/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The descriptor a plugin exports, its settings, and the head that all ops tables share.
 *
 * A plugin is one shared object NAME.so that exports one symbol, `usher_plugin_entry`. Life of a plugin:
 *
 *   open -> usher_plugin_entry -> checks and bounded copy -> load
 *     for each configured instance: create -> start -> (slots) -> stop -> destroy
 *   -> unload (only when the daemon exits; a plugin is never unmapped)
 *
 * Rules of every slot, unless its comment says otherwise:
 *  - Thread: the core's main thread, one slot at a time. It must not block: what takes longer than about a
 *    millisecond belongs into a thread of the plugin's own, whose results come back with UsherHost.invoke. From
 *    such a thread only those host functions may be called that say "any thread".
 *  - Ownership: arguments are borrowed until the slot returns (with a reply: see the slot) and never freed by the
 *    plugin. The host copies what it is given.
 *  - Errors: a slot that takes a reply answers through it, with an UsherStatus that says what the core should do
 *    and a sentence for the administrator. Other slots have no way to fail; they log.
 *  - Reply: completed exactly once with UsherHost.complete, from inside the slot or later, from any thread; also
 *    when UsherHost.cancelled says that nobody waits any more, and before `stop` is answered.
 *  - NULL: an optional slot that is NULL is a feature the plugin does not have; the core copes without.
 *  - After `destroy` nothing of the instance is called any more, and the plugin calls nothing for it.
 */
#ifndef USHER_PLUGIN_H
#define USHER_PLUGIN_H

#include <usher/types.h>
#include <usher/version.h>

USHER_BEGIN_DECLS

typedef struct UsherHost UsherHost;
typedef struct UsherRequest UsherRequest;
typedef struct UsherChannelOps UsherChannelOps;
typedef struct UsherCrmOps UsherCrmOps;
typedef struct UsherFrontendOps UsherFrontendOps;

typedef enum
{
  USHER_SETTING_STRING = 1,
  USHER_SETTING_INT = 2,      /* decimal, within [min, max] */
  USHER_SETTING_BOOL = 3,     /* true or false */
  USHER_SETTING_DURATION = 4, /* "500ms", "30s", "10m", "2h"; read back in milliseconds; [min, max] in ms */
  USHER_SETTING_SIZE = 5,     /* bytes, with optional suffix k, M or G (powers of 1024); [min, max] in bytes */
  USHER_SETTING_PATH = 6,     /* absolute, or relative to the instance's data folder; read back absolute */
  USHER_SETTING_URL = 7,      /* http:// or https:// */
  USHER_SETTING_SECRET = 8,   /* only by reference: file:/path or credential:NAME; read back resolved */
  USHER_SETTING_LIST = 9,     /* values separated by commas */
  USHER_SETTING_ENUM = 10     /* one of `choices` */
} UsherSettingType;

/* One setting a plugin understands. The core parses, checks and reports; the plugin only reads. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *key; /* lower-case letters, digits and underscores */
  UsherSettingType type;
  const char *default_value; /* as it would stand in the file; NULL = no default */
  bool required;             /* refuse a configuration without it */
  int64_t min, max;          /* INT, DURATION, SIZE: both 0 = unbounded */
  const char *choices;       /* ENUM: the words, separated by commas */
  const char *help;          /* one line, says what it is for and its unit */
} UsherSetting;

/*
 * What an instance can be told to do about itself, the first members of every ops table. This head never grows:
 * a slot that all kinds get later is appended to each table. Since 1.0
 *
 * create     Required. Called for each configured instance before anything else, and again before each new attempt
 *            to start. Makes the plugin's own state and returns it; it becomes `self` of every other slot. No I/O
 *            here. Settings are read through the host; `instance` and `host` stay valid until destroy returns. On
 *            failure returns NULL after UsherHost.fail told why.
 * start      Optional. Called once after create. Opens what the instance needs; completes `reply` when it is ready
 *            for work, within 30 s (then: stop, destroy, and another attempt). NULL = ready after create. When it
 *            answers anything but USHER_OK, `destroy` follows without `stop`. USHER_RETRY or USHER_BUSY: the core
 *            then tries again with back-off (retry_after_ms is a wish), beginning with create.
 *            USHER_NOT_CONFIGURED: the instance is skipped. Anything else: it has failed and stays down.
 * stop       Optional. Called once, after `start` was called, when the daemon ends or the instance is to start
 * anew. Finish or cancel outstanding work (complete open replies, USHER_CANCELLED where nothing was done), then
 * complete `reply`. The core waits 10 s for both. Replies that are still open then are answered USHER_CANCELLED by
 * the core. NULL = there is never anything outstanding. destroy    Required. The last call. Frees `self`. Routes,
 * timers and sockets are removed by the core beforehand, without ws_closed; what threads of the plugin still
 * invoke is dropped, so join them here.
 *
 * http       Optional, needed if routes are registered. One request on a route of this instance; `request` is
 *            borrowed until it returns, `exchange` is valid until it is answered. Answer exactly once, at once or
 *            later (90 s at most, then the client gets 503), on the main thread with UsherHost.http_respond.
 *            Everything in the request comes from a stranger; only its size is bounded (UsherHost.route).
 * ws_open    Optional, needed with ws_message and ws_closed for WebSocket routes. Return 0 to accept, or an HTTP
 *            status of 400 or more to refuse (no further call then). `socket` is valid until ws_closed returns.
 *            UsherHost.ws_set_data stores a pointer with it.
 * ws_message One complete message of at most the route's max_body bytes; text is UTF-8 and NUL-terminated, `len`
 *            excludes that NUL; there may be others in it.
 * ws_closed  The socket is gone, by whichever side; the last call for it, exactly once for each accepted socket
 *            (but see destroy). `code` is that of the closing handshake; 1006 = the connection broke. Drop every
 *            pointer to it.
 *
 * All of them since 1.0.
 */
#define USHER_OPS_HEAD_MEMBERS                                                                                    \
  size_t struct_size;                                                                                             \
  void *(*create) (UsherInstance * instance, const UsherHost *host);                                              \
  void (*start) (void *self, UsherReply *reply);                                                                  \
  void (*stop) (void *self, UsherReply *reply);                                                                   \
  void (*destroy) (void *self);                                                                                   \
  void (*http) (void *self, UsherExchange *exchange, const UsherRequest *request);                                \
  int (*ws_open) (void *self, UsherSocket *socket, const UsherRequest *request);                                  \
  void (*ws_message) (void *self, UsherSocket *socket, const char *data, size_t len, bool binary);                \
  void (*ws_closed) (void *self, UsherSocket *socket, int code)

/* The head alone, for code that treats all kinds alike. Since 1.0 */
typedef struct
{
  USHER_OPS_HEAD_MEMBERS;
} UsherOpsHead;

/* The descriptor. Const, with static lifetime. name, version, summary and license are required, and at least one
 * of channel, crm and frontend. Since 1.0 */
typedef struct
{
  size_t struct_size; /* these three are filled by USHER_PLUGIN_HEAD and come first for ever */
  uint32_t abi_major;
  uint32_t abi_minor;
  const char *name;                    /* lower-case letters, digits, dashes; equals the file name without .so */
  const char *version;                 /* the plugin's own version */
  const char *summary;                 /* one line */
  const char *license;                 /* SPDX expression */
  const UsherSetting *const *settings; /* NULL-terminated, NULL = none; valid for every kind the plugin offers */
  const UsherChannelOps *channel;      /* NULL = not a channel */
  const UsherCrmOps *crm;              /* NULL = not a CRM */
  const UsherFrontendOps *frontend;    /* NULL = not a front end */
  /* Optional. Called once per process, before the first create; `host` is valid until the process ends. Return
   * false after host->log (NULL, ...) said why: the plugin is then treated as not loadable. Since 1.0 */
  bool (*load) (const UsherHost *host);
  /* Optional. Called once, when the process ends and after the last destroy, if `load` succeeded or is NULL.
   * Since 1.0 */
  void (*unload) (void);
} UsherPlugin;

#define USHER_PLUGIN_HEAD sizeof (UsherPlugin), USHER_ABI_MAJOR, USHER_ABI_MINOR

typedef const UsherPlugin *(*UsherPluginEntry) (void);

#if defined(__GNUC__)
#define USHER_EXPORT __attribute__ ((visibility ("default")))
#else
#define USHER_EXPORT
#endif

#ifdef __cplusplus
#define USHER_EXTERN_C extern "C"
#else
#define USHER_EXTERN_C
#endif

/* Writes the entry function. Use once per plugin: USHER_PLUGIN_EXPORT (my_plugin) */
#define USHER_PLUGIN_EXPORT(descriptor)                                                                           \
  USHER_EXTERN_C USHER_EXPORT const UsherPlugin *usher_plugin_entry (void);                                       \
  const UsherPlugin *usher_plugin_entry (void)                                                                    \
  {                                                                                                               \
    return &(descriptor);                                                                                         \
  }

USHER_END_DECLS

#endif
