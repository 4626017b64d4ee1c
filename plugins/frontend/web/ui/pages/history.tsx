// SPDX-License-Identifier: GPL-3.0-or-later
//
// Chats that were, with their transcripts: an agent's own, or everybody's for supervisors.

import type { JSX } from 'react';
import { useCallback, useMemo, useState } from 'react';

import { duration } from '../clock';
import { desk, nameOf } from '../desk';
import { dateTime } from '../format';
import { useCall, usePages } from '../hooks';
import { Codes, RequiredMark } from '../parts/codes';
import { SaveStatus } from '../parts/conversation';
import { NetworkIcon } from '../parts/icons';
import { Avatar, Button, Chip, Facts, Problem, Skeleton } from '../parts/kit';
import { stateWord } from '../parts/list';
import { Choice, MasterDetail, ResultList } from '../parts/master';
import { Lines } from '../parts/timeline';
import type { Interaction } from '../protocol';
import { href, route } from '../route';
import { may, normalInteraction } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';

function Row({ one, current }: { one: Interaction; current: boolean }): JSX.Element {
  const state = stateWord(one);
  return (
    <li>
      <a href={href('history', one.interaction)} aria-current={current ? 'page' : undefined}>
        <Avatar name={nameOf(one)} size="s" />
        <span className="two-lines">
          <bdi>{nameOf(one)}</bdi>
          <span className="hint">
            {dateTime(one.enqueued_at)} · <bdi>{one.queue_name}</bdi>
          </span>
        </span>
        <Chip tone={state.tone}>{state.word}</Chip>
      </a>
    </li>
  );
}

function useAgentName(): (id: string | null) => string {
  const agents = useStore(desk.state, (state) => state.agents);
  const me = useStore(desk.state, (state) => state.me);
  return (id) => (id === null ? t.history.noAgent : (agents[id]?.name ?? (me?.user === id ? me.name : id)));
}

export function History(): JSX.Element {
  const id = useStore(route, (where) => where.id);
  const queues = useStore(desk.state, (state) => state.queues);
  const agents = useStore(desk.state, (state) => state.agents);
  const revision = useStore(desk.revision);
  const [state, setState] = useState('');
  const [queue, setQueue] = useState('');
  const [agent, setAgent] = useState('');
  const fetchPage = useCallback(
    async (cursor: string | null) => {
      const answer = await desk.call('interaction.list', {
        ...(state === 'uncoded' ? { uncoded: true } : state === '' ? {} : { state }),
        ...(queue === '' ? {} : { queue }),
        ...(agent === '' ? {} : { agent }),
        ...(cursor === null ? {} : { before: Number(cursor) }),
        limit: 50,
      });
      const last = answer.interactions[answer.interactions.length - 1];
      return { items: answer.interactions, next: answer.more && last !== undefined ? String(last.enqueued_at) : null };
    },
    [state, queue, agent],
  );
  const found = usePages(fetchPage, revision);
  const states = (['active', 'wrap_up', 'closed'] as const).map((one): [string, string] => [one, t.chats.state[one]]);

  return (
    <MasterDetail
      page="history"
      title={t.history.page}
      icon="history"
      select={t.history.select}
      tools={
        <>
          <Choice label={t.history.filterState} value={state} options={[['', t.history.any], ...states, ['uncoded', t.codes.backlog]]} onChange={setState} />
          <Choice
            label={t.history.filterQueue}
            value={queue}
            options={[['', t.history.any], ...Object.values(queues).map((one): [string, string] => [one.queue, one.name])]}
            onChange={setQueue}
          />
          {Object.keys(agents).length > 0 && (
            <Choice
              label={t.history.filterAgent}
              value={agent}
              options={[['', t.history.any], ...Object.values(agents).map((one): [string, string] => [one.user, one.name])]}
              onChange={setAgent}
            />
          )}
        </>
      }
      list={
        <ResultList
          label={t.history.list}
          items={found.items}
          error={found.error}
          none={t.history.none}
          next={found.next !== null}
          busy={found.busy}
          loadMore={found.loadMore}
          row={(one) => <Row key={one.interaction} one={one} current={one.interaction === id} />}
        />
      }
      detail={id === null ? null : <Past key={id} id={id} />}
    />
  );
}

