/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The host side of the plugin ABI for tests: loads a real built module and plays the core for one instance of it.
 * Time is virtual, everything the plugin says is recorded, everything the core would answer is in the test's
 * hands. What the ABI forbids (a reply completed twice or never, a main-thread slot used from another thread, text
 * that is not UTF-8, a wrong struct_size, an undeclared setting) ends the test with a sentence.
 *
 * Typical use:
 *
 *   g_autoptr (FakeHost) fake = fake_host_new ("channel", "webchat");
 *   fake_host_set (fake, "origins", "https://shop.example");
 *   fake_host_up (fake);                                     // create + start, both must succeed
 *   UsherExchange *x = fake_http (fake, "GET", "/widget.js", NULL, NULL, NULL, 0);
 *   g_assert_cmpint (fake_exchange_wait (x), ==, 200);
 *
 * Main thread, except where the ABI lets a plugin come from any thread.
 */
#pragma once

#include <usher/usher.h>

#include <glib.h>

typedef struct UsherInstance FakeHost;
typedef struct FakeHostPrivate FakeHostPrivate;

typedef struct
{
  UsherLogLevel level;
  char *text;
} FakeLog;

typedef struct
{
  char *user_id;
  gboolean on;
} FakeTyping;

typedef struct
{
  char *id; /* as answered: "med_1", "med_2", ... */
  GBytes *bytes;
  char *mime, *name;
} FakeMedia;

typedef struct
{
  char *path;
  int flags;
  gsize max_body; /* as registered; 0 = 64 KiB */
} FakeRoute;

/* The core's handle of the instance; tests read the members and write those marked rw. */
struct UsherInstance
{
  const UsherPlugin *plugin;
  const UsherOpsHead *head;         /* the ops table of its kind */
  const UsherChannelOps *channel;   /* set when the kind is "channel" */
  const UsherCrmOps *crm;           /* "crm" */
  const UsherFrontendOps *frontend; /* "frontend" */
  const UsherHost *host;            /* the table handed to the plugin */
  void *self;                       /* the plugin's state; NULL unless created */

  char *kind, *name, *mount;
  char *data_dir;       /* a temporary folder, removed by fake_host_free */
  char *remote_address; /* rw (g_free the old one): peer of exchanges and sockets */
  char *origin;         /* rw: origin of exchanges and sockets */

  UsherStatus fail_status; /* what `fail` was told; USHER_OK = never called */
  char *fail_message;
  UsherStatus state; /* what `instance_state` was told last */
  char *state_message;

  GPtrArray *logs;       /* of FakeLog*; any thread appends: read it through fake_host_logged while threads run */
  GPtrArray *typings;    /* of FakeTyping* */
  GPtrArray *routes;     /* of FakeRoute* */
  GPtrArray *sockets;    /* of UsherSocket*, all that were ever opened */
  GPtrArray *desks;      /* of UsherDesk*, all that were ever opened */
  guint desks_max;       /* rw: desk_open answers NULL beyond this many open ones */
  UsherStatus kv_status; /* rw: what kv_set answers; anything but USHER_OK stores nothing */
  UsherStatus history_status; /* rw: what history answers */
  GPtrArray *media;           /* of FakeMedia*: what media_put was given */
  UsherStatus media_status;   /* rw: what media_put answers */

  FakeHostPrivate *priv;
};

/* ---- life ---------------------------------------------------------------------------------------------- */

/* Opens $USHER_BUILDDIR/plugins/KIND/PLUGIN/.libs/PLUGIN.so and takes its entry. The instance is called "test". */
FakeHost *fake_host_new (const char *kind, const char *plugin);
/* Stops and destroys what is still up, removes the data folder, checks that no reply or exchange is left open. */
void fake_host_free (FakeHost *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeHost, fake_host_free)

/* Another folder for data_dir, not removed at the end. Before create. */
void fake_host_set_data_dir (FakeHost *fake, const char *dir);
/* A setting as it would stand in the file; NULL = not set (the default counts again). Before create. */
void fake_host_set (FakeHost *fake, const char *key, const char *value);

/* Runs `load` once per process, then `create`. FALSE: see fail_status and fail_message. */
gboolean fake_host_create (FakeHost *fake);
const UsherResult *fake_host_start (FakeHost *fake); /* waits for the answer */
const UsherResult *fake_host_stop (FakeHost *fake);  /* waits for the answer */
/* Closes sockets and desks, drops timers and routes, calls `destroy`. Every reply must be completed by then. */
void fake_host_destroy (FakeHost *fake);
/* create + start, asserting that both succeed; stop + destroy. The data folder stays, so down + up is a restart.
 */
void fake_host_up (FakeHost *fake);
void fake_host_down (FakeHost *fake);

/* ---- main loop, time, log ------------------------------------------------------------------------------ */

/* Runs the main context until nothing is ready. Threads of a plugin are not waited for. */
void fake_host_settle (void);
/* Runs the main context until func answers TRUE; ends the test after 60 s of real time, naming `what`. */
void fake_host_wait (gboolean (*func) (gpointer data), gpointer data, const char *what);
/* Virtual wall clock in ms; the same for all instances. Any thread. */
gint64 fake_clock_now (void);
/* Moves the clock and runs every timer that falls due, in order, each at its own time. */
void fake_clock_advance (gint64 ms);
/* Timers of the instance that have not run. */
guint fake_host_timers (FakeHost *fake);
/* Whether a line of this level holds `part`. */
gboolean fake_host_logged (FakeHost *fake, UsherLogLevel level, const char *part);
void fake_host_clear_logs (FakeHost *fake);

/* ---- replies ------------------------------------------------------------------------------------------- */

