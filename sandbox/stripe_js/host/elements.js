/** The group an Element belongs to. */

/** A group of Elements around one intent, or around an amount whose intent is made later. */
class Elements {
  /** @type {Setting} */
  #setting;
  /** @type {Controller} */
  #controller;
  /** @type {PaymentElement | null} */
  #payment = null;
  #submitted = false;
  /** @type {Set<() => void>} */
  #updated = new Set();

  /**
   * @param {Setting} setting
   * @param {Controller} controller
   */
  constructor(setting, controller) {
    this.#setting = setting;
    this.#controller = controller;
  }

  /** The client secret it was made with, if any. */
  get secret() {
    return this.#setting.secret;
  }

  /** The theme, for a dialog that should look alike. */
  get appearance() {
    return this.#setting.appearance;
  }

  /**
   * @param {"payment"} type
   * @param {PaymentElementOptions} [options]
   * @returns {PaymentElement}
   */
  create(type, options = {}) {
    if (type !== "payment") throw new IntegrationError(`The sandbox has the Payment Element only, no '${type}'.`);
    if (this.#payment) throw new IntegrationError("This group has its Payment Element already: use getElement().");
    if (!this.#setting.secret && !this.#setting.mode) {
      throw new IntegrationError("elements() needs a clientSecret, or mode, amount and currency.");
    }
    this.#payment = new PaymentElement(this.#setting, options, () => (this.#payment = null));
    return this.#payment;
  }

  /**
   * @param {"payment" | object} type
   * @returns {PaymentElement | null}
   */
  getElement(type) {
    return type === "payment" ? this.#payment : null;
  }

  /**
   * @param {"update-end"} type
   * @param {() => void} handler
   */
  on(type, handler) {
    if (type === "update-end") this.#updated.add(handler);
  }

  /**
   * @param {import("@stripe/stripe-js").StripeElementsUpdateOptions} options
   * @returns {Promise<void>}
   */
  async update(options) {
    if ("clientSecret" in options) throw new IntegrationError("The clientSecret of a group cannot be changed.");
    Object.assign(this.#setting, options);
    if (this.#payment) await this.#payment.ask("restyle", { setting: this.#setting }).catch(() => {});
    for (const handler of this.#updated) handler();
  }

  /** @returns {Promise<{ error?: { message: string, status?: string } }>} */
  async fetchUpdates() {
    const { secret, key, version } = this.#setting;
    if (!secret) throw new IntegrationError("fetchUpdates() needs Elements that were made with a clientSecret.");
    const { error } = await this.#controller.call("retrieve", { key, version, secret });
    return error ? { error: { message: error.message, status: error.code } } : {};
  }

  /** @returns {Promise<{ error: StripeError, selectedPaymentMethod?: undefined } | { selectedPaymentMethod: string, error?: undefined }>} */
  async submit() {
    if (!this.#payment) throw new IntegrationError("elements.submit() needs a Payment Element: create and mount one.");
    const { error } = await this.#payment.ask("validate");
    if (error) return { error };
    this.#submitted = true;
    return { selectedPaymentMethod: "card" };
  }

  /**
   * Confirm the intent with the card in the form.
   * @param {string} secret
   * @param {object} parameters
   * @returns {Promise<{ paymentIntent: PaymentIntent, error?: undefined } | { error: StripeError, paymentIntent?: undefined }>}
   */
  async confirm(secret, parameters) {
    if (!this.#payment) throw new IntegrationError("stripe.confirmPayment() needs a mounted Payment Element.");
    if (this.#setting.mode && !this.#submitted) {
      throw new IntegrationError("elements.submit() must be called before stripe.confirmPayment().");
    }
    return this.#payment.ask("confirm", { secret, parameters });
  }
}
