/** Signing in and up, and a forgotten password: allauth's browser client. */

import * as api from "./api.js";
import { field, form, h, notice, say, show } from "./page.js";
import { meet, visitor } from "./studio.js";
import { t } from "./words.js";

const email = () => field(t("sign.email"), { name: "email", type: "email", autocomplete: "username", required: true });
const password = (autocomplete) => field(t("sign.password"), { name: "password", type: "password", autocomplete, required: true });
const page = (main, title, ...content) => show(main, h("div", { class: "narrow" }, h("h1", { tabindex: -1 }, t(title)), ...content));
const link = (to, text) => h("p", {}, h("a", { href: to }, t(text)));

export function signIn({ main, query, signal }) {
  if (visitor.member) return goOn(query);
  page(main, "sign.in", query.get("out") && notice(t("sign.out")),
    form({ fields: [email(), password("current-password")], send: t("sign.send"), does: ({ email, password }) => entered(() => api.signIn(email, password), query, signal) }),
    link(`#/sign-up?${query}`, "sign.toUp"), link("#/forgot", "sign.forgot"));
}

export function signUp({ main, query, signal }) {
  if (visitor.member) return goOn(query);
  const name = field(t("sign.name"), { name: "name", autocomplete: "name", maxlength: 150 });
  const does = ({ email, password, name }) => entered(async () => {
    await api.signUp(email, password);
    if (name) await api.change({ name });
    say(t("sign.welcome"));
  }, query, signal);
  page(main, "sign.up", form({ fields: [name, email(), password("new-password")], send: t("sign.sendUp"), does }), link(`#/sign-in?${query}`, "sign.toIn"));
}

/** Sign in, and go on where the visitor was. Whoever has turned to another page meanwhile stays there. */
async function entered(enter, query, signal) {
  const elsewhere = await enter();
  if (elsewhere) return location.assign(elsewhere);
  await meet();
  if (!signal.aborted) goOn(query);
}

/** Only ever to a page of this site; the way back does not lead through the door again. */
function goOn(query) {
  const then = query.get("then") ?? "";
  location.replace(then.startsWith("#/") ? then : "#/");
}

export function forgot({ main }) {
  const does = async ({ email }) => {
    await api.askReset(email);
    page(main, "sign.forgotTitle", notice(t("sign.forgotDone"), { kind: "good" }), link("#/sign-in", "sign.in"));
  };
  page(main, "sign.forgotTitle", h("p", { class: "quiet" }, t("sign.forgotText")), form({ fields: [email()], send: t("sign.forgotSend"), does }));
}

export function choose({ main, parameters: [key] }) {
  const does = async ({ password }) => {
    await api.reset(key, password);
    say(t("sign.resetDone"));
    location.hash = "#/sign-in";
  };
  page(main, "sign.resetTitle", form({ fields: [password("new-password")], send: t("sign.resetSend"), does }), link("#/forgot", "sign.forgot"));
}

export async function confirm({ main, parameters: [key] }) {
  page(main, "sign.confirming");
  await api.confirmEmail(key);
  page(main, "sign.confirmed", link("#/", "nav.schedule"));
}
