/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bytes that wait to be written to one WebSocket, or of one HTTP answer, as a list of blocks that hold whole
 * frames, or what somebody lent. An empty queue holds no memory. Main thread.
 */
#include "core/net/private.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define VECTORS 64

struct UcBlock
{
  UcBlock *next;
  gsize len, capacity;
  GBytes *lent; /* NULL = they are in data */
  guint8 data[];
};

UcBlock *
uc_block_new (gsize capacity)
{
  UcBlock *block = g_malloc (sizeof *block + capacity);

  block->next = NULL;
  block->len = 0;
  block->capacity = capacity;
  block->lent = NULL;
  return block;
}

UcBlock *
uc_block_lend (GBytes *bytes)
{
  UcBlock *block = uc_block_new (0);

  block->len = g_bytes_get_size (bytes);
  block->lent = g_bytes_ref (bytes);
  return block;
}

static const guint8 *
start_of (const UcBlock *block)
{
  return block->lent != NULL ? g_bytes_get_data (block->lent, NULL) : block->data;
}

void
uc_block_append (UcBlock *block, const void *data, gsize len)
{
  g_assert (len <= block->capacity - block->len);
  if (len > 0)
    memcpy (block->data + block->len, data, len);
  block->len += len;
}

gsize
uc_block_len (const UcBlock *block)
{
  return block->len;
}

void
uc_sendq_push (UcSendq *queue, UcBlock *block)
{
  if (queue->tail != NULL)
    queue->tail->next = block;
  else
    queue->head = block;
  queue->tail = block;
  queue->bytes += block->len;
}

static void
pop (UcSendq *queue)
{
  UcBlock *block = queue->head;

  queue->head = block->next;
  if (queue->head == NULL)
    queue->tail = NULL;
  queue->bytes -= block->len - queue->sent;
  queue->sent = 0;
  g_clear_pointer (&block->lent, g_bytes_unref);
  g_free (block);
}

static void
consume (UcSendq *queue, gsize n)
{
  while (n > 0)
    {
      gsize left = queue->head->len - queue->sent;

      if (n < left)
        {
          queue->sent += n;
          queue->bytes -= n;
          return;
        }
      n -= left;
      pop (queue);
    }
}

UcSendqState
uc_sendq_flush (UcSendq *queue, int fd)
{
  while (queue->head != NULL)
    {
      struct iovec vectors[VECTORS];
      struct msghdr message = { .msg_iov = vectors };
      gsize skip = queue->sent;
      ssize_t n;

      for (UcBlock *block = queue->head; block != NULL && message.msg_iovlen < VECTORS; block = block->next)
        {
          vectors[message.msg_iovlen].iov_base = (guint8 *)start_of (block) + skip;
          vectors[message.msg_iovlen++].iov_len = block->len - skip;
          skip = 0;
        }
      n = sendmsg (fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n >= 0)
        consume (queue, (gsize)n);
      else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return UC_SENDQ_BLOCKED;
      else if (errno != EINTR)
        return UC_SENDQ_BROKEN;
    }
  return UC_SENDQ_EMPTY;
}

void
uc_sendq_cut (UcSendq *queue)
{
  UcBlock *begun = queue->sent > 0 ? queue->head : NULL;
  UcSendq rest = { .head = begun != NULL ? begun->next : queue->head, .tail = queue->tail };

  for (UcBlock *block = rest.head; block != NULL; block = block->next)
    rest.bytes += block->len;
  queue->bytes -= rest.bytes;
  queue->head = queue->tail = begun;
  if (begun != NULL)
    begun->next = NULL;
  uc_sendq_clear (&rest);
}

void
uc_sendq_clear (UcSendq *queue)
{
  while (queue->head != NULL)
    pop (queue);
}
