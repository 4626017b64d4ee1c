// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the agent writes. What is written is kept until the server has it.

import type { JSX, KeyboardEvent } from 'react';
import { useEffect, useImperativeHandle, useRef, useState } from 'react';
import { Checkbox, TextArea, TextField } from 'react-aria-components';

import { desk, draftKey } from '../desk';
import * as storage from '../storage';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button } from './kit';

export const MAX_TEXT = 5000;

export interface ComposerHandle {
  put(text: string): void;
}

export function Composer({
  interaction,
  who,
  handle,
}: {
  interaction: string;
  who: string;
  handle: React.Ref<ComposerHandle>;
}): JSX.Element {
  const key = draftKey(desk.state.get().me?.user, interaction);
  const [text, setText] = useState(() => storage.load<string>(key, ''));
  const prefs = useStore(desk.prefs);
  const area = useRef<HTMLTextAreaElement>(null);
  const length = Array.from(text).length;
  const tooLong = length > MAX_TEXT;

  useImperativeHandle(handle, () => ({
    put(more) {
      change(text === '' ? more : `${text}\n${more}`);
      area.current?.focus();
    },
  }));

  // Grows with the text up to a third of the window. Engines with field-sizing do it by themselves.
  useEffect(() => {
    const element = area.current;
    if (element === null || CSS.supports('field-sizing', 'content')) return;
    element.style.blockSize = 'auto';
    element.style.blockSize = `${element.scrollHeight + 2}px`;
  }, [text]);

  useEffect(() => () => desk.typing(interaction, false), [interaction]);

  // After Accept the focus is nowhere; anywhere else it stays where the agent works.
  useEffect(() => {
    if (document.activeElement === document.body && !window.matchMedia('(pointer: coarse)').matches) area.current?.focus();
  }, []);

  function change(value: string): void {
    setText(value);
    storage.save(key, value === '' ? null : value);
    desk.typing(interaction, value.trim() !== '');
  }

  function send(): void {
    const trimmed = text.trim();
    if (trimmed === '' || tooLong) return;
    desk.say(interaction, trimmed);
    change('');
    area.current?.focus();
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    const wanted = prefs.enterSends ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (!wanted) return;
    event.preventDefault();
    send();
  }

  return (
    <div className="composer">
      <TextField aria-label={t.composer.label(who)} value={text} onChange={change} isInvalid={tooLong}>
        <TextArea
          ref={area}
          id="composer"
          rows={2}
          dir="auto"
          placeholder={t.composer.placeholder(who)}
          onKeyDown={onKey}
          aria-describedby="composer-hint"
        />
      </TextField>
      <div className="composer-foot">
        <span id="composer-hint" className="hint">
          {prefs.enterSends ? t.composer.hintEnter : t.composer.hintCtrl}
        </span>
        <Checkbox
          className="checkbox"
          isSelected={prefs.enterSends}
          onChange={(enterSends) => desk.prefs.update((old) => ({ ...old, enterSends }))}
        >
          <span className="box">
            <Icon name="check" size={14} />
          </span>
          {t.composer.enterSends}
        </Checkbox>
        {tooLong && (
          <span className="field-error" role="alert">
            {t.composer.tooLong(length, MAX_TEXT)}
          </span>
        )}
        <Button look="primary" icon="send" isDisabled={text.trim() === '' || tooLong} onPress={send}>
          {t.composer.send}
        </Button>
      </div>
    </div>
  );
}
