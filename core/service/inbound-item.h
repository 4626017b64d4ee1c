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
  gint64 at;
  UsherReceipt receipt;
  gint64 upto;
  gint64 known; /* its number, when the store says that it is a repetition */
} UcInboundItem;

/* The host table has checked what holds for every plugin: kinds, what is required, UTF-8. */
UcInboundItem *uc_inbound_item_new (const UsherInbound *in, GError **error);
void uc_inbound_item_free (UcInboundItem *item);
