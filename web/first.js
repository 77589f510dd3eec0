/** What the first page needs, asked for while the rest of this program is still on its way. */

import * as api from "./api.js";
import { addDays, meet, open } from "./studio.js";

export const DAYS = 7;

/** Ask for seven days and two more on either side: the studio's zone, and its today, need not be known yet. */
const ask = (from) => api.sessions({ starts_after: `${addDays(from, -2)}T00:00:00Z`, starts_before: `${addDays(from, DAYS + 2)}T00:00:00Z` });

const utcToday = new Date().toISOString().slice(0, 10);
const known = Promise.all([open(), meet()]);
let early = location.hash.length < 3 && ask(utcToday);
known.catch(() => {}); // whoever waits for it is told
if (early) early.catch(() => {});

/** The settings, and who is there; what failed is asked for anew. */
export const opened = () => known.catch(() => Promise.all([open(), meet()]));

/** The sessions around seven days, more than these: those of the first page were asked for already. */
export function around(from) {
  const near = Math.abs(Date.parse(from) - Date.parse(utcToday)) <= 86_400_000;
  const asked = near && early;
  early = null;
  return asked ? asked.catch(() => ask(from)) : ask(from);
}
