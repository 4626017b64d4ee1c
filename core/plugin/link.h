/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One end of the socket pair between usherd and a plugin host: packets, memfds, credits. It never blocks in a
 * send: what the other side gives no credit for, or the kernel no room, waits here, and what waits is bounded.
 * Main thread of either program.
 */
#pragma once

#include "core/base/loop.h"
#include "core/plugin/wire.h"

/* What either side may have sent without the other having read it. Larger than the largest frame. */
#define UC_LINK_FRAMES 256
#define UC_LINK_BYTES (UC_WIRE_MAX_BODY + 1024 * 1024)
/* What may wait to be sent: from the first on nothing new should be begun, the second ends the link. */
#define UC_LINK_BUSY_FRAMES 512
#define UC_LINK_BUSY_BYTES (8 * 1024 * 1024)
#define UC_LINK_MAX_FRAMES 16384
#define UC_LINK_MAX_BYTES (96 * 1024 * 1024)

typedef struct UcLink UcLink;

typedef struct
{
  /* Borrowed; ref it to keep it. May free the link. */
  void (*message) (gpointer data, UcWireMessage *message);
  /* Nothing comes and goes any more. why NULL: the other side has closed; else what it did wrong, or what failed.
   * Once, from the loop, never from inside uc_link_send. May free the link. */
  void (*closed) (gpointer data, const char *why);
} UcLinkOps;

typedef struct
{
  guint queued; /* frames that wait to be sent; those that cost no credit are counted nowhere */
  gsize queued_bytes;
  guint64 sent, received;
  guint64 starved; /* times that the other side gave no credit */
} UcLinkFigures;

/* Takes the descriptor. side: which one we are. */
UcLink *uc_link_new (UcLoop *loop, int fd, UcSide side, const UcLinkOps *ops, gpointer data);
void uc_link_free (UcLink *link);
/* FALSE: the frame would be too large, and nothing was sent; or the link is closed. */
gboolean uc_link_send (UcLink *link, UcOp op, guint64 token, ...);
/* Begin nothing new without it. */
gboolean uc_link_has_room (const UcLink *link);
gboolean uc_link_is_open (const UcLink *link);
/* The frame that was given last is number sent + queued; it has left us when `sent` reaches that. */
void uc_link_figures (const UcLink *link, UcLinkFigures *figures);
/* Blocks until the message comes or the link ends (NULL); others wait their turn. For the plugin host, whose other
 * side never blocks. */
UcWireMessage *uc_link_wait (UcLink *link, UcOp op, guint64 token);
