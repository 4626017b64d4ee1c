/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of this plugin hand each other: the memory of one request or answer, and errors. Any thread, one
 * at a time.
 */
#ifndef LOCAL_VALUE_H
#define LOCAL_VALUE_H

#include <usher/usher.h>

#include <glib.h>

/* Errors are UsherStatus values; the message is a sentence for the agent or the administrator. */
#define LOCAL_ERROR (local_error_quark ())
GQuark local_error_quark (void);

/* What one customer can have. */
#define LOCAL_MOST_IDENTITIES 64

/* Memory that dies together: all texts and structs of one request, or of one answer. */
typedef GPtrArray LocalPool;

LocalPool *local_pool_new (void);
void local_pool_free (LocalPool *pool);
gpointer local_pool_alloc (LocalPool *pool, gsize size); /* zeroed */
char *local_pool_take (LocalPool *pool, char *text);     /* takes; NULL is fine */
char *local_pool_text (LocalPool *pool, const char *text);
/* "cus_" + 26 letters and digits, not guessable. */
char *local_pool_id (LocalPool *pool, const UsherHost *host, const char *prefix);

/* What a save makes of a stored text: NULL leaves it, "" clears it. */
const char *local_merged (const char *wanted, const char *stored);

/* What a slot asks for; members a slot does not have are NULL. */
typedef struct
{
  const char *id;
  const UsherIdentity *identity;
  const UsherCrmQuery *query;
  const UsherCustomer *customer;
  const UsherCase *record;
  const UsherMerge *merge;
} LocalRequest;

/* What it gets. */
typedef struct
{
  LocalPool *pool;
  GPtrArray *customers; /* of UsherCustomer* in pool */
  GPtrArray *cases;     /* of UsherCase* in pool */
  char *next, *data;    /* in pool */
} LocalAnswer;

LocalAnswer *local_answer_new (void);
void local_answer_free (LocalAnswer *answer);
/* Takes everything back that was put in. */
void local_answer_clear (LocalAnswer *answer);
/* Completes the reply with the answer, or with the error and whatever records the answer holds. */
void local_answer_send (const UsherHost *host, UsherReply *reply, LocalAnswer *answer, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalAnswer, local_answer_free)

#endif
