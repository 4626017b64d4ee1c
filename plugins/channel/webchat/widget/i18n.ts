// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every text the widget shows. English is complete; a further language is one more entry in both tables, and what it
// lacks is shown in English. The launcher has a table of its own, so that the customer's page loads no more than that.

const launcherEn = {
  open: 'Open chat',
  openUnread: (count: number) => `Open chat, ${count} unread ${count === 1 ? 'message' : 'messages'}`,
  close: 'Close chat',
  chat: 'Chat',
};

const panelEn = {
  close: 'Close chat',
  live: 'Live',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting…',
  retryIn: (seconds: number) => `Reconnecting in ${seconds} s`,
  offline: 'Offline',
  retryNow: 'Try now',
  name: 'Your name',
  nameOptional: 'Your name (optional)',
  firstMessage: 'How can we help?',
  start: 'Start chat',
  nameMissing: 'Please enter your name.',
  textMissing: 'Please write a message.',
  message: 'Message',
  placeholder: 'Write a message…',
  send: 'Send',
  hint: 'Enter sends, Shift+Enter makes a new line.',
  left: (count: number) => `${count} ${count === 1 ? 'character' : 'characters'} left`,
  over: (count: number) => `${count} ${count === 1 ? 'character' : 'characters'} too long`,
  you: 'You',
  agent: 'Agent',
  log: 'Conversation',
  sending: 'Sending…',
  unsent: 'Waiting to be sent',
  sent: 'Sent',
  delivered: 'Delivered',
  failed: 'Not sent',
  retry: 'Try again',
  discard: 'Discard',
  typing: (name: string) => `${name} is typing…`,
  waiting: 'Waiting for an agent…',
  withAgent: (name: string) => `Chatting with ${name}`,
  queued: 'You are in the queue. An agent will be with you soon.',
  joined: (name: string) => `${name} joined the chat.`,
  leftChat: (name: string) => `${name} left the chat.`,
  ended: 'The chat has ended.',
  end: 'End chat',
  endTitle: 'End this chat?',
  endText: 'The agent can’t answer after that. You can start a new chat at any time.',
  endYes: 'End chat',
  endNo: 'Go on chatting',
  again: 'Start a new chat',
  today: 'Today',
  yesterday: 'Yesterday',
  newMessage: (name: string) => `New message from ${name}`,
};

export type Launcher = typeof launcherEn;
export type Strings = typeof panelEn;

const launchers: Record<string, Partial<Launcher>> = { en: launcherEn };
const panels: Record<string, Partial<Strings>> = { en: panelEn };

/** The table for a language tag such as "de-AT", or for its language. */
function pick<T>(tables: Record<string, T>, language: string): T | undefined {
  const tag = language.toLowerCase();
  return tables[tag] ?? tables[tag.split('-')[0] ?? ''];
}

export const launcherStrings = (language: string): Launcher => ({ ...launcherEn, ...pick(launchers, language) });
export const panelStrings = (language: string): Strings => ({ ...panelEn, ...pick(panels, language) });

const RTL = new Set(['ar', 'dv', 'fa', 'he', 'ku', 'ps', 'sd', 'ug', 'ur', 'yi']);

export function direction(language: string): 'ltr' | 'rtl' {
  return RTL.has(language.toLowerCase().split('-')[0] ?? '') ? 'rtl' : 'ltr';
}
