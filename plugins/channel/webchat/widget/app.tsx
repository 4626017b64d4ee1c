// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page inside the frame: joins the chat, the bridge to the customer's page, and the view.

import { render } from 'preact';
import { Bridge, inkOn, readOptions } from './bridge.js';
import { Chat } from './chat.js';
import { direction, panelStrings } from './i18n.js';
import { Panel } from './panel.js';
import type { PageConfig } from './protocol.js';
import { openStore } from './storage.js';

const place = document.getElementById('app') as HTMLElement;
const config = JSON.parse(place.dataset['config'] ?? '{}') as PageConfig;
const options = readOptions(location.hash);
const bridge = new Bridge(options.origin);
const text = panelStrings(options.language);
const chat = new Chat(config, new URL('.', location.href), openStore());
const page = document.documentElement;

page.lang = options.language;
page.dir = direction(options.language);
if (options.color) {
  page.style.setProperty('--accent', options.color);
  page.style.setProperty('--ink', inkOn(options.color));
}

function focusFirst(): void {
  const field = place.querySelector<HTMLElement>('[data-first]') ?? place.querySelector<HTMLElement>('button');
  field?.focus();
}

chat.onUnread = (count) => {
  bridge.tell({ usher: 'unread', count });
  bridge.tell({ usher: 'kept', kept: chat.started });
};

bridge.listen((message) => {
  chat.setVisible(message.usher === 'open');
  if (message.usher === 'open') focusFirst();
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.defaultPrevented || place.querySelector('dialog[open]')) return;
  bridge.tell({ usher: 'close' });
});
document.addEventListener('visibilitychange', () => chat.setVisible(chat.visible));

render(
  <Panel
    chat={chat}
    text={text}
    title={options.title ?? config.title}
    language={options.language}
    close={bridge.framed ? () => bridge.tell({ usher: 'close' }) : undefined}
  />,
  place,
);
bridge.tell({ usher: 'ready' });
if (!bridge.framed) {
  chat.setVisible(true);
  focusFirst();
}
