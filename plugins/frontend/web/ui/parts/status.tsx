// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's status: what it is, for how long, what comes after, and what can be chosen now.

import type { JSX } from 'react';
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Text } from 'react-aria-components';

import { duration } from '../clock';
import { desk } from '../desk';
import { useNow } from '../hooks';
import type { AskedStatus } from '../protocol';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';

const CHOICES: AskedStatus[] = ['available', 'on_break', 'work_offline', 'logged_out'];

interface Choice {
  id: AskedStatus;
  disabled: boolean;
  note: string;
}

/** What each choice would do now, or why it can't be made. */
function useChoices(): Choice[] {
  const me = useStore(desk.state, (state) => state.me);
  const chats = useStore(desk.state, (state) => state.interactions);
  const live = useStore(desk.link, (link) => link.phase === 'live');
  const working = me !== null && ['busy', 'post_processing', 'offered'].includes(me.status);
  const any = Object.values(chats).length > 0;

  return CHOICES.map((id) => {
    if (!live) return { id, disabled: true, note: t.status.noLine };
    if (id === 'logged_out') return { id, disabled: any, note: any ? t.status.noLogout : t.status.hint[id] };
    if (me?.status === id) return { id, disabled: true, note: t.status.current };
    if (working && me?.asked === id) return { id, disabled: true, note: t.status.asking };
    return { id, disabled: false, note: working ? t.status.afterChat : t.status.hint[id] };
  });
}

function choose(status: AskedStatus): void {
  void (status === 'logged_out' ? desk.logout() : desk.setStatus(status));
}

export function StatusTime({ since }: { since: number }): JSX.Element {
  return <>{duration(useNow() - since)}</>;
}

export function StatusMenu(): JSX.Element | null {
  const me = useStore(desk.state, (state) => state.me);
  const choices = useChoices();
  if (me === null) return null;
  const pending = me.asked !== me.status && ['busy', 'post_processing', 'offered'].includes(me.status);

  return (
    <MenuTrigger>
      <Button className={`status-button ${me.status}`}>
        <span className="dot" aria-hidden="true" />
        <span className="hidden">{t.status.menu}: </span>
        <span className="status-name">{t.status.names[me.status]}</span>
        <span className="status-time" aria-hidden="true">
          <StatusTime since={me.since} />
        </span>
        {pending && me.asked !== 'available' && (
          <span className="status-asked">{t.status.asked(t.status.names[me.asked])}</span>
        )}
        <Icon name="chevron" size={16} />
      </Button>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="menu status-menu"
          aria-label={t.status.menu}
          disabledKeys={choices.filter((choice) => choice.disabled).map((choice) => choice.id)}
          onAction={(key) => choose(key as AskedStatus)}
        >
          <MenuSection>
            <Header className="menu-header">
              <bdi>{me.name}</bdi>
            </Header>
            {choices.map((choice) => (
              <MenuItem key={choice.id} id={choice.id} textValue={t.status.set[choice.id]} className={`menu-item ${choice.id}`}>
                <span className="dot" aria-hidden="true" />
                <Text slot="label">{t.status.set[choice.id]}</Text>
                <Text slot="description">{choice.note}</Text>
              </MenuItem>
            ))}
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
