/** One booking: how it stands, what happened to it, and giving it back with the quote shown first. */

import * as api from "./api.js";
import { act, h, say, show } from "./page.js";
import { holds } from "./seat.js";
import { about, countdown } from "./session.js";
import { count, now } from "./studio.js";
import { credits, money, refusal, t, texts, when } from "./words.js";

export default async function booking(visit) {
  const { main, parameters: [reference], signal } = visit;
  const [found, moves] = await Promise.all([api.booking(reference), api.history(reference)]);
  const session = await api.oneSession(found.session);
  if (signal.aborted) return;
  const { status } = found;
  const begun = Date.parse(session.starts_at) <= now();
  const seated = holds(found);
  const may = seated && !begun && !found.checked_in_at;
  const state = stateOf(found, begun);
  const offered = moves[0].reason === "offer"; // taken on the page of the session, with credits or by card
  show(main, about(session).slice(0, -1),
    h("p", { class: "facts" }, h("span", { class: `mark ${state}` }, t(`state.${state}`)), h("span", { class: "code" }, t("bookings.reference", { reference }))),
    facts(found),
    h("p", { class: "row" }, status === "pending" && !begun && h("a", { class: "button main", href: offered ? `#/session/${session.id}` : `#/pay/${reference}` }, t(offered ? "session.details" : "session.keepPaying")),
      seated && !begun && h("a", { class: "button", href: `/api/booking/bookings/${reference}/calendar.ics`, download: true }, t("bookings.calendar"))),
    may && giveBack(found, visit),
    h("section", {}, h("h2", {}, t("booking.history")), h("ol", { class: "history" }, moves.map(({ to, reason, by, at }) =>
      h("li", {}, h("time", { datetime: at }, when(at)), " ", t(`state.${to}`), told(reason, by))))));
}

/** How a booking stands, for people: what was held until the start is over then, whatever was to come of it. */
export function stateOf(booking, begun) {
  const { status, checked_in_at: checked, ended_reason: reason } = booking;
  if (checked) return "checked";
  if (reason === "session_cancelled") return "called";
  return begun && holds(booking) ? "closed" : status;
}

/** @param {Awaited<ReturnType<typeof api.booking>>} booking */
function facts({ status, paid_with: how, amount, currency, credits_spent: spent, created_at: made, expires_at: until }) {
  const paid = how && t(`booking.${how}`, { price: money(amount, currency), credits: credits(spent) });
  const row = (name, value) => value && [h("dt", {}, name), h("dd", {}, value)];
  return h("dl", {}, row(t("booking.paidBy"), paid), row(t("booking.on"), when(made)), row(t("booking.held"), status === "pending" && when(until)));
}

/** Why it changed, where that says more than the new state: by whom, or for which reason. */
function told(reason, by) {
  const why = texts.booking.reason[reason] ?? (by.startsWith("staff") && texts.booking.byStaff);
  return why ? ` (${why})` : "";
}

/** Cancelling asks twice: the quote is shown first, and what it says is what is returned. */
function giveBack(found, visit) {
  const box = h("section", { class: "cancelling", tabindex: -1 });
  const quoted = async () => show(box, terms(await api.cancellation(found.reference)));
  const ask = act(t("booking.cancel"), quoted, { kind: "quietly" });
  show(box, ask);
  return box;

  /** @param {Awaited<ReturnType<typeof api.cancellation>>} quote */
  function terms(quote) {
    const returned = returns(found, quote);
    return h("div", { class: "notice", role: "group", "aria-label": t("booking.cancel") }, h("p", { class: "lead" }, returned), countdown("booking.promise", quote.quote_expires_at, renew, visit.signal),
      h("p", { class: "row" }, act(t("booking.sure"), () => cancel(quote.quote, returned), { kind: "bad", within: box }), act(t("booking.keep"), async () => show(box, ask))));
  }
  /** A quote that has run out is asked for anew; what cannot be cancelled by then is shown as it is. */
  function renew() {
    quoted().catch(({ status }) => status === 409 && booking(visit)).catch(() => {}); // the next second asks again
  }
  /** What cannot be done any more, or not on these terms, is told; and how it stands by now is shown. */
  async function cancel(quote, returned) {
    let told = [t("booking.done"), " ", returned];
    try {
      await api.cancel(found.reference, quote);
    } catch (error) {
      if (error.code !== "not_cancellable" && error.code !== "invalid") throw error;
      told = [error.code === "invalid" ? t("booking.stale") : refusal(error)];
    }
    await count();
    await booking(visit);
    if (visit.signal.aborted) return;
    say(...told);
    visit.main.focus();
  }
}

/** What comes back, in words. */
function returns({ status, paid_with: how, amount: paid, currency }, quote) {
  if (quote.returns === "card") return t(quote.amount < paid ? "booking.returnsPart" : "booking.returnsCard", { price: money(quote.amount, currency), paid: money(paid, currency) });
  if (quote.returns === "desk") return t(quote.amount < paid ? "booking.returnsDeskPart" : "booking.returnsDesk", { price: money(quote.amount, currency), paid: money(paid, currency) });
  if (quote.returns === "credits") return t("booking.returnsCredits", { credits: credits(quote.credits) });
  return t(status === "pending" ? "booking.returnsHold" : how === "free" ? "booking.returnsFree" : "booking.returnsNothing");
}
