/** The member: name, phone and consent, calendar, password, their data, and leaving. */

import * as api from "./api.js";
import { act, field, form, h, notice, say, show } from "./page.js";
import { meet, visitor } from "./studio.js";
import { fullDay, t } from "./words.js";

export default async function account({ main, signal }) {
  const feed = await api.calendar();
  if (signal.aborted) return;
  const section = (name, ...content) => h("section", { class: "card panel", "aria-labelledby": name }, h("h2", { id: name }, t(`account.${name}`)), ...content);
  show(main, h("h1", { tabindex: -1 }, t("account.title")),
    section("about", h("p", { class: "quiet" }, visitor.member.email), about()),
    section("calendar", h("p", { class: "quiet" }, t("account.calendarText")), calendar(feed)),
    section("password", password()), section("data", data()),
    h("p", {}, act(t("account.signOut"), signOut)));
}

function about() {
  const { name, phone, whatsapp_opt_in: consent } = visitor.member;
  return form({
    fields: [
      field(t("account.name"), { name: "name", value: name, autocomplete: "name", maxlength: 150 }),
      field(t("account.phone"), { name: "phone", value: phone, type: "tel", autocomplete: "tel" }, t("account.phoneHint")),
      field(t("account.consent"), { name: "whatsapp_opt_in", type: "checkbox", checked: consent }, t("account.consentHint")),
    ],
    send: t("account.save"),
    async does(filled) {
      visitor.member = await api.change({ ...filled, whatsapp_opt_in: Boolean(filled.whatsapp_opt_in) });
      say(t("account.saved"));
      dispatchEvent(new Event("met"));
    },
  });
}

function calendar(feed) {
  const box = h("div", { tabindex: -1 });
  const make = (label) => act(t(label), async () => fresh((await api.newCalendar()).url), { within: box });
  const end = () => act(t("account.calendarEnd"), async () => (await api.endCalendar(), say(t("account.calendarEnded")), none()), { within: box });
  const none = () => show(box, make("account.calendarNew"));
  const have = (since) => show(box, h("p", {}, t("account.calendarHave", { when: fullDay(since) })), h("p", { class: "row" }, make("account.calendarRenew"), end()));
  const fresh = (url) => show(box, field(t("account.calendarIs"), { value: url, readonly: true, onfocus: ({ target }) => target.select() }),
    h("p", { class: "row" }, h("a", { class: "button main", href: url.replace(/^https?/, "webcal") }, t("account.calendarOpen")), end()));
  if (feed.active) have(feed.created_at);
  else none();
  return box;
}

function password() {
  return form({
    fields: [
      h("input", { type: "email", autocomplete: "username", value: visitor.member.email, hidden: true }),
      field(t("account.current"), { name: "current_password", type: "password", autocomplete: "current-password", required: true }),
      field(t("account.next"), { name: "new_password", type: "password", autocomplete: "new-password", required: true }),
    ],
    send: t("account.change"),
    async does({ current_password: current, new_password: next }) {
      await api.changePassword(current, next);
      say(t("account.changed"));
    },
  });
}

function data() {
  const box = h("div", { tabindex: -1 });
  const ask = act(t("account.erase"), async () => show(box, notice(t("account.eraseText"), {
    actions: [h("p", { class: "row" }, act(t("account.eraseSure"), erase, { kind: "bad", within: box }), act(t("booking.keep"), async () => show(box, ask)))],
  })), { kind: "quietly" });
  show(box, ask);
  return [h("p", {}, h("a", { class: "button", href: "/api/members/me/export/", download: true }, t("account.export"))), box];
}

const leave = async (told) => (await meet(), say(t(told)), (location.hash = "#/"));

async function erase() {
  await api.erase();
  await leave("account.erased");
}

async function signOut() {
  await api.signOut();
  await leave("account.signedOut");
}
