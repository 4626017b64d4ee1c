// SPDX-License-Identifier: GPL-3.0-or-later
//
// The centre's rules, for administrators: the policy and the lists of codes.

import type { JSX } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';

import { CodesEditor } from '../parts/codes-editor';
import { PolicyEditor } from '../parts/policy-editor';
import { go, route } from '../route';
import { useStore } from '../store';
import { s } from '../strings-supervise';

export function Rules(): JSX.Element {
  const part = useStore(route, (where) => (where.id === 'codes' ? 'codes' : 'policy'));
  return (
    <div className="page" data-region="detail" tabIndex={-1}>
      <h1>{s.rules.page}</h1>
      <Tabs className="tabs" selectedKey={part} onSelectionChange={(key) => go('rules', String(key))}>
        <TabList aria-label={s.rules.parts} className="tab-list">
          <Tab id="policy">{s.rules.policy}</Tab>
          <Tab id="codes">{s.rules.codes}</Tab>
        </TabList>
        <TabPanel id="policy">
          <PolicyEditor />
        </TabPanel>
        <TabPanel id="codes">
          <CodesEditor />
        </TabPanel>
      </Tabs>
    </div>
  );
}
