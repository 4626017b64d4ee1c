// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ctrl+K: find a page, a chat or an action by its name.

import type { JSX } from 'react';
import {
  Autocomplete,
  Dialog,
  Input,
  Menu,
  MenuItem,
  Modal,
  ModalOverlay,
  SearchField,
  Text,
  useFilter,
} from 'react-aria-components';

import { desk, nameOf } from '../desk';
import { goToOffer } from '../keys';
import { faqOpen, helpOpen, paletteOpen, showTab } from '../panels';
import { go } from '../route';
import { worklist } from '../views';
import { useStore } from '../store';
import { t } from '../strings';
import type { IconName } from './icons';
import { Icon } from './icons';
import { useOffer } from './offer';
import { usePages } from './rail';

interface Entry {
  id: string;
  icon: IconName;
  text: string;
  key?: string;
  run: () => void;
}

function useEntries(): Entry[] {
  const state = useStore(desk.state);
  const pages = usePages();
  const offer = useOffer();
  const entries: Entry[] = [];

  if (offer !== null) {
    entries.push({
      id: 'accept',
      icon: 'check',
      text: t.palette.accept(nameOf(offer)),
      run: () => void desk.accept(offer),
    });
    entries.push({ id: 'offer', icon: 'clock', text: t.skip.offer, key: 'F2', run: () => window.setTimeout(goToOffer, 50) });
  }
  const here = state.interactions[desk.openChat() ?? ''];
  if (here?.state === 'active' && here.ended_at === 0)
    entries.push({
      id: 'faq',
      icon: 'book',
      text: t.faq.open,
      key: t.faq.openKey,
      run: () => window.setTimeout(() => faqOpen.set(here.interaction), 50),
    });
  if (here !== undefined && here.state !== 'offered')
    entries.push({
      id: 'codes',
      icon: 'tag',
      text: t.codes.go,
      key: 'c',
      run: () => window.setTimeout(() => showTab(here.interaction, 'codes', true), 50),
    });
  for (const one of worklist(state).filter((chat) => chat.state !== 'offered'))
    entries.push({
      id: one.interaction,
      icon: 'bubble',
      text: t.palette.chat(nameOf(one)),
      run: () => go('chats', one.interaction),
    });
  pages.forEach((page, at) =>
    entries.push({
      id: page,
      icon: page,
      text: t.palette.go(t.nav[page]),
      key: String(at + 1),
      run: () => go(page),
    }),
  );
  for (const status of ['available', 'on_break', 'work_offline'] as const)
    entries.push({
      id: `status ${status}`,
      icon: 'person',
      text: t.palette.set(t.status.set[status]),
      run: () => void desk.setStatus(status),
    });
  entries.push({ id: 'help', icon: 'help', text: t.help.open, key: '?', run: () => helpOpen.set(true) });
  return entries;
}

function PaletteList(): JSX.Element {
  const { contains } = useFilter({ sensitivity: 'base' });
  const matches = (text: string, words: string): boolean =>
    words.split(/\s+/).every((word) => contains(text, word));
  const entries = useEntries();
  return (
    <Autocomplete filter={matches}>
      <SearchField aria-label={t.palette.title} autoFocus className="search">
        <div className="search-box">
          <Icon name="search" size={18} />
          <Input placeholder={t.palette.placeholder} />
        </div>
      </SearchField>
      <div className="palette-scroll" role="group" aria-label={t.palette.found} tabIndex={0}>
        <Menu
          className="menu palette-menu"
          aria-label={t.palette.title}
          renderEmptyState={() => <p className="hint">{t.palette.none}</p>}
          onAction={(key) => {
            paletteOpen.set(false);
            entries.find((entry) => entry.id === key)?.run();
          }}
        >
          {entries.map((entry) => (
            <MenuItem key={entry.id} id={entry.id} textValue={entry.text} className="menu-item">
              <Icon name={entry.icon} size={18} />
              <Text slot="label">{entry.text}</Text>
              {entry.key !== undefined && <kbd>{entry.key}</kbd>}
            </MenuItem>
          ))}
        </Menu>
      </div>
    </Autocomplete>
  );
}

export function Palette(): JSX.Element {
  const open = useStore(paletteOpen);
  return (
    <ModalOverlay className="overlay palette-overlay" isOpen={open} onOpenChange={(on) => paletteOpen.set(on)} isDismissable>
      <Modal className="sheet palette">
        <Dialog aria-label={t.palette.title}>
          <PaletteList />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
