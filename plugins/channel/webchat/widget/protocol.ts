// SPDX-License-Identifier: GPL-3.0-or-later
//
// The frames of protocol.md as types. What comes from the server is checked only as far as it is used: an unknown frame
// is ignored, so that a newer server can speak to an older widget.

export type ChatState = 'none' | 'waiting' | 'active' | 'ended';

export interface Line {
  n: number;
  author: 'customer' | 'agent' | 'system';
  text: string;
  at: number;
  name?: string;
  code?: string;
  id?: string;
}

export interface Limits {
  max_text: number;
  max_name: number;
  name_required: boolean;
  messages: number;
  per_ms: number;
}

export interface StateBody {
  state: ChatState;
  agent: string | null;
}

export interface Trouble {
  code: string;
  message: string;
  retry_after_ms?: number;
}

export interface ServerFrame {
  welcome?: StateBody & { visitor: string; server_now: number; limits: Limits };
  line?: Line;
  ack?: { id: string; n: number };
  refused?: Trouble & { id: string };
  error?: Trouble;
  state?: StateBody;
  typing?: boolean;
  name?: string;
  reset?: { after: number };
  more?: { after: number };
  pong?: number;
}

export type ClientFrame =
  | { hello: { token: string; after: number } }
  | { message: { id: string; text: string; name?: string } }
  | { end: { id: string } }
  | { typing: boolean }
  | { got: number }
  | { read: number }
  | { after: number }
  | { ping: number };

export interface Session {
  token: string;
  visitor: string;
  expires_at: number;
  server_now: number;
  limits: Limits;
}

/** What the page carries in its `data-config` attribute. */
export interface PageConfig {
  title: string;
  welcome: string;
  instance: string;
  limits: Limits;
}
