/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the service layer brings to the host table of plugins. Main thread.
 */
#pragma once

#include "core/plugin/instance.h"

extern const UcHostServices uc_service_slots;
