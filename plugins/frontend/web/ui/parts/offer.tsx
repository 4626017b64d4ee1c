// SPDX-License-Identifier: GPL-3.0-or-later
//
// The offered chat with its screen pop. It is docked above the page, takes no focus and covers nothing; only its
// own buttons (or the keys of the command menu) accept.

import type { JSX } from 'react';
import { useEffect, useState } from 'react';
import { MenuTrigger, Popover } from 'react-aria-components';

import { duration, secondsLeft } from '../clock';
import { desk, nameOf } from '../desk';
import { dateTime } from '../format';
import { useCall, useCustomer, useNow } from '../hooks';
import type { Interaction, Policy } from '../protocol';
import { offered, offers, reasonLists } from '../views';
import { useStore } from '../store';
import { t } from '../strings';
import { RecordFacts } from './customer';
import { caseTitle } from './follow';
import { NetworkIcon } from './icons';
import { Button, Chip, ExplainedButton, Facts, Portrait, Problem, Ring, Skeleton } from './kit';
import { Attachments } from './message';
import { Reasons } from './status';

export function useOffer(): Interaction | null {
  return useStore(desk.state, offered);
}

/** The earlier case that this chat continues, for preview. */
function CasePop({ id }: { id: string }): JSX.Element {
  const answer = useCall('case.get', { case: id });
  const found = answer.data?.case;
  return (
    <div className="pop">
      <div className="pop-head">
        <Chip tone="good" icon="cases">
          {t.offer.continues}
        </Chip>
        <strong>
          <bdi>{found === undefined ? id : caseTitle(found)}</bdi>
        </strong>
      </div>
      {answer.error !== null && <Problem text={answer.error} retry={answer.reload} />}
      {answer.loading && <Skeleton rows={3} />}
      {found !== undefined && (
        <Facts
          rows={[
            [t.cases.state, found.state === 'open' ? t.cases.open : t.cases.closed],
            [t.cases.priority, !!found.priority && <bdi>{found.priority}</bdi>],
            [t.cases.severity, !!found.severity && <bdi>{found.severity}</bdi>],
            [t.cases.category, !!found.category && <bdi>{found.category}</bdi>],
            [t.cases.started, dateTime(found.started_at || found.created_at)],
            [t.cases.notes, found.notes !== null && <span className="multiline" dir="auto">{found.notes}</span>],
          ]}
        />
      )}
    </div>
  );
}

function Pop({ one }: { one: Interaction }): JSX.Element {
  const early = useStore(desk.state, (state) => state.policy.pop_on.includes('offered'));
  if (!early)
    return (
      <div className="pop">
        <p>{one.customer === null && one.matches.length === 0 ? t.offer.unknown : t.offer.popsLater}</p>
      </div>
    );
  if (one.follows !== null) return <CasePop id={one.follows} />;
  if (one.customer === null && one.matches.length > 0)
    return (
      <div className="pop">
        <Chip tone="info" icon="customers" long>
          {t.matches.title(one.matches.length)}
        </Chip>
        <p>{t.offer.matchesNote}</p>
        <ul>
          {one.matches.map((match) => (
            <li key={match.customer}>
              <bdi>{match.name}</bdi> {match.email !== null && <bdi className="hint">{match.email}</bdi>}
            </li>
          ))}
        </ul>
      </div>
    );
  return <RecordPop one={one} />;
}

function RecordPop({ one }: { one: Interaction }): JSX.Element {
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

/** What a reject brings, by the centre's rules. */
function rejectNote(policy: Policy): string {
  const next = (t.status.names as Record<string, string>)[policy.on_reject] ?? policy.on_reject;
  if (policy.on_reject === 'available') return t.offer.rejectFree;
  return policy.return_reject_ms > 0
    ? t.offer.rejectFor(next, Math.round(policy.return_reject_ms / 1000))
    : t.offer.rejectTo(next);
}

/** Rejecting asks for a reason when the centre has a list of them. */
function Reject({ one, disabled, run }: { one: Interaction; disabled: boolean; run: (reason?: string) => void }): JSX.Element {
  const codes = useStore(desk.state, (state) => state.codes);
  const lists = reasonLists(codes, 'reject');
  if (lists.length === 0)
    return (
      <Button icon="close" isDisabled={disabled} onPress={() => run()} aria-describedby="reject-note">
        {t.offer.reject}
      </Button>
    );
  return (
    <MenuTrigger>
      <Button icon="close" isDisabled={disabled} aria-describedby="reject-note">
        {t.offer.reject}
      </Button>
      <Popover className="popover" placement="bottom start">
        <Reasons label={nameOf(one)} lists={lists} onChoose={run} />
      </Popover>
    </MenuTrigger>
  );
}

function Actions({ one, over }: { one: Interaction; over: boolean }): JSX.Element {
  const policy = useStore(desk.state, (state) => state.policy);
  const allowed = useStore(desk.state, (state) => state.me?.permissions.includes('interaction.reject') ?? false);
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
      {allowed ? (
        <span className="explained">
          <Reject one={one} disabled={busy || over} run={(reason) => void run(() => desk.reject(one, reason))} />
          <span id="reject-note" className="explanation">
            {rejectNote(policy)}
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
  // Who accepts by rule has nothing to press; the chat comes into the list in the same breath.
  const given = useStore(desk.state, (state) => state.me?.auto_accept ?? false);
  return one === null || given ? null : <Offer key={one.offer ?? one.interaction} one={one} />;
}

function Offer({ one }: { one: Interaction }): JSX.Element {
  const now = useNow(250);
  const seconds = secondsLeft(one.deadline, now);
  const first = one.messages.find((message) => message.author === 'customer');
  const others = useStore(desk.state, (state) => offers(state).length - 1);
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
          {others > 0 && <p className="hint">{t.offer.others(others)}</p>}
          <p className="offer-name">
            <Portrait one={one} />
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
        <blockquote className="offer-first">
          <span className="hidden">{t.offer.first}: </span>
          <div dir="auto">{first === undefined ? t.offer.noMessage : first.text || <Attachments list={first.attachments} />}</div>
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
    if (offer === null) setText((now) => (desk.state.get().me?.auto_accept ? now : ''));
    else {
      const seconds = secondsLeft(offer.deadline, desk.clock.now());
      const given = desk.state.get().me?.auto_accept ?? false;
      setText(
        given
          ? t.offer.given(nameOf(offer), offer.queue_name)
          : t.offer.announce(nameOf(offer), offer.queue_name, seconds),
      );
    }
  }, [id]);
  return (
    <p className="hidden" role="alert">
      {text}
    </p>
  );
}
