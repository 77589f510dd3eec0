/** The Payment Element: the form, what it says to the page, and the confirmation with the card in it. */

import { confirm, retrieve } from "/stripe_js/api.js";
import * as card from "/stripe_js/card.js";
import { dress } from "/stripe_js/look.js";
import { serve, tell } from "/stripe_js/port.js";
import { keepSpaced } from "/stripe_js/typing.js";

const COUNTRIES =
  "AE AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GI GR HK HR HU IE IN IT JP LI LT LU LV MT MX MY NL NO NZ PL PT RO SE SG SI SK TH US"
    .split(" ");
const PAYABLE = ["requires_payment_method", "requires_confirmation", "requires_action"];

const form = /** @type {HTMLFormElement} */ (document.getElementById("form"));
const [number, expiry, cvc, postcode] = ["number", "expiry", "cvc", "postalCode"].map(
  (id) => /** @type {HTMLInputElement} */ (document.getElementById(id)),
);
const country = /** @type {HTMLSelectElement} */ (document.getElementById("country"));

/** @type {any} */
let setting;
/** @type {any} */
let options = {};
let told = JSON.stringify({ empty: true, complete: false });

const faults = () => [
  { input: number, fault: card.faultOfNumber(number.value) },
  { input: expiry, fault: card.faultOfExpiry(expiry.value, new Date()) },
  { input: cvc, fault: card.faultOfCode(cvc.value, number.value) },
  { input: postcode, fault: asks("postalCode") ? card.faultOfPostcode(postcode.value, country.value) : null },
];

serve({ setup, restyle, update, validate, confirm: pay, focus: () => number.focus(), blur, clear });

/** @param {{ setting: any, options: any }} given */
async function setup(given) {
  ({ setting, options } = given);
  dress(setting);
  listCountries();
  applyOptions();
  if (setting.secret) {
    const { paymentIntent: intent, error } = await retrieve(setting);
    if (error) return { error };
    if (!PAYABLE.includes(intent.status)) {
      const message = `This PaymentIntent has a status of ${intent.status}: the Payment Element needs one that can still be paid.`;
      const code = "payment_intent_unexpected_state";
      return { error: { type: "invalid_request_error", code, message, payment_intent: intent } };
    }
  }
  document.documentElement.classList.add("ready");
  new ResizeObserver(tellSize).observe(form);
  tellSize();
  return {};
}

function tellSize() {
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  tell("size", { height: Math.ceil(form.getBoundingClientRect().height), scheme });
}

/** @param {{ setting: any }} given */
function restyle(given) {
  ({ setting } = given);
  dress(setting);
  tellSize();
  return {};
}

/** @param {{ options: any }} given */
function update(given) {
  options = { ...options, ...given.options };
  applyOptions();
  report();
}

function listCountries() {
  const names = new Intl.DisplayNames([setting.locale && setting.locale !== "auto" ? setting.locale : "en"], { type: "region" });
  const named = COUNTRIES.map((code) => new Option(names.of(code) ?? code, code));
  country.replaceChildren(...named.sort((one, other) => one.text.localeCompare(other.text)));
  country.value = COUNTRIES.find((code) => navigator.language.endsWith(`-${code}`)) ?? "GB";
}

function applyOptions() {
  const { country: home, postal_code: code } = options.defaultValues?.billingDetails?.address ?? {};
  if (home && COUNTRIES.includes(home)) country.value = home;
  if (code && !postcode.value) postcode.value = code;
  for (const field of form.querySelectorAll("input, select, button")) {
    /** @type {HTMLInputElement} */ (field).disabled = options.readOnly === true;
  }
  showAddress();
}

/** @param {"country" | "postalCode"} field */
function asks(field) {
  const wanted = options.fields?.billingDetails;
  const address = wanted === "never" ? "never" : wanted?.address;
  return address !== "never" && address?.[field] !== "never";
}

function showAddress() {
  const fields = { "country-field": asks("country"), "postcode-field": asks("postalCode") && card.asksPostcode(country.value) };
  for (const [id, shown] of Object.entries(fields)) {
    /** @type {HTMLElement} */ (document.getElementById(id)).hidden = !shown;
  }
  postcode.placeholder = country.value === "US" ? "12345" : country.value === "CA" ? "M5T 1T4" : "SW1A 1AA";
}

