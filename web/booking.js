/** One booking: how it stands, what happened to it, and giving it back with the quote shown first. */

import * as api from "./api.js";
import { act, h, say, show } from "./page.js";
import { about } from "./session.js";
import { count, now } from "./studio.js";
import { credits, left, money, t, texts, when } from "./words.js";

export default async function booking(visit) {
  const { main, parameters: [reference], signal } = visit;
  const [found, moves] = await Promise.all([api.booking(reference), api.history(reference)]);
  const session = await api.oneSession(found.session);
  if (signal.aborted) return;
  const { status } = found;
  const begun = Date.parse(session.starts_at) <= now();
  const may = (status === "paid" || status === "pending") && !begun && !found.checked_in_at;
  show(main, about(session).slice(0, -1),
    h("p", { class: "facts" }, h("span", { class: `mark ${status}` }, t(`state.${found.checked_in_at ? "checked" : status}`)), h("span", { class: "code" }, t("bookings.reference", { reference }))),
    facts(found),
    h("p", { class: "row" }, status === "pending" && !begun && h("a", { class: "button main", href: `#/session/${session.id}` }, t("session.keepPaying")),
      (status === "paid" || status === "pending") && h("a", { class: "button", href: `/api/booking/bookings/${reference}/calendar.ics`, download: true }, t("bookings.calendar"))),
    may && giveBack(found, visit),
    h("section", {}, h("h2", {}, t("booking.history")), h("ol", { class: "history" }, moves.map(({ to, reason, by, at }) =>
      h("li", {}, h("time", { datetime: at }, when(at)), " ", t(`state.${to}`), told(reason, by))))));
}

function facts({ paid_with: how, amount, currency, credits_spent: spent, created_at: made }) {
  const paid = how && t(`booking.${how}`, { price: money(amount, currency), credits: credits(spent) });
  const row = (name, value) => value && [h("dt", {}, name), h("dd", {}, value)];
  return h("dl", {}, row(t("booking.paidBy"), paid), row(t("booking.on"), when(made)));
}

/** Why it changed, where that says more than the new state: by whom, or for which reason. */
function told(reason, by) {
  const why = texts.booking.reason[reason] ?? (by.startsWith("staff") && texts.booking.byStaff);
  return why ? ` (${why})` : "";
}

/** Cancelling asks twice: the quote is shown first, and what it says is what is returned. */
function giveBack(found, visit) {
  const box = h("section", { class: "cancelling", tabindex: -1 });
  const ask = act(t("booking.cancel"), async () => show(box, terms(await api.cancellation(found.reference))), { kind: "quietly" });
  show(box, ask);
  return box;

  function terms(quote) {
    const returned = found.status === "pending" ? t("booking.returnsHold")
      : quote.returns === "card" ? t("booking.returnsCard", { price: money(quote.amount, quote.currency) })
      : quote.returns === "credits" ? t("booking.returnsCredits", { credits: credits(quote.credits) })
      : t("booking.returnsNothing");
    const kept = left(Date.parse(quote.quote_expires_at) - now());
    return h("div", { class: "notice", role: "group", "aria-label": t("booking.cancel") }, h("p", { class: "lead" }, returned),
      h("p", { class: "quiet" }, t("booking.promise", { left: kept })),
      h("p", { class: "row" }, act(t("booking.sure"), () => cancel(quote.quote), { kind: "bad", within: box }), act(t("booking.keep"), async () => show(box, ask))));
  }
  async function cancel(quote) {
    await api.cancel(found.reference, quote);
    await count();
    say(t("booking.done"));
    await booking(visit);
    visit.main.focus();
  }
}
