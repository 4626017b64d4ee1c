// SPDX-License-Identifier: GPL-3.0-or-later
//
// What must be told: offers and chats that ended by themselves, and operations that failed.

import type { JSX } from 'react';
import { useEffect } from 'react';

import { desk } from '../desk';
import { href, route } from '../route';
import type { Notice } from '../state';
import { MISSED } from '../state';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button, IconButton } from './kit';

function words(notice: Notice, status: string | null): { title: string; text: string } {
  switch (notice.kind) {
    case 'offer_ended':
      return { title: t.notices.offer(notice.who), text: t.offer.ended[notice.cause]?.(status) ?? t.offer.endedOther };
    case 'customer_left':
      return { title: t.notices.left(notice.who), text: t.notices.leftNote };
    case 'closed_unsaved':
      return { title: t.notices.closed(notice.who), text: t.notices.closedNote };
    case 'closed_uncoded':
      return { title: t.notices.closed(notice.who), text: t.notices.uncodedNote };
    case 'went_back':
      return { title: t.notices.back(notice.who), text: t.notices.backNote[notice.cause] ?? t.notices.backOther };
  }
}

function NoticeRow({ notice }: { notice: Notice }): JSX.Element {
  const away = useStore(desk.state, (state) => {
    const status = state.me?.status;
    return status === 'on_break' || status === 'work_offline' ? status : null;
  });
  const { title, text } = words(notice, away === null ? null : t.status.names[away]);
  const warn = (notice.kind === 'offer_ended' && MISSED.has(notice.cause)) || notice.kind === 'went_back';

  // What asks for nothing goes by itself.
  useEffect(() => {
    if (warn || notice.kind !== 'offer_ended') return;
    const timer = window.setTimeout(() => desk.dismiss(notice.id), 20_000);
    return () => window.clearTimeout(timer);
  }, [warn, notice.kind, notice.id]);

  return (
    <li className={`notice ${warn ? 'warn' : 'info'}`}>
      <Icon name={warn ? 'alert' : 'info'} />
      <p>
        <strong>{title}</strong>{' '}
        {text}
      </p>
      {warn && away !== null && (
        <Button
          onPress={() => {
            void desk.setStatus('available');
            desk.dismiss(notice.id);
          }}
        >
          {t.notices.goAvailable}
        </Button>
      )}
      {notice.kind !== 'offer_ended' && notice.kind !== 'went_back' && (
        <a
          className="button plain"
          href={href(notice.kind === 'customer_left' ? 'chats' : 'history', notice.interaction)}
          onClick={() => desk.dismiss(notice.id)}
        >
          {t.notices.open}
        </a>
      )}
      <IconButton icon="close" label={t.dismiss} onPress={() => desk.dismiss(notice.id)} />
    </li>
  );
}

export function Notices(): JSX.Element {
  const all = useStore(desk.state, (state) => state.notices);
  const inChats = useStore(route, (where) => where.page === 'chats');
  // The list of chats tells by itself who has left.
  const notices = all.filter((notice) => !(inChats && notice.kind === 'customer_left')).slice(-2);
  return (
    <div className="notices" role="status" aria-label={t.notices.label}>
      {notices.length > 0 && (
        <ul>
          {notices.map((notice) => (
            <NoticeRow key={notice.id} notice={notice} />
          ))}
        </ul>
      )}
    </div>
  );
}

export function Toasts(): JSX.Element {
  const toasts = useStore(desk.toasts);
  const last = toasts[toasts.length - 1];

  // Good news goes by itself; a failure stays until it is read.
  useEffect(() => {
    if (last === undefined || last.tone === 'error') return;
    const timer = window.setTimeout(() => desk.hush(last.id), 6000);
    return () => window.clearTimeout(timer);
  }, [last]);

  return (
    <div className="toasts" role="alert">
      {toasts.map((toast) => (
        <div key={toast.id} className={`toast ${toast.tone}`}>
          <Icon name={toast.tone === 'error' ? 'alert' : 'check'} />
          <p>
            <strong>{toast.title}</strong> {toast.text}
          </p>
          <IconButton icon="close" label={t.dismiss} onPress={() => desk.hush(toast.id)} />
        </div>
      ))}
    </div>
  );
}
