// SPDX-License-Identifier: GPL-3.0-or-later
//
// Starts the desktop.

import { createRoot } from 'react-dom/client';

import { App } from './app';
import { desk } from './desk';
import { startKeys } from './keys';
import { startNotifying } from './notify';
import { startRouting } from './route';
import { t } from './strings';

// The site may have given the desktop a name of its own.
if (document.title !== '') t.product = document.title;
startRouting();
startKeys();
desk.start();
startNotifying();
// A file that is dropped beside its place must not take the desktop away.
for (const event of ['dragover', 'drop'] as const) window.addEventListener(event, (drag) => drag.preventDefault());
createRoot(document.getElementById('root')!).render(<App />);
