// SPDX-License-Identifier: GPL-3.0-or-later
//
// The frame around every page: top bar, control panel, what must be told, the offered chat, and the page itself.

import type { JSX, ReactNode } from 'react';
import { Component, lazy, Suspense, useEffect } from 'react';

import { desk } from './desk';
import { goToOffer } from './keys';
import Chats from './pages/chats';
import { Alarms } from './parts/alarms';
import { Attention } from './parts/instances';
import { Help } from './parts/help';
import { Avatar, Button, IconButton, Problem, Skeleton } from './parts/kit';
import { LineBanner, LinePill } from './parts/line';
import { Login } from './parts/login';
import { Notices, Toasts } from './parts/notices';
import { OfferAnnouncement, OfferPanel, useOffer } from './parts/offer';
import { Palette } from './parts/palette';
import { Rail } from './parts/rail';
import { StatusMenu } from './parts/status';
import { allowSound, soundBlocked } from './notify';
import { bundleOf } from './pages';
import { helpOpen } from './panels';
import { route } from './route';
import { useStore } from './store';
import { t } from './strings';

const Records = lazy(() => import('./pages/records'));
const Supervise = lazy(() => import('./pages/supervise'));

/** A page that breaks must not take the offered chat and the way out with it. */
class Guard extends Component<{ children: ReactNode; at: string }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override componentDidUpdate(before: { at: string }): void {
    if (before.at !== this.props.at && this.state.broken) this.setState({ broken: false });
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div className="page">
        <Problem text={t.errors.page} />
        <Button onPress={() => location.reload()}>{t.errors.reload}</Button>
      </div>
    );
  }
}

function useTheme(): void {
  const theme = useStore(desk.prefs, (prefs) => prefs.theme);
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
}

function Top(): JSX.Element {
  const me = useStore(desk.state, (state) => state.me);
  const blocked = useStore(soundBlocked);
  return (
    <header className="top">
      <span className="brand">
        <span className="mark" aria-hidden="true" />
        <span className="brand-name">{t.product}</span>
      </span>
      <StatusMenu />
      <span className="spacer" />
      {blocked && <IconButton icon="bell" label={t.notify.blocked} onPress={allowSound} />}
      <LinePill />
      <IconButton icon="help" label={t.help.open} onPress={() => helpOpen.set(true)} />
      {me !== null && (
        <span className="me">
          <Avatar name={me.name} size="s" />
          <bdi>{me.name}</bdi>
        </span>
      )}
    </header>
  );
}

function Skips(): JSX.Element {
  const offer = useOffer();
  return (
    <div className="skips">
      {offer !== null && (
        <button type="button" onClick={goToOffer}>
          {t.skip.offer}
        </button>
      )}
      <button type="button" onClick={() => document.getElementById('main')?.focus()}>
        {t.skip.main}
      </button>
    </div>
  );
}

function PageOf(): JSX.Element {
  const page = useStore(route, (where) => where.page);
  const bundle = bundleOf(page);
  return (
    <Guard at={page}>
      {bundle === 'chats' ? (
        <Chats />
      ) : (
        <Suspense fallback={<Skeleton rows={8} />}>
          {bundle === 'records' ? <Records page={page} /> : <Supervise page={page} />}
        </Suspense>
      )}
    </Guard>
  );
}

function Desktop(): JSX.Element {
  return (
    <div className="app">
      <Skips />
      <OfferAnnouncement />
      <Top />
      <Rail />
      <div className="stage">
        <LineBanner />
        <Alarms />
        <Attention />
        <Notices />
        <OfferPanel />
        <main id="main" tabIndex={-1}>
          <PageOf />
        </main>
      </div>
      <Toasts />
      <Help />
      <Palette />
    </div>
  );
}

export function App(): JSX.Element {
  const session = useStore(desk.session);
  const link = useStore(desk.link);
  useTheme();
  if (session.phase === 'login') return <Login code={session.code} />;
  if (session.phase === 'open') return <Desktop />;
  return (
    <main className="checking">
      <span className="mark" aria-hidden="true" />
      <p role="status">{link.phase === 'waiting' ? t.errors.unreachable : t.loading}</p>
      {link.phase === 'waiting' && <Button onPress={() => desk.retryNow()}>{t.link.now}</Button>}
    </main>
  );
}
