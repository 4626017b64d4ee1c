/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plugins with one thing wrong each; the build makes one shared object per MODULE_ macro.
 */
#include <usher/usher.h>

#ifdef MODULE_NOT_A_PLUGIN
USHER_EXPORT int some_function (void);
int
some_function (void)
{
  return 1;
}
#else

static void *
create (UsherInstance *instance, const UsherHost *host)
{
  return instance;
}

static void
destroy (void *self)
{
}

static void
desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
}

static void
desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
}

static const UsherFrontendOps ops = { .struct_size = sizeof ops,
                                      .create = create,
                                      .destroy = destroy,
#ifndef MODULE_MISSING_SLOT
                                      .desk_output = desk_output,
#endif
                                      .desk_closed = desk_closed };

#ifdef MODULE_WRONG_ABI
#define HEAD sizeof (UsherPlugin), USHER_ABI_MAJOR + 41, 0
#else
#define HEAD USHER_PLUGIN_HEAD
#endif

#if defined(MODULE_WRONG_ABI)
#define NAME "wrong-abi"
#elif defined(MODULE_MISSING_SLOT)
#define NAME "missing-slot"
#elif defined(MODULE_UNDEFINED_SYMBOL)
#define NAME "undefined-symbol"
#else
#define NAME "somebody-else"
#endif

#ifdef MODULE_UNDEFINED_SYMBOL
void usher_test_nobody_defines_this (void);

static void
unload (void)
{
  usher_test_nobody_defines_this ();
}
#endif

static const UsherPlugin plugin = { HEAD,
                                    .name = NAME,
                                    .version = "1",
                                    .summary = "a plugin that must not load",
                                    .license = "GPL-3.0-or-later",
#ifdef MODULE_UNDEFINED_SYMBOL
                                    .unload = unload,
#endif
                                    .frontend = &ops };

#if defined(MODULE_RETURNS_NULL)
USHER_EXPORT const UsherPlugin *usher_plugin_entry (void);
const UsherPlugin *
usher_plugin_entry (void)
{
  return plugin.name == NULL ? &plugin : NULL;
}
#elif defined(MODULE_ENTRY_IS_DATA)
USHER_EXPORT extern const UsherPlugin *const usher_plugin_entry;
const UsherPlugin *const usher_plugin_entry = &plugin;
#else
USHER_PLUGIN_EXPORT (plugin)
#endif

#endif
