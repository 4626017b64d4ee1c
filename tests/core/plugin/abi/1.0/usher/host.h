/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the core does for plugins: one table of functions, passed to `load` and `create`. The core fills every
 * slot that its own header has; a plugin built against a newer header asks USHER_HOST_HAS before using a slot
 * that is younger than the ABI it insists on.
 *
 * Main thread only, unless a slot says "any thread"; a call from elsewhere is reported against the plugin and does
 * nothing. Functions handed to the host are not called any more once the instance is being destroyed.
 */
#ifndef USHER_HOST_H
#define USHER_HOST_H

#include <usher/channel.h>
#include <usher/crm.h>
#include <usher/frontend.h>

USHER_BEGIN_DECLS

/* One HTTP request. Since 1.0 */
struct UsherRequest
{
  size_t struct_size;
  const char *method;         /* "GET", "POST", ... */
  const char *path;           /* below the instance's mount, decoded, begins with "/" */
  const char *query;          /* as received, without "?"; NULL = none */
  const char *const *headers; /* name, value, name, value, ..., NULL; names in lower case, values as received */
  const char *body;           /* raw bytes, NULL when there are none */
  size_t body_len;
  const char *remote_address; /* peer, or the client a trusted proxy names; never NULL */
  const char *origin; /* scheme://host[:port] under which the client sees this server, from Host and a trusted
                         X-Forwarded-Proto; never NULL */
};

/* One HTTP response; copied. Since 1.0 */
typedef struct
{
  size_t struct_size;
  int status;
  const char *content_type;   /* NULL = none */
  const char *const *headers; /* further headers, name, value, ..., NULL; NULL = none */
  const char *body;
  size_t body_len;
} UsherResponse;

typedef enum
{
  USHER_ROUTE_HTTP = 1 << 0,      /* requests come to the `http` slot */
  USHER_ROUTE_WEBSOCKET = 1 << 1, /* upgrades come to the ws_ slots */
  USHER_ROUTE_PREFIX = 1 << 2     /* everything below the path too; the longest match wins */
} UsherRouteFlags;

typedef void (*UsherFunc) (void *data);

struct UsherHost
{
  size_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;

  /* ---- always -------------------------------------------------------------------------------------------- */

  /* Any thread. One line; never message text or secrets. instance NULL = the plugin as a whole. Since 1.0 */
  void (*log) (UsherInstance *instance, UsherLogLevel level, const char *message);
  /* Any thread. Wall clock in ms. Since 1.0 */
  int64_t (*now) (void);
  /* Any thread. Runs func (data) on the main thread, soon, once; dropped if the instance is destroyed first.
   * Since 1.0 */
  void (*invoke) (UsherInstance *instance, UsherFunc func, void *data);
  /* Calls func (data) once after ms (0 = as soon as the slot has returned), on the main thread; returns an id > 0,
   * never used again. Removed with the instance. Since 1.0 */
  uint64_t (*timer_add) (UsherInstance *instance, int64_t ms, UsherFunc func, void *data);
  /* 0 and ids of timers that are over are ignored. Since 1.0 */
  void (*timer_remove) (UsherInstance *instance, uint64_t id);
  /* In `create`: says why it is about to return NULL. `message` is a sentence for the administrator. Since 1.0
   */
  void (*fail) (UsherInstance *instance, UsherStatus status, const char *message);
  /* Any thread. Completes a reply, exactly once. The result is copied. A second completion is reported
   * against the plugin and ignored. Since 1.0 */
  void (*complete) (UsherReply *reply, const UsherResult *result);
  /* True when the core no longer waits for this reply; it must still be completed. Any thread. Since 1.0 */
  bool (*cancelled) (UsherReply *reply);
  /* Any thread. Fills buf with random bytes fit for keys and tokens. Since 1.0 */
  void (*random) (void *buf, size_t len);

  /* ---- settings of the instance -------------------------------------------------------------------------------
   * Keys are those of the descriptor, each read with the slot of its type; another key is reported against the
   * plugin and reads as "not set". What is returned stays valid until destroy. Since 1.0 */

  /* NAME of its section [channel:NAME]. Never NULL. */
  const char *(*instance_name) (UsherInstance *instance);
  /* A folder of its own; it exists and has mode 0700. Never NULL. */
  const char *(*data_dir) (UsherInstance *instance);
  /* STRING, PATH (absolute), URL, ENUM, SECRET (resolved). NULL = not set and without default. */
  const char *(*get_string) (UsherInstance *instance, const char *key);
  /* INT, DURATION (ms), SIZE (bytes). 0 = not set and without default. */
  int64_t (*get_int) (UsherInstance *instance, const char *key);
  /* BOOL. */
  bool (*get_bool) (UsherInstance *instance, const char *key);
  /* LIST: NULL-terminated; never NULL, maybe empty. */
  const char *const *(*get_list) (UsherInstance *instance, const char *key);

  /* ---- state of the instance, shown to administrators ---------------------------------------------------- */

  /* USHER_OK = working; anything else = needs attention, with a sentence. Since 1.0 */
  void (*instance_state) (UsherInstance *instance, UsherStatus status, const char *message);
  /* Small durable state, namespaced by instance: keys <= 128 bytes, values <= 64 KiB. kv_get may be called from
   * `start` on; answers in done (data, value, len): value NULL = not set, borrowed. kv_set: len 0 and value
   * NULL removes; done may be NULL. Since 1.0 */
  void (*kv_get) (UsherInstance *instance, const char *key,
                  void (*done) (void *data, const char *value, size_t len), void *data);
  void (*kv_set) (UsherInstance *instance, const char *key, const char *value, size_t len,
                  void (*done) (void *data, const UsherResult *result), void *data);

