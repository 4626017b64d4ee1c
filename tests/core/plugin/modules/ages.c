/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plugins from other times: MODULE_OLDER was built when the tables ended earlier, MODULE_NEWER when they had
 * grown.
 */
#include <usher/usher.h>

#ifdef MODULE_OLDER
#define NAME "older"
#define MINOR 0
/* Its descriptor ended before load and unload, its channel table before notice and typing. */
#define DESCRIPTOR_SIZE offsetof (UsherPlugin, load)
#define OPS_SIZE offsetof (UsherChannelOps, notice)
#define SETTING_SIZE sizeof (UsherSetting)
#else
#define NAME "newer"
#define MINOR 7
#define DESCRIPTOR_SIZE sizeof (Descriptor)
#define OPS_SIZE sizeof (Ops)
#define SETTING_SIZE sizeof (Setting)
#endif

typedef struct
{
  UsherChannelOps today;
  void (*slot_of_tomorrow[20]) (void *self);
} Ops;

typedef struct
{
  UsherPlugin today;
  const void *kind_of_tomorrow[20];
} Descriptor;

typedef struct
{
  UsherSetting today;
  const char *translation;
} Setting;

static const UsherChannelCapabilities capabilities = { .struct_size = sizeof capabilities, .network = "test" };

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
send (void *self, const UsherLine *line, UsherReply *reply)
{
}

static void
typing (void *self, const char *user_id, bool on)
{
}

/* What is beyond the size it declares has to be ignored, as if it were somebody else's memory. */
static const Ops ops = { .today = { .struct_size = OPS_SIZE,
                                    .create = create,
                                    .destroy = destroy,
                                    .capabilities = &capabilities,
                                    .send = send,
                                    .typing = typing },
                         .slot_of_tomorrow = { destroy } };

static const Setting setting
    = { .today
        = { .struct_size = SETTING_SIZE, .key = "colour", .type = USHER_SETTING_STRING, .help = "any colour" } };
static const UsherSetting *const settings[] = { &setting.today, NULL };

static bool
load (const UsherHost *host)
{
  return false;
}

static const Descriptor plugin = { .today = { .struct_size = DESCRIPTOR_SIZE,
                                              .abi_major = USHER_ABI_MAJOR,
                                              .abi_minor = MINOR,
                                              .name = NAME,
                                              .version = "0.9",
                                              .summary = "a plugin of another time",
                                              .license = "GPL-3.0-or-later",
                                              .settings = settings,
                                              .channel = &ops.today,
                                              .load = load },
                                   .kind_of_tomorrow = { &ops } };

USHER_PLUGIN_EXPORT (plugin.today)
