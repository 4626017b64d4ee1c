// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the browser keeps for the agent between visits. A browser may refuse (private mode, full disk): then
// things last as long as the page.

const PREFIX = 'usher.';

export function load<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function save(key: string, value: unknown): void {
  try {
    if (value === null || value === undefined) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Nothing to do: the page works on without it.
  }
}

/** Removes the keys under `prefix` that `keep` does not want. */
export function prune(prefix: string, keep: (rest: string) => boolean): void {
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(PREFIX + prefix) && !keep(key.slice(PREFIX.length + prefix.length))) localStorage.removeItem(key);
  } catch {
    // As above.
  }
}