  /* ---- channel -> core ----------------------------------------------------------------------------------- */

  /* Takes 1..256 items of one delivery (one webhook body, one poll, one frame); `done` is called exactly once,
   * never before deliver returned. Since 1.0 */
  void (*deliver) (UsherInstance *instance, const UsherInbound *const *items, size_t count, UsherDelivered done,
                   void *data);
  /* The customer is typing (or stopped). Not stored. Since 1.0 */
  void (*typing) (UsherInstance *instance, const char *user_id, bool on);
  /* Lines of one conversation with n > after, oldest first, at most `limit` (<= 500). Only what is durable.
   * `done` is called exactly once, never before history returned. Since 1.0 */
  void (*history) (UsherInstance *instance, const char *user_id, int64_t after, int limit, UsherHistory done,
                   void *data);
  /* Keeps a picture or file that came in, at most 25 MiB, and answers its id for UsherAttachment.media: done
   * (data, result, id) exactly once, never before media_put returned; id NULL unless USHER_OK. `bytes` is copied.
   * `mime` is what the network says; what a browser may run is kept as a download. Since 1.0 */
  void (*media_put) (UsherInstance *instance, const void *bytes, size_t len, const char *mime, const char *name,
                     void (*done) (void *data, const UsherResult *result, const char *id), void *data);

  /* ---- front end -> core --------------------------------------------------------------------------------- */

  /* A client connected. Returns NULL when the core takes no more desks: refuse the client. The desk is valid until
   * desk_close is called or desk_closed returns. desk_data is handed to desk_output. Since 1.0 */
  UsherDesk *(*desk_open) (UsherInstance *instance, const char *remote_address, void *desk_data);
  /* One frame from the client, copied. May call desk_output or desk_closed before it returns. Since 1.0 */
  void (*desk_input) (UsherDesk *desk, const char *frame, size_t len);
  /* The client is gone; the last use of the desk. Since 1.0 */
  void (*desk_close) (UsherDesk *desk);

  /* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

  /* The path under which the instance's routes live, e.g. "/channel/site"; no slash at the end. Since 1.0 */
  const char *(*mount) (UsherInstance *instance);
  /* Registers a path below the mount ("/hook", "/ws", "/"). max_body bounds request bodies and WebSocket
   * messages in bytes; 0 = 64 KiB. False when the path is taken (logged). In create or start. Since 1.0 */
  bool (*route) (UsherInstance *instance, const char *path, int flags, size_t max_body);
  /* Answers an exchange; exactly once, the last use of it. `response` is copied. Since 1.0 */
  void (*http_respond) (UsherExchange *exchange, const UsherResponse *response);
  /* A pointer of the plugin's own that is kept with the socket; NULL until set. Since 1.0 */
  void (*ws_set_data) (UsherSocket *socket, void *data);
  void *(*ws_data) (UsherSocket *socket);
  /* Queues one message; never blocks. False when the socket is closed or its queue (1 MiB) is full: it is then
   * being closed with 1013 and ws_closed follows. Since 1.0 */
  bool (*ws_send) (UsherSocket *socket, const char *data, size_t len, bool binary);
  /* Starts the closing handshake; ws_closed follows later. Since 1.0 */
  void (*ws_close) (UsherSocket *socket, int code, const char *reason);

  /* ---- JSON: parsed with limits on size (1 MiB), depth (32), UTF-8 and duplicate keys -------------------- */

  /* NULL on error; *why then says what and where, valid until the next parse. Any thread except for *why.
   * Since 1.0 */
  UsherJson *(*json_parse) (const char *text, size_t len, const char **why);
  /* New and empty, freed with json_free unless handed to json_set or json_append. Since 1.0 */
  UsherJson *(*json_object) (void);
  UsherJson *(*json_array) (void);
  /* Readers are content with NULL, so that they can be nested; what they return belongs to the root. Since 1.0 */
  void (*json_free) (UsherJson *root);                                     /* only roots; NULL is fine */
  const UsherJson *(*json_get) (const UsherJson *object, const char *key); /* NULL = absent or not an object */
  const UsherJson *(*json_at) (const UsherJson *array, size_t index);      /* NULL = past the end */
  size_t (*json_length) (const UsherJson *array);
  const char *(*json_string) (const UsherJson *value);            /* NULL = not a string (NULL value is fine) */
  int64_t (*json_int) (const UsherJson *value, int64_t fallback); /* fallback = not a whole number */
  bool (*json_bool) (const UsherJson *value, bool fallback);
  /* Writers replace a key that is there. Since 1.0 */
  void (*json_set_string) (UsherJson *object, const char *key, const char *value); /* NULL value = null */
  void (*json_set_int) (UsherJson *object, const char *key, int64_t value);
  void (*json_set_bool) (UsherJson *object, const char *key, bool value);
  void (*json_set) (UsherJson *object, const char *key, UsherJson *child); /* takes child */
  void (*json_append) (UsherJson *array, UsherJson *child);                /* takes child */
  /* Compact text, freed with `free_text`; *len may be NULL. Since 1.0 */
  char *(*json_print) (const UsherJson *root, size_t *len);
  void (*free_text) (char *text);
};

/* Whether the running core's table has a slot: USHER_HOST_HAS (host, json_print) */
#define USHER_HOST_HAS(host, slot)                                                                                \
  ((host)->struct_size >= offsetof (UsherHost, slot) + sizeof ((host)->slot) && (host)->slot != NULL)

USHER_END_DECLS

#endif
