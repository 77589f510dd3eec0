/** What the page knows: the studio's settings and clock, and who is signed in with what. */

import * as api from "./api.js";

/**
 * The answer of `config/`; filled before anything is shown.
 * @type {Partial<Awaited<ReturnType<typeof api.config>>>}
 */
export const studio = { time_zone: "UTC" };

/**
 * The member who is signed in, or null; with the credits they have.
 * @type {{ member: Awaited<ReturnType<typeof api.me>> | null, balance: number }}
 */
export const visitor = { member: null, balance: 0 };

let ahead = 0;

/** Ask for the settings, and take the studio's clock: nothing here trusts the visitor's. */
export async function open() {
  const asked = performance.now();
  Object.assign(studio, await api.config());
  // The page has its answer on the way before this file is here: the browser knows since when.
  const { requestStart = asked, responseStart = performance.now() } = /** @type {Partial<PerformanceResourceTiming>} */ (
    performance.getEntriesByName(new URL("/api/booking/config/", location.href).href).at(-1) ?? {});
  ahead = Date.parse(studio.server_time) - (Date.now() - performance.now()) - (requestStart + responseStart) / 2;
}

/** The present moment by the studio's clock, in milliseconds. */
export const now = () => Date.now() + ahead;

/** Ask who is signed in; whoever is not stays a visitor. */
export async function meet() {
  const [member, wallet] = (await api.signedIn()) ? await Promise.all([api.me(), api.credits()]) : [null];
  Object.assign(visitor, { member, balance: wallet?.balance ?? 0 });
  dispatchEvent(new Event("met"));
}

/** Ask how many credits there are now; whoever shows something of the visitor hears of it. */
export async function count() {
  visitor.balance = visitor.member ? (await api.credits()).balance : 0;
  dispatchEvent(new Event("met"));
}

// Making a formatter is slow on a phone: one of each does.
const made = new Map();
function inStudio(name, options) {
  const key = name + studio.time_zone;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat("en-CA", { ...options, timeZone: studio.time_zone }));
  return made.get(key);
}

/** The date of a moment in the studio, as YYYY-MM-DD. */
export const dateOf = (at) => inStudio("date", { dateStyle: "short" }).format(new Date(at));

/** A date some days later: pure calendar, no clock. */
export const addDays = (date, days) => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);

/** The moment at which a date begins in the studio; twice, because the offset may change in between, or just then. */
export function midnight(date) {
  const wall = Date.parse(date);
  const once = wall - offset(wall);
  const twice = wall - offset(once);
  return new Date(dateOf(twice) < date ? once : twice);
}

function offset(at) {
  const parts = inStudio("clock", {
    hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
