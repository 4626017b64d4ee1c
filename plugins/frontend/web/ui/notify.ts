// SPDX-License-Identifier: GPL-3.0-or-later
//
// Being noticed: sounds and desktop notifications for offers and for what customers write while the agent looks
// elsewhere. Of several windows of one browser, one rings. Browsers let a page sound only after a click or a key in it;
// while that is so, it is said.

import { desk, nameOf } from './desk';
import { looking } from './hooks';
import { news } from './news';
import type { News } from './news';
import { go } from './route';
import { Store } from './store';
import { t } from './strings';
import { offered } from './views';

/** The browser has not let us sound yet. */
export const soundBlocked = new Store(false);

/** Reminders while an offer waits. */
const AGAIN_MS = 5000;

// ---- sound

interface Tone {
  hertz: number;
  at: number;
  seconds: number;
}

const TONES: Record<News['kind'], Tone[]> = {
  offer: [
    { hertz: 659, at: 0, seconds: 0.22 },
    { hertz: 880, at: 0.2, seconds: 0.34 },
  ],
  message: [{ hertz: 587, at: 0, seconds: 0.16 }],
};

let audio: AudioContext | null = null;

function wake(): AudioContext | null {
  if (typeof AudioContext === 'undefined') return null;
  audio ??= new AudioContext();
  if (audio.state === 'suspended')
    void audio.resume().then(
      () => soundBlocked.set(false),
      () => undefined,
    );
  return audio;
}

function play(kind: News['kind'], volume: number): void {
  const context = wake();
  if (context === null) return;
  if (context.state !== 'running') {
    soundBlocked.set(true);
    return;
  }
  for (const tone of TONES[kind]) {
    const start = context.currentTime + tone.at;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(volume * 0.4, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + tone.seconds);
    const oscillator = context.createOscillator();
    oscillator.frequency.value = tone.hertz;
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + tone.seconds);
  }
}

/** For the settings, by a click: so it may sound. */
export function testSound(): void {
  const context = wake();
  if (context === null) desk.tell('error', t.notify.sound, t.notify.noSound);
  else void context.resume().then(() => play('offer', desk.prefs.get().volume));
}

export function allowSound(): void {
  wake();
}

// ---- one of several windows

let first = false;

/** Without locks (plain http) each window rings: better twice than never. */
function standInLine(): void {
  if (navigator.locks === undefined) {
    first = true;
    return;
  }
  void navigator.locks.request('usher.bell', () => {
    first = true;
    return new Promise(() => undefined); // as long as the page lives
  });
}

// ---- notifications

export type Permission = 'unsupported' | 'default' | 'granted' | 'denied';

export function permission(): Permission {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission;
}

/** Only by a click: a page that asks by itself is refused for good. */
export async function askPermission(): Promise<Permission> {
  if (typeof Notification === 'undefined') return 'unsupported';
  const answer = await Notification.requestPermission();
  desk.prefs.update((old) => ({ ...old, notify: answer === 'granted' }));
  return answer;
}

const shown = new Map<string, Notification>();

function show(one: News): void {
  const { interaction } = one.interaction;
  const { notify, notifyText } = desk.prefs.get();
  if (!notify || permission() !== 'granted') return;
  const title = one.kind === 'offer' ? t.notify.offer(nameOf(one.interaction)) : nameOf(one.interaction);
  const body = one.kind === 'offer' ? one.interaction.queue_name : notifyText ? one.text : t.notify.message;
  try {
    const notification = new Notification(title, { body, tag: `usher.${interaction}`, icon: 'icon.svg', silent: true });
    notification.onclick = () => {
      window.focus();
      go('chats', one.kind === 'offer' ? null : interaction);
      notification.close();
    };
    shown.set(interaction, notification);
  } catch {
    // Some browsers have the name but let only service workers use it.
  }
}

function tidy(): void {
  const { interactions } = desk.state.get();
  for (const [id, notification] of shown)
    if (interactions[id] === undefined || looking()) {
      notification.close();
      shown.delete(id);
    }
}

// ---- all together

export function startNotifying(): void {
  let before = desk.state.get();
  let reminder: number | undefined;
  standInLine();
  for (const event of ['pointerdown', 'keydown']) document.addEventListener(event, () => desk.prefs.get().sound && wake(), { once: true });

  const ring = (kind: News['kind']): void => {
    if (first && desk.prefs.get().sound) play(kind, desk.prefs.get().volume);
  };
  desk.state.watch(() => {
    const after = desk.state.get();
    const list = news(before, after);
    before = after;
    tidy();
    const offer = list.find((one) => one.kind === 'offer');
    const message = list.find((one) => one.kind === 'message' && !(looking() && desk.openChat() === one.interaction.interaction));
    if (offer !== undefined) ring('offer');
    else if (message !== undefined) ring('message');
    if (!looking() && first) for (const one of [offer, message]) if (one !== undefined) show(one);
    const waits = offered(after) !== null;
    if (waits && reminder === undefined) reminder = window.setInterval(() => ring('offer'), AGAIN_MS);
    if (!waits) {
      window.clearInterval(reminder);
      reminder = undefined;
    }
  });
  window.addEventListener('focus', tidy);
}
