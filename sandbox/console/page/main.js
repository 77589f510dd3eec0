/** The console: follow the sandbox, draw what changed, and let a person act. */

import * as clock from './clock.js';
import { byId } from './dom.js';
import { listen } from './hand.js';
import * as journal from './journal.js';
import { follow } from './live.js';
import * as network from './network.js';
import * as payments from './payments.js';
import * as phone from './phone.js';
import * as plays from './plays.js';
import * as webhooks from './webhooks.js';

/** Each part of the page, and the parts of the state it shows. @type {[() => void, string[]][]} */
const PARTS = [
  [payments.draw, ['intents']],
  [plays.draw, ['intents']],
  [webhooks.draw, ['events', 'faults', 'settings', 'intents']],
  [phone.draw, ['messages']],
  [network.draw, ['faults']],
  [journal.draw, ['requests']],
  [clock.draw, ['settings']],
];

listen();
payments.setUp(() => {
  payments.draw();
  webhooks.draw();
});
plays.setUp();
webhooks.setUp(webhooks.draw);
phone.setUp(phone.draw);
network.setUp();
journal.setUp(journal.draw);
clock.setUp();

follow(
  (changed) => {
    for (const [draw, shown] of PARTS) if (shown.some((name) => changed.has(name))) draw();
  },
  (alive) => {
    byId('alive').className = alive ? 'good' : 'bad';
    const word = alive ? 'live' : 'the sandbox does not answer';
    if (byId('alive').textContent !== word) byId('alive').textContent = word;
  },
);
