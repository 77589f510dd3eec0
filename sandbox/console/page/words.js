/** How things are written: money, moments, states. */

/** Currencies that Stripe counts in whole units, and those it counts in hundredths though they have none. */
const WHOLE = new Set(['bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'vnd', 'vuv', 'xaf', 'xof', 'xpf']);

/** @param {string} currency @returns {number} */
export function decimals(currency) {
  return WHOLE.has(currency) ? 0 : 2;
}

/** @param {number} amount in minor units @param {string} currency @returns {string} */
export function money(amount, currency) {
  const digits = decimals(currency);
  return new Intl.NumberFormat('en-GB', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

/** @param {number} moment in Unix seconds @returns {string} */
export function time(moment) {
  return new Date(moment * 1000).toLocaleTimeString('en-GB');
}

/** @param {number} moment in Unix seconds @returns {string} */
export function day(moment) {
  return new Date(moment * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** @param {number} seconds @returns {string} such as "31 min" or "1 day 2 h" */
export function length(seconds) {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const parts = [
    [Math.floor(minutes / 1440), minutes >= 2880 ? 'days' : 'day'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'min'],
  ];
  return parts.filter(([count]) => count).map((part) => part.join(' ')).join(' ') || '0 min';
}

/** @param {string} word such as requires_payment_method @returns {string} */
export function plain(word) {
  return word.replaceAll('_', ' ');
}

/** The colour of a state: good, busy, asks, bad or over. @param {string} status @returns {string} */
export function tone(status) {
  if (/succeeded|delivered|^read$|^won$|^paid$/.test(status)) return 'good';
  if (/action|held|needs_response|under_review/.test(status)) return 'asks';
  if (/failed|lost|dropped|given_up|undelivered/.test(status)) return 'bad';
  if (/cancel|closed/.test(status)) return 'over';
  return 'busy';
}
