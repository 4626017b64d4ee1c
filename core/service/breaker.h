/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How often something outside is tried again. A single thing waits longer after each failure, with full jitter, so
 * that things that failed together don't come back together. When several failed one after the other, the place
 * they go to is what fails: then nothing goes there for a while, after that one tries, and if it gets through,
 * two, four, ... until all may go again. Main thread.
 */
#pragma once

#include "core/base/loop.h"

/* Nothing is tried again sooner. */
#define UC_BACKOFF_FLOOR_MS 200

/* For the n-th repetition, n = 0, 1, ...: evenly between 0 and MIN (cap, base * 2^n), and that much later than
 * what the other side asked for. Never below the floor. */
gint64 uc_backoff (GRand *dice, gint64 base_ms, gint64 cap_ms, gint64 n, gint64 not_before_ms);
/* Seeded by the kernel. Tests seed it again. */
GRand *uc_backoff_dice (void);

typedef struct UcBreaker UcBreaker;

/* go: something may be tried that uc_breaker_lets refused before. */
UcBreaker *uc_breaker_new (UcLoop *loop, GRand *dice, UcLoopFunc go, gpointer data);
void uc_breaker_free (UcBreaker *breaker);

/* Whether one more may be tried now. */
gboolean uc_breaker_lets (const UcBreaker *breaker);
/* It is. Returns its ticket, which one of the next three takes: an answer to what was under way before a pause is
 * no news after it. */
guint64 uc_breaker_begin (UcBreaker *breaker);
/* The place outside works. TRUE: more may be tried than before. */
gboolean uc_breaker_good (UcBreaker *breaker, guint64 ticket);
/* It failed in a way that may pass. key: of whom. TRUE: nothing is let through from now on. */
gboolean uc_breaker_bad (UcBreaker *breaker, guint64 ticket, const char *key, gint64 not_before_ms);
/* All that goes there fails: nothing goes through for so long, then one tries. FALSE: it is known already. */
gboolean uc_breaker_pause (UcBreaker *breaker, guint64 ticket, gint64 ms);
/* It came to nothing that says anything. */
void uc_breaker_drop (UcBreaker *breaker, guint64 ticket);
/* It works again, as somebody says who knows. TRUE: it was not let through freely. */
gboolean uc_breaker_reset (UcBreaker *breaker);

/* Pauses in a row without success. */
guint uc_breaker_pauses (const UcBreaker *breaker);
gboolean uc_breaker_is_open (const UcBreaker *breaker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UcBreaker, uc_breaker_free)
