// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the connection is: a pill that is always there, and a banner while it is not good.

import type { JSX } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { Link } from '../connection';
import { desk } from '../desk';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button } from './kit';

function offline(link: Link): boolean {
  return link.phase === 'waiting' && !link.online;
}

function words(link: Link): string {
  if (link.phase === 'live') return t.link.live;
  if (offline(link)) return t.link.offline;
  if (link.phase === 'waiting' || (link.phase === 'connecting' && link.attempt > 1))
    return t.link.reconnecting(link.attempt);
  return t.link.connecting;
}

export function LinePill(): JSX.Element {
  const link = useStore(desk.link);
  const tone = link.phase === 'live' ? 'live' : offline(link) ? 'offline' : 'trying';
  return (
    <span className={`line-pill ${tone}`}>
      <span className="dot" aria-hidden="true" />
      <span>{tone === 'trying' ? t.link.connecting : words(link)}</span>
    </span>
  );
}

/** Local seconds until the next try. The retry time is in the connection's own clock, which is performance.now. */
function useCountdown(link: Link): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (link.phase !== 'waiting') return;
    setNow(performance.now());
    const timer = window.setInterval(() => setNow(performance.now()), 500);
    return () => window.clearInterval(timer);
  }, [link]);
  return link.phase === 'waiting' ? Math.max(0, Math.ceil((link.retryAt - now) / 1000)) : 0;
}

export function LineBanner(): JSX.Element | null {
  const link = useStore(desk.link);
  const seconds = useCountdown(link);
  const down = link.phase === 'waiting' || link.phase === 'connecting';
  const [late, setLate] = useState(false);
  const wasDown = useRef(false);
  const [back, setBack] = useState(false);

  // A break that is mended at once is not worth a banner that jumps in and out.
  useEffect(() => {
    if (!down) {
      setLate(false);
      setBack(wasDown.current);
      wasDown.current = false;
      const timer = window.setTimeout(() => setBack(false), 4000);
      return () => window.clearTimeout(timer);
    }
    const timer = window.setTimeout(() => {
      setLate(true);
      wasDown.current = true;
    }, 700);
    return () => window.clearTimeout(timer);
  }, [down]);

  const tone = offline(link) ? 'offline' : 'trying';
  return (
    <div className="line-slot">
      {down && late && (
        <div className={`line-banner ${tone}`}>
          <Icon name="alert" />
          <p>
            <strong role="status">{words(link)}</strong>
            <span className="countdown">{link.phase === 'waiting' ? t.link.next(seconds) : t.link.next(0)}</span>
            <span>{offline(link) ? t.link.offlineNote : t.link.note}</span>
          </p>
          <Button onPress={() => desk.retryNow()}>{t.link.now}</Button>
        </div>
      )}
      <div role="status" className={back ? 'line-banner back' : 'hidden'}>
        {back && (
          <>
            <Icon name="check" /> <p>{t.link.back}</p>
          </>
        )}
      </div>
    </div>
  );
}
