// SPDX-License-Identifier: GPL-3.0-or-later
//
// Errors as the Graph API words them: HTTP status, code, subcode, and the headers that tell about rates.
const messages = {
  1: 'An unknown error occurred',
  2: 'Service temporarily unavailable',
  4: '(#4) Application request limit reached',
  10: '(#10) Application does not have permission for this action',
  17: '(#17) User request limit reached',
  32: '(#32) Page request limit reached',
  100: '(#100) Invalid parameter',
  102: 'Session key invalid or no longer valid',
  190: 'Invalid OAuth 2.0 Access Token',
  200: '(#200) Permissions error',
  368: '(#368) The action attempted has been deemed abusive or is otherwise disallowed',
  551: "(#551) This person isn't available right now.",
  613: '(#613) Calls to this api have exceeded the rate limit.',
  80006: '(#80006) There have been too many calls to this Messenger account.',
}

const withSubcode = {
  '10-1893063': '(#10) Your Page is temporarily restricted from sending messages',
  '10-2018065':
    '(#10) This message is sent outside of allowed window. You need page_messaging_subscriptions permission',
  '10-2018278': '(#10) This message is sent outside of allowed window.',
  '10-2534022': '(#10) This message is sent outside of allowed window.',
  '100-2018001': '(#100) No matching user found',
  '100-2018108': '(#100) Unable to fetch the attachment from its URL',
  '100-2018109': '(#100) Attachment size exceeds allowable limit',
  '190-460': 'Error validating access token: The session has been invalidated because the user changed their password',
  '190-463': 'Error validating access token: Session has expired',
  '200-1545041': "(#200) This person isn't available right now.",
}

export const rateCodes = new Set([4, 17, 32, 613, 80006])

function statusOf(code) {
  if (code === 1 || code === 2) return 500
  if (code === 190 || code === 102) return 401
  if (code === 10 || (code >= 200 && code <= 299)) return 403
  return rateCodes.has(code) ? 429 : 400
}

let traces = 0

/** What a refused call is answered. `regain`: minutes until calls are taken again, for errors of rate. */
export class GraphError extends Error {
  constructor(code, { subcode, message, transient = false, status, regain } = {}) {
    super(message ?? withSubcode[`${code}-${subcode}`] ?? messages[code] ?? `(#${code}) Error`)
    Object.assign(this, { code, subcode, transient, status: status ?? statusOf(code), regain })
  }

  get body() {
    return {
      error: {
        message: this.message,
        type: 'OAuthException',
        code: this.code,
        ...(this.subcode === undefined ? {} : { error_subcode: this.subcode }),
        is_transient: this.transient,
        fbtrace_id: `A${(++traces).toString(36).padStart(10, '0')}`,
      },
    }
  }

  /** Headers of usage, as they come with an error of rate. */
  headers(pageId) {
    if (!rateCodes.has(this.code)) return {}
    // Calls are taken again at once: it was the limit of one conversation, not of the app.
    const usage = { call_count: this.regain === 0 ? 20 : 100, total_cputime: 25, total_time: 25 }
    const business = { type: 'messenger', ...usage, estimated_time_to_regain_access: this.regain ?? 1 }
    return {
      'X-App-Usage': JSON.stringify(usage),
      'X-Business-Use-Case-Usage': JSON.stringify({ [pageId]: [business] }),
    }
  }
}

/** A call that no careful client makes: it is refused and remembered as a violation. */
export class Violation extends GraphError {
  constructor(message, options = {}) {
    super(options.code ?? 100, { ...options, message: `(#${options.code ?? 100}) ${message}` })
    this.what = message
  }
}

/** The error a recipient's id asks for: err-CODE, err-CODE-SUBCODE; null for any other id. */
export function errorOfRecipient(id) {
  const [, code, subcode] = /^err-(\d+)(?:-(\d+))?$/.exec(id) ?? []
  return code ? new GraphError(Number(code), subcode ? { subcode: Number(subcode) } : {}) : null
}
