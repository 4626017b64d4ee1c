/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The settings of the core's own sections. usher.conf(5) describes each of them. Any thread: constant data.
 */
#include "core/plugin/check.h"

#define SETTING(name, ...) static const UsherSetting name = { .struct_size = sizeof (UsherSetting), __VA_ARGS__ }

SETTING (data_dir, .key = "data_dir", .type = USHER_SETTING_PATH, .default_value = LOCALSTATEDIR "/lib/usher",
         .help = "folder with everything usher keeps");
SETTING (plugin_path, .key = "plugin_path", .type = USHER_SETTING_LIST, .default_value = PLUGINDIR,
         .help = "folders with plugins, the first one that has a name wins");
SETTING (control_socket, .key = "control_socket", .type = USHER_SETTING_PATH, .default_value = "control.sock",
         .help = "Unix socket that usherctl talks to");
SETTING (log_level, .key = "log_level", .type = USHER_SETTING_ENUM, .default_value = "notice",
         .choices = "error,warning,notice,info,debug",
         .help = "least important lines that are written to the log");
SETTING (session_idle, .key = "session_idle", .type = USHER_SETTING_DURATION, .default_value = "30m", .min = 60000,
         .max = INT64_MAX, .help = "a desk that is not connected for this long is logged out");
SETTING (session_max, .key = "session_max", .type = USHER_SETTING_DURATION, .default_value = "12h", .min = 60000,
         .max = INT64_MAX, .help = "after this long everybody logs in again");
SETTING (drain_time, .key = "drain_time", .type = USHER_SETTING_DURATION, .default_value = "20s", .max = 25000,
         .help = "before a stop, offers that stand may be accepted for so long");
SETTING (trusted_proxies, .key = "trusted_proxies", .type = USHER_SETTING_LIST,
         .help = "addresses of reverse proxies whose X-Forwarded-For and -Proto are believed");

SETTING (path, .key = "path", .type = USHER_SETTING_PATH, .default_value = "usher.db",
         .help = "database file, relative to data_dir");

SETTING (playback_retention, .key = "playback_retention", .type = USHER_SETTING_DURATION, .default_value = "0s",
         .max = INT64_MAX, .help = "what was said in a chat is kept so long after its end; 0s = for ever");

SETTING (space_warn, .key = "space_warn", .type = USHER_SETTING_SIZE, .default_value = "0", .max = INT64_MAX,
         .help = "with less room than this on the disk of the database there is an alarm; 0 = 10 % of the disk");
SETTING (space_spare, .key = "space_spare", .type = USHER_SETTING_SIZE, .default_value = "0", .max = INT64_MAX,
         .help = "with less room than this customers' files are refused, closed chats not indexed; 0 = 5 %");
SETTING (space_refuse, .key = "space_refuse", .type = USHER_SETTING_SIZE, .default_value = "0", .max = INT64_MAX,
         .help = "with less room than this nothing new is taken from customers; 0 = 2 %");

SETTING (address, .key = "address", .type = USHER_SETTING_STRING, .required = true,
         .help = "where to listen: 127.0.0.1:8080, [::1]:8080 or unix:/path");
SETTING (allow_remote, .key = "allow_remote", .type = USHER_SETTING_BOOL, .default_value = "false",
         .help = "true allows an address that other machines reach; put a reverse proxy in front instead");

SETTING (metrics, .key = "metrics", .type = USHER_SETTING_ENUM, .default_value = "false",
         .choices = "false,true,only",
         .help = "true: GET /metrics works here, without log-in; only: and nothing else does");

const UsherSetting *const uc_core_settings_usher[]
    = { &data_dir,    &plugin_path, &control_socket,  &log_level, &session_idle,
        &session_max, &drain_time,  &trusted_proxies, NULL };
const UsherSetting *const uc_core_settings_store[]
    = { &path, &playback_retention, &space_warn, &space_spare, &space_refuse, NULL };
const UsherSetting *const uc_core_settings_listen[] = { &address, &allow_remote, &metrics, NULL };
