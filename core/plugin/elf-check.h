/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is this file fit to be given to dlopen? A cut-off shared object maps pages that the file does not have, and the
 * dynamic linker dies of SIGBUS on them; so the headers are compared with the file's size first.
 */
#pragma once

#include <glib.h>

/* FALSE with *why: the rest of a sentence that begins with the file's name. *remedy: what to do. */
gboolean uc_elf_check (int fd, const char **why, const char **remedy);
