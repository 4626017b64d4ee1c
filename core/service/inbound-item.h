/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One delivered item, copied out of the plugin's hands and bounded. Main thread.
 */
#pragma once

#include <usher/channel.h>

#include <glib.h>

typedef struct
{
  UsherInboundKind kind;
  char *user_id, *user_name, *external_id, *text;
  char *form, *reply_to, *message_id, *picture;
  char *attachments; /* JSON as in the journal; NULL = none */
  char **media;      /* ids that the attachments and the picture name; NULL = none */
  gint64 at;         /* as the network says it; arrival when it does not: the order of one conversation */
  gint64 happened;   /* the same, but not in the future */
  UsherReceipt receipt;
  gint64 upto, upto_at, window_until;
  gboolean passive;
  gsize bytes;   /* what the copy takes, about */
  gint64 known;  /* its number, when the store says that it is a repetition */
  gboolean idle; /* the store says: an end that ended nothing, and a repetition */

  /* Set by intake. */
  struct UcDelivery *delivery;
  guint index;     /* in its delivery */
  guint64 arrival; /* rises with each item that arrives */
} UcInboundItem;

/* The host table has checked what holds for every plugin: kinds, what is required, UTF-8. */
UcInboundItem *uc_inbound_item_new (const UsherInbound *in, gint64 now, GError **error);
void uc_inbound_item_free (UcInboundItem *item);
