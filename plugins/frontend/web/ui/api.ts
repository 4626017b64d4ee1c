// SPDX-License-Identifier: GPL-3.0-or-later
//
// What goes over HTTP: log-in, ticket and log-out, because they concern the cookie, and the bytes of media.

import type { Agent, ErrorCode } from './protocol';
import { CallError } from './protocol';
import { t } from './strings';

const TICKET_PATIENCE_MS = 5000;

/** `patience`: for what must not hang on a connection that died while the computer slept. */
async function post<T>(operation: string, body: object, patience?: number): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${operation}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Usher-Request': '1' },
      credentials: 'same-origin',
      cache: 'no-store',
      body: JSON.stringify(body),
      ...(patience === undefined ? {} : { signal: AbortSignal.timeout(patience) }),
    });
  } catch {
    throw new CallError('unavailable', t.errors.unreachable);
  }
  const answer = (await response.json().catch(() => null)) as {
    result?: T;
    error?: { code: ErrorCode; message: string; details?: unknown };
  } | null;
  if (response.ok && answer?.result !== undefined) return answer.result;
  if (answer?.error !== undefined) throw new CallError(answer.error.code, answer.error.message, answer.error.details);
  throw new CallError('unavailable', t.errors.http(response.status));
}

/** Where the bytes of a picture, sound or file are. */
export function mediaUrl(id: string): string {
  return `/api/v1/media/${encodeURIComponent(id)}`;
}

export async function login(name: string, password: string): Promise<Agent> {
  return (await post<{ user: Agent }>('session.login', { login: name, password })).user;
}

export async function ticket(): Promise<string> {
  return (await post<{ ticket: string }>('session.ticket', {}, TICKET_PATIENCE_MS)).ticket;
}

export async function logout(): Promise<void> {
  await post('session.logout', {});
}
