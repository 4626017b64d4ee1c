/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A front end is where agents work. It brings a user interface and a transport (a page and its WebSocket, a
 * terminal and its local socket, ...); what is said over the transport is the desk protocol: JSON frames that
 * the core reads and writes (docs/desk-protocol.md). A front end carries frames and need not understand them.
 *
 * For each connection: UsherHost.desk_open, then UsherHost.desk_input for each frame from the client; frames
 * for the client come through `desk_output`. Log-in, permissions, resume and presence are the core's business.
 */
#ifndef USHER_FRONTEND_H
#define USHER_FRONTEND_H

#include <usher/plugin.h>

USHER_BEGIN_DECLS

struct UsherFrontendOps
{
  USHER_OPS_HEAD_MEMBERS;

  /* Required. One frame for the client of `desk`: UTF-8 JSON text, NUL-terminated, `len` excludes the NUL.
   * `desk_data` is what desk_open was given. `frame` is borrowed until it returns and may have megabytes. Called
   * from inside desk_input, too. Must not block: queue it, and call desk_close when the client does not keep up
   * (nothing is lost: it resumes). Since 1.0 */
  void (*desk_output) (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len);

  /* Required. The core ended this desk (log-out, shut-down, protocol error); `reason` is for the client. The
   * last call for it: close the connection; `desk` is gone when it returns. `code` is fit for a WebSocket's close
   * frame. Not called when the plugin itself called desk_close, nor before `destroy`. Since 1.0 */
  void (*desk_closed) (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason);
};

USHER_END_DECLS

#endif
