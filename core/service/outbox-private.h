/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the parts of the outbox: outbox.c (all of it, and what is read from the store), outbox-send.c (one
 * message on its way), outbox-mark.c (what a kill would leave open), outbox-lane.c (channels that can't send at
 * all), outbox-thread.c (what was sent and its states), outbox-receipt.c (what the network tells later),
 * outbox-uncertain.c and outbox-undecided.c (what is left to the network, and to a person). Main thread.
 */
#pragma once

#include "core/service/breaker.h"
#include "core/service/line.h"
#include "core/service/outbox.h"

#define UC_OUTBOX_GIVE_UP_MS (24 * 3600 * (gint64)1000)

/* A message of ours as far as its state goes. */
typedef struct
{
  gint64 n;
  char *message, *external_id;
  int rank;
  gint64 sent_at; /* made, or given to the network if this process did that */
} UcSentLine;

/* One message on its way. */
typedef struct
{
  UcOutbox *outbox;
  char *conversation; /* of the thread, which may be gone when the answer comes */
  UcEvent *message;
  UcLine *line;
  gint64 since; /* it was made, or a person said that it is to be sent again */
  gint64 attempts, due_at, begun_at;
  guint64 ticket; /* outbox-lane.c */
  gboolean sending;
  gboolean marking, marked;        /* outbox-mark.c */
  gboolean echoed;                 /* while it was being sent, the network showed it to us */
  int receipt;                     /* rank of a receipt by time that came while it was being sent */
  char *state, *external_id, *why; /* the final result; state NULL = none yet */
  gboolean stored;                 /* the result, while the store's list was awaited */
  gboolean unlisted;               /* the result came, and no list since the reload has named it */
} UcOut;

/* What the outbox knows about one conversation. */
typedef struct
{
  UcOutbox *outbox;
  char *conversation, *channel, *identity;
  GArray *lines;   /* of UcSentLine */
  gboolean loaded; /* lines made before this process are known, too */
  GQueue queue;    /* of UcOut*, oldest first; only the head is ever being sent */
  guint64 retry_timer;
} UcThread;

struct UcOutbox
{
  UcCore *core;
  GHashTable *threads; /* conversation -> UcThread */
  /* What the channel has been given, message -> UcOut, until its result is durable. It outlives a reload: the
   * store still lists such a message, but it must not be sent again. */
  GHashTable *given;
  GHashTable *lanes; /* channel -> Lane */
  GRand *dice;
  guint64 sweep_timer;
  GHashTable *undecided; /* message -> UcUndecided: uncertain or failed, and nobody has said what becomes of it */
  guint64 judge_timer, undecided_timer;
  gint64 judge_at;  /* when judge_timer fires */
  GQueue uncertain; /* of Uncertain*, oldest first: an echo may still tell */
  guint64 uncertain_timer;
  gboolean started; /* the store's list was read once: what it says about an earlier life was dealt with */
  gboolean reading; /* the store's list is awaited: nothing is sent, for it may begin with older messages */
  gboolean partial; /* the list was too long to be read whole */
  guint reads;      /* of the list, under way; the last one counts */
  guint64 again;
};

/* ---- outbox-thread.c ----------------------------------------------------------------------------------- */

/* queued uncertain sent delivered read: they follow each other upwards. UC_RANK_FINAL = nothing follows. */
enum
{
  UC_RANK_QUEUED,
  UC_RANK_UNCERTAIN,
  UC_RANK_SENT,
  UC_RANK_DELIVERED,
  UC_RANK_READ,
  UC_RANK_FINAL = 9
};
int uc_rank_of (const char *state);

UcThread *uc_thread_of (UcOutbox *outbox, const char *conversation, const char *channel, const char *identity);
void uc_thread_free (gpointer thread);
void uc_out_free (gpointer out);
UcSentLine *uc_thread_line (UcThread *thread, gint64 n);
/* By our id or the network's; either may be NULL. */
UcSentLine *uc_thread_find (UcThread *thread, const char *message, const char *external_id);
UcSentLine *uc_thread_note (UcThread *thread, const UcEvent *row);
/* Adds a message.state event unless it would lead downwards. A network's id that is news is told even so. */
void uc_thread_step (UcThread *thread, UcTxn *txn, UcSentLine *line, const char *state, const char *external_id,
                     const char *why);