function Past({ id }: { id: string }): JSX.Element {
  const revision = useStore(desk.revision);
  const live = useStore(desk.state, (state) => state.interactions[id]?.messages.length ?? 0);
  const answer = useCall('interaction.get', { interaction: id }, `${revision} ${live}`);
  const agentName = useAgentName();
  const me = useStore(desk.state, (state) => state.me);
  const data = answer.data?.interaction ?? null;
  const one = useMemo(() => (data === null ? null : normalInteraction(data)), [data]);
  if (answer.error !== null) return <Problem text={answer.error} retry={answer.reload} />;
  if (one === null) return <Skeleton rows={8} />;
  // Afterwards a code is chosen by whose chat it was, while it is missing, and by supervisors.
  const editable = one.state === 'closed' && ((one.uncoded && one.agent === me?.user) || may(me, 'supervise'));
  const end = one.ended_at > 0 ? one.ended_at : 0;
  return (
    <article className="case">
      <header className="case-head">
        <h2>
          <bdi>{nameOf(one)}</bdi>
        </h2>
        <Chip tone={stateWord(one).tone}>{stateWord(one).word}</Chip>
        <div className="row end">
          <Button look="ghost" icon="refresh" onPress={answer.reload}>
            {t.history.refresh}
          </Button>
        </div>
      </header>
      <SaveAgain one={one} />
      {(editable || one.codes.length > 0) && (
        <section className="card" aria-labelledby="past-codes">
          <h3 id="past-codes">
            {t.codes.title}
            {one.uncoded && <RequiredMark one={one} />}
          </h3>
          {editable ? <Codes one={one} /> : <p>{one.codes.map((code) => code.name).join(', ')}</p>}
        </section>
      )}
      <section className="card" aria-labelledby="past-facts">
        <h3 id="past-facts">{t.transaction.title}</h3>
        <Facts
          rows={[
            [t.transaction.name, one.name !== null && <bdi>{one.name}</bdi>],
            [
              t.transaction.id,
              <span className="identity">
                <NetworkIcon network={one.network} /> {one.network} · <bdi>{one.identity}</bdi>
              </span>,
            ],
            [
              t.customer.title,
              one.customer !== null && (
                <a href={href('customers', one.customer)}>
                  <bdi>{one.customer_name ?? one.customer}</bdi>
                </a>
              ),
            ],
            [t.history.agent, <bdi>{agentName(one.agent)}</bdi>],
            [t.transaction.queue, <bdi>{one.queue_name}</bdi>],
            [t.transaction.queued, dateTime(one.enqueued_at)],
            [t.transaction.waited, one.accepted_at > 0 && duration(one.accepted_at - one.enqueued_at)],
            [t.transaction.duration, one.accepted_at > 0 && end > 0 && duration(end - one.accepted_at)],
            [t.transaction.ended, end > 0 && `${dateTime(end)} ${t.transaction.endedBy[one.ended_by ?? ''] ?? ''}`],
          ]}
        />
      </section>
      <section className="card" aria-labelledby="past-transcript">
        <h3 id="past-transcript">{t.history.transcript}</h3>
        <ol className="transcript">
          <Lines messages={one.messages} customerName={nameOf(one)} unreadFrom={null} decide onDecided={answer.reload} />
        </ol>
      </section>
    </article>
  );
}

/** After the end a chat can still be saved once, by whoever had it. */
function SaveAgain({ one }: { one: Interaction }): JSX.Element | null {
  const mine = useStore(desk.state, (state) => state.me?.user === one.agent);
  if (one.save.state !== null && one.save.state !== 'failed') return <SaveStatus save={one.save} />;
  if (!mine || one.ended_at === 0) return null;
  return (
    <section className="card row" aria-label={t.save.action}>
      <p id="late-rule" className="grow">
        <strong>{t.save.none}.</strong> <span className="hint">{t.save.lateRule}</span>
      </p>
      <Button icon="save" aria-describedby="late-rule" onPress={() => void desk.saveToCrm(one.interaction)}>
        {t.save.action}
      </Button>
    </section>
  );
}
