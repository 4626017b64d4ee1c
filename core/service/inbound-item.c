/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copies of delivered items, with the bounds of what the core stores. Main thread.
 */
#include "core/service/inbound-item.h"

#include <string.h>

#include "core/base/error.h"

#define MAX_TEXT 65536

void
uc_inbound_item_free (UcInboundItem *item)
{
  g_free (item->user_id);
  g_free (item->user_name);
  g_free (item->external_id);
  g_free (item->text);
  g_free (item);
}

static gboolean
check_id (const char *what, const char *id, gsize max, GError **error)
{
  if (strlen (id) <= max && strchr (id, '\n') == NULL)
    return TRUE;
  g_set_error (error, UC_ERROR, UC_ERROR_INVALID, "%s must have 1 to %" G_GSIZE_FORMAT " bytes and no line break",
               what, max);
  return FALSE;
}

UcInboundItem *
uc_inbound_item_new (const UsherInbound *in, GError **error)
{
  UcInboundItem *item;

  if (!check_id ("user_id", in->user_id, 512, error)
      || (in->external_id != NULL && !check_id ("external_id", in->external_id, 1024, error)))
    return NULL;
  if (in->kind == USHER_INBOUND_MESSAGE && (*in->text == '\0' || strlen (in->text) > MAX_TEXT))
    {
      g_set_error_literal (error, UC_ERROR, UC_ERROR_UNSUPPORTED, "the text of a message has 1 byte to 64 KiB");
      return NULL;
    }
  item = g_new0 (UcInboundItem, 1);
  item->kind = in->kind;
  item->user_id = g_strdup (in->user_id);
  /* A name longer than any screen is cut, not refused: it is the network's, not the customer's fault. */
  item->user_name = in->user_name != NULL
                        ? g_utf8_substring (in->user_name, 0, MIN (200, g_utf8_strlen (in->user_name, -1)))
                        : NULL;
  item->external_id = g_strdup (in->external_id);
  item->text = g_strdup (in->text);
  item->at = in->at;
  item->receipt = in->receipt;
  item->upto = in->upto;
  return item;
}
