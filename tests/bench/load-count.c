/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was sent and what arrived. Each message carries a stamp that says when it was due, who sent it and which
 * one it is, and that is found in whatever the server makes of the message.
 */
#include "tests/bench/load.h"

#include <string.h>
#include <time.h>

#define MARK "@W"
#define STAMP_LEN 34 /* MARK, 16 digits due time, 8 sender, 8 number; all hexadecimal */
#define STEPS 256u   /* twice those of the histogram per power of two */

LoadCounts load_counts;

gint64
load_now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- histogram ----------------------------------------------------------------------------------------- */

void
load_histogram_add (LoadHistogram *histogram, gint64 ns)
{
  guint64 value = (guint64)MAX (ns, 0);
  guint power = value < STEPS ? 0 : g_bit_storage (value) - 8;
  guint bucket = power * STEPS / 2 + (guint)(value >> power);

  histogram->buckets[MIN (bucket, G_N_ELEMENTS (histogram->buckets) - 1)]++;
  histogram->count++;
  histogram->most = MAX (histogram->most, value);
}

double
load_histogram_us (const LoadHistogram *histogram, double quantile)
{
  guint64 wanted = (guint64)(quantile * (double)histogram->count), seen = 0;

  for (guint i = 0; i < G_N_ELEMENTS (histogram->buckets); i++)
    {
      seen += histogram->buckets[i];
      if (seen > wanted)
        {
          guint power = i < STEPS ? 0 : i / (STEPS / 2) - 1;
          guint64 value = (guint64)(i - power * STEPS / 2) << power;

          return (double)MIN (value, histogram->most) / 1e3;
        }
    }
  return (double)histogram->most / 1e3;
}

/* ---- stamps -------------------------------------------------------------------------------------------- */

static char *
put_hex (char *out, guint64 value, int digits)
{
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    *out++ = "0123456789abcdef"[value >> shift & 15];
  return out;
}

void
load_stamp (char *out, gsize size, const LoadConn *sender, guint seq, gint64 due_ns)
{
  char *end = out + MAX (size, STAMP_LEN);

  memcpy (out, MARK, 2);
  out = put_hex (out + 2, (guint64)due_ns, 16);
  out = put_hex (out, sender->index, 8);
  out = put_hex (out, seq, 8);
  memset (out, 'x', (gsize)(end - out));
  *end = '\0';
}

static gboolean
get_hex (const char *text, int digits, guint64 *value)
{
  *value = 0;
  for (int i = 0; i < digits; i++)
    {
      int digit = g_ascii_xdigit_value (text[i]);

      if (digit < 0)
        return FALSE;
      *value = *value << 4 | (guint)digit;
    }
  return TRUE;
}

/* ---- arrivals ------------------------------------------------------------------------------------------ */

static void
take_delivery (LoadConn *conn, LoadConn *sender, guint seq, gint64 due_ns)
{
  if (sender->receiver == NULL)
    sender->receiver = conn;
  else if (sender->receiver != conn)
    load_counts.astray++;
  if (seq < sender->expected)
    {
      load_counts.doubled++;
      return;
    }
  /* What is missing in between counts as lost, unless it comes later; then it counts as doubled as well. */
  if (seq > sender->expected)
    load_counts.out_of_order++;
  sender->expected = seq + 1;
  load_counts.delivered++;
  if (load_counts.measuring)
    load_histogram_add (&load_counts.delivery, load_now_ns () - due_ns);
  if (sender->in_flight > 0)
    sender->in_flight--;
  load_go_on (sender);
}

void
load_count_text (LoadConn *conn, const char *text, gsize len)
{
  const char *end = text + len;

  while ((text = memmem (text, (gsize)(end - text), MARK, 2)) != NULL && end - text >= STAMP_LEN)
    {
      guint64 due, index, seq;
      LoadConn *sender;

      if (!get_hex (text + 2, 16, &due) || !get_hex (text + 18, 8, &index) || !get_hex (text + 26, 8, &seq)
          || index >= load_conns_len)
        {
          text += 2;
          continue;
        }
      text += STAMP_LEN;
      sender = &load_conns[index];
      if (conn->role == LOAD_RECEIVER)
        take_delivery (conn, sender, (guint)seq, (gint64)due);
    }
}

guint64
load_lost (void)
{
  return load_counts.sent > load_counts.delivered ? load_counts.sent - load_counts.delivered : 0;
}
