/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Growing bit sets: which classes wait, which groups have somebody, which class a group may serve. Main thread.
 */
#pragma once

#include <glib.h>

typedef struct
{
  guint64 *words;
  guint n;
} UcBits;

static inline void
uc_bits_set (UcBits *bits, guint bit)
{
  guint word = bit / 64;

  if (word >= bits->n)
    {
      guint n = word + 1 + bits->n / 2;

      bits->words = g_renew (guint64, bits->words, n);
      for (guint w = bits->n; w < n; w++)
        bits->words[w] = 0;
      bits->n = n;
    }
  bits->words[word] |= G_GUINT64_CONSTANT (1) << (bit % 64);
}

static inline void
uc_bits_clear (UcBits *bits, guint bit)
{
  if (bit / 64 < bits->n)
    bits->words[bit / 64] &= ~(G_GUINT64_CONSTANT (1) << (bit % 64));
}

static inline void
uc_bits_put (UcBits *bits, guint bit, gboolean on)
{
  if (on)
    uc_bits_set (bits, bit);
  else
    uc_bits_clear (bits, bit);
}

static inline gboolean
uc_bits_has (const UcBits *bits, guint bit)
{
  return bit / 64 < bits->n && (bits->words[bit / 64] >> (bit % 64) & 1) != 0;
}

/* The first bit >= from that is in `a` and, unless `b` is NULL, in `b` too; -1 = none. */
static inline gint64
uc_bits_next (const UcBits *a, const UcBits *b, guint from)
{
  guint n = b != NULL ? MIN (a->n, b->n) : a->n;

  for (guint w = from / 64; w < n; w++)
    {
      guint64 word = b != NULL ? a->words[w] & b->words[w] : a->words[w];

      if (w == from / 64)
        word &= ~G_GUINT64_CONSTANT (0) << (from % 64);
      if (word != 0)
        return (gint64)w * 64 + __builtin_ctzll (word);
    }
  return -1;
}

static inline gboolean
uc_bits_meet (const UcBits *a, const UcBits *b)
{
  return uc_bits_next (a, b, 0) >= 0;
}

static inline void
uc_bits_add (UcBits *bits, const UcBits *more)
{
  if (more->n > bits->n)
    {
      bits->words = g_renew (guint64, bits->words, more->n);
      while (bits->n < more->n)
        bits->words[bits->n++] = 0;
    }
  for (guint w = 0; w < more->n; w++)
    bits->words[w] |= more->words[w];
}

static inline void
uc_bits_free (UcBits *bits)
{
  g_clear_pointer (&bits->words, g_free);
  bits->n = 0;
}
