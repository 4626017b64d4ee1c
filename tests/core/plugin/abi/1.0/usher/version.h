/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Version numbers of the plugin ABI. ABI_MAJOR must match exactly between plugin and core; ABI_MINOR
 * rises with each release that appends a slot and is for messages and documents only: what a plugin
 * can really use is decided by the `struct_size` at the head of each table.
 */
#ifndef USHER_VERSION_H
#define USHER_VERSION_H

#define USHER_VERSION "0.1.0"
#define USHER_ABI_MAJOR 1
#define USHER_ABI_MINOR 0

#endif
