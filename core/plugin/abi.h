/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading structs that another build of the headers made. Private to core/plugin.
 */
#pragma once

#include <glib.h>
#include <string.h>

/* Far above any struct of the ABI that will ever be; a size beyond it is not a size. */
#define UC_ABI_MAX_STRUCT 8192

/* Copies what both sides have: what an older one lacks becomes zero, what a newer one has beyond ours is left out.
 * `least` = how much has to be there. FALSE when its struct_size makes no sense; `to` is then all zero. */
static inline gboolean
uc_abi_copy (void *to, gsize size, const void *from, gsize least)
{
  gsize given;

  memset (to, 0, size);
  memcpy (&given, from, sizeof given);
  if (given < MAX (least, sizeof given) || given > UC_ABI_MAX_STRUCT)
    return FALSE;
  memcpy (to, from, MIN (given, size));
  memcpy (to, &size, sizeof size);
  return TRUE;
}
