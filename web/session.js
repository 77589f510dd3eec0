/** One session: what it is, and every way to get a seat in it. */

import * as api from "./api.js";
import { act, every, h, notice, say, show } from "./page.js";
import { affordable, bookButton, mine, minutes, price, seatsLeft, standing } from "./seat.js";
import { now, studio, visitor } from "./studio.js";
import { left, longDay, t, time, when } from "./words.js";

export default async function session({ main, parameters: [id], signal }) {
  let shown = "";
  async function load() {
    const [found, own] = await Promise.all([api.oneSession(id), mine()]);
    const stand = standing(found, own);
    const seen = JSON.stringify([found, stand, visitor.balance]);
    if (signal.aborted || seen === shown) return;
    shown = seen;
    show(main, about(found), choices(found, stand, refresh, signal));
  }
  const refresh = () => load().catch(() => {}); // the next round asks again
  await load();
  every(15_000, refresh, signal);
}

/**
 * What it is, when and where.
 * @param {import("./seat.js").Session} session
 */
export function about(session) {
  const facts = [session.instructor && t("session.with", session), session.location, t("session.minutes", { count: minutes(session) })];
  return [
    h("h1", { tabindex: -1 }, session.title),
    h("p", { class: "lead" }, h("time", { datetime: session.starts_at }, `${longDay(session.starts_at)}, ${time(session.starts_at)}`)),
    h("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")),
    session.description && h("p", { class: "text" }, session.description),
    h("p", { class: "facts" }, h("span", {}, seatsLeft(session)), h("span", {}, price(session))),
  ];
}

/** What the visitor can do now. */
function choices(session, stand, changed, signal) {
  const { kind, booking, entry } = stand;
  if (kind === "called" || kind === "closed") return notice(t(kind === "called" ? "session.called" : "session.over"));
  if (kind === "paid") return [notice(t("state.paid"), { kind: "good" }), h("p", {}, h("a", { class: "button", href: `#/bookings/${booking.reference}` }, t("session.see")))];
  if (!visitor.member) return h("p", {}, h("a", { class: "button main", href: `#/sign-in?then=${encodeURIComponent(location.hash)}` }, t("session.signIn")));
  if (kind === "pending") return h("p", {}, h("a", { class: "button main", href: `#/pay/${booking.reference}` }, t("session.keepPaying")));
  const box = h("div", { class: "choices" });
  const again = { within: box };
  if (kind === "waiting") show(box, notice(t("session.waiting", entry)), leaving("session.leave"));
  if (kind === "full") show(box, notice(t("session.full")), act(t("session.join"), join, { kind: "main", ...again }));
  const lapsed = () => (show(box, notice(t("session.offerOver"))), changed());
  if (kind === "offered") show(box, h("div", { class: "notice good" }, countdown("session.offer", entry.expires_at, lapsed, signal), h("p", { class: "quiet" }, when(entry.expires_at))), ways({ take: true }), leaving("session.decline"));
  if (kind === "open") show(box, ways({}));
  return box;

  function ways({ take = false }) {
    const options = { take, ...again };
    const byCredits = affordable(session) && bookButton(session, "credits", changed, { kind: "main", ...options });
    const card = (session.amount > 0 && studio.payments_enabled || !session.amount) &&
      bookButton(session, session.amount ? "card" : "auto", changed, { kind: byCredits ? "" : "main", ...options });
    const poor = session.amount > 0 && session.credits_required > 0 && !byCredits && studio.payments_enabled;
    return [!card && notice(t("session.noCards")), h("div", { class: "row" }, byCredits, card, poor && h("a", { class: "button", href: "#/credits" }, t("session.buy")))];
  }
  function leaving(label) {
    return act(t(label), () => api.leave(session.id).then(() => say(t("session.gone"))).finally(changed), again);
  }
  async function join() {
    await api.join(session.id).then(() => say(t("session.joined"))).finally(changed);
  }
}

/** A text that says what is left until then, by the second; it has its end once nobody sees it any more. */
export function countdown(text, until, over, signal) {
  const told = h("p", {});
  const rest = () => Date.parse(until) - now();
  const tick = () => show(told, t(text, { left: left(rest()) }));
  tick();
  every(1000, () => told.isConnected && (rest() > 0 ? tick() : over()), signal);
  return told;
}
