/** The latest requests of the program. */

import { byId, h, show } from './dom.js';
import { state } from './live.js';
import { time } from './words.js';

/** @typedef {import('./live.js').Request} Request */

/** Wire the panel. @param {() => void} changed */
export function setUp(changed) {
  for (const id of ['journal-search', 'journal-writes']) byId(id).addEventListener('input', changed);
}

/** Show the panel as things stand. */
export function draw() {
  const sought = /** @type {HTMLInputElement} */ (byId('journal-search')).value.toLowerCase();
  const writes = /** @type {HTMLInputElement} */ (byId('journal-writes')).checked;
  const found = state.requests.filter((one) => (!writes || one.method !== 'GET') && line(one).includes(sought));
  show(byId('requests'), found.map(row));
  show(byId('requests-none'), found.length ? null : state.requests.length ? 'No request matches.' : 'The program has asked nothing yet.');
}

/** @param {Request} one */
function line(one) {
  return [one.method, one.path, one.status, one.fault, one.replayed && 'replayed', one.idempotency_key, one.request_id].join(' ').toLowerCase();
}

/** The path, and what was asked for where there was anything. @param {Request} one */
function asked({ path, parameters }) {
  const short = path.replace(/(AC\w{4})\w{28}/, '$1…');
  const told = JSON.stringify(parameters ?? {}, null, 1).replaceAll(/^[{}]\n?|\n}$/g, '');
  return told ? h('details', {}, h('summary', { title: path }, short), h('pre', {}, told)) : h('span', { title: path }, short);
}

/** @param {Request} one */
function row(one) {
  const bad = one.status === null || one.status >= 400;
  return h('tr', { 'data-key': one.request_id },
    h('td', {}, h('time', {}, time(one.at))),
    h('td', { class: 'method' }, one.method),
    h('td', { class: 'path' }, asked(one)),
    h('td', {}, h('span', { class: `badge ${bad ? 'bad' : 'good'}` }, one.status === null ? 'no answer' : String(one.status))),
    h('td', {}, one.replayed && h('span', { class: 'badge over' }, 'replayed'), one.fault && h('span', { class: 'badge asks' }, one.fault.replaceAll('_', ' '))),
    h('td', { class: 'key' }, one.idempotency_key));
}
