/** Events and how each was delivered; a hand on the wire between Stripe and the program. */

import { byId, h, show } from './dom.js';
import { button, call, on } from './hand.js';
import { state } from './live.js';
import { badge, selected } from './payments.js';
import { time, tone } from './words.js';

/** @typedef {import('./live.js').StripeEvent} StripeEvent */
/** @typedef {import('./live.js').Delivery} Delivery */

const LOOKS = [
  ['Deliver again', 'itself', 'as it was'],
  ['Forged', 'forged', 'signed with a wrong secret'],
  ['Stale', 'stale', 'signed an hour ago'],
  ['Other mode', 'other_mode', 'says it is live'],
  ['Other version', 'other_version', 'of an old API version'],
  ['Other amount', 'other_amount', 'one minor unit more'],
  ['Thin', 'thin', 'without the object'],
];
/** Of payments alone: a program that does not listen to charges would not miss theirs. */
export const LOSE = {
  path: 'faults',
  body: { fault: 'webhook_dropped', type: 'payment_intent.*' },
  says: 'The next webhook of a payment will be lost.',
};
/** @type {Set<string>} */
const open = new Set();
let onlySelected = false;

/** Wire the panel. @param {() => void} changed */
export function setUp(changed) {
  on('unfold', (element) => {
    const id = element.dataset.event ?? '';
    if (!open.delete(id)) open.add(id);
    changed();
  });
  on('twice', async (element) => {
    const path = `events/${element.dataset.event}/deliver`;
    if (await call({ path })) await call({ path });
  });
  on('hold', () => (holding() ? release(false) : call({
    path: 'faults',
    body: { fault: 'webhook_held', times: null },
    says: 'Every webhook is held from now on.',
  })));
  on('release', (element) => release(element.dataset.shuffle === 'yes'));
  byId('only-selected').addEventListener('change', (event) => {
    onlySelected = /** @type {HTMLInputElement} */ (event.target).checked;
    changed();
  });
}

/** Stop holding and let go of what is held. @param {boolean} shuffle */
async function release(shuffle) {
  await call({ method: 'DELETE', path: 'faults?fault=webhook_held' });
  return call({ path: 'webhooks/release', body: { shuffle }, says: shuffle ? 'Released, out of order.' : 'Released.' });
}

/** @returns {boolean} whether every webhook is being held */
function holding() {
  return state.faults.some(({ fault, times }) => fault === 'webhook_held' && times !== 0);
}

/** Show the panel as things stand. */
export function draw() {
  const url = state.settings.webhook_url;
  const intent = selected();
  const events = state.events.filter((event) => !onlySelected || event.intent === intent?.id);
  const held = state.events.flatMap((event) => event.deliveries ?? []).filter(({ state: how }) => how === 'held').length;
  show(byId('webhook-target'), url ? 'to ' : 'Nowhere to deliver to: start with --webhook-url, or use run.', url && h('code', {}, url));
  show(byId('webhook-hands'), ...wire(held));
  show(byId('events'), events.map(row));
  show(byId('events-none'), events.length ? null : 'No event yet.');
}

/** @param {number} held */
function wire(held) {
  const nothing = held === 0;
  return [
    h('button', { type: 'button', 'data-press': 'hold', 'aria-pressed': String(holding()) }, 'Hold all webhooks'),
    h('button', { type: 'button', 'data-press': 'release', disabled: nothing && !holding(), title: nothing ? 'Nothing is held' : null },
      nothing ? 'Release' : `Release ${held}`),
    h('button', { type: 'button', 'data-press': 'release', 'data-shuffle': 'yes', disabled: held < 2, title: held < 2 ? 'Fewer than two are held' : null },
      'Release shuffled'),
    button('Lose the next webhook', LOSE, { title: 'the next event of a payment intent' }),
  ];
}

/** @param {StripeEvent} event */
function row(event) {
  const unfolded = open.has(event.id);
  const last = event.deliveries?.at(-1);
  return h('li', { 'data-key': event.id, class: unfolded ? 'open' : null },
    h('button', { type: 'button', class: 'pick', 'data-press': 'unfold', 'data-event': event.id, 'aria-expanded': String(unfolded) },
      h('span', { class: 'type' }, event.type), last ? badge(outcome(last)) : badge('not sent'),
      h('span', { class: 'what' }, event.object), h('time', {}, time(event.created))),
    unfolded && h('div', { class: 'unfolded' }, attempts(event), again(event)));
}

/** @param {Delivery} delivery */
function outcome({ state: how, status }) {
  return how === 'failed' && status ? `failed ${status}` : how;
}

/** @param {StripeEvent} event */
function attempts(event) {
  const tries = event.deliveries ?? [];
  if (!tries.length) return h('p', { class: 'note' }, 'No delivery was tried.');
  return h('ol', { class: 'tries', 'aria-label': 'Deliveries' }, tries.map((one) => h('li', { class: tone(one.state) },
    h('time', {}, time(one.at)), h('b', {}, one.state.replaceAll('_', ' ')),
    one.as !== 'itself' && h('span', {}, `as ${one.as.replaceAll('_', ' ')}`),
    h('span', { class: 'why' }, why(one)))));
}

/** @param {Delivery} one */
function why({ attempt, state: how, status, error }) {
  if (how === 'dropped') return 'lost on the way: the program never saw it';
  if (how === 'held') return 'held until it is released';
  if (how === 'waiting') return attempt > 1 ? `try ${attempt} comes` : 'on its way';
  return `${attempt > 1 ? `try ${attempt}: ` : ''}${error ?? `the program answered ${status}`}`;
}

/** @param {StripeEvent} event */
function again(event) {
  const nowhere = !state.settings.webhook_url;
  const disabled = nowhere && { disabled: true, title: 'There is nowhere to deliver to' };
  const [first, ...others] = LOOKS.map(([label, as, hint]) =>
    button(label, { path: `events/${event.id}/deliver`, body: { as } }, { title: hint, ...disabled }));
  const twice = h('button', { type: 'button', 'data-press': 'twice', 'data-event': event.id, title: 'two deliveries, one after the other', ...disabled }, 'Deliver twice');
  return h('div', { class: 'row', role: 'group', 'aria-label': `Deliver ${event.type}` }, first, twice, ...others);
}
