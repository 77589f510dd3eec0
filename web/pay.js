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
      notice(t(status === "cancelled" ? "pay.cancelled" : freed[reason] ?? "pay.freed"), { kind: reason === "member" ? "info" : "bad" }),
      h("p", { class: "row" }, reason !== "session_cancelled" && h("a", { class: "button main", href: `#/session/${first.session}` }, t("pay.bookAgain")), h("a", { class: "button", href: "#/" }, t("back"))),
    ],
    giveUp: () => api.cancel(reference),
  });
}

const freed = { payment_failed: "pay.declined", expired: "pay.ended", session_cancelled: "session.called" };

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
    over: ({ status }) => [notice(t(status === "refunded" ? "wallet.kind.refunded" : "pay.packEnded"), { kind: "bad" }), h("p", {}, h("a", { class: "button main", href: "#/credits" }, t("pay.buyAgain")))],
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
  let sent = false;
  let ended = false;
  signal.addEventListener("abort", close);
  if (settle(what.first)) return;
  if (what.returned && what.returned !== "failed") return confirming(what.returned);
  return begin(what.returned && t("pay.tryAgain"));

  /** Show the card form and `why` it is shown again; while it cannot be shown, the hold stands and may be gone on with. */
  async function begin(why, opened) {
    try {
      const button = await fill(opened);
      if (!button) return;
      if (why) complain(button, { errors: [{ detail: why }] });
    } catch (error) {
      if (signal.aborted || ended) return;
      const again = act(t("again"), () => begin(why), { kind: "main" });
      show(box, again);
      complain(again, error);
      if (error.wait) pause(error.wait * 1000, signal).then(() => again.isConnected && again.click()).catch(() => {});
    }
    watch(3000);
  }

  /** The card form, for a secret that was handed over or is asked for again: the same request, the same intent. */
  async function fill(known) {
    show(box, h("p", { class: "quiet" }, t("pay.loading")));
    const opened = known ?? (await what.open());
    what.forget();
    if (what.moved(opened)) return location.replace(what.moved(opened));
    if (ended || settle(opened)) return;
    if (!opened.stripe_client_secret) return confirming("processing");
    sent = false;
    tick(opened.expires_at);
    const place = h("div", { class: "element" });
    show(box, place);
    giveUp && box.after(giveUp);
    form = await cardForm(place, opened.stripe_client_secret).catch(() => {
      throw { errors: [{ detail: t("pay.noScript") }] };
    });
    if (signal.aborted || ended) return form.remove();
    const button = act(t("pay.button", { price: money(what.amount, what.currency) }), () => confirm(button), { kind: "main wide" });
    box.append(button);
    return button;
  }

  async function confirm(button) {
    button.nextElementSibling?.remove(); // what the last card was refused for
    const { error, paymentIntent } = await form.confirm(`${location.origin}${location.pathname}${location.hash}`);
    if (signal.aborted || ended || error?.type === "validation_error") return; // the form says so itself
    // Paid or ended meanwhile, perhaps in another window: the studio knows how.
    const gone = error?.code === "payment_intent_unexpected_state";
    if (!error || gone) return confirming((paymentIntent ?? error.payment_intent)?.status);
    const found = await what.look().catch(() => null);
    if (!found || !settle(found)) complain(button, { errors: [{ detail: error.message }] });
    watch(1000);
  }

  /** The money is on its way; the form has done its work. */
  function confirming(status) {
    close();
    sent = true;
    const words = { processing: "pay.processing", pending: "pay.processing", canceled: "loading" };
    show(box, h("p", { class: "waiting", role: "status" }, t(words[status] ?? "pay.confirming")));
    watch(1000, [5, 15, 40]);
  }

  /** Ask how it stands until it has ended; after these seconds let the studio ask Stripe. */
  function watch(...how) {
    if (!ended) look(...how).catch(() => {}); // it ends when the visitor leaves
  }
  async function look(interval, syncs = []) {
    const mine = (watching = {});
    const since = Date.now();
    for (let round = 0; watching === mine; round++) {
      await pause(round < 30 ? interval : 5000, signal);
      if (document.hidden || watching !== mine) continue;
      const sync = syncs[0] * 1000 <= Date.now() - since && syncs.shift();
      const found = await (sync ? what.sync() : what.look()).catch(() => null); // the next round asks again
      if (watching !== mine || (found && settle(found))) return;
      if (!sync) continue;
      // Not paid, says Stripe. Whatever can be paid again was declined meanwhile, or never tried.
      const opened = found && (await what.open().catch(() => null));
      if (watching !== mine) return;
      if (opened?.stripe_client_secret) return begin(t("pay.tryAgain"), opened);
      if (!syncs.length) show(box, h("p", { class: "waiting", role: "status" }, t("pay.later")));
    }
  }

  /** Whether it has ended: then say how, once. */
  function settle(found) {
    if (signal.aborted || ended) return true;
    if (found.status === "pending") return sent || tick(found.expires_at), false;
    ended = true;
    watching = undefined;
    close();
    box.nextElementSibling?.matches(".notice") && box.nextElementSibling.remove();
    show(box, found.status === "paid" ? what.success() : what.over(found));
    if (found.status === "paid") count().catch(() => {});
    main.focus();
    return true;
  }

  /** The form, the countdown and the button that gives back have had their time. */
  function close() {
    form?.remove();
    form = undefined;
    giveUp?.remove();
    clearInterval(clock.timer);
    show(clock);
  }

  function tick(until) {
    clearInterval(clock.timer);
    const step = () => show(clock, t(what.held, { left: left(Date.parse(until) - now()) }));
    step();
    clock.timer = setInterval(step, 1000);
  }
}
