/** The sandbox's clock and its fresh start. */

import { byId, show } from './dom.js';
import { button, call, on } from './hand.js';
import { now, state } from './live.js';
import { day, length, time } from './words.js';

/** @type {[string, number][]} */
const STEPS = [['+5 min', 300], ['+30 min', 1800], ['+24 h', 86400]];

/** Wire the clock and the fresh start. */
export function setUp() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('sure'));
  on('ask-reset', () => dialog.showModal());
  on('keep', () => dialog.close());
  on('reset', async () => {
    dialog.close();
    await call({ path: 'reset', says: 'Everything was forgotten.' });
  });
  setInterval(tick, 1000);
  draw();
}

/** Show what time it is in the sandbox. */
export function draw() {
  const { moved } = state.settings;
  show(byId('clock-hands'), ...STEPS.map(([label, advance]) =>
    button(label, { path: 'clock', body: { advance }, says: `The clock was moved by ${length(advance)}.` })),
  button('Set right', { path: 'clock', body: { advance: -moved }, says: 'The clock is right again.' }, {
    disabled: moved === 0, title: moved === 0 ? 'The clock has not been moved' : null,
  }));
  show(byId('moved'), moved ? `${length(moved)} ${moved > 0 ? 'ahead' : 'behind'}` : 'the machine’s time');
  tick();
}

function tick() {
  byId('now').textContent = `${day(now())}, ${time(now())}`;
}
