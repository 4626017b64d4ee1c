// SPDX-License-Identifier: GPL-3.0-or-later
//
// The log-in page. An ordinary form: password managers and pasting work.

import type { FormEvent, JSX } from 'react';
import { useEffect, useRef, useState } from 'react';
import { Button as AriaButton, Checkbox } from 'react-aria-components';

import { desk } from '../desk';
import { CallError } from '../protocol';
import { t } from '../strings';
import { Icon } from './icons';
import { Button } from './kit';

function messageFor(error: unknown): string {
  if (error instanceof CallError && error.code === 'unauthenticated') return t.login.wrong;
  return error instanceof Error ? error.message : String(error);
}

export function Login({ code }: { code: string | null }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [bad, setBad] = useState<'name' | 'password' | null>(null);
  const [shown, setShown] = useState(false);
  const nameRef = useRef<HTMLInputElement>(null);
  const passwordRef = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = t.login.title(t.product);
    if (code !== 'replaced') nameRef.current?.focus();
  }, [code]);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const name = nameRef.current?.value.trim() ?? '';
    const password = passwordRef.current?.value ?? '';
    const missing = name === '' ? 'name' : password === '' ? 'password' : null;
    setBad(missing);
    setError(missing === 'name' ? t.login.needName : missing === 'password' ? t.login.needPassword : null);
    if (missing !== null) {
      (missing === 'name' ? nameRef : passwordRef).current?.focus();
      return;
    }
    setBusy(true);
    try {
      await desk.login(name, password);
    } catch (problem) {
      setBusy(false);
      setError(messageFor(problem));
      if (problem instanceof CallError && problem.code === 'unauthenticated') {
        setBad('password');
        passwordRef.current?.focus();
        passwordRef.current?.select();
      }
    }
  }

  const told = code !== null ? t.login.ended[code] : undefined;
  return (
    <main className="login">
      <form noValidate onSubmit={(event) => void submit(event)}>
        <div className="brand">
          <span className="mark" aria-hidden="true" />
          <h1>{t.login.title(t.product)}</h1>
          <p>{t.login.subtitle}</p>
        </div>
        {told !== undefined && error === null && (
          <p className="told" role="status">
            {told}
          </p>
        )}
        {code === 'replaced' && (
          <AriaButton className="button plain wide" onPress={() => desk.connect()}>
            {t.login.useHere}
          </AriaButton>
        )}
        <div className="field">
          <label htmlFor="login">{t.login.name}</label>
          <input
            id="login"
            name="username"
            ref={nameRef}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            aria-invalid={bad === 'name'}
            aria-describedby={bad === 'name' ? 'login-error' : undefined}
          />
        </div>
        <div className="field">
          <label htmlFor="password">{t.login.password}</label>
          <input
            id="password"
            name="password"
            ref={passwordRef}
            type={shown ? 'text' : 'password'}
            autoComplete="current-password"
            aria-invalid={bad === 'password'}
            aria-describedby={bad === 'password' ? 'login-error' : undefined}
          />
        </div>
        <Checkbox className="checkbox" isSelected={shown} onChange={setShown}>
          <span className="box">
            <Icon name="check" size={14} />
          </span>
          {t.login.show}
        </Checkbox>
        <p id="login-error" className="login-error" role="alert">
          {error !== null && (
            <>
              <Icon name="alert" size={18} /> <span>{error}</span>
            </>
          )}
        </p>
        <Button look="primary" type="submit" isDisabled={busy} className="wide">
          {busy ? t.login.busy : t.login.submit}
        </Button>
      </form>
    </main>
  );
}
