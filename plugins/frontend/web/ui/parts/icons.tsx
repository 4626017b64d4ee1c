// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pictures of the desktop: drawn here on a grid of 24, one stroke width, colour of the text around them.
// They are decoration; a word or a label is always beside them.

import type { JSX } from 'react';

const PATHS = {
  chats: 'M4 5h16v11H9l-5 4z M8 9h8 M8 12h5',
  customers: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M2.5 20c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5 M16 4.3a3.5 3.5 0 0 1 0 6.4 M18 14.9c2 .7 3.2 2.4 3.5 5.1',
  cases: 'M4 8h16v11H4z M9 8V5h6v3 M4 13h16',
  history: 'M12 7v5l3.5 2 M4.2 9.5A8.5 8.5 0 1 1 3.5 13 M3.5 5v4.5H8',
  team: 'M4 20V11 M10 20V4 M16 20v-6 M21 20H3',
  playback: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M10 8.5l5.5 3.5-5.5 3.5z',
  faqs: 'M5 5.5c2.5-1 5-1 7 .5 2-1.5 4.5-1.5 7-.5v13c-2.5-1-5-1-7 .5-2-1.5-4.5-1.5-7-.5z M12 6v13',
  rules: 'M4 7h9 M17 7h3 M15 5v4 M4 12h3 M11 12h9 M9 10v4 M4 17h9 M17 17h3 M15 15v4',
  play: 'M8 5.5l11 6.5-11 6.5z',
  plus: 'M12 5v14 M5 12h14',
  trash: 'M5 7h14 M9.5 7V4.5h5V7 M7 7l1 13h8l1-13',
  help: 'M9.5 9.3a2.6 2.6 0 1 1 3.8 2.3c-.9.5-1.3 1-1.3 2 M12 17v.1 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  chevron: 'M7 10l5 5 5-5',
  back: 'M14 6l-6 6 6 6',
  close: 'M6 6l12 12 M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5L7 17l9-9.5 M12 16l1 1 8.5-9',
  clock: 'M12 7.5V12l3 2 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  alert: 'M12 8v5 M12 16.5v.1 M12 3l9.5 17h-19z',
  info: 'M12 11v5.5 M12 7.5v.1 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  send: 'M4 12l16-8-5 16-3.5-6.5z M11.5 13.5L20 4',
  menu: 'M5 12h.1 M12 12h.1 M19 12h.1',
  save: 'M12 4v10 M8 10.5l4 4 4-4 M4 16v4h16v-4',
  end: 'M4 5h16v11H9l-5 4z M9.5 8l5 5 M14.5 8l-5 5',
  panel: 'M3.5 5h17v14h-17z M14.5 5v14',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z M15.5 15.5L20.5 20.5',
  edit: 'M4 20l1-4L16 5l3 3L8 19z M13.5 7.5l3 3',
  logout: 'M14 5H5v14h9 M10 12h10 M17 8.5L20.5 12 17 15.5',
  person: 'M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4.5 20.5c.7-4 3.7-6 7.5-6s6.8 2 7.5 6',
  globe: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M3.5 12h17 M12 3c2.5 2.5 3.7 5.5 3.7 9s-1.2 6.5-3.7 9c-2.5-2.5-3.7-5.5-3.7-9S9.5 5.5 12 3z',
  mail: 'M3.5 6h17v12h-17z M4 7l8 6 8-6',
  bubble: 'M12 4c5 0 8.5 3 8.5 7.2 0 4.3-3.5 7.3-8.5 7.3-1 0-2-.1-2.9-.4L5 20l.9-3.6c-1.5-1.3-2.4-3.1-2.4-5.2C3.5 7 7 4 12 4z',
  refresh: 'M20 12a8 8 0 1 1-2.4-5.7L20 8.5 M20 4v4.5h-4.5',
  next: 'M9.5 6.5l5.5 5.5-5.5 5.5',
  pause: 'M8.5 5.5v13 M15.5 5.5v13',
  book: 'M5 5.5c2.5-1 5-1 7 .5 2-1.5 4.5-1.5 7-.5v13c-2.5-1-5-1-7 .5-2-1.5-4.5-1.5-7-.5z M12 6v13',
  tag: 'M4 4.5h7.5L20 13l-7 7-9-8.5z M8 8.5v.1',
  file: 'M6 3.5h8l4 4v13H6z M14 3.5v4h4 M9 13h6 M9 16.5h6',
  pin: 'M12 21c4-5 6.5-8 6.5-11a6.5 6.5 0 1 0-13 0c0 3 2.5 6 6.5 11z M12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4.2 4.2 0 0 0-6-6l-1.5 1.5 M14 10a4 4 0 0 0-6 0l-3 3a4.2 4.2 0 0 0 6 6l1.5-1.5',
  lock: 'M6 11h12v9.5H6z M8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  bell: 'M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15z M10.5 21h3',
  copy: 'M8.5 8.5h11v11h-11z M15.5 8.5v-4h-11v11h4',
  undo: 'M8 5L4 9l4 4 M4 9h10a6 6 0 0 1 0 12h-3',
  up: 'M12 19V6 M6.5 11.5L12 6l5.5 5.5',
  down: 'M12 5v13 M6.5 12.5L12 18l5.5-5.5',
} as const;

export type IconName = keyof typeof PATHS;

/** Pictures that point along the line of reading: they turn with it. */
const POINTS: ReadonlySet<IconName> = new Set(['next', 'back', 'send', 'undo', 'logout']);

export function Icon({ name, size = 20 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg className={POINTS.has(name) ? 'icon points' : 'icon'} width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

const NETWORKS: Record<string, IconName> = { webchat: 'globe', email: 'mail', mail: 'mail' };

export function NetworkIcon({ network, size = 16 }: { network: string; size?: number }): JSX.Element {
  return (
    <span className="network" role="img" aria-label={network} title={network}>
      <Icon name={NETWORKS[network] ?? 'bubble'} size={size} />
    </span>
  );
}
