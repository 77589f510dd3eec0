/** Acts: a press of a button becomes one call to the sandbox, and its outcome a sentence that is read out. */

import { byId, h } from './dom.js';
import { look } from './live.js';

/** @typedef {{method?: string, path: string, body?: unknown, says?: string}} Call */
/** @typedef {(element: HTMLElement) => unknown} Press */

/** @type {Map<string, Press>} */
const presses = new Map();

/** What a button with `data-press="name"`, or a form with that name, does. @param {string} name @param {Press} act */
export function on(name, act) {
  presses.set(name, act);
}

/**
 * A button that makes one call.
 * @param {string} label @param {Call} call @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 */
export function button(label, call, attributes = {}) {
  return h('button', { type: 'button', 'data-press': 'call', 'data-call': JSON.stringify(call), ...attributes }, label);
}

/** Listen to the whole page once; buttons come and go. */
export function listen() {
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest('[data-press]') : null;
    if (target instanceof HTMLElement && target.tagName !== 'FORM') void presses.get(target.dataset.press ?? '')?.(target);
  });
  document.addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.target;
    if (form instanceof HTMLFormElement) void presses.get(form.dataset.press ?? '')?.(form);
  });
  on('call', (element) => call(JSON.parse(element.dataset.call ?? '{}')));
}

/**
 * Make a call to the sandbox's hand, say how it went, and look again at once.
 * @param {Call} wanted
 * @returns {Promise<boolean>} whether the sandbox took it
 */
export async function call({ method = 'POST', path, body, says }) {
  let answer;
  try {
    answer = await fetch(`/_sandbox/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
    });
  } catch {
    say('The sandbox did not answer. Is it still running?', 'bad');
    return false;
  }
  const told = await answer.json().catch(() => ({}));
  const declined = answer.status === 402;
  if (declined) say(`Declined, as asked: ${reason(told)}`, 'asks');
  else if (!answer.ok) say(`Not done: ${reason(told) || `the sandbox answered ${answer.status}`}`, 'bad');
  else if ('event' in told || 'taken' in told) sayDelivered(told);
  else say(says ?? 'Done.', 'good');
  await look();
  return answer.ok || declined;
}

/** @param {{status: number | null, error: string | null, stopped?: boolean}} told */
function sayDelivered({ status, error, stopped }) {
  if (stopped) say('Taken: this phone wants no more messages.', 'asks');
  else if (error) say(`Not delivered: ${error}`, 'bad');
  else if (status !== null && status >= 200 && status < 300) say(`Delivered: the program answered ${status}.`, 'good');
  else say(`The program refused it with ${status}.`, 'asks');
}

/** @param {any} told @returns {string} */
function reason(told) {
  const error = told?.error;
  return typeof error === 'string' ? error : (error?.message ?? '');
}

const SHOWN_MS = 8000;
let shown = 0;

/** Say a sentence where it is seen and read out. @param {string} sentence @param {string} [mood] good, asks or bad */
export function say(sentence, mood = 'good') {
  const place = byId('said');
  place.className = mood;
  place.textContent = ''; // so that the same sentence is read out again
  requestAnimationFrame(() => (place.textContent = sentence));
  clearTimeout(shown);
  shown = setTimeout(() => (place.textContent = ''), SHOWN_MS);
}
