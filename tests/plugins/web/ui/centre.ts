// SPDX-License-Identifier: GPL-3.0-or-later
//
// A small contact centre that keeps both a state and the events that lead to it, as the daemon does: for tests that
// compare a desk that followed the events with one that was just loaded.

import type {
  Agent,
  CodeList,
  DeskEvent,
  Interaction,
  Message,
  MessageState,
  Queue,
  Snapshot,
} from '../../../../plugins/frontend/web/ui/protocol';

/** A random number generator that gives the same each time (mulberry32). */
export function dice(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const ME = 'usr_me';

export class Centre {
  seq = 0;
  now = 1_700_000_000_000;
  log: DeskEvent[] = [];
  /** Called with each event as it happens. */
  listener: (event: DeskEvent) => void = () => undefined;
  me: Agent;
  queues: Queue[] = [
    { queue: 'q_1', name: 'Sales', enabled: true, member: true, waiting: 0, oldest: null },
    { queue: 'q_2', name: 'Support', enabled: true, member: false, waiting: 0, oldest: null },
  ];
  codes: CodeList[] = [
    {
      list: 'topic',
      name: 'Topic',
      use: 'disposition',
      status: null,
      queues: null,
      required: true,
      enabled: true,
      codes: [
        { code: 'sale', name: 'Sale', active: true },
        { code: 'old', name: 'Old', active: false },
      ],
    },
    {
      list: 'break',
      name: 'Reason',
      use: 'status',
      status: 'on_break',
      queues: null,
      required: false,
      enabled: true,
      codes: [{ code: 'lunch', name: 'Lunch', active: true }],
    },
  ];
  policy = { pop_on: ['offered'] as string[], late_save: 'independent', lease_ms: 10000, grace_ms: 60000 };
  interactions = new Map<string, Interaction>();
  private next = 1;
  private readonly lines = new Map<string, number>();

  constructor() {
    this.me = {
      user: ME,
      login: 'me',
      name: 'Me',
      role: 'agent',
      permissions: ['interaction.reject'],
      capacity: 3,
      acceptance_ms: 30000,
      status: 'available',
      asked: 'available',
      since: this.now,
      cause: null,
      reason: null,
      stop_new: false,
      auto_accept: false,
      return_at: 0,
      presence: 'here',
      queues: [
        { queue: 'q_1', enabled: true },
        { queue: 'q_2', enabled: false },
      ],
    };
  }

  /** As the daemon writes it: with members a desk does not follow, without those that are null. */
  snapshot(): Snapshot {
    const interactions = [...this.interactions.values()].map((one) => ({
      ...one,
      agent_name: 'Me',
      messages: one.messages.map((message) => Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null))),
    }));
    return JSON.parse(
      JSON.stringify({ me: { ...this.me, enabled: true, load: 1 }, queues: this.queues, codes: this.codes,
        policy: this.policy, channels: [{ channel: 'site', network: 'webchat', state: 'running', max_text: 2000 }],
        crm: { merge: true }, interactions }),
    ) as Snapshot;
  }

  emit(type: string, members: object): DeskEvent {
    const event = JSON.parse(JSON.stringify({ seq: ++this.seq, at: this.now, type, ...members })) as DeskEvent;
    this.log.push(event);
    this.listener(event);
    return event;
  }

  status(status: Agent['status'], asked: Agent['asked'], cause: string | null): void {
    Object.assign(this.me, { status, asked, since: this.now, cause });
    this.emit('agent.status', { agent: ME, status, asked, since: this.now, stop_new: 0, cause, reason: null });
  }

  offer(): Interaction {
    const n = this.next++;
    const one: Interaction = {
      interaction: `int_${n}`,
      conversation: `con_${n}`,
      queue: 'q_1',
      queue_name: 'Sales',
      channel: 'site',
      network: 'webchat',
      identity: `v_${n}`,
      name: n % 2 === 0 ? null : `Visitor ${n}`,
      state: 'offered',
      agent: ME,
      offer: `off_${n}`,
      acceptance_ms: 30000,
      deadline: this.now + 30000,
      enqueued_at: this.now - 5000,
      accepted_at: 0,
      ended_at: 0,
      ended_by: null,
      customer: n % 3 === 0 ? null : `cus_${n}`,
      customer_name: n % 3 === 0 ? null : `Customer ${n}`,
      draft: false,
      picture: null,
      overdue: false,
      matches: [],
      follows: null,
      codes: [],
      uncoded: false,
      window_until: 0,
      tagged_until: 0,
      save: { state: null, mode: null, case: null, attempts: 0, error: null },
      messages: [],
    };
    this.interactions.set(one.interaction, one);
    // An offer says who writes and until when it stands; the rest is asked for.
    const { interaction, offer, deadline, acceptance_ms, conversation, channel, network, identity, name } = one;
    const { queue, queue_name, enqueued_at, customer, customer_name } = one;
    this.emit('interaction.offered', {
      ...{ interaction, agent: ME, offer, deadline, acceptance_ms, conversation, channel, network, identity, name },
      ...{ queue, queue_name, enqueued_at, customer, customer_name, draft: 0 },
    });
    return one;
  }

  endOffer(one: Interaction, cause: string): void {
    this.interactions.delete(one.interaction);
    this.emit('offer.ended', { interaction: one.interaction, agent: ME, offer: one.offer, cause });
  }

  accept(one: Interaction): void {
    this.emit('offer.ended', { interaction: one.interaction, agent: ME, offer: one.offer, cause: 'accepted' });
    Object.assign(one, { state: 'active', offer: null, deadline: 0, accepted_at: this.now });
    this.emit('interaction.accepted', { interaction: one.interaction, agent: ME, agent_name: 'Me', accepted_at: this.now });
    if (one.customer !== null) return;
    Object.assign(one, { customer: `cus_new_${one.identity}`, customer_name: one.identity, draft: true });
    this.emit('interaction.customer', {
      interaction: one.interaction,
      agent: ME,
      customer: one.customer,
      customer_name: one.customer_name,
      draft: 1,
    });
  }

  say(one: Interaction, author: Message['author'], text: string, clientId: string | null = null): Message {
    const n = (this.lines.get(one.conversation) ?? 0) + 1;
    this.lines.set(one.conversation, n);
    const message: Message = {
      message: `msg_${one.conversation}_${n}`,
      n,
      at: this.now,
      author,
      author_name: author === 'agent' ? 'Me' : null,
      by: author === 'agent' ? ME : null,
      code: author === 'system' ? 'ended' : null,
      text,
      client_id: clientId,
      handed_at: 0,
      delivered_at: 0,
      read_at: 0,
      sent_at: 0,
      state: author === 'agent' ? 'queued' : null,
      error: null,
      undecided: false,
      form: null,
      reply_to: null,
      attachments: [],
    };
    one.messages.push(message);
    if (author === 'customer') Object.assign(one, { window_until: this.now + 86_400_000, tagged_until: this.now + 604_800_000 });
    this.emit('message.added', {
      conversation: one.conversation,
      interaction: one.interaction,
      agent: ME,
      ...message,
      window_until: author === 'customer' ? one.window_until : 0,
      tagged_until: author === 'customer' ? one.tagged_until : 0,
    });
    return message;
  }

  mark(one: Interaction, message: Message, state: MessageState): void {
    const unclear = state === 'failed' || state === 'uncertain';
    Object.assign(message, { state, error: state === 'failed' ? 'blocked' : null, undecided: unclear });
    this.emit('message.state', {
      conversation: one.conversation,
      agent: ME,
      message: message.message,
      n: message.n,
      state,
      error: message.error,
    });
  }

  end(one: Interaction, by: 'agent' | 'customer'): void {
    const deadline = by === 'agent' ? this.now + 60000 : 0;
    const endedBy = one.ended_by ?? by;
    const endedAt = one.ended_at > 0 ? one.ended_at : this.now;
    Object.assign(one, { state: by === 'agent' ? 'wrap_up' : one.state, ended_at: endedAt, ended_by: endedBy, deadline });
    this.emit('interaction.ended', {
      interaction: one.interaction,
      agent: ME,
      ended_by: endedBy,
      ended_at: endedAt,
      deadline,
    });
  }

  /** Wrap-up ran out without the code that is required. */
  overdue(one: Interaction): void {
    Object.assign(one, { overdue: true, deadline: 0 });
    this.emit('interaction.overdue', { interaction: one.interaction, agent: ME, deadline: 0 });
  }

  choose(one: Interaction, codes: Interaction['codes']): void {
    one.codes = codes;
    this.emit('interaction.codes', { interaction: one.interaction, agent: ME, codes, by: ME });
  }

  mayBe(one: Interaction): void {
    one.matches = [
      { customer: 'cus_a', name: 'Ann', email: 'ann@example.org', draft: false },
      { customer: 'cus_b', name: 'Ann', email: null, draft: true },
    ];
    this.emit('interaction.matches', { interaction: one.interaction, agent: ME, matches: one.matches });
  }

  chooseCustomer(one: Interaction, customer: string): void {
    Object.assign(one, { customer, customer_name: 'Ann', draft: false, matches: [] });
    this.emit('interaction.customer', {
      interaction: one.interaction,
      agent: ME,
      customer,
      customer_name: 'Ann',
      draft: 0,
    });
  }

  followUp(one: Interaction, follows: string | null): void {
    one.follows = follows;
    this.emit('interaction.case', { interaction: one.interaction, agent: ME, follows, cause: 'chosen', by: ME });
  }

  /** The customer gave himself another name or picture. */
  rename(one: Interaction, name: string, picture: string): void {
    Object.assign(one, { name, picture });
    this.emit('conversation.changed', { conversation: one.conversation, interaction: one.interaction, agent: ME, name, picture });
  }

  presence(state: 'here' | 'away'): void {
    this.me.presence = state;
    this.emit('agent.presence', { agent: ME, state, since: this.now, deadline: 0 });
  }

  /** The agent was away for too long: the chat is offered to others. */
  goBack(one: Interaction): void {
    this.interactions.delete(one.interaction);
    this.emit('interaction.queued', { interaction: one.interaction, conversation: one.conversation, agent: ME, cause: 'agent_lost' });
  }

  switchQueue(queue: string, on: boolean): void {
    this.me.queues = this.me.queues.map((one) => (one.queue === queue ? { ...one, enabled: on } : one));
    this.queues = this.queues.map((one) => (one.queue === queue ? { ...one, member: on } : one));
    this.emit('membership.changed', { user: ME, queue, enabled: on ? 1 : 0, removed: 0, by: ME });
  }

  changePolicy(popOn: string[]): void {
    this.policy.pop_on = popOn;
    this.emit('policy.changed', { ...this.policy, pop_on: popOn.join(',') });
  }

  changeCodes(list: string, enabled: boolean): void {
    const codes: CodeList = this.codes.find((one) => one.list === list) ?? {
      ...{ list, name: list, use: 'disposition', status: null, queues: ['q_1'], required: false, enabled: true },
      codes: [{ code: 'x', name: 'X', active: true }],
    };
    this.codes = this.codes.filter((one) => one.list !== list);
    if (enabled) this.codes.push(codes);
    this.emit('codes.changed', { ...codes, queues: codes.queues?.join(',') ?? null, required: codes.required ? 1 : 0, enabled: enabled ? 1 : 0, removed: 0 });
  }

  save(one: Interaction, state: 'requested' | 'queued' | 'saved'): void {
    one.save = {
      state,
      mode: 'during',
      case: state === 'saved' ? `case_${one.interaction}` : null,
      attempts: state === 'queued' ? one.save.attempts + 1 : one.save.attempts,
      error: state === 'queued' ? 'locked' : null,
    };
    this.emit('interaction.save', { interaction: one.interaction, agent: ME, ...one.save });
  }

  close(one: Interaction): void {
    this.interactions.delete(one.interaction);
    this.emit('interaction.closed', { interaction: one.interaction, agent: ME, cause: 'manual' });
  }

  /** Does one of the things that can happen now. */
  step(random: () => number): void {
    this.now += Math.floor(random() * 4000);
    const all = [...this.interactions.values()];
    const one = all[Math.floor(random() * all.length)];
    const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)]!;
    if (one === undefined || (all.length < 4 && random() < 0.15)) {
      this.offer();
      return;
    }
    switch (one.state) {
      case 'offered':
        if (random() < 0.6) this.accept(one);
        else this.endOffer(one, pick('timed_out', 'rejected', 'customer_left', 'withdrawn'));
        break;
      case 'active':
        this.active(one, random, pick);
        break;
      default:
        if (random() < 0.4) this.close(one);
        else if (random() < 0.3) this.overdue(one);
        else this.save(one, pick('requested' as const, 'queued' as const, 'saved' as const));
    }
    if (random() < 0.3) this.around(one, random, pick);
    if (random() < 0.2)
      this.status(pick('available', 'busy', 'on_break'), pick('available', 'on_break'), pick(null, 'timed_out', 'by_hand'));
    if (random() < 0.05) this.changeUser(pick([], ['interaction.reject']));
  }

  /** What happens beside the conversation, in any state of it. */
  private around(one: Interaction, random: () => number, pick: <T>(...choices: T[]) => T): void {
    if (this.interactions.has(one.interaction)) {
      const dial = random();
      if (dial < 0.2) this.choose(one, pick([], [{ list: 'topic', code: 'sale', name: 'Sale' }]));
      else if (dial < 0.35) this.mayBe(one);
      else if (dial < 0.5) this.chooseCustomer(one, pick('cus_a', 'cus_b'));
      else if (dial < 0.65) this.followUp(one, pick(null, 'case_1'));
      else if (dial < 0.8) this.rename(one, `Name ${this.seq}`, `med_${this.seq}`);
      else if (one.state !== 'offered') this.goBack(one);
    }
    pick(
      () => this.presence(pick('here' as const, 'away' as const)),
      () => this.switchQueue('q_1', pick(true, false)),
      () => this.changePolicy(pick(['offered'], ['accepted', 'completed'])),
      () => this.changeCodes(pick('topic', 'break', 'more'), pick(true, false)),
    )();
  }

  private active(one: Interaction, random: () => number, pick: <T>(...choices: T[]) => T): void {
    const mine = one.messages.filter((message) => message.author === 'agent' && message.state !== 'failed');
    const last = mine[mine.length - 1];
    const dial = random();
    if (dial < 0.3 && one.ended_at === 0) this.say(one, 'customer', `line ${this.seq}`);
    else if (dial < 0.55 && one.ended_at === 0) this.say(one, 'agent', `answer ${this.seq}`, `client_${this.seq}`);
    else if (dial < 0.75 && last !== undefined) {
      const order: MessageState[] = ['queued', 'sent', 'delivered', 'read'];
      const higher = order.slice(order.indexOf(last.state ?? 'queued') + 1);
      if (last.state === 'queued' && random() < 0.2) this.mark(one, last, 'failed');
      else if (higher.length > 0) this.mark(one, last, pick(...higher));
    } else if (dial < 0.85) this.save(one, pick('requested' as const, 'queued' as const, 'saved' as const));
    else if (dial < 0.92 && one.ended_at === 0) this.end(one, 'customer');
    else this.end(one, 'agent');
  }

  changeUser(permissions: string[]): void {
    this.me.permissions = permissions;
    this.emit('user.changed', {
      user: ME,
      login: 'me',
      name: 'Me',
      role: 'agent',
      permissions: permissions.join(','),
      capacity: 3,
      acceptance_ms: 30000,
      enabled: 1,
      by: 'root',
    });
  }
}
