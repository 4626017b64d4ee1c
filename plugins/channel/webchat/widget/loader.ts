// SPDX-License-Identifier: GPL-3.0-or-later
//
// widget.js, the one script on the customer's page: a button, and an iframe with the chat behind it. Everything lives in
// a shadow root, so neither side's styles reach the other. The iframe is made on the first click, or at once when this
// browser has a chat to come back to.

import { inkOn, type ToFrame, type ToPage } from './bridge.js';
import { direction, launcherStrings } from './i18n.js';
import css from './loader.css';

const script = document.currentScript as HTMLScriptElement;
const base = new URL('.', script.src);
const data = script.dataset;
const language = data['lang'] ?? (document.documentElement.lang || navigator.language);
const text = launcherStrings(language);
const color = /^#[0-9a-f]{6}$/i.test(data['color'] ?? '') ? (data['color'] as string) : '#1f5fbf';
const keptKey = 'usher-webchat:' + base.href;

const host = document.createElement('div');
const root = host.attachShadow({ mode: 'open' });
const button = document.createElement('button');
const badge = document.createElement('span');
let frame: HTMLIFrameElement | undefined;
let ready = false;
let open = false;
let unread = 0;

/* A sheet made by script is not subject to the page's style-src. */
function dress(): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement('style');
    style.textContent = css;
    root.append(style);
  }
}

function kept(value?: boolean): boolean {
  try {
    if (value !== undefined) localStorage.setItem(keptKey, value ? '1' : '');
    return localStorage.getItem(keptKey) === '1';
  } catch {
    return false;
  }
}

function tell(message: ToFrame): void {
  if (ready) frame?.contentWindow?.postMessage(message, base.origin);
}

function draw(): void {
  button.setAttribute('aria-label', open ? text.close : unread > 0 ? text.openUnread(unread) : text.open);
  button.setAttribute('aria-expanded', String(open));
  badge.textContent = unread > 9 ? '9+' : String(unread);
  badge.hidden = open || unread === 0;
  root.firstElementChild?.classList.toggle('open', open);
  if (frame) frame.hidden = !open;
}

function makeFrame(): void {
  if (frame) return;
  const options = new URLSearchParams({ origin: location.origin, lang: language, color });
  if (data['title']) options.set('title', data['title']);
  frame = document.createElement('iframe');
  frame.id = 'panel';
  frame.hidden = true;
  frame.title = data['title'] || text.chat;
  frame.src = new URL('frame', base).href + '#' + options.toString();
  button.before(frame);
}

function toggle(): void {
  open = !open;
  if (open) makeFrame();
  draw();
  if (open) {
    frame?.focus();
    tell({ usher: 'open' });
  } else {
    tell({ usher: 'close' });
    button.focus();
  }
}

function listen(event: MessageEvent<unknown>): void {
  if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
  const message = event.data as ToPage | null;
  if (message?.usher === 'ready') {
    ready = true;
    if (open) tell({ usher: 'open' });
  } else if (message?.usher === 'close') {
    if (open) toggle();
  } else if (message?.usher === 'unread') {
    unread = Number(message.count) || 0;
    draw();
  } else if (message?.usher === 'kept') {
    kept(message.kept);
  }
}

/* Made node by node: a page that demands trusted types takes no markup. */
function icon(): SVGElement {
  const make = (name: string, attributes: Record<string, string>): SVGElement => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key in attributes) node.setAttribute(key, attributes[key] ?? '');
    return node;
  };
  const svg = make('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  svg.append(make('path', { class: 'talk', d: 'M4 4h16v12H9l-5 4z' }), make('path', { class: 'cross', d: 'M6 6l12 12M18 6L6 18' }));
  return svg;
}

function begin(): void {
  const box = document.createElement('div');
  box.dir = direction(language);
  host.style.cssText = 'all:initial';
  box.style.setProperty('--accent', color);
  box.style.setProperty('--ink', inkOn(color));
  button.type = 'button';
  button.setAttribute('aria-controls', 'panel');
  button.append(icon(), badge);
  box.append(button);
  root.append(box);
  dress();
  button.onclick = toggle;
  root.addEventListener('keydown', (event) => {
    if ((event as KeyboardEvent).key === 'Escape' && open) toggle();
  });
  addEventListener('message', listen);
  document.body.append(host);
  if (kept()) makeFrame();
  draw();
}

if (document.body) begin();
else addEventListener('DOMContentLoaded', begin);
