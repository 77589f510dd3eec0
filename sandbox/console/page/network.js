/** What goes wrong on purpose: presets, a form, and the list of what waits. */

import { byId, h, show } from './dom.js';
import { button, call, on } from './hand.js';
import { state } from './live.js';
import { plain } from './words.js';

/** @typedef {import('./live.js').Fault} Fault */

const CREATE = { method: 'POST', path: '^/v1/payment_intents$' };
/** @type {[string, Record<string, unknown>][]} */
const PRESETS = [
  ['Stripe does not answer the next create', { fault: 'hang_before', ...CREATE, seconds: 60 }],
  ['Error 500 after the next create', { fault: 'status_after', ...CREATE, status: 500 }],
  ['Connection lost after the next create', { fault: 'reset_after', ...CREATE }],
  ['Slow Stripe: 3 s', { fault: 'latency', path: '^/v1/', seconds: 3, times: null }],
  ['Twilio is down', { fault: 'status_before', path: '^/2010-04-01/', status: 503, times: null }],
];
/** @type {[string, string[]][]} */
const KINDS = [
  ['Requests', ['latency', 'status_before', 'status_after', 'hang_before', 'hang_after', 'reset_before', 'reset_after',
    'garbage', 'truncated', 'amount_changed', 'event_first', 'paid_first']],
  ['Webhooks', ['webhook_dropped', 'webhook_doubled', 'webhook_delayed', 'webhook_held', 'webhook_shuffled', 'webhook_forged',
    'webhook_stale', 'webhook_other_mode', 'webhook_other_version', 'webhook_other_amount', 'webhook_thin']],
];

/** Wire the panel. */
export function setUp() {
  show(byId('presets'), PRESETS.map(([label, body]) => button(label, { path: 'faults', body, says: `${label}: it will happen.` })));
  const kind = /** @type {HTMLSelectElement} */ (byId('fault-kind'));
  show(kind, KINDS.map(([label, kinds]) => h('optgroup', { label }, kinds.map((name) => h('option', { value: name }, plain(name))))));
  kind.addEventListener('change', () => fit(kind.value));
  fit(kind.value);
  on('fault', (element) => {
    const form = /** @type {HTMLFormElement} */ (element);
    return call({ path: 'faults', body: script(new FormData(form)), says: `${plain(String(new FormData(form).get('fault')))}: it will happen.` });
  });
}

/** Show only the fields this kind takes. @param {string} kind */
function fit(kind) {
  const webhook = kind.startsWith('webhook_');
  for (const field of document.querySelectorAll('[data-for]')) {
    const wanted = (field instanceof HTMLElement && field.dataset.for) || '';
    field.toggleAttribute('hidden', wanted === 'webhook' ? !webhook : wanted === 'request' ? webhook : !wanted.split(' ').includes(kind));
  }
}

/** @param {FormData} form @returns {Record<string, unknown>} the fault as the sandbox takes it */
function script(form) {
  const kind = String(form.get('fault'));
  const webhook = kind.startsWith('webhook_');
  const written = (/** @type {string} */ name) => String(form.get(name) ?? '').trim();
  /** @type {Record<string, unknown>} */
  const fault = { fault: kind, times: written('times') ? Number(written('times')) : null };
  if (webhook && written('type')) fault.type = written('type');
  if (!webhook && written('path')) fault.path = written('path');
  if (!webhook && written('method')) fault.method = written('method');
  if (written('probability')) fault.probability = Number(written('probability')) / 100;
  if (/latency|hang|delayed|shuffled/.test(kind) && written('seconds')) fault.seconds = Number(written('seconds'));
  if (kind.startsWith('status_') && written('status')) fault.status = Number(written('status'));
  return fault;
}

/** Show the panel as things stand. */
export function draw() {
  const waiting = state.faults.filter(({ times }) => times !== 0);
  show(byId('faults'), waiting.map(row));
  show(byId('faults-none'), waiting.length ? null : 'Nothing goes wrong at the moment.');
  byId('faults-clear').toggleAttribute('disabled', waiting.length === 0);
}

/** @param {Fault} fault @param {number} place */
function row(fault, place) {
  const { fault: kind, times, method, path, type, probability, seconds, status } = fault;
  const where = kind.startsWith('webhook_') ? type : `${method ?? ''} ${path ?? ''}`.trim() || 'any request';
  const more = [
    /latency|hang|delayed/.test(kind) && `${seconds} s`,
    kind.startsWith('status_') && `answers ${status}`,
    typeof probability === 'number' && probability < 1 && `${Math.round(probability * 100)} %`,
  ].filter(Boolean).join(', ');
  return h('li', { 'data-key': `${place} ${kind}` },
    h('b', {}, plain(kind)), h('code', {}, String(where)), more && h('span', {}, more),
    h('span', { class: 'badge busy' }, times === null ? 'until cleared' : times === 1 ? 'once' : `${times} times`));
}
