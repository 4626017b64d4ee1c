// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a message is besides its text: pictures, sound, video, files, places and links; and what kind of message it is
// when it is not a plain one.

import type { JSX } from 'react';
import { useState } from 'react';

import { mediaUrl } from '../api';
import { bytes } from '../format';
import type { Attachment, Message } from '../protocol';
import { t } from '../strings';
import type { IconName } from './icons';
import { Icon } from './icons';

/** Addresses come from strangers: only what a browser opens harmlessly becomes a link. */
function safeUrl(url: string | null): string | null {
  if (url === null) return null;
  try {
    return /^(https?|mailto|geo|tel):$/.test(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

function Outside({ url, icon, children }: { url: string; icon: IconName; children: string }): JSX.Element {
  return (
    <a className="attachment" href={url} target="_blank" rel="noopener noreferrer nofollow">
      <Icon name={icon} size={18} />
      <bdi>{children}</bdi>
      <span className="hidden"> {t.media.newWindow}</span>
    </a>
  );
}

function Picture({ one, src }: { one: Attachment; src: string }): JSX.Element {
  const [broken, setBroken] = useState(false);
  const name = one.name ?? (one.kind === 'sticker' ? t.media.kinds.sticker : t.media.kinds.image);
  if (broken)
    return (
      <span className="attachment">
        <Icon name="alert" size={18} />
        {t.media.broken(name)}
      </span>
    );
  return (
    <a className={`picture ${one.kind}`} href={src} target="_blank" rel="noopener" title={name}>
      <img src={src} alt={name} loading="lazy" decoding="async" onError={() => setBroken(true)} />
      <span className="hidden"> {t.media.newWindow}</span>
    </a>
  );
}

function Place({ one, url }: { one: Attachment; url: string | null }): JSX.Element {
  const name = one.name ?? t.media.kinds.location;
  if (url !== null)
    return (
      <Outside url={url} icon="pin">
        {name}
      </Outside>
    );
  return (
    <span className="attachment">
      <Icon name="pin" size={18} />
      <bdi>{name}</bdi>
    </span>
  );
}

function One({ one }: { one: Attachment }): JSX.Element {
  const url = safeUrl(one.url);
  const kind = t.media.kinds[one.kind] ?? t.media.kinds.file;
  const name = one.name ?? kind;
  const src = one.media === null ? null : mediaUrl(one.media);

  if (one.kind === 'location') return <Place one={one} url={url} />;
  if (src === null) {
    // Only the network has it. It is not fetched from there behind the agent's back.
    if (url !== null)
      return (
        <Outside url={url} icon="link">
          {one.kind === 'link' ? (one.name ?? url) : t.media.elsewhere(name)}
        </Outside>
      );
    return (
      <span className="attachment">
        <Icon name="file" size={18} />
        {t.media.notKept(name)}
      </span>
    );
  }
  if (one.kind === 'image' || one.kind === 'sticker') return <Picture one={one} src={src} />;
  if (one.kind === 'audio') return <audio controls preload="none" src={src} aria-label={name} />;
  if (one.kind === 'video') return <video controls preload="metadata" src={src} aria-label={name} />;
  return (
    <a className="attachment" href={src} download={one.name ?? ''}>
      <Icon name="file" size={18} />
      <bdi>{name}</bdi>
      {one.size > 0 && <span className="hint">{bytes(one.size)}</span>}
      <span className="hidden"> {t.media.download}</span>
    </a>
  );
}

export function Attachments({ list }: { list: Attachment[] }): JSX.Element | null {
  if (list.length === 0) return null;
  return (
    <span className="attachments">
      {list.map((one, at) => (
        // Attachments have no ids of their own and never move.
        <One key={at} one={one} />
      ))}
    </span>
  );
}

/** What was answered, reacted to, changed or taken back, as far as it is in sight. */
function quoted(message: Message, all: Message[]): string | null {
  if (message.reply_to === null) return null;
  const other = all.find((one) => one.message === message.reply_to);
  if (other === undefined) return null;
  return other.text || (other.attachments[0] === undefined ? null : t.media.kinds[other.attachments[0].kind]);
}

const ICONS: Record<string, IconName> = {
  reaction: 'bubble',
  edit: 'edit',
  retract: 'undo',
  encrypted: 'lock',
  unsupported: 'info',
  elsewhere: 'person',
  referral: 'link',
};

/** What kind of message it is, in words, when it is not a plain one. */
export function FormMark({ message, all }: { message: Message; all: Message[] }): JSX.Element | null {
  const quote = quoted(message, all);
  const word = message.form === null ? null : (t.media.forms[message.form] ?? t.media.otherForm(message.form));
  if (word === null && quote === null) return null;
  return (
    <span className="form-mark">
      {word !== null && (
        <span className="form-word">
          <Icon name={ICONS[message.form ?? ''] ?? 'check'} size={14} /> {word}
        </span>
      )}
      {quote !== null && (
        <q className="quote" dir="auto">
          {quote}
        </q>
      )}
    </span>
  );
}
