/** What the page sees: `Stripe(publishableKey)`. */

const VERSION = "endive";
const API_VERSION = "2026-10-28.endive";

/**
 * @typedef {import("@stripe/stripe-js").StripeElementsOptionsClientSecret} SecretOptions
 * @typedef {import("@stripe/stripe-js").StripeElementsOptionsMode} ModeOptions
 * @typedef {Partial<import("@stripe/stripe-js").ConfirmPaymentData>} ConfirmParameters
 * @typedef {{ elements?: any, clientSecret?: string, confirmParams?: ConfirmParameters, redirect?: "always" | "if_required" }} Confirmation
 * @typedef {{ paymentIntent: PaymentIntent, error?: undefined } | { error: StripeError, paymentIntent?: undefined }} Outcome
 */

/** One account's Stripe.js. */
class StripeJs {
  #key;
  #version;
  #locale;
  #controller = new Controller();

  /**
   * @param {string} publishableKey
   * @param {import("@stripe/stripe-js").StripeConstructorOptions} [options]
   */
  constructor(publishableKey, options = {}) {
    this.#key = checkedKey(publishableKey);
    this.#version = options.apiVersion ?? API_VERSION;
    this.#locale = options.locale;
  }

  /**
   * @param {SecretOptions | ModeOptions} [options]
   * @returns {Elements}
   */
  elements(options = {}) {
    const { clientSecret, appearance = {}, ...rest } = /** @type {Record<string, any>} */ (options);
    if (clientSecret !== undefined) intentOf(clientSecret);
    if ("paymentMethodTypes" in rest) {
      throw new IntegrationError("paymentMethodTypes is gone from Elements: use allowedPaymentMethodTypes.");
    }
    if (clientSecret && rest.mode) throw new IntegrationError("Give elements() a clientSecret or a mode, not both.");
    if (rest.mode) checkDeferred(rest.mode, rest.amount, rest.currency);
    const { mode, amount, currency, locale = this.#locale } = rest;
    const setting = { key: this.#key, version: this.#version, secret: clientSecret, mode, amount, currency };
    return new Elements({ ...setting, appearance, locale }, this.#controller);
  }

  /**
   * @overload
   * @param {Confirmation & { redirect: "if_required" }} options
   * @returns {Promise<PaymentIntentResult>}
   *
   * @overload
   * @param {Confirmation & { redirect?: "always" }} options
   * @returns {Promise<never | { error: StripeError }>}
   *
   * @param {Confirmation} options
   * @returns {Promise<any>}
   */
  async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    if (elements !== undefined && !(elements instanceof Elements)) {
      throw new IntegrationError("elements must be what stripe.elements() returned.");
    }
    const secret = clientSecret ?? elements?.secret;
    intentOf(secret);
    const returnUrl = confirmParams.return_url;
    if (redirect === "always" || returnUrl !== undefined) checkReturn(returnUrl);
    /** @type {Outcome} */
    const outcome = elements
      ? await elements.confirm(secret, confirmParams)
      : await this.#call("confirm", secret, { parameters: confirmParams });
    const settled = await this.#acted(outcome, secret, elements?.appearance);
    if (settled.error || redirect !== "always") return settled;
    return leave(returned(/** @type {string} */ (returnUrl), settled.paymentIntent, secret));
  }

  /**
   * @param {string} clientSecret
   * @param {{ payment_method?: string | object, [name: string]: any }} [data]
   * @param {{ handleActions?: boolean }} [options]
   * @returns {Promise<PaymentIntentResult>}
   */
  async confirmCardPayment(clientSecret, data = {}, { handleActions = true } = {}) {
    intentOf(clientSecret);
    if (data.payment_method && typeof data.payment_method !== "string") {
      throw new IntegrationError("The sandbox confirms a card payment with the id of a payment method only.");
    }
    const outcome = await this.#call("confirm", clientSecret, { parameters: data });
    return handleActions ? this.#acted(outcome, clientSecret) : outcome;
  }

  /**
   * @param {string} clientSecret
   * @returns {Promise<PaymentIntentResult>}
   */
  async retrievePaymentIntent(clientSecret) {
    intentOf(clientSecret);
    return this.#call("retrieve", clientSecret);
  }

  /**
   * @param {{ clientSecret?: string, hashedValue?: string }} options
   * @returns {Promise<PaymentIntentResult>}
   */
  async handleNextAction({ clientSecret }) {
    intentOf(clientSecret);
    const secret = /** @type {string} */ (clientSecret);
    const outcome = await this.#call("retrieve", secret);
    if (outcome.paymentIntent && outcome.paymentIntent.status !== "requires_action") {
      const message = `The PaymentIntent has a status of ${outcome.paymentIntent.status}: there is nothing to do for it.`;
      return { error: { type: "invalid_request_error", message, payment_intent: outcome.paymentIntent } };
    }
    return this.#acted(outcome, secret);
  }

  /** @returns {Promise<any>} */
  async createPaymentMethod() {
    throw new IntegrationError("The sandbox makes payment methods while it confirms: use confirmPayment().");
  }

  /** @returns {Promise<any>} */
  async createToken() {
    throw new IntegrationError("The sandbox makes no tokens: use the Payment Element and confirmPayment().");
  }

  /** @param {object} _wrapper */
  _registerWrapper(_wrapper) {}

  /** @param {import("@stripe/stripe-js").WrapperLibrary} _library */
  registerAppInfo(_library) {}

  /**
   * @param {string} action
   * @param {string} secret
   * @param {object} [more]
   * @returns {Promise<Outcome>}
   */
  #call(action, secret, more = {}) {
    return this.#controller.call(action, { key: this.#key, version: this.#version, secret, ...more });
  }

  /**
   * Do what the payer must do next, if anything.
   * @param {Outcome} outcome
   * @param {string} secret
   * @param {object} [appearance]
   * @returns {Promise<Outcome>}
   */
  async #acted(outcome, secret, appearance = {}) {
    const intent = outcome.paymentIntent;
    if (intent?.status !== "requires_action") return outcome;
    const next = intent.next_action;
    if (next?.type === "redirect_to_url" && next.redirect_to_url?.url) return leave(next.redirect_to_url.url);
    return challenge({ key: this.#key, version: this.#version, secret, intent, appearance });
  }
}

/**
 * @param {unknown} key
 * @returns {string}
 */
function checkedKey(key) {
  if (typeof key !== "string" || !key) throw new IntegrationError("Stripe() needs a publishable key.");
  if (key.includes("_live_")) throw new IntegrationError("The sandbox's Stripe.js refuses live keys: use pk_test_….");
  if (/^(sk|rk)_/.test(key)) throw new IntegrationError("A secret key has no place in a page: use the pk_test_… one.");
  if (!key.startsWith("pk_test_")) throw new IntegrationError("This is no publishable test key: it begins with pk_test_.");
  return key;
}

/**
 * The intent's id inside a client secret.
 * @param {unknown} secret
 * @returns {string}
 */
function intentOf(secret) {
  const [, id] = /^(pi_\w+)_secret_\w+$/.exec(String(secret)) ?? [];
  if (!id) throw new IntegrationError("clientSecret must look like pi_…_secret_….");
  return id;
}

/**
 * @param {string} mode
 * @param {unknown} amount
 * @param {unknown} currency
 */
function checkDeferred(mode, amount, currency) {
  if (mode !== "payment") throw new IntegrationError(`The sandbox has the mode 'payment' only, no '${mode}'.`);
  if (!Number.isInteger(amount) || Number(amount) <= 0) {
    throw new IntegrationError("amount must be a positive whole number of minor units.");
  }
  if (!/^[a-z]{3}$/.test(String(currency))) throw new IntegrationError("currency must be three lower-case letters.");
}

/** @param {unknown} url */
function checkReturn(url) {
  if (typeof url === "string" && /^[a-z][a-z0-9+.-]*:\/\//i.test(url) && URL.canParse(url)) return;
  throw new IntegrationError("confirmParams.return_url must be a whole URL, unless redirect is 'if_required'.");
}

/**
 * @param {string} url
 * @param {PaymentIntent} intent
 * @param {string} secret
 */
function returned(url, intent, secret) {
  const back = new URL(url);
  back.searchParams.set("payment_intent", intent.id);
  back.searchParams.set("payment_intent_client_secret", secret);
  back.searchParams.set("redirect_status", intent.status === "succeeded" ? "succeeded" : "pending");
  return back.href;
}

/**
 * Leave the page; the promise never ends, as the page does.
 * @param {string} url
 * @returns {Promise<never>}
 */
function leave(url) {
  window.location.assign(url);
  return new Promise(() => {});
}

/**
 * @param {string} publishableKey
 * @param {import("@stripe/stripe-js").StripeConstructorOptions} [options]
 */
function makeStripe(publishableKey, options) {
  return new StripeJs(publishableKey, options);
}
makeStripe.version = VERSION;

Object.assign(window, { Stripe: makeStripe });
