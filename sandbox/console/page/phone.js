/** What arrives on the phones, as they show it, and an answer from one of them. */

import { byId, h, show } from './dom.js';
import { call, on } from './hand.js';
import { state } from './live.js';
import { plain, time } from './words.js';

/** @typedef {import('./live.js').Message} Message */

/** @type {Record<string, string>} */
const TICKS = { accepted: '◷', queued: '◷', sending: '◷', sent: '✓', delivered: '✓✓', read: '✓✓' };
let chosen = '';

/** Wire the panel. @param {() => void} changed */
export function setUp(changed) {
  on('phone', (element) => {
    chosen = element.dataset.phone ?? '';
    changed();
  });
  on('answer', async (element) => {
    const form = /** @type {HTMLFormElement} */ (element);
    const body = String(new FormData(form).get('body') ?? '').trim();
    const from = String(new FormData(form).get('from') ?? '').trim() || current();
    if (!body || !from) return;
    const taken = await call({ path: 'messages/inbound', body: { from, body }, says: 'Sent to the program.' });
    if (taken) form.reset();
  });
}

/** @param {Message} message */
function numberOf(message) {
  return ((message.direction === 'inbound' ? message.from : message.to) ?? '').replace('whatsapp:', '');
}

/** @returns {string[]} the numbers, the one that was written to last first */
function numbers() {
  return [...new Set(state.messages.map(numberOf))];
}

/** @returns {string} the phone that is shown */
function current() {
  return numbers().includes(chosen) ? chosen : (numbers()[0] ?? '');
}

/** Show the panel as things stand. */
export function draw() {
  const phone = current();
  show(byId('phones'), numbers().map((number) => h('button', {
    type: 'button', 'data-key': number, 'data-press': 'phone', 'data-phone': number, 'aria-pressed': String(number === phone),
  }, number)));
  const thread = state.messages.filter((message) => numberOf(message) === phone).reverse();
  const box = byId('thread');
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  show(box, thread.map(bubble));
  if (atEnd) box.scrollTop = box.scrollHeight;
  show(byId('thread-none'), thread.length ? null : 'No message yet. The program writes to members who agreed to WhatsApp.');
  byId('answer-from').hidden = phone !== '';
  byId('answer-to').textContent = phone ? `Answer as ${phone}` : 'Write to the program as a phone';
}

/** @param {Message} message */
function bubble(message) {
  const own = message.direction === 'inbound';
  const failed = ['failed', 'undelivered'].includes(message.status);
  const at = Date.parse(message.date_created) / 1000;
  return h('li', { 'data-key': message.sid, class: `bubble ${own ? 'own' : ''} ${failed ? 'failed' : ''}` },
    message.kind && h('span', { class: 'template' }, plain(message.kind)),
    h('p', {}, bold(message.body)),
    h('span', { class: 'foot' }, h('time', {}, time(at)), own ? null : ticks(message)),
    failed && h('span', { class: 'why' }, `${message.status}${message.error_code ? `, error ${message.error_code}` : ''}`));
}

/** The text, with what stands between *stars* bold, as WhatsApp shows it. @param {string} text */
function bold(text) {
  return text.split(/\*([^*\n]+)\*/).map((part, place) => (place % 2 ? h('b', {}, part) : part));
}

/** @param {Message} message */
function ticks({ status }) {
  return h('span', { class: `ticks ${status}`, role: 'img', 'aria-label': status }, TICKS[status] ?? '!');
}
