// SPDX-License-Identifier: GPL-3.0-or-later
//
// For supervisors: who does what since when, and who waits where; how channels and other connections are.

import type { JSX } from 'react';
import { useId, useMemo, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

import { duration } from '../clock';
import { desk } from '../desk';
import { useCall, useNow } from '../hooks';
import { holds } from '../marks';
import { ChoiceRow } from '../parts/inputs';
import { Avatar, Button, Chip, IconButton, Problem } from '../parts/kit';
import { Search } from '../parts/master';
import { UndeliveredTable } from '../parts/undelivered';
import type { Agent, AskedStatus, Instance, Queue } from '../protocol';
import { CallError } from '../protocol';
import { useStore } from '../store';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { ailing, reasonLists, reasonName } from '../views';
import { Waiting } from './waiting';

const ORDER = ['offered', 'busy', 'post_processing', 'available', 'on_break', 'work_offline', 'logged_out'];
const ASKED: AskedStatus[] = ['available', 'on_break', 'work_offline', 'logged_out'];
/** How old the numbers of chats may be; everything else comes by itself. */
const LOAD_MS = 5000;

export function Team(): JSX.Element {
  const agents = useStore(desk.state, (state) => state.agents);
  const queues = useStore(desk.state, (state) => state.queues);
  const instances = useStore(desk.state, (state) => state.instances);
  const now = useNow();
  const [find, setFind] = useState('');
  const list = Object.values(agents)
    .filter((one) => find.trim() === '' || holds(one.name, find))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name));
  return (
    <div className="page" data-region="detail" tabIndex={-1}>
      <h1>{t.team.page}</h1>
      <section className="card broad" aria-labelledby="team-queues">
        <h2 id="team-queues">{t.team.queues}</h2>
        <QueueTable queues={Object.values(queues).sort((a, b) => a.name.localeCompare(b.name))} now={now} />
      </section>
      <Waiting now={now} />
      <section className="card broad" aria-labelledby="team-agents">
        <h2 id="team-agents">{t.team.agents}</h2>
        <Search label={s.team.search} hint={s.team.searchHint} value={find} onChange={setFind} />
        {list.length === 0 ? (
          <p className="hint">{find.trim() === '' ? t.team.none : s.team.noMatch}</p>
        ) : (
          <AgentTable agents={list} now={now} />
        )}
      </section>
      <section className="card broad" aria-labelledby="team-undelivered">
        <h2 id="team-undelivered">{s.undelivered.page}</h2>
        <p className="hint">{s.undelivered.note}</p>
        <UndeliveredTable />
      </section>
      <section className="card broad" aria-labelledby="team-instances">
        <h2 id="team-instances">{s.team.plugins}</h2>
        <p className="hint">{s.team.pluginsNote}</p>
        <InstanceTable instances={instances} />
      </section>
    </div>
  );
}

// ---- agents

/** Chats in hand by agent. Nobody tells of those, so they are asked for while the page is open. */
function useLoads(now: number): Record<string, number> {
  const answer = useCall('agent.list', {}, Math.floor(now / LOAD_MS));
  return useMemo(
    () => Object.fromEntries((answer.data?.agents ?? []).map((one) => [one.user, one.load])),
    [answer.data],
  );
}

function Presence({ agent }: { agent: Agent }): JSX.Element {
  if (agent.status === 'logged_out') return <span className="hint">{s.team.none}</span>;
  return agent.presence === 'away' ? <Chip tone="bad">{s.team.away}</Chip> : <span>{s.team.here}</span>;
}

function Next({ agent, now }: { agent: Agent; now: number }): JSX.Element {
  const parts = [
    agent.asked !== agent.status && ORDER.indexOf(agent.status) < 3 && agent.asked !== 'available' && t.status.names[agent.asked],
    agent.stop_new && s.team.stop,
    agent.return_at > now && s.team.returns(duration(agent.return_at - now)),
  ].filter((part): part is string => typeof part === 'string');
  return <>{parts.length === 0 ? t.nothing : parts.join(', ')}</>;
}

function AgentRow({ agent, load, now, onChange }: { agent: Agent; load: number | undefined; now: number; onChange: () => void }): JSX.Element {
  const codes = useStore(desk.state, (state) => state.codes);
  const cause = agent.cause === null ? undefined : t.team.causes[agent.cause];
  const away = agent.status === 'on_break' || agent.status === 'work_offline';
  return (
    <tr>
      <th scope="row">
        <span className="person">
          <Avatar name={agent.name} size="s" />
          <bdi>{agent.name}</bdi>
        </span>
      </th>
      <td data-label={t.team.status}>
        <span>
          <span className={`status-word ${agent.status}`}>
            <span className="dot" aria-hidden="true" />
            {t.status.names[agent.status]}
          </span>
          {cause !== undefined && away && <span className="hint"> {cause}</span>}
        </span>
      </td>
      <td data-label={t.team.time} className="number">
        <span>{agent.since > 0 ? duration(now - agent.since) : t.nothing}</span>
      </td>
      <td data-label={t.team.reason}>
        <bdi>{reasonName(codes, agent.reason) ?? t.nothing}</bdi>
      </td>
      <td data-label={s.team.load} className="number">
        <span>{load === undefined ? t.nothing : s.team.loadOf(load, agent.capacity)}</span>
      </td>
      <td data-label={s.team.presence}>
        <Presence agent={agent} />
      </td>
      <td data-label={t.team.next}>
        <span>
          <Next agent={agent} now={now} />
        </span>
      </td>
      <td>
        <IconButton icon="edit" label={s.team.change(agent.name)} onPress={onChange} />
      </td>
    </tr>
  );
}

