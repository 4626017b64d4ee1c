// SPDX-License-Identifier: GPL-3.0-or-later
//
// The sheet of shortcuts and the agent's own settings.

import type { JSX } from 'react';
import { useState } from 'react';
import { Checkbox, Dialog, Heading, Modal, ModalOverlay, Radio, RadioGroup, Label } from 'react-aria-components';

import type { Prefs } from '../desk';
import { desk } from '../desk';
import { askPermission, permission, testSound } from '../notify';
import { helpOpen } from '../panels';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button, IconButton } from './kit';

function Keys({ keys }: { keys: [string, string][] }): JSX.Element {
  return (
    <dl className="keys">
      {keys.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}

function Setting({ name, label, note }: { name: 'singleKeys' | 'enterSends' | 'sound' | 'notify' | 'notifyText'; label: string; note?: string }): JSX.Element {
  const prefs = useStore(desk.prefs);
  return (
    <>
      <Checkbox
        className="checkbox"
        isSelected={prefs[name]}
        onChange={(on) => desk.prefs.update((old) => ({ ...old, [name]: on }))}
      >
        <span className="box">
          <Icon name="check" size={14} />
        </span>
        {label}
      </Checkbox>
      {note !== undefined && <p className="hint">{note}</p>}
    </>
  );
}

function Sound(): JSX.Element {
  const prefs = useStore(desk.prefs);
  return (
    <div className="row">
      <Setting name="sound" label={t.notify.sound} />
      <label className="row volume">
        {t.notify.volume}
        <input
          type="range"
          min="0"
          max="100"
          step="5"
          value={Math.round(prefs.volume * 100)}
          disabled={!prefs.sound}
          onChange={(event) => desk.prefs.update((old) => ({ ...old, volume: Number(event.target.value) / 100 }))}
        />
      </label>
      <Button icon="bell" onPress={testSound}>
        {t.notify.test}
      </Button>
    </div>
  );
}

/** Permission is asked for by a click only; a refusal is the browser's to take back. */
function Notifications(): JSX.Element {
  const [allowed, setAllowed] = useState(permission);
  if (allowed === 'unsupported') return <p className="hint">{t.notify.unsupported}</p>;
  if (allowed === 'denied') return <p className="hint">{t.notify.denied}</p>;
  if (allowed === 'default')
    return (
      <Button icon="bell" onPress={() => void askPermission().then(setAllowed)}>
        {t.notify.ask}
      </Button>
    );
  return (
    <>
      <Setting name="notify" label={t.notify.desktop} note={t.notify.desktopNote} />
      <Setting name="notifyText" label={t.notify.showText} />
    </>
  );
}

export function Help(): JSX.Element {
  const open = useStore(helpOpen);
  const prefs = useStore(desk.prefs);
  return (
    <ModalOverlay className="overlay" isOpen={open} onOpenChange={(on) => helpOpen.set(on)} isDismissable>
      <Modal className="sheet">
        <Dialog>
          <div className="sheet-head">
            <Heading slot="title">{t.help.title}</Heading>
            <IconButton icon="close" label={t.close} onPress={() => helpOpen.set(false)} />
          </div>
          <Keys keys={t.help.keys} />
          <h3>{t.help.singleKeys}</h3>
          <Keys keys={t.help.single} />
          <Setting name="singleKeys" label={t.help.singleKeys} note={t.help.singleKeysNote} />
          <h3>{t.help.settings}</h3>
          <Setting name="enterSends" label={t.composer.enterSends} />
          <Sound />
          <Notifications />
          <RadioGroup
            className="radios"
            value={prefs.theme}
            onChange={(theme) => desk.prefs.update((old) => ({ ...old, theme: theme as Prefs['theme'] }))}
          >
            <Label>{t.help.theme}</Label>
            {(['auto', 'light', 'dark'] as const).map((theme) => (
              <Radio key={theme} value={theme} className="radio">
                <span className="knob" aria-hidden="true" />
                {t.help.themes[theme]}
              </Radio>
            ))}
          </RadioGroup>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