/* A handle to hand to a slot; freed with the host. */
UsherReply *fake_reply_new (FakeHost *fake);
/* Makes `cancelled` answer true. */
void fake_reply_cancel (UsherReply *reply);
gboolean fake_reply_done (UsherReply *reply);
/* Runs the main context until the reply is completed; the copy lives until fake_host_free. */
const UsherResult *fake_reply_wait (UsherReply *reply);
/* How many replies of the instance are open. */
guint fake_host_open_replies (FakeHost *fake);
/* Forgets completed replies (a test that makes very many); their results are gone. */
void fake_host_drop_replies (FakeHost *fake);

UsherResult *fake_result_copy (const UsherResult *result);
void fake_result_free (UsherResult *result);

/* ---- channel ------------------------------------------------------------------------------------------- */

/* One call of `deliver`. */
typedef struct
{
  GPtrArray *items; /* of UsherInbound*, deep copies */
  gboolean answered;
  FakeHost *fake;
  UsherDelivered done;
  void *data;
} FakeDelivery;

/* With on, each delivery is stored and answered USHER_OK by itself: messages and `ended` become lines of the
 * user's conversation, duplicates (same external_id) get the number they had. Off at first. */
void fake_host_auto_deliver (FakeHost *fake, gboolean on);
/* The oldest delivery that waits for its answer, NULL when there is none. Settles first. */
FakeDelivery *fake_delivery_next (FakeHost *fake);
/* Every delivery ever made, oldest first. */
FakeDelivery *fake_delivery_at (FakeHost *fake, guint index);
guint fake_delivery_count (FakeHost *fake);
/* USHER_OK stores the items as auto_deliver does; anything else stores nothing. */
void fake_delivery_answer (FakeDelivery *delivery, UsherStatus status, const char *message);

/* Adds a line to a user's conversation and returns it (owned by the host); n and the message id are made. Does not
 * tell the plugin: pass the line to fake_send or to the `notice` slot. */
UsherLine *fake_line_add (FakeHost *fake, const char *user_id, UsherAuthor author, const char *author_name,
                          const char *code, const char *text);
/* What history says about the conversation: "none", "waiting", "active", "ended"; agent_name NULL unless active.
 * Stays "none" without a line, "waiting" with lines, until set. */
void fake_conversation_set (FakeHost *fake, const char *user_id, const char *state, const char *agent_name);
/* With on, history is not answered until release. */
void fake_history_hold (FakeHost *fake, gboolean on);
void fake_history_release (FakeHost *fake);
guint fake_history_calls (FakeHost *fake);
/* Hands the line to the `send` slot. */
UsherReply *fake_send (FakeHost *fake, const UsherLine *line);

/* ---- HTTP and WebSocket -------------------------------------------------------------------------------- */

struct UsherExchange
{
  FakeHost *fake;
  gboolean answered;
  int status;
  char *content_type;
  char **headers; /* name, value, ..., NULL; never NULL once answered */
  char *body;     /* NUL-terminated for convenience */
  gsize body_len;
};

/* Makes a request on the instance's routes: 404 without a matching one, 413 above its max_body, otherwise the
 * `http` slot. headers: name, value, ..., NULL or NULL. Freed with the host. */
UsherExchange *fake_http (FakeHost *fake, const char *method, const char *path, const char *query,
                          const char *const *headers, const char *body, gsize len);
/* Runs the main context until answered; returns the status. */
int fake_exchange_wait (UsherExchange *exchange);
const char *fake_exchange_header (UsherExchange *exchange, const char *name);

typedef struct
{
  char *data; /* NUL-terminated */
  gsize len;
  gboolean binary;
} FakeFrame;

struct UsherSocket
{
  FakeHost *fake;
  void *data;         /* ws_set_data */
  int refused;        /* HTTP status the upgrade was refused with; 0 = accepted */
  gboolean open;      /* until either side closes */
  gboolean closed;    /* ws_closed was called */
  int close_code;     /* by whichever side */
  char *close_reason; /* what the plugin gave to ws_close */
  gboolean full;      /* rw: the next ws_send finds its queue full */
  GPtrArray *frames;  /* of FakeFrame*: everything the plugin sent */
  guint read;         /* frames taken with fake_ws_next */
  gsize max_message;  /* of its route */
};

/* Opens a socket on a WebSocket route; without a matching route `refused` is 404. Freed with the host. */
UsherSocket *fake_ws_open (FakeHost *fake, const char *path, const char *query, const char *const *headers);
/* The client sends; longer than the route's max_body closes with 1009. */
void fake_ws_send (UsherSocket *socket, const char *text);
void fake_ws_send_bytes (UsherSocket *socket, const char *data, gsize len, gboolean binary);
/* The client closes, or with code 1006 its connection breaks. */
void fake_ws_close (UsherSocket *socket, int code);
/* Settles, then the next frame from the plugin as text, NULL when there is none. */
const char *fake_ws_next (UsherSocket *socket);

/* ---- desk ---------------------------------------------------------------------------------------------- */

struct UsherDesk
{
  FakeHost *fake;
  char *remote_address;
  void *desk_data;
  GPtrArray *inputs; /* of char*: frames that the plugin handed over */
  gboolean open;
};

/* The core says something to the client of the desk; ends it. */
void fake_desk_output (UsherDesk *desk, const char *frame);
void fake_desk_end (UsherDesk *desk, int code, const char *reason);

/* ---- kv ------------------------------------------------------------------------------------------------ */

/* Straight into and out of the memory behind kv_get and kv_set; value NULL removes. */
void fake_kv_put (FakeHost *fake, const char *key, const char *value);
const char *fake_kv_look (FakeHost *fake, const char *key);