function AgentTable({ agents, now }: { agents: Agent[]; now: number }): JSX.Element {
  const loads = useLoads(now);
  const [changing, setChanging] = useState<string | null>(null);
  const chosen = agents.find((one) => one.user === changing);
  return (
    <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-agents">
      <table className="stacking" aria-labelledby="team-agents">
        <thead>
          <tr>
            <th scope="col">{t.team.name}</th>
            <th scope="col">{t.team.status}</th>
            <th scope="col">{t.team.time}</th>
            <th scope="col">{t.team.reason}</th>
            <th scope="col">{s.team.load}</th>
            <th scope="col">{s.team.presence}</th>
            <th scope="col">{t.team.next}</th>
            <th scope="col">
              <span className="hidden">{t.status.menu}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <AgentRow key={agent.user} agent={agent} load={loads[agent.user]} now={now} onChange={() => setChanging(agent.user)} />
          ))}
        </tbody>
      </table>
      {chosen !== undefined && <StatusDialog agent={chosen} onClose={() => setChanging(null)} />}
    </div>
  );
}

/** Somebody else's status: as he would set it himself, with a reason where one is asked for. */
function StatusDialog({ agent, onClose }: { agent: Agent; onClose: () => void }): JSX.Element {
  const codes = useStore(desk.state, (state) => state.codes);
  const [status, setStatus] = useState<AskedStatus>(agent.asked === 'available' ? 'on_break' : 'available');
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const lists = reasonLists(codes, 'status', status);
  const reasons = lists.flatMap((list) => list.codes.filter((code) => code.active).map((code): [string, string] => [`${list.list}/${code.code}`, code.name]));
  const required = lists.some((list) => list.required);

  async function change(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      await desk.call('agent.set_status', { user: agent.user, status, ...(reason === '' ? {} : { reason }) });
      const working = ORDER.indexOf(agent.status) < 3;
      const name = t.status.names[status];
      desk.tell('info', s.team.changed, working ? s.team.after(agent.name, name) : s.team.now(agent.name, name));
      onClose();
    } catch (error) {
      setProblem(error instanceof CallError ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <ModalOverlay className="overlay" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="sheet">
        <Dialog>
          <div className="sheet-head">
            <Heading slot="title">{s.team.change(agent.name)}</Heading>
            <IconButton icon="close" label={t.close} onPress={onClose} />
          </div>
          {problem !== null && <Problem text={problem} />}
          <ChoiceRow
            id={`${id}-status`}
            label={t.team.status}
            value={status}
            options={ASKED.map((one) => [one, s.team.set[one]!])}
            onChange={(next) => {
              setStatus(next);
              setReason('');
            }}
          />
          {reasons.length > 0 && (
            <ChoiceRow
              id={`${id}-reason`}
              label={t.team.reason}
              value={reason}
              options={[['', required ? '' : t.status.noReason], ...reasons]}
              onChange={setReason}
            />
          )}
          <div className="row end">
            <Button onPress={onClose}>{t.cancel}</Button>
            <Button look="primary" isDisabled={busy || (required && reason === '')} onPress={() => void change()}>
              {t.status.menu}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

// ---- queues and connections

function QueueTable({ queues, now }: { queues: Queue[]; now: number }): JSX.Element {
  return (
    <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-queues">
      <table className="stacking" aria-labelledby="team-queues">
        <thead>
          <tr>
            <th scope="col">{t.team.queue}</th>
            <th scope="col">{t.team.status}</th>
            <th scope="col">{t.team.waiting}</th>
            <th scope="col">{t.team.longest}</th>
          </tr>
        </thead>
        <tbody>
          {queues.map((queue) => (
            <tr key={queue.queue}>
              <th scope="row">
                <bdi>{queue.name}</bdi>
              </th>
              <td data-label={t.team.status}>
                <Chip tone={queue.enabled ? 'good' : 'quiet'}>{queue.enabled ? t.team.open : t.team.closed}</Chip>
              </td>
              <td data-label={t.team.waiting} className="number">
                <span>{queue.waiting}</span>
              </td>
              <td data-label={t.team.longest} className="number">
                <span>{queue.oldest !== null && queue.waiting > 0 ? duration(now - queue.oldest) : t.nothing}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function InstanceTable({ instances }: { instances: Instance[] }): JSX.Element {
  const bad = new Set(ailing(instances));
  return (
    <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-instances">
      <table className="stacking" aria-labelledby="team-instances">
        <thead>
          <tr>
            <th scope="col">{s.team.instance}</th>
            <th scope="col">{s.team.kind}</th>
            <th scope="col">{s.team.plugin}</th>
            <th scope="col">{s.team.state}</th>
            <th scope="col">{s.team.message}</th>
          </tr>
        </thead>
        <tbody>
          {[...instances]
            .sort((a, b) => Number(bad.has(b)) - Number(bad.has(a)))
            .map((one) => (
              <tr key={`${one.kind} ${one.name}`}>
                <th scope="row">
                  <bdi>{one.name}</bdi>
                </th>
                <td data-label={s.team.kind}>
                  <span>{t.instances.kinds[one.kind] ?? one.kind}</span>
                </td>
                <td data-label={s.team.plugin}>
                  <bdi>{one.plugin}</bdi>
                </td>
                <td data-label={s.team.state}>
                  <Chip tone={bad.has(one) ? 'bad' : one.state === 'running' ? 'good' : 'quiet'}>
                    {t.instances.states[one.state] ?? one.state}
                  </Chip>
                </td>
                <td data-label={s.team.message}>
                  <span dir="auto">{one.message ?? t.nothing}</span>
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
