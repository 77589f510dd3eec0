/** What a payer, a bank or somebody in the dashboard can do to a payment intent in each of its states. */

import { h } from './dom.js';
import { button } from './hand.js';
import { decimals, money } from './words.js';

/** @typedef {import('./live.js').Intent} Intent */

const OPEN = new Set(['requires_payment_method', 'requires_confirmation', 'requires_action']);

const CARDS = [
  ['Pay with Visa ··4242', 'pm_card_visa', 'Paid.'],
  ['Pay with Mastercard ··4444', 'pm_card_mastercard', 'Paid.'],
  ['Card that asks for 3-D Secure', 'pm_card_authenticationRequired', 'The bank asks the payer: complete or fail it.'],
  ['Bank that takes its time', 'pm_sandbox_processing', 'Processing: settle it when you like.'],
];
const DECLINES = [
  ['Declined', 'pm_card_chargeDeclined'],
  ['Insufficient funds', 'pm_card_chargeDeclinedInsufficientFunds'],
  ['Expired card', 'pm_card_chargeDeclinedExpiredCard'],
];
const OTHERS = [
  ['Refund stays pending', 'pm_card_pendingRefund'],
  ['Refund fails later', 'pm_card_refundFail'],
  ['Disputed as soon as paid', 'pm_card_createDispute'],
  ['Bank asks about it as soon as paid', 'pm_card_createDisputeInquiry'],
  ['Declined after 3-D Secure', 'pm_card_threeDSecureRequiredChargeDeclined'],
  ['Declined: lost card', 'pm_card_visa_chargeDeclinedLostCard'],
  ['Declined: stolen card', 'pm_card_visa_chargeDeclinedStolenCard'],
  ['Declined: wrong security code', 'pm_card_chargeDeclinedIncorrectCvc'],
  ['Declined: processing error', 'pm_card_chargeDeclinedProcessingError'],
  ['Blocked as fraudulent', 'pm_card_radarBlock'],
];
const REASONS = ['fraudulent', 'product_not_received', 'duplicate', 'general', 'inquiry'];

/** Whether this intent can still be paid. @param {Intent} intent */
export function isOpen(intent) {
  return OPEN.has(intent.status);
}

/** The groups of buttons for an intent. @param {Intent} intent */
export function hands(intent) {
  const shown = [];
  if (intent.status === 'requires_action') shown.push(authentication(intent));
  if (intent.status === 'processing') shown.push(settlement(intent));
  if (isOpen(intent)) shown.push(cards(intent), declines(intent));
  if (isOpen(intent) || intent.status === 'requires_capture') shown.push(cancelling(intent));
  if (intent.status === 'succeeded') shown.push(returning(intent), disputing(intent));
  if (intent.status === 'canceled') {
    shown.push(h('p', { class: 'note' }, 'Canceled: nobody can pay this any more. A new booking makes a new intent.'));
  }
  if (intent.status === 'processing') {
    shown.push(h('p', { class: 'note' }, 'While the bank works on it, it can be neither paid again nor canceled.'));
  }
  return shown;
}

/** @param {Intent} intent @param {string} act @param {unknown} body @param {string} says */
function act(intent, act, body, says) {
  return { path: `payment_intents/${intent.id}/${act}`, body, says };
}

/** @param {string} title @param {...(HTMLElement | false)} parts */
function group(title, ...parts) {
  return h('div', { class: 'hand', role: 'group', 'aria-label': title, 'data-key': title }, h('h4', {}, title), h('div', { class: 'row' }, parts));
}

/** @param {Intent} intent */
function cards(intent) {
  const paying = CARDS.map(([label, method, says], place) =>
    button(label, act(intent, 'confirm', { payment_method: method }, says), { class: place ? '' : 'first' }));
  return group(intent.status === 'requires_action' ? 'Or the payer starts again' : 'The payer pays', ...paying);
}

/** @param {Intent} intent */
function declines(intent) {
  const others = OTHERS.map(([label, method]) => h('option', { value: method }, label));
  return group('The bank declines, or the card has a way of its own',
    ...DECLINES.map(([label, method]) => button(label, act(intent, 'confirm', { payment_method: method }, 'Declined.'))),
    h('form', { class: 'row', 'data-press': 'card', 'data-intent': intent.id },
      h('select', { name: 'payment_method', 'aria-label': 'Another test card' }, others), h('button', {}, 'Try this card')));
}

/** @param {Intent} intent */
function authentication(intent) {
  return group('The payer is asked by the bank (3-D Secure)',
    button('Complete', act(intent, 'authenticate', { ok: true }, 'Authenticated.'), { class: 'first' }),
    button('Fail', act(intent, 'authenticate', { ok: false }, 'Authentication failed.')));
}

/** @param {Intent} intent */
function settlement(intent) {
  return group('The bank decides',
    button('Settle: paid', act(intent, 'settle', { ok: true }, 'Settled.'), { class: 'first' }),
    button('Settle: refused', act(intent, 'settle', { ok: false }, 'Refused by the bank.')));
}

/** @param {Intent} intent */
function cancelling(intent) {
  return group('In the dashboard, or by chance',
    button('Cancel it', act(intent, 'cancel', { reason: 'requested_by_customer' }, 'Canceled in the dashboard.')),
    isOpen(intent) && button('Pay at the instant it is canceled', paidFirst(intent)),
    !isOpen(intent) && h('p', { class: 'note' }, 'Authorized: the program has to capture it.'));
}

/** The fault that lets the next cancel of this intent come an instant too late. @param {Intent} intent */
export function paidFirst(intent) {
  return {
    path: 'faults',
    body: { fault: 'paid_first', method: 'POST', path: `^/v1/payment_intents/${intent.id}/cancel$` },
    says: 'The next cancel of this payment will find it paid an instant before.',
  };
}

/** @param {Intent} intent */
function returning(intent) {
  const left = intent.amount_received - intent.refunds
    .filter((refund) => !['failed', 'canceled'].includes(refund.status))
    .reduce((sum, refund) => sum + refund.amount, 0);
  if (intent.disputes.some(({ status }) => !/^(won|warning_)/.test(status))) {
    return group('A refund in the dashboard', h('p', { class: 'note' }, 'Not now: the bank has taken the money back for the dispute.'));
  }
  if (left <= 0) return group('A refund in the dashboard', h('p', { class: 'note' }, 'Everything has been returned.'));
  const step = 10 ** -decimals(intent.currency);
  return group('A refund in the dashboard',
    button(`Refund ${money(left, intent.currency)}`, act(intent, 'refund', {}, 'Refunded.')),
    h('form', { class: 'row', 'data-press': 'refund', 'data-intent': intent.id, 'data-currency': intent.currency },
      h('label', {}, 'or a part ', h('input', {
        name: 'amount', type: 'number', inputmode: 'decimal', min: step, max: left * step, step: Math.max(step, 0.01),
        required: true, 'aria-label': `part to refund, in ${intent.currency.toUpperCase()}`,
      })),
      h('button', {}, 'Refund part')));
}

/** @param {Intent} intent */
function disputing(intent) {
  if (intent.disputes.length) return group('A dispute', h('p', { class: 'note' }, 'It has been disputed already.'));
  return group('The payer disputes it with the bank', ...REASONS.map((reason) =>
    button(reason.replaceAll('_', ' '), act(intent, 'dispute', { reason }, 'A dispute was opened.'))));
}
