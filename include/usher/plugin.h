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
 * All slots are called on the core's main thread and must not block. A plugin may have threads of its
 * own; from them it may call only those host functions that say "any thread".
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
 * create   required. Makes the plugin's own state for one instance and returns it; it becomes the first
 *          argument of every other slot. No I/O here. Settings are read through the host. On failure
 *          returns NULL after UsherHost.fail told why.
 * start    optional. Opens what the instance needs; completes `reply` when it is ready for work, within 30 s.
 *          NULL = ready after create. When it answers anything but USHER_OK, `destroy` follows without `stop`.
 *          USHER_RETRY or USHER_BUSY: the core then tries again with back-off, beginning with create.
 *          USHER_NOT_CONFIGURED: the instance is skipped. Anything else: it has failed and stays down.
 * stop     optional. Finish or cancel outstanding work, then complete `reply`. The core waits 10 s.
 *          Replies owed by the plugin that are still open then are answered USHER_CANCELLED by the core.
 * destroy  required. Frees `self`. Routes, timers and sockets are removed by the core beforehand; what threads
 *          of the plugin still invoke is dropped, so join them here.
 *
 * http       optional, needed if routes are registered. One request on a route of this instance. Answer
 *            `exchange` exactly once, at once or later, with UsherHost.http_respond.
 * ws_open    optional, needed for WebSocket routes. Return 0 to accept, or an HTTP status to refuse.
 *            `socket` is valid until ws_closed. UsherHost.ws_set_data stores a pointer with it.
 * ws_message one complete message; `data` is NUL-terminated for text, `len` excludes that NUL.
 * ws_closed  the socket is gone, by whichever side; the last call for it. Drop every pointer to it.
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
  /* Optional, once per process, before the first create. Return false after host->log said why: the
   * plugin is then treated as not loadable. */
  bool (*load) (const UsherHost *host);
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
