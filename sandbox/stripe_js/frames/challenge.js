/** The issuer's question to the payer, in a dialog over the page. */

import { authenticate } from "/stripe_js/api.js";
import { serve } from "/stripe_js/port.js";

const [yes, no] = ["test-source-authorize-3ds", "test-source-fail-3ds"].map(
  (id) => /** @type {HTMLButtonElement} */ (document.getElementById(id)),
);
/** @type {(ok: boolean) => void} */
let decide = () => {};

serve({ ask, fail: () => decide(false) });

/** @param {any} question */
async function ask({ intent, ...access }) {
  const currency = intent.currency.toUpperCase();
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const amount = intent.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2);
  /** @type {HTMLElement} */ (document.getElementById("amount")).textContent = format.format(amount);
  yes.focus();
  const ok = await new Promise((resolve) => (decide = resolve));
  yes.disabled = no.disabled = true;
  return authenticate(access, ok);
}

yes.addEventListener("click", () => decide(true));
no.addEventListener("click", () => decide(false));
addEventListener("keydown", (event) => {
  if (event.key === "Escape") decide(false);
  if (event.key !== "Tab") return;
  event.preventDefault();
  (document.activeElement === yes ? no : yes).focus();
});
