/** What the visitor has booked, holds, and waits for. */

import * as api from "./api.js";
import { stateOf } from "./booking.js";
import { act, every, h, show } from "./page.js";
import { holds } from "./seat.js";
import { now } from "./studio.js";
import { t, time, when } from "./words.js";

export default async function bookings({ main, signal }) {
  const coming = h("div", { class: "list" });
  const ended = h("div", { class: "list" });
  const past = h("div", { class: "list" });
  const waiting = h("section", { hidden: true });
  show(main, h("h1", { tabindex: -1 }, t("bookings.title")), waiting,
    h("section", { "aria-label": t("bookings.coming") }, h("h2", {}, t("bookings.coming")), coming),
    h("section", { class: "past", "aria-label": t("bookings.past") }, h("h2", {}, t("bookings.past")), ended, past));
  let shown = "";
  async function load() {
    const [next, entries] = await Promise.all([api.bookings({ mine: true, upcoming: true, page_size: 100 }), api.waitlist()]);
    const inLine = entries.filter(({ status }) => status === "waiting" || status === "offered");
    const sessions = await sessionsOf([...next.results, ...inLine]);
    if (signal.aborted || JSON.stringify([next, inLine]) === shown) return;
    shown = JSON.stringify([next, inLine]);
    const starts = ({ session }) => Date.parse(sessions.get(session).starts_at);
    const offered = new Set(inLine.map(({ booking }) => booking));
    const rows = next.results.filter((row) => holds(row) && !offered.has(row.reference)).sort((one, other) => starts(one) - starts(other));
    show(ended, next.results.filter((row) => !holds(row)).map((row) => line(row, sessions.get(row.session))));
    show(coming, rows.length ? rows.map((row) => line(row, sessions.get(row.session))) : h("div", { class: "empty" }, h("p", {}, t("bookings.none")), h("a", { class: "button", href: "#/" }, t("nav.schedule"))));
    waiting.hidden = !inLine.length;
    show(waiting, h("h2", {}, t("bookings.waiting")), h("div", { class: "list" }, inLine.map((entry) => place(entry, sessions.get(entry.session)))));
  }
  await load();
  every(15_000, () => load().catch(() => {}), signal); // the next round asks again
  await older(past, await api.bookings({ mine: true, upcoming: false, page_size: 20 }), signal);
}

/** The sessions of some rows by id, asked for in one request each hundred. */
async function sessionsOf(rows) {
  const ids = [...new Set(rows.map(({ session }) => session))];
  const parts = Array.from({ length: Math.ceil(ids.length / 100) }, (_, part) => ids.slice(part * 100, part * 100 + 100));
  const found = await Promise.all(parts.map((part) => api.sessions({ ids: part.join() })));
  return new Map(found.flat().map((session) => [session.id, session]));
}

async function older(list, page, signal) {
  const sessions = await sessionsOf(page.results);
  if (signal.aborted) return;
  list.lastElementChild?.matches("button") && list.lastElementChild.remove();
  list.append(...page.results.map((row) => line(row, sessions.get(row.session))));
  if (page.next) list.append(act(t("more"), async () => older(list, await api.bookings(Object.fromEntries(new URL(page.next).searchParams)), signal)));
}

/**
 * @param {Awaited<ReturnType<typeof api.booking>>} booking
 * @param {import("./seat.js").Session} session
 */
function line(booking, session) {
  const { reference, status } = booking;
  const over = Date.parse(session.starts_at) <= now();
  const pay = status === "pending" && !over;
  const state = stateOf(booking, over);
  return h("article", { class: `card ${over ? "" : status}` },
    h("div", { class: "what" }, h("h3", {}, h("a", { href: `#/bookings/${reference}` }, session.title)),
      h("p", { class: "quiet" }, `${when(session.starts_at)} · ${session.location}`),
      h("p", { class: "facts" }, h("span", { class: `mark ${state}` }, t(`state.${state}`)), h("span", { class: "code" }, reference),
        pay && h("span", {}, t("booking.until", { when: time(booking.expires_at) })))),
    pay && h("div", { class: "do" }, h("a", { class: "button main", href: `#/pay/${reference}` }, t("session.keepPaying"))));
}

/**
 * @param {Awaited<ReturnType<typeof api.waitlist>>[number]} entry
 * @param {import("./seat.js").Session} session
 */
function place(entry, session) {
  const offered = entry.status === "offered";
  return h("article", { class: `card ${entry.status}` },
    h("div", { class: "what" }, h("h3", {}, h("a", { href: `#/session/${session.id}` }, session.title)), h("p", { class: "quiet" }, when(session.starts_at)),
      h("p", { class: "facts" }, h("span", { class: `mark ${entry.status}` }, t(`state.${entry.status}`, entry)), offered && h("span", {}, t("booking.until", { when: when(entry.expires_at) })))),
    h("div", { class: "do" }, h("a", { class: `button ${offered ? "main" : ""}`, href: `#/session/${session.id}` }, t("session.details"))));
}