/* ---- outbox-send.c ------------------------------------------------------------------------------------- */

/* Sends the next message if it is time. */
void uc_outbox_pump (UcOutbox *outbox, UcThread *thread);
/* Of one channel, or all (NULL). */
void uc_outbox_pump_all (UcOutbox *outbox, const char *channel);
void uc_outbox_enqueue (UcOutbox *outbox, const UcEvent *message, gint64 attempts, gint64 due_at);
/* Nothing of this channel (NULL = of any) goes out; what has waited for too long fails with `why`. */
void uc_outbox_give_up (UcOutbox *outbox, const char *channel, const char *why);
/* The network has it, although it was not being sent any more, or not yet again: takes it from the queue. Its
 * state is in a transaction that is not committed yet. */
void uc_outbox_settle (UcOutbox *outbox, UcThread *thread, UcOut *out, const char *external_id);

/* The store's list has come: forgets what it could have named although its result is stored, and what it did not
 * name because somebody else has settled it. */
void uc_outbox_drop_stored (UcOutbox *outbox);
/* Not sent by this process: `state` is final. */
void uc_outbox_finish_waiting (UcOut *out, UcThread *thread, const char *state, const char *why);
UcOut *uc_out_new (UcOutbox *outbox, const UcEvent *message);
/* Every conversation's, also of channels that don't run. */
void uc_outbox_sweep (UcOutbox *outbox);

/* ---- outbox-mark.c: what was with a channel when the daemon was killed --------------------------------- */

/* Whether it may be given to the channel now. If not, it is being marked, and pumped afterwards. */
gboolean uc_mark_is_set (UcOut *out, const UsherInstance *instance);
/* Whether the row of the outbox says so. */
gboolean uc_mark_is_on (const UcEvent *row);
/* It may have been sent: settles a marked one of an earlier life. */
void uc_mark_settle (UcOutbox *outbox, const UcEvent *row);

/* ---- outbox-lane.c: a channel that can't send at all --------------------------------------------------- */

/* Whether a message of this channel may be sent now; the one that tries whether it works again, too. */
gboolean uc_lane_is_free (UcOutbox *outbox, const char *channel);
/* It is being sent; returns its ticket. */
guint64 uc_lane_begin (UcOutbox *outbox, const char *channel);
/* What the channel answered. May send further messages. */
void uc_lane_answer (UcOutbox *outbox, const char *channel, guint64 ticket, const char *conversation,
                     const UsherResult *result);
/* It can send, says who knows. */
void uc_lane_clear (UcOutbox *outbox, const char *channel);
void uc_lane_count_retry (UcOutbox *outbox, const char *channel);
void uc_lane_figures (UcOutbox *outbox, const char *channel, guint64 *sent, guint64 *retries, gboolean *paused);
/* Why nothing goes out now; NULL = it does, as far as we know. */
const char *uc_lane_refusal (UcOutbox *outbox, const char *channel);
/* The reason, or words for it. */
const char *uc_lane_why (const UsherResult *result);
void uc_lane_free (gpointer lane);

/* ---- outbox-undecided.c: what a person has to decide about --------------------------------------------- */

typedef struct
{
  char *message, *channel;
  gboolean dead; /* else uncertain */
  gint64 at;     /* since when */
} UcUndecided;

void uc_undecided_free (gpointer undecided);
/* The state of a message changed. */
void uc_undecided_note (UcOutbox *outbox, const char *message, const char *channel, int rank, gint64 at);
/* Reads them all. */
void uc_undecided_reload (UcOutbox *outbox);

/* ---- outbox-uncertain.c: an echo may still tell -------------------------------------------------------- */

/* Nothing happens if it was added already, or if no echo came in time. */
void uc_uncertain_add (UcOutbox *outbox, const UcEvent *message);
void uc_uncertain_remove (UcOutbox *outbox, const char *message);
void uc_uncertain_free (UcOutbox *outbox);
