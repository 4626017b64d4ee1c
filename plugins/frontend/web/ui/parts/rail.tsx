// SPDX-License-Identifier: GPL-3.0-or-later
//
// The control panel: the tabs to everything. The Chat tab is red while a chat is offered and counts down; it blinks
// only while the agent looks elsewhere. It also says how many people wait.

import type { JSX } from 'react';
import { useEffect } from 'react';

import { secondsLeft } from '../clock';
import { desk } from '../desk';
import { useLooking, useMedia, useNow } from '../hooks';
import { pagesOf } from '../pages';
import type { Page } from '../route';
import { href, route } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { ailing, offers, waitingForMe } from '../views';
import type { IconName } from './icons';
import { Icon } from './icons';
import { unreadCount } from './list';
import { useOffer } from './offer';

export function usePages(): Page[] {
  return pagesOf(useStore(desk.state, (state) => state.me));
}

function useUnreadChats(): number {
  const interactions = useStore(desk.state, (state) => state.interactions);
  const seen = useStore(desk.seen);
  return Object.values(interactions).filter((one) => one.state === 'active' && unreadCount(one, seen) > 0).length;
}

/** "(2) usher"; while a chat is offered it alternates once a second, unless the reader wants no motion. */
function useTitle(offers: number, unread: number): void {
  const still = useMedia('(prefers-reduced-motion: reduce)');
  useEffect(() => {
    const n = offers + unread;
    const plain = n > 0 ? `(${n}) ${t.product}` : t.product;
    const loud = `(${n}) ${t.offer.title} · ${t.product}`;
    document.title = offers > 0 ? loud : plain;
    if (offers === 0 || still) return;
    const timer = window.setInterval(() => {
      document.title = document.title === loud ? plain : loud;
    }, 1000);
    return () => window.clearInterval(timer);
  }, [offers, unread, still]);
}

function OfferCount({ deadline }: { deadline: number }): JSX.Element {
  const seconds = secondsLeft(deadline, useNow(250));
  return (
    <>
      <span className="rail-count" aria-hidden="true">
        {seconds}
      </span>
      <span className="hidden">{t.nav.offered(seconds)}</span>
    </>
  );
}

export function Rail(): JSX.Element {
  const page = useStore(route, (where) => where.page);
  const offer = useOffer();
  const unread = useUnreadChats();
  const pages = usePages();
  const waiting = useStore(desk.state, waitingForMe);
  const bad = useStore(desk.state, (state) => ailing(state.instances).length);
  const offerCount = useStore(desk.state, (state) => offers(state).length);
  // With one chat at a time it blinks as long as it is offered; who has several is not disturbed while he looks.
  const several = useStore(desk.state, (state) => (state.me?.capacity ?? 1) > 1);
  const looking = useLooking() && page === 'chats' && several;
  useTitle(offerCount, unread);

  return (
    <nav className="rail" aria-label={t.nav.label} data-region="rail" tabIndex={-1}>
      <ul>
        {pages.map((one) => (
          <li key={one}>
            <a
              href={href(one)}
              aria-current={page === one ? 'page' : undefined}
              className={one !== 'chats' || offer === null ? 'rail-tab' : looking ? 'rail-tab offered seen' : 'rail-tab offered'}
            >
              <Icon name={one as IconName} size={22} />
              <span>{t.nav[one]}</span>
              {one === 'chats' && offer !== null && <OfferCount deadline={offer.deadline} />}
              {one === 'chats' && offer === null && unread > 0 && (
                <span className="badge">
                  {unread}
                  <span className="hidden"> {t.nav.unread(unread).replace(/^\d+ /, '')}</span>
                </span>
              )}
              {one === 'team' && bad > 0 && (
                <span className="badge bad">
                  {bad}
                  <span className="hidden"> {t.instances.badge(bad).replace(/^\d+ /, '')}</span>
                </span>
              )}
              {one === 'chats' && waiting > 0 && <span className="rail-waiting">{t.nav.waiting(waiting)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
