/** The frame: which page an address shows, who is signed in, and what every page shares. */

import { opened } from "./first.js";
import { act, h, notice, show } from "./page.js";
import schedule from "./schedule.js";
import { meet, studio, visitor } from "./studio.js";
import { credits, refusal, t } from "./words.js";

const main = document.getElementById("main");

/**
 * Addresses stand behind the `#`, so that any web server can serve this page. A page that needs a member says so.
 * @type {[RegExp, string, () => any, boolean?][]}
 */
const pages = [
  [/^\/(?:week\/(\d{4}-\d\d-\d\d))?$/, "schedule", () => schedule],
  [/^\/session\/(\d+)$/, "schedule", () => import("./session.js")],
  [/^\/pay\/(\w+)$/, "bookings", () => import("./pay.js").then(({ booking }) => booking), true],
  [/^\/pack\/(\w+)$/, "credits", () => import("./pay.js").then(({ purchase }) => purchase), true],
  [/^\/bookings$/, "bookings", () => import("./bookings.js"), true],
  [/^\/bookings\/(\w+)$/, "bookings", () => import("./booking.js"), true],
  [/^\/credits$/, "credits", () => import("./wallet.js")],
  [/^\/account$/, "account", () => import("./account.js"), true],
  [/^\/sign-in$/, "signIn", () => import("./sign.js").then(({ signIn }) => signIn)],
  [/^\/sign-up$/, "signIn", () => import("./sign.js").then(({ signUp }) => signUp)],
  [/^\/forgot$/, "signIn", () => import("./sign.js").then(({ forgot }) => forgot)],
  [/^\/password\/([\w-]+)$/, "signIn", () => import("./sign.js").then(({ choose }) => choose)],
  [/^\/confirm\/([\w:%-]+)$/, "signIn", () => import("./sign.js").then(({ confirm }) => confirm)],
];

// What stands behind the `#` is a page here, so the link past the navigation is followed by hand.
const skip = document.querySelector(".skip");
skip.textContent = t("skip");
skip.addEventListener("click", (event) => (event.preventDefault(), main.focus()));
document.querySelector(".brand span").textContent = t("brand");

let visit = new AbortController();
let returned = comeBack();
let current;
start();

async function start() {
  document.title = t("brand");
  try {
    await opened();
  } catch (error) {
    return show(main, notice(refusal(error), { kind: "bad", actions: [act(t("again"), start)] }));
  }
  demo();
  addEventListener("hashchange", () => turn({}));
  addEventListener("met", () => navigation());
  addEventListener("signedout", async () => {
    if (!visitor.member) return;
    visitor.member = null; // of several requests that are refused at once, the first leads to the door
    await meet().catch(() => {});
    location.hash = `#/sign-in?out=1&then=${encodeURIComponent(location.hash)}`;
  });
  await turn({ first: true });
}

/** Show the page of the present address. */
async function turn({ first = false }) {
  visit.abort();
  visit = new AbortController();
  const { signal } = visit;
  const [path, asked = ""] = (location.hash.slice(1) || "/").split("?");
  const [pattern, name, load, members] = pages.find(([pattern]) => pattern.test(path)) ?? [null, null, () => nothing];
  navigation(name);
  if (members && !visitor.member) return location.replace(`#/sign-in?then=${encodeURIComponent(location.hash)}`);
  if (name !== "schedule" || !first) show(main, h("p", { class: "quiet" }, t("loading")));
  try {
    const found = await load();
    if (signal.aborted) return;
    const page = found.default ?? found;
    await page({ main, signal, parameters: pattern?.exec(path).slice(1).map((part) => part && decodeURIComponent(part)), query: new URLSearchParams(asked), returned: take() });
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (error.status === 404) nothing();
    else show(main, notice(refusal(error), { kind: "bad", actions: [act(t("again"), () => turn({})), h("a", { href: "#/" }, t("back"))] }));
  }
  if (signal.aborted) return;
  document.title = [main.querySelector("h1")?.firstChild?.textContent, t("brand")].filter(Boolean).join(" · ");
  if (!first) (main.querySelector("h1[tabindex]") ?? main).focus({ preventScroll: true });
  if (!first) scrollTo(0, 0);
}

const nothing = () => show(main, h("h1", { tabindex: -1 }, t("missing.title")), h("p", {}, t("missing.text")), h("p", {}, h("a", { href: "#/" }, t("back"))));

/** Stripe sends payers back with the outcome, and the secret, in the address: read the one, forget the other. */
function comeBack() {
  const asked = new URLSearchParams(location.search);
  // The links of messages name a booking.
  if (/^\w+$/.test(asked.get("booking") ?? "")) history.replaceState(null, "", `${location.pathname}#/bookings/${asked.get("booking")}`);
  if (!asked.has("payment_intent")) return null;
  history.replaceState(null, "", location.pathname + location.hash);
  return asked.get("redirect_status") ?? "succeeded";
}

/** What came back is told once. */
const take = () => ([returned] = [null, returned])[1];

function navigation(name = current) {
  current = name;
  const { member, balance } = visitor;
  const link = (name, to, text = t(`nav.${name}`)) => h("a", { href: to, "aria-current": name === current && "page" }, text);
  const nav = document.getElementById("nav");
  nav.ariaLabel = t("nav.label");
  show(nav, link("schedule", "#/"), member && link("bookings", "#/bookings"), link("credits", "#/credits", balance ? credits(balance) : t("nav.credits")),
    member ? link("account", "#/account") : link("signIn", "#/sign-in"), member?.is_staff && h("a", { href: "/admin/" }, t("nav.staff")));
}

/** Against the sandbox, say so, and lead to the page where a person plays bank and phone. */
function demo() {
  const { origin, hostname } = new URL(studio.stripe_js_url);
  if (!studio.payments_enabled || !["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return;
  const banner = document.getElementById("demo");
  banner.hidden = false;
  show(banner, h("strong", {}, t("demo")), " ", t("demoMembers"), " ", h("a", { href: `${origin}/` }, t("demoConsole")));
}
