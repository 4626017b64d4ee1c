/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin written in C++.
 */
#include <usher/usher.h>

namespace
{

struct Frontend
{
  UsherInstance *instance;
  const UsherHost *host;
};

void *
create (UsherInstance *instance, const UsherHost *host)
{
  return new Frontend{ instance, host };
}

void
destroy (void *self)
{
  delete static_cast<Frontend *> (self);
}

void
output (void *, UsherDesk *, void *, const char *, size_t)
{
}

void
closed (void *, UsherDesk *, void *, int, const char *)
{
}

const UsherFrontendOps ops = {
  sizeof (UsherFrontendOps), create, nullptr, nullptr, destroy, nullptr, nullptr, nullptr, nullptr, output, closed
};

const UsherPlugin plugin
    = { USHER_PLUGIN_HEAD, "in-cxx", "1",     "written in C++", "GPL-3.0-or-later", nullptr, nullptr,
        nullptr,           &ops,     nullptr, nullptr };

} // namespace

USHER_PLUGIN_EXPORT (plugin)
