/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Everything a plugin may include. plugin.h begins with the life of a plugin; each slot is documented in place.
 */
#ifndef USHER_H
#define USHER_H

#include <usher/channel.h>
#include <usher/crm.h>
#include <usher/frontend.h>
#include <usher/host.h>
#include <usher/plugin.h>
#include <usher/types.h>
#include <usher/version.h>

#endif
