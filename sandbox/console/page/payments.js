/** The payments: a list, newest first, and one of them in full. */

import { byId, h, show } from './dom.js';
import { button, call, on } from './hand.js';
import { state } from './live.js';
import { hands } from './payer.js';
import { day, decimals, money, plain, time, tone } from './words.js';

/** @typedef {import('./live.js').Intent} Intent */

let chosen = '';
let sought = '';

/** @param {string} status @returns {HTMLElement} */
export function badge(status) {
  return h('span', { class: `badge ${tone(status)}` }, plain(status));
}

/** The payment that is shown in full. @returns {Intent | undefined} */
export function selected() {
  return state.intents.find((intent) => intent.id === chosen) ?? state.intents[0];
}

/** Wire the panel. @param {() => void} changed called when another payment is chosen */
export function setUp(changed) {
  on('choose', (element) => {
    chosen = element.dataset.intent ?? '';
    changed();
    const wide = matchMedia('(min-width: 60rem)').matches;
    if (!wide) byId('payment').scrollIntoView({ block: 'nearest' });
  });
  on('refund', (element) => {
    const form = /** @type {HTMLFormElement} */ (element);
    const part = Number(new FormData(form).get('amount'));
    const amount = Math.round(part * 10 ** decimals(form.dataset.currency ?? ''));
    return call({ path: `payment_intents/${form.dataset.intent}/refund`, body: { amount }, says: 'A part was refunded.' });
  });
  on('card', (element) => {
    const form = /** @type {HTMLFormElement} */ (element);
    const payment_method = new FormData(form).get('payment_method');
    return call({ path: `payment_intents/${form.dataset.intent}/confirm`, body: { payment_method }, says: 'The card was tried.' });
  });
  byId('payment-search').addEventListener('input', (event) => {
    sought = /** @type {HTMLInputElement} */ (event.target).value.toLowerCase();
    changed();
  });
}

/** Show the panel as things stand. */
export function draw() {
  const one = selected();
  const found = state.intents.filter(matches);
  show(byId('payments-list'), found.map((intent) => row(intent, intent === one)));
  show(byId('payments-none'), emptiness(found.length));
  show(byId('payment'), one ? detail(one) : null);
}

/** @param {number} found */
function emptiness(found) {
  if (found) return null;
  return state.intents.length
    ? `None of the newest ${state.intents.length} matches.`
    : 'No payment yet. Book something by card in the program: the payment appears here.';
}

/** @param {Intent} intent */
function matches(intent) {
  const words = [intent.id, intent.description, intent.status, ...Object.values(intent.metadata)];
  return !sought || words.join(' ').toLowerCase().includes(sought);
}

/** @param {Intent} intent @param {boolean} current */
function row(intent, current) {
  return h('li', { 'data-key': intent.id },
    h('button', { type: 'button', class: 'pick', 'data-press': 'choose', 'data-intent': intent.id, 'aria-pressed': String(current) },
      h('span', { class: 'money' }, money(intent.amount, intent.currency)),
      badge(intent.last_payment_error && intent.status === 'requires_payment_method' ? 'payment_failed' : intent.status),
      h('span', { class: 'what' }, intent.description ?? intent.id),
      h('time', {}, time(intent.created))));
}

/** @param {Intent} intent */
function detail(intent) {
  const error = intent.last_payment_error;
  return h('article', { 'data-key': intent.id, 'data-refocus': true, tabindex: -1, 'aria-label': `Payment ${intent.id}` },
    h('header', {},
      h('p', { class: 'sum' }, money(intent.amount, intent.currency), ' ', h('small', {}, intent.currency.toUpperCase())),
      badge(intent.status),
      h('p', { class: 'what' }, intent.description ?? 'no description')),
    error && h('p', { class: 'callout bad' }, h('b', {}, plain(error.decline_code ?? error.code ?? 'error')), ` ${error.message ?? ''}`),
    hands(intent),
    moneyMoved(intent),
    facts(intent));
}

/** @param {Intent} intent */
function facts(intent) {
  /** @type {[string, string | null][]} */
  const rows = [
    ['id', intent.id],
    ['created', `${day(intent.created)}, ${time(intent.created)}`],
    ['canceled', intent.canceled_at && `${time(intent.canceled_at)} ${plain(intent.cancellation_reason ?? '')}`],
    ['receipt to', intent.receipt_email],
    ...Object.entries(intent.metadata),
  ].map(([name, value]) => [String(name), value ? String(value) : null]);
  const kept = rows.filter(([, value]) => value);
  return h('dl', { class: 'facts' }, kept.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/** @param {Intent} intent */
function moneyMoved(intent) {
  const lines = [
    ...intent.charges.map((charge) => line('Charge', charge, intent, charge.failure_message ?? charge.failure_code)),
    ...intent.refunds.map((refund) => line('Refund', refund, intent, refund.failure_reason, ...refundActs(refund))),
    ...intent.disputes.map((dispute) => line('Dispute', dispute, intent, dispute.reason, ...disputeActs(dispute))),
  ];
  return lines.length > 0 && h('ul', { class: 'moved', 'aria-label': 'Charges, refunds and disputes' }, lines);
}

/**
 * @param {string} kind @param {{id: string, amount: number, status: string}} thing @param {Intent} intent
 * @param {string | null | undefined} why @param {...HTMLElement} acts
 */
function line(kind, thing, intent, why, ...acts) {
  return h('li', { 'data-key': thing.id },
    h('span', { class: 'kind' }, kind), h('span', { class: 'money' }, money(thing.amount, intent.currency)),
    badge(thing.status), why ? h('span', { class: 'why' }, plain(why)) : null, h('span', { class: 'row' }, ...acts));
}

/** @param {{id: string, status: string}} refund */
function refundActs({ id, status }) {
  const acts = [];
  if (status === 'pending') acts.push(button('Succeeds', { path: `refunds/${id}/succeed`, says: 'The refund succeeded.' }));
  if (['pending', 'succeeded'].includes(status)) {
    acts.push(button(status === 'pending' ? 'Fails' : 'Fails after all', { path: `refunds/${id}/fail`, says: 'The refund failed.' }));
  }
  return acts;
}

/** @param {{id: string, status: string}} dispute */
function disputeActs({ id, status }) {
  if (['won', 'lost', 'warning_closed'].includes(status)) return [];
  return [true, false].map((won) =>
    button(won ? 'Won' : 'Lost', { path: `disputes/${id}/close`, body: { won }, says: `The dispute was ${won ? 'won' : 'lost'}.` }));
}
