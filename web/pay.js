/**
 * Paying by card: a hold, or a pack of credits.
 *
 * What Stripe.js tells the browser is advice. The booking is asked again and again until the webhook has reached the
 * studio, and after some seconds the studio is told to ask Stripe itself (`sync/`).
 */

import * as api from "./api.js";
import { act, complain, h, notice, pause, show } from "./page.js";
import { handed } from "./seat.js";
import { about } from "./session.js";
import { cardForm } from "./card.js";
import { count, now } from "./studio.js";
import { credits, left, money, t } from "./words.js";

/** A hold of a seat. */
export async function booking({ main, parameters: [reference], returned, signal }) {
  const first = await api.booking(reference);
  const session = await api.oneSession(first.session);
  return pay({
    main, signal, returned, first, title: about(session).slice(1, 3),
    name: session.title, amount: first.amount, currency: first.currency,
    look: () => api.booking(reference),
    sync: () => api.sync(reference),
    open: async () => handed.get(reference) ?? api.book(first.session, "card"),
    forget: () => handed.delete(reference),
    moved: (other) => other.reference !== reference && `#/pay/${other.reference}`,
    success: () => [notice(t("pay.paid"), { kind: "good" }), h("p", {}, h("a", { class: "button main", href: `#/bookings/${reference}` }, t("session.see")))],
    held: "pay.held",
    over: ({ status, ended_reason: reason }) => [
      notice(t(status === "cancelled" ? "pay.cancelled" : reason === "payment_failed" ? "pay.declined" : reason === "expired" ? "pay.ended" : "pay.freed"), { kind: "bad" }),
      h("p", { class: "row" }, h("a", { class: "button main", href: `#/session/${first.session}` }, t("pay.bookAgain")), h("a", { class: "button", href: "#/" }, t("back"))),
    ],
    giveUp: () => api.cancel(reference),
  });
}

/** A purchase of a pack. */
export async function purchase({ main, parameters: [reference], returned, signal }) {
  const first = await api.purchase(reference);
  return pay({
    main, signal, returned, first, title: h("p", { class: "lead" }, `${first.name}: ${credits(first.credits)}`),
    name: first.name, amount: first.amount, currency: first.currency,
    look: () => api.purchase(reference),
    sync: () => api.syncPurchase(reference),
    open: async () => handed.get(reference) ?? api.buy(first.pack),
    forget: () => handed.delete(reference),
    moved: (other) => other.purchase !== reference && `#/pack/${other.purchase}`,
    success: () => [notice(t("pay.packPaid"), { kind: "good" }), h("p", {}, h("a", { class: "button main", href: "#/credits" }, t("nav.credits")))],
    held: "pay.packHeld",
    over: () => [notice(t("pay.packEnded"), { kind: "bad" }), h("p", {}, h("a", { class: "button main", href: "#/credits" }, t("pay.buyAgain")))],
  });
}

async function pay(what) {
  const { main, signal } = what;
  const clock = h("p", { class: "clock" });
  const box = h("div", { class: "paying" });
  const giveUp = what.giveUp && h("p", {}, act(t("session.giveBack"), async () => settle(await what.giveUp()), { kind: "quietly", within: box }));
  show(main, h("h1", { tabindex: -1 }, t("pay.title")), h("section", { class: "card summary", "aria-label": t("pay.what") }, h("h2", {}, what.name), what.title, h("p", { class: "price" }, money(what.amount, what.currency))), clock, box, giveUp);
  let form;
  let watching;
  signal.addEventListener("abort", () => form?.remove());
  if (settle(what.first)) return;
  if (what.returned && what.returned !== "failed") return confirming(what.returned);
  try {
    await fill();
  } catch (error) {
    return retry(error);
  }
  if (what.returned) complain(box.lastElementChild, { errors: [{ detail: t("pay.tryAgain") }] });
  watch(3000);

  /** The card form, for a secret that was handed over or is asked for again: the same request, the same intent. */
  async function fill() {
    show(box, h("p", { class: "quiet" }, t("pay.loading")));
    const opened = await what.open();
    what.forget();
    if (what.moved(opened)) return location.replace(what.moved(opened));
    if (settle(opened)) return;
    if (!opened.stripe_client_secret) return confirming("processing");
    tick(opened.expires_at);
    const place = h("div", { class: "element" });
    show(box, place);
    form = await cardForm(place, opened.stripe_client_secret).catch(() => {
      throw { errors: [{ detail: t("pay.noScript") }] };
    });
    if (signal.aborted) return form.remove();
    const price = money(what.amount, what.currency);
    box.append(act(t("pay.button", { price }), () => confirm(opened), { kind: "main wide" }));
  }

  /** The provider does not answer: the hold stands, and the same request continues it. */
  function retry(error) {
    if (error.name === "AbortError") throw error;
    show(box, act(t("again"), () => fill().then(() => watch(3000)), { kind: "main" }));
    complain(box, error);
    watch(3000);
    if (error.wait) pause(error.wait * 1000, signal).then(() => box.querySelector(".element") ?? box.querySelector("button")?.click()).catch(() => {});
  }

  async function confirm() {
    const answer = await form.confirm(`${location.origin}${location.pathname}${location.hash}`);
    if (signal.aborted) return;
    const gone = answer.error?.code === "payment_intent_unexpected_state";
    if (answer.error?.type === "validation_error") return; // the form says so itself
    if (answer.error && !gone) {
      if (!settle(await what.look())) complain(box.lastElementChild, { errors: [{ detail: answer.error.message }] });
      return watch(1000);
    }
    return confirming(answer.paymentIntent?.status ?? "succeeded");
  }

  /** The money is on its way; the form has done its work. */
  function confirming(status) {
    form?.remove();
    giveUp?.remove();
    clearInterval(clock.timer);
    show(clock);
    const processing = status === "processing";
    show(box, h("p", { class: "waiting", role: "status" }, t(processing ? "pay.processing" : "pay.confirming")));
    return watch(1000, [5, 15, 40]);
  }

  /** Ask how it stands until it has ended; at these seconds let the studio ask Stripe. */
  function watch(...how) {
    look(...how).catch(() => {}); // it ends when the visitor leaves
  }
  async function look(interval, syncs = []) {
    const mine = (watching = {});
    for (let round = 0; watching === mine; round++) {
      await pause(round < 30 ? interval : 5000, signal);
      if (document.hidden || watching !== mine) continue;
      const sync = syncs[0] <= ((round + 1) * interval) / 1000 && syncs.shift();
      const found = await (sync ? what.sync() : what.look()).catch(() => null); // the next round asks again
      if (watching !== mine || (found && settle(found))) return;
      if (sync && !syncs.length) show(box, h("p", { class: "waiting", role: "status" }, t("pay.later")));
    }
  }

  /** Whether it has ended: then say how. */
  function settle(found) {
    if (signal.aborted) return true;
    if (found.status === "pending") return tick(found.expires_at), false;
    watching = undefined;
    form?.remove();
    giveUp?.remove();
    show(clock);
    box.nextElementSibling?.matches(".notice") && box.nextElementSibling.remove();
    show(box, found.status === "paid" ? what.success() : what.over(found));
    if (found.status === "paid") count().catch(() => {});
    main.focus();
    return true;
  }

  function tick(until) {
    clearInterval(clock.timer);
    const step = () => show(clock, t(what.held, { left: left(Date.parse(until) - now()) }));
    step();
    clock.timer = setInterval(step, 1000);
    signal.addEventListener("abort", () => clearInterval(clock.timer));
  }
}
