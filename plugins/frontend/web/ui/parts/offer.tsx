// SPDX-License-Identifier: GPL-3.0-or-later
//
// The offered chat with its screen pop. It is docked above the page, takes no focus and covers nothing; only its
// own buttons (or the keys of the command menu) accept.

import type { JSX } from 'react';
import { useEffect, useState } from 'react';

import { duration, secondsLeft } from '../clock';
import { desk, nameOf } from '../desk';
import { useCustomer, useNow } from '../hooks';
import type { Interaction } from '../protocol';
import { offered } from '../views';
import { useStore } from '../store';
import { t } from '../strings';
import { RecordFacts } from './customer';
import { NetworkIcon } from './icons';
import { Avatar, Button, Chip, ExplainedButton, Facts, Problem, Ring, Skeleton } from './kit';

export function useOffer(): Interaction | null {
  return useStore(desk.state, offered);
}

function Pop({ one }: { one: Interaction }): JSX.Element {
  const record = useCustomer(one.customer);
  if (one.customer === null)
    return (
      <div className="pop">
        <Chip tone="info">{t.offer.unknown}</Chip>
        <p>{t.offer.unknownNote}</p>
      </div>
    );
  return (
    <div className="pop">
      <div className="pop-head">
        <Chip tone="good" icon="person">
          {t.offer.known}
        </Chip>
        {record.data?.draft === true && <Chip tone="warn">{t.customer.draft}</Chip>}
        <strong>
          <bdi>{record.data?.name ?? one.customer_name}</bdi>
        </strong>
      </div>
      {record.error !== null && <Problem text={record.error} retry={record.reload} />}
      {record.loading && <Skeleton rows={3} />}
      {record.data !== null && <RecordFacts customer={record.data} />}
    </div>
  );
}

function Actions({ one, over }: { one: Interaction; over: boolean }): JSX.Element {
  const may = useStore(desk.state, (state) => state.me?.permissions.includes('interaction.reject') ?? false);
  const [busy, setBusy] = useState(false);
  const run = async (action: () => Promise<boolean>): Promise<void> => {
    setBusy(true);
    await action();
    setBusy(false);
  };
  return (
    <div className="offer-actions">
      <Button
        look="primary"
        icon="check"
        isDisabled={busy || over}
        onPress={() => void run(() => desk.accept(one))}
        aria-describedby="offer-left"
      >
        {busy ? t.offer.accepting : t.offer.accept}
      </Button>
      {may ? (
        <span className="explained">
          <Button
            icon="close"
            isDisabled={busy || over}
            onPress={() => void run(() => desk.reject(one))}
            aria-describedby="reject-note"
          >
            {t.offer.reject}
          </Button>
          <span id="reject-note" className="explanation">
            {t.offer.rejectNote}
          </span>
        </span>
      ) : (
        <ExplainedButton icon="close" id="reject-note" why={t.offer.rejectDenied}>
          {t.offer.reject}
        </ExplainedButton>
      )}
    </div>
  );
}

export function OfferPanel(): JSX.Element | null {
  const one = useOffer();
  return one === null ? null : <Offer key={one.offer ?? one.interaction} one={one} />;
}

function Offer({ one }: { one: Interaction }): JSX.Element {
  const now = useNow(250);
  const seconds = secondsLeft(one.deadline, now);
  const first = one.messages.find((message) => message.author === 'customer');
  const who = nameOf(one);

  return (
    <section
      className="offer"
      role="alertdialog"
      aria-modal="false"
      aria-labelledby="offer-title"
      aria-describedby="offer-who"
      id="offer"
      data-region="offer"
      tabIndex={-1}
    >
      <div className="offer-main">
        <div className="offer-time">
          <Ring deadline={one.deadline} total={one.acceptance_ms} now={now} />
          <span id="offer-left" className="offer-left">
            {seconds > 0 ? t.offer.leftLong(seconds) : t.offer.over}
          </span>
        </div>
        <div className="offer-who" id="offer-who">
          <h2 id="offer-title">{t.offer.title}</h2>
          <p className="offer-name">
            <Avatar name={who} />
            <strong>
              <bdi>{who}</bdi>
            </strong>
          </p>
          <Facts
            rows={[
              [
                t.offer.id,
                <span className="identity">
                  <NetworkIcon network={one.network} /> {one.network} · <bdi>{one.identity}</bdi>
                </span>,
              ],
              [t.offer.queue, <bdi>{one.queue_name}</bdi>],
              [t.offer.waited, duration(now - one.enqueued_at)],
            ]}
          />
        </div>
        <blockquote className="offer-first" dir="auto">
          <span className="hidden">{t.offer.first}: </span>
          {first?.text ?? t.offer.noMessage}
        </blockquote>
        <Actions one={one} over={seconds <= 0} />
      </div>
      <Pop one={one} />
    </section>
  );
}

/** Says once, aloud, that a chat is offered. */
export function OfferAnnouncement(): JSX.Element {
  const one = useOffer();
  const [text, setText] = useState('');
  const id = one?.offer ?? null;
  useEffect(() => {
    const offer = offered(desk.state.get());
    if (offer === null) setText('');
    else {
      const seconds = secondsLeft(offer.deadline, desk.clock.now());
      setText(t.offer.announce(nameOf(offer), offer.queue_name, seconds));
    }
  }, [id]);
  return (
    <p className="hidden" role="alert">
      {text}
    </p>
  );
}
