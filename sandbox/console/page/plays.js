/** The three plays of the strip: their buttons act on the newest payment that can still be paid. */

import { byId, show } from './dom.js';
import { button } from './hand.js';
import { state } from './live.js';
import { isOpen, paidFirst } from './payer.js';
import { LOSE } from './webhooks.js';
import { money } from './words.js';

const REMEMBERED = 'sandbox console: about';

/** Wire the strip: it stays closed once somebody closed it. */
export function setUp() {
  const about = /** @type {HTMLDetailsElement} */ (byId('about'));
  about.open = localStorage.getItem(REMEMBERED) !== 'closed';
  about.addEventListener('toggle', () => localStorage.setItem(REMEMBERED, about.open ? 'open' : 'closed'));
}

/** Show the buttons as things stand. */
export function draw() {
  const intent = state.intents.find(isOpen);
  const reason = intent ? null : 'Book something by card in the program first';
  const attributes = { disabled: !intent, title: reason };
  const sum = intent ? ` ${money(intent.amount, intent.currency)}` : '';
  const confirm = (/** @type {string} */ method) => ({ path: `payment_intents/${intent?.id}/confirm`, body: { payment_method: method }, says: 'Paid.' });
  const late = intent ? paidFirst(intent) : { path: '' };
  show(byId('play-decline'), button(`Decline${sum}`, confirm('pm_card_chargeDeclined'), attributes));
  show(byId('play-late'), button(`Pay${sum} at the instant it is canceled`, late, attributes));
  show(byId('play-lost'), button('Lose the next webhook', LOSE), button(`Pay${sum}`, confirm('pm_card_visa'), attributes));
}
