/** What a session is to the visitor, and booking it. */

import * as api from "./api.js";
import { act, h, say } from "./page.js";
import { count, now, visitor } from "./studio.js";
import { credits, money, t, when } from "./words.js";

/** @typedef {Awaited<ReturnType<typeof api.oneSession>>} Session */

/** Whether a booking has a seat: held until it is paid, or paid. */
export const holds = ({ status }) => status === "pending" || status === "paid";

/**
 * How long a session takes, in minutes.
 * @param {Session} session
 */
export const minutes = ({ starts_at: from, ends_at: to }) => Math.round((Date.parse(to) - Date.parse(from)) / 60_000);

/** The visitor's own claims by session: what they hold or have booked, and where they wait. */
export async function mine() {
  if (!visitor.member) return { booked: new Map(), waiting: new Map() };
  const [coming, entries] = await Promise.all([
    api.bookings({ mine: true, upcoming: true, page_size: 100 }), api.waitlist(),
  ]);
  const holding = coming.results.filter(holds);
  const inLine = entries.filter(({ status }) => status === "waiting" || status === "offered");
  const bySession = (rows) => new Map(rows.map((row) => [row.session, row]));
  return { booked: bySession(holding), waiting: bySession(inLine) };
}

/**
 * How a session stands for the visitor: called, closed, offered, pending, paid, waiting, full or open.
 * @param {Session} session
 */
export function standing(session, { booked, waiting }) {
  const [booking, entry] = [booked.get(session.id), waiting.get(session.id)];
  const kind =
    session.status === "cancelled" ? "called"
    : booking?.status === "paid" ? "paid"
    : Date.parse(session.starts_at) <= now() ? "closed"
    : entry?.status === "offered" ? "offered"
    : booking ? "pending"
    : session.bookable ? "open"
    : entry ? "waiting"
    : "full";
  return { kind, booking, entry };
}

/**
 * What a seat costs: money, credits, either, or nothing.
 * @param {Session} session
 */
export function price({ amount, currency, credits_required: needed }) {
  if (!amount) return t("free");
  const one = money(amount, currency);
  return needed ? t("or", { one, other: credits(needed) }) : one;
}

/**
 * Whether the visitor's credits are enough.
 * @param {Session} session
 */
export const affordable = ({ amount, credits_required: needed }) => amount > 0 && needed > 0 && visitor.balance >= needed;

/**
 * How many seats are left, in words.
 * @param {Session} session
 */
export const seatsLeft = ({ seats_available: count }) => (count ? t("seats.left", { count }) : t("seats.none"));

/** A small mark for how a session stands. */
export const mark = ({ kind, entry }) =>
  kind === "open" || kind === "full" ? null : h("span", { class: `mark ${kind}` }, t(`state.${kind}`, entry));

/** The one thing to do about a session in a list: one tap with credits or for nothing, else a page with the choices. */
export function quick(session, stand, changed) {
  const { kind, booking } = stand;
  const link = (text, to) => h("a", { class: "button", href: to, "aria-label": named(text, session) }, text);
  if (kind === "paid") return link(t("session.see"), `#/bookings/${booking.reference}`);
  if (kind === "pending") return link(t("session.keepPaying"), `#/pay/${booking.reference}`);
  const oneTap = kind === "open" && visitor.member && (affordable(session) || !session.amount);
  if (oneTap) return bookButton(session, session.amount ? "credits" : "auto", changed, { kind: "main" });
  return link(t(kind === "open" ? "session.book" : "session.details"), `#/session/${session.id}`);
}

const named = (does, { title, starts_at: at }) => t("session.bookNamed", { does, title, when: when(at) });

/**
 * A button that books; `changed` runs afterwards, whatever came of it.
 * @param {Session} session
 */
export function bookButton(session, payWith, changed, { kind = "", take = false, within = null } = {}) {
  const cost = payWith === "credits" ? { credits: credits(session.credits_required) } : { price: money(session.amount, session.currency) };
  const verb = !session.amount ? "bookFree" : payWith === "credits" ? (take ? "takeCredits" : "bookCredits") : (take ? "takeCard" : "bookCard");
  const label = t(`session.${verb}`, cost);
  return act(label, () => book(session, payWith).finally(changed), { kind, within, describe: named(label, session) });
}

/** Answers that opened a payment, on their way to the page where it is paid: the secret stands nowhere else. */
export const handed = new Map();

/** @param {Session} session */
async function book(session, payWith) {
  const booking = await api.book(session.id, payWith).catch((error) => kept(session, error));
  if (booking.status === "paid") {
    await count();
    const told = t("session.booked", { title: session.title, when: when(session.starts_at) });
    say(told, " ", h("a", { href: `#/bookings/${booking.reference}` }, t("session.see")));
  } else {
    if (booking.stripe_client_secret) handed.set(booking.reference, booking);
    location.hash = `#/pay/${booking.reference}`;
  }
}

/** Stripe did not answer, and the seat is held all the same: the page that pays goes on from there. */
async function kept(session, error) {
  const held = error.code === "payments_unavailable" && (await mine()).booked.get(session.id);
  if (held) return held;
  throw error;
}