/**
 * @param {HTMLInputElement} input
 * @param {card.Fault} fault
 */
function show(input, fault) {
  const line = /** @type {HTMLElement} */ (document.getElementById(`${input.id}-error`));
  if (fault) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  if (line.textContent !== (fault?.message ?? "")) line.textContent = fault?.message ?? "";
}

/** Tell the page what has become of the form, if that has changed. */
function report() {
  const empty = [number, expiry, cvc].every((input) => !input.value);
  const complete = faults().every(({ fault }) => !fault);
  const address = { country: country.value, postalCode: postcode.value || null };
  const state = { empty, complete };
  if (told === JSON.stringify(state)) return;
  told = JSON.stringify(state);
  tell("change", { ...state, collapsed: false, value: { type: "card", billingDetails: { address } } });
}

/** @returns {{ error?: object }} */
function validate() {
  const wrong = faults();
  for (const { input, fault } of wrong) show(input, fault);
  const first = wrong.find(({ fault }) => fault);
  if (!first) return {};
  first.input.focus();
  return { error: { type: "validation_error", ...first.fault } };
}

/** @param {{ secret: string, parameters: any }} given */
async function pay({ secret, parameters }) {
  const { error } = validate();
  if (error) return { error };
  const given = parameters.payment_method_data ?? {};
  const [month, year] = card.digits(expiry.value).match(/../g) ?? [];
  const details = { number: card.digits(number.value), exp_month: Number(month), exp_year: 2000 + Number(year), cvc: cvc.value };
  const shown = { country: asks("country") ? country.value : undefined };
  const typed = { ...shown, ...(postcode.value && asks("postalCode") && { postal_code: postcode.value.trim() }) };
  const billing = { ...given.billing_details, address: { ...given.billing_details?.address, ...typed } };
  const method = { ...given, type: "card", card: details, billing_details: billing };
  return confirm({ ...setting, secret }, { ...parameters, payment_method_data: method });
}

function clear() {
  for (const input of [number, expiry, cvc, postcode]) {
    input.value = "";
    show(input, null);
  }
  showBrand();
  report();
}

function blur() {
  /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
}

function showBrand() {
  const { name, code } = card.brandOf(card.digits(number.value));
  const badge = /** @type {HTMLElement} */ (document.getElementById("brand"));
  if (badge.textContent !== name) badge.textContent = name;
  cvc.maxLength = code;
}

/** @param {string} testNumber */
function fill(testNumber) {
  const year = String((new Date().getFullYear() + 3) % 100).padStart(2, "0");
  number.value = card.spacedNumber(testNumber);
  [expiry.value, cvc.value] = [`12 / ${year}`, "123"];
  postcode.value ||= { US: "94107", CA: "M5T 1T4", GB: "SW1A 1AA" }[country.value] ?? "";
  for (const input of [number, expiry, cvc, postcode]) show(input, null);
  showBrand();
  report();
}

keepSpaced(number, card.spacedNumber);
keepSpaced(expiry, card.spacedExpiry);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", ({ target }) => {
  if (target === cvc) cvc.value = card.digits(cvc.value);
  showBrand();
  showAddress();
  const wrong = faults();
  const typed = wrong.find(({ input }) => input === target);
  if (typed && !typed.fault?.code.startsWith("invalid")) show(typed.input, null);
  else if (typed) show(typed.input, typed.fault);
  const next = { number: expiry, expiry: cvc }[/** @type {HTMLInputElement} */ (target).id];
  if (next && typed && !typed.fault && typed.input.selectionEnd === typed.input.value.length) next.focus();
  report();
});
form.addEventListener("focusout", ({ target }) => {
  const left = faults().find(({ input }) => input === target);
  if (left?.input.value) show(left.input, left.fault);
});
form.addEventListener("click", ({ target }) => {
  const { number: testNumber } = /** @type {HTMLElement} */ (target).dataset;
  if (testNumber) fill(testNumber);
});
form.addEventListener("keydown", ({ key }) => key === "Escape" && tell("escape"));
addEventListener("focus", () => tell("focus"));
addEventListener("blur", () => tell("blur"));
