/** Credits: what there is, packs to buy, and what became of them. */

import * as api from "./api.js";
import { act, h, show } from "./page.js";
import { handed } from "./seat.js";
import { studio, visitor } from "./studio.js";
import { credits, day, fullDay, money, t } from "./words.js";

export default async function wallet({ main, signal }) {
  const [mine, packs] = await Promise.all([visitor.member ? api.credits() : null, api.packs()]);
  if (signal.aborted) return;
  show(main, h("h1", { tabindex: -1 }, t("wallet.title")), mine && owned(mine),
    h("section", {}, h("h2", {}, t("wallet.packs")), packs.length ? h("div", { class: "packs" }, packs.map(pack)) : h("p", { class: "empty" }, t("wallet.noPacks"))),
    mine?.entries.length > 0 && h("section", {}, h("h2", {}, t("wallet.entries")), h("ol", { class: "history" }, mine.entries.map(({ at, kind, credits: moved, note }) =>
      h("li", {}, h("time", { datetime: at }, day(at)), ` ${t(`wallet.kind.${kind}`)} `, h("b", {}, moved > 0 ? `+${moved}` : `−${-moved}`), kind === "granted" && note && ` · ${note}`)))));
}

/** @param {Awaited<ReturnType<typeof api.credits>>} credits */
function owned({ balance, lots }) {
  const lot = ({ remaining, granted, expires_at: until }) =>
    h("li", {}, h("b", {}, t("wallet.lot", { left: remaining, granted })), " ", until ? t("wallet.until", { when: fullDay(until) }) : t("wallet.forever"));
  return h("section", {}, h("p", { class: "lead" }, balance ? t("wallet.balance", { credits: credits(balance) }) : t("wallet.none")), lots.length > 0 && h("ul", { class: "lots" }, lots.map(lot)));
}

/** @param {Awaited<ReturnType<typeof api.packs>>[number]} pack */
function pack({ id, name, credits: number, amount, currency, valid_days: days }) {
  const price = money(amount, currency);
  const buying = async () => {
    if (!visitor.member) return (location.hash = "#/sign-in?then=%23%2Fcredits");
    const bought = await api.buy(id);
    handed.set(bought.purchase, bought);
    location.hash = `#/pack/${bought.purchase}`;
  };
  return h("article", { class: "card pack" }, h("h3", {}, name), h("p", { class: "quiet" }, t("wallet.pack", { credits: credits(number), days })),
    studio.payments_enabled ? act(t("wallet.buy", { price }), buying, { kind: "main", describe: t("wallet.buyNamed", { name, price }) }) : h("p", { class: "price" }, price));
}
