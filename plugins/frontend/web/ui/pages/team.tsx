// SPDX-License-Identifier: GPL-3.0-or-later
//
// For supervisors: who does what since when, and who waits where.

import type { JSX } from 'react';

import { duration } from '../clock';
import { desk } from '../desk';
import { useNow } from '../hooks';
import { Avatar, Chip } from '../parts/kit';
import type { Agent, Queue } from '../protocol';
import { useStore } from '../store';
import { t } from '../strings';

const ORDER = ['offered', 'busy', 'post_processing', 'available', 'on_break', 'work_offline', 'logged_out'];

export function Team(): JSX.Element {
  const agents = useStore(desk.state, (state) => state.agents);
  const queues = useStore(desk.state, (state) => state.queues);
  const now = useNow();
  const list = Object.values(agents).sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name),
  );
  return (
    <div className="page" data-region="detail" tabIndex={-1}>
      <h1>{t.team.page}</h1>
      <section className="card" aria-labelledby="team-queues">
        <h2 id="team-queues">{t.team.queues}</h2>
        <QueueTable queues={Object.values(queues).sort((a, b) => a.name.localeCompare(b.name))} now={now} />
      </section>
      <section className="card" aria-labelledby="team-agents">
        <h2 id="team-agents">{t.team.agents}</h2>
        {list.length === 0 ? <p className="hint">{t.team.none}</p> : <AgentTable agents={list} now={now} />}
      </section>
    </div>
  );
}

function AgentTable({ agents, now }: { agents: Agent[]; now: number }): JSX.Element {
  return (
    <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-agents">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.team.name}</th>
            <th scope="col">{t.team.status}</th>
            <th scope="col">{t.team.time}</th>
            <th scope="col">{t.team.next}</th>
            <th scope="col">{t.team.capacity}</th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <tr key={agent.user}>
              <th scope="row">
                <span className="person">
                  <Avatar name={agent.name} size="s" />
                  <bdi>{agent.name}</bdi>
                </span>
              </th>
              <td>
                <span className={`status-word ${agent.status}`}>
                  <span className="dot" aria-hidden="true" />
                  {t.status.names[agent.status]}
                </span>
                {agent.cause !== null && t.status.causes[agent.cause] !== undefined && agent.status === 'on_break' && (
                  <span className="hint"> {t.team.causes[agent.cause]}</span>
                )}
              </td>
              <td className="number">{agent.since > 0 ? duration(now - agent.since) : t.nothing}</td>
              <td>{agent.asked !== agent.status ? t.status.names[agent.asked] : t.nothing}</td>
              <td className="number">{agent.capacity}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function QueueTable({ queues, now }: { queues: Queue[]; now: number }): JSX.Element {
  return (
    <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-queues">
      <table>
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
              <td>
                <Chip tone={queue.enabled ? 'good' : 'quiet'}>{queue.enabled ? t.team.open : t.team.closed}</Chip>
              </td>
              <td className="number">{queue.waiting}</td>
              <td className="number">{queue.oldest !== null && queue.waiting > 0 ? duration(now - queue.oldest) : t.nothing}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
