/** What the page knows: the studio's settings and clock, and who is signed in with what. */

import * as api from "./api.js";

/** The answer of `config/`; filled before anything is shown. */
export const studio = { time_zone: "UTC" };

/** The member who is signed in, or null; with the credits they have. */
export const visitor = { member: null, balance: 0 };

let ahead = 0;

/** Ask for the settings, and take the studio's clock: nothing here trusts the visitor's. */
export async function open() {
  const asked = Date.now();
  Object.assign(studio, await api.config());
  ahead = Date.parse(studio.server_time) - (asked + Date.now()) / 2;
}

/** The present moment by the studio's clock, in milliseconds. */
export const now = () => Date.now() + ahead;

/** Ask who is signed in; whoever is not stays a visitor. */
export async function meet() {
  visitor.member = (await api.signedIn()) ? await api.me() : null;
  await count();
}

/** Ask how many credits there are now; whoever shows something of the visitor hears of it. */
export async function count() {
  visitor.balance = visitor.member ? (await api.credits()).balance : 0;
  dispatchEvent(new Event("met"));
}

/** The date of a moment in the studio, as YYYY-MM-DD. */
export const dateOf = (at) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: studio.time_zone, dateStyle: "short" }).format(new Date(at));

/** A date some days later: pure calendar, no clock. */
export const addDays = (date, days) => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);

/** The moment at which a date begins in the studio; twice, because the offset may change in between. */
export function midnight(date) {
  const wall = Date.parse(date);
  const once = wall - offset(wall);
  return new Date(wall - offset(once));
}

function offset(at) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: studio.time_zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
