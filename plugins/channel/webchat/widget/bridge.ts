// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the frame and the loader on the customer's page say to each other, by postMessage. Both sides check window and
// origin. The frame learns the page's origin from its own address; a page that lies there only deafens itself, because
// who may show the frame at all is decided by the browser from the frame-ancestors header.

export interface FrameOptions {
  origin: string | undefined;
  language: string;
  color: string | undefined;
  title: string | undefined;
}

export type ToFrame = { usher: 'open' } | { usher: 'close' };
export type ToPage = { usher: 'ready' } | { usher: 'close' } | { usher: 'unread'; count: number } | { usher: 'kept'; kept: boolean };

export function readOptions(hash: string): FrameOptions {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  const color = values.get('color') ?? '';
  return {
    origin: values.get('origin') ?? undefined,
    language: values.get('lang') ?? navigator.language,
    color: /^#[0-9a-f]{6}$/i.test(color) ? color : undefined,
    title: values.get('title')?.slice(0, 100) || undefined,
  };
}

/** Black or white, whichever is easier to read on the colour (relative luminance as in WCAG). */
export function inkOn(color: string): '#000' | '#fff' {
  const part = (at: number): number => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.179 ? '#000' : '#fff';
}

export class Bridge {
  constructor(private readonly origin: string | undefined) {}

  /** Shown inside another page, not opened by its own address. */
  get framed(): boolean {
    return this.origin !== undefined && window.parent !== window;
  }

  tell(message: ToPage): void {
    if (this.framed && this.origin !== undefined) window.parent.postMessage(message, this.origin);
  }

  listen(handle: (message: ToFrame) => void): void {
    if (!this.framed) return;
    addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent || event.origin !== this.origin) return;
      const message = event.data as ToFrame | null;
      if (message?.usher === 'open' || message?.usher === 'close') handle(message);
    });
  }
}
