/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of checks, in the order in which they run.
 */
#include "core/check/kit.h"

#define CHANNEL (1 << UC_KIND_CHANNEL)
#define CRM (1 << UC_KIND_CRM)

const KitCheck kit_checks[] = {
  { "sizes", "tables, settings and capabilities have the sizes of their ABI", KIT_ANY, kit_check_sizes },
  { "bad-settings", "settings that make no sense are refused, or borne", KIT_ANY, kit_check_bad_settings },
  { "create-destroy", "a hundred lives leave nothing behind", KIT_ANY, kit_check_create_destroy },
  { "start-stop", "it starts and stops in time", KIT_ANY, kit_check_start_stop },
  { "cut-off", "it bears being stopped while it starts, and destroyed without a stop", KIT_ANY,
    kit_check_cut_off },
  { "two-instances", "two instances do not know of each other", KIT_ANY, kit_check_two_instances },
  { "quiet", "left alone it is quiet", KIT_ANY, kit_check_quiet },
  { "capabilities", "what it claims is true", CHANNEL, kit_check_capabilities },
  { "send", "each message is answered once", CHANNEL, kit_check_send },
  { "odd-sends", "whatever is in a message, and whoever it is for", CHANNEL, kit_check_odd_sends },
  { "notices", "notices, typing and receipts harm nobody", CHANNEL, kit_check_notices },
  { "customers", "customers are made once, changed by version, found again", CRM, kit_check_customers },
  { "cases", "cases are made once, changed by version, listed in pages", CRM, kit_check_cases },
  { "odd-questions", "whatever is asked is answered", CRM, kit_check_odd_questions },
  { "stop-at-work", "stopped with work under way it answers for it", CHANNEL | CRM, kit_check_stop_at_work },
  { "late-answers", "answers nobody waits for are given all the same", CHANNEL | CRM, kit_check_late_answers },
  { "http", "odd requests get one answer each", KIT_ANY, kit_check_http },
  { "samples", "a message is acknowledged when it is stored, and not before", CHANNEL, kit_check_samples },
  { "websocket", "odd, slow and vanishing sockets harm nobody", KIT_ANY, kit_check_websocket },
  { "leaks", "a life with a little work leaves nothing behind", KIT_ANY, kit_check_leaks },
  { NULL },
};
