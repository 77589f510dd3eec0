/** The one Element that is served: the Payment Element. */

const EVENTS = [
  "ready", "change", "focus", "blur", "escape", "loaderror", "loaderstart", "carddetailschange",
  "savedpaymentmethodupdate", "savedpaymentmethodremove", "availablepaymentmethodschange",
];

/**
 * @typedef {import("@stripe/stripe-js").StripePaymentElementOptions} PaymentElementOptions
 * @typedef {import("@stripe/stripe-js").StripePaymentElement} StripePaymentElement
 * @typedef {{
 *   key: string, version?: string, secret?: string, mode?: string, amount?: number, currency?: string,
 *   appearance: object, locale?: string,
 * }} Setting
 */

/** The card form in its frame. */
class PaymentElement {
  /** @type {Setting} */
  #setting;
  /** @type {object} */
  #options;
  /** @type {() => void} */
  #onDestroy;
  /** @type {Map<string, Set<(event: any) => any>>} */
  #handlers = new Map();
  /** @type {Frame | null} */
  #frame = null;
  /** @type {HTMLElement | null} */
  #container = null;
  /** @type {Promise<StripeError | undefined>} */
  #loading = Promise.resolve(undefined);
  #destroyed = false;

  /**
   * @param {Setting} setting
   * @param {PaymentElementOptions} options
   * @param {() => void} onDestroy
   */
  constructor(setting, options, onDestroy) {
    this.#setting = setting;
    this.#options = { ...options };
    this.#onDestroy = onDestroy;
  }

  /**
   * @param {string} type
   * @param {(event: any) => any} handler
   * @returns {any} this element
   */
  on(type, handler) {
    if (!EVENTS.includes(type)) throw new IntegrationError(`'${type}' is no event of the Payment Element.`);
    if (typeof handler !== "function") throw new IntegrationError("An event handler must be a function.");
    this.#handlers.set(type, (this.#handlers.get(type) ?? new Set()).add(handler));
    return this;
  }

  /**
   * @param {string} type
   * @param {(event: any) => any} handler
   * @returns {any} this element
   */
  once(type, handler) {
    const first = (/** @type {any} */ event) => {
      this.off(type, first);
      handler(event);
    };
    return this.on(type, first);
  }

  /**
   * @param {string} type
   * @param {(event: any) => any} [handler]
   * @returns {any} this element
   */
  off(type, handler) {
    if (handler) this.#handlers.get(type)?.delete(handler);
    else this.#handlers.delete(type);
    return this;
  }

  /**
   * Show the form inside a node of the page.
   * @param {string | HTMLElement} target
   */
  mount(target) {
    if (this.#destroyed) throw new IntegrationError("This Element was destroyed: create a new one.");
    const container = typeof target === "string" ? document.querySelector(target) : target;
    if (!(container instanceof HTMLElement)) {
      throw new IntegrationError(`There is no node '${target}' in the page to mount the Payment Element in.`);
    }
    if (this.#container === container && this.#frame?.iframe.isConnected) return;
    this.unmount();
    if (container.childNodes.length) console.warn("The Payment Element replaces what its container held.");
    const style = { width: "100%", height: "0", border: "0", display: "block", "user-select": "none" };
    const frame = new Frame("payment.html", "Secure payment input frame", style, (...told) => this.#hear(...told));
    container.replaceChildren(frame.iframe);
    container.classList.add("StripeElement");
    this.#container = container;
    this.#frame = frame;
    this.#loading = this.#load(frame);
  }

  /** Take the form out of the page; it can be mounted again, empty. */
  unmount() {
    this.#frame?.remove();
    const states = ["", "--focus", "--empty", "--complete"];
    this.#container?.classList.remove(...states.map((state) => `StripeElement${state}`));
    this.#frame = this.#container = null;
  }

  /** Take the form out of the page for good. */
  destroy() {
    this.unmount();
    this.#destroyed = true;
    this.#onDestroy();
  }

  /**
   * @param {Partial<import("@stripe/stripe-js").StripePaymentElementUpdateOptions>} options
   * @returns {any} this element
   */
  update(options) {
    Object.assign(this.#options, options);
    this.#tell("update", { options });
    return this;
  }

  focus() {
    this.#frame?.iframe.focus();
    this.#tell("focus");
  }

  blur() {
    this.#tell("blur");
    this.#frame?.iframe.blur();
  }

  clear() {
    this.#tell("clear");
  }

  /** @returns {any} this element: with cards alone there is nothing to collapse */
  collapse() {
    return this;
  }

  /**
   * Ask the form something once it has loaded.
   * @param {string} action
   * @param {object} [data]
   * @returns {Promise<any>}
   */
  async ask(action, data) {
    if (!this.#frame) throw new IntegrationError("The Payment Element is not mounted: mount it before you use it.");
    const error = await this.#loading;
    if (error) return { error };
    return this.#frame.call(action, data);
  }

  /**
   * @param {string} action
   * @param {object} [data]
   */
  #tell(action, data) {
    this.#frame?.call(action, data).catch(() => {}); // unmounted meanwhile
  }

  /**
   * @param {Frame} frame
   * @returns {Promise<StripeError | undefined>}
   */
  async #load(frame) {
    await null; // a handler that is added right after mount() hears of everything
    this.#emit("loaderstart");
    const { error } = await frame
      .call("setup", { setting: this.#setting, options: this.#options })
      .catch((/** @type {unknown} */ failure) => ({ error: unreachable(failure) }));
    if (this.#frame !== frame) return error;
    if (!error) this.#emit("ready");
    else if (this.#handlers.get("loaderror")?.size) this.#emit("loaderror", { error });
    else console.error("The Payment Element could not load:", error.message);
    return error;
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  #hear(event, data) {
    const classes = /** @type {HTMLElement} */ (this.#container).classList;
    if (event === "size") return this.#frame?.styled({ height: `${data.height}px`, "color-scheme": data.scheme });
    if (event === "focus" || event === "blur") classes.toggle("StripeElement--focus", event === "focus");
    if (event === "change") {
      classes.toggle("StripeElement--empty", data.empty);
      classes.toggle("StripeElement--complete", data.complete);
    }
    this.#emit(event, data);
  }

  /**
   * @param {string} type
   * @param {object} [data]
   */
  #emit(type, data = {}) {
    for (const handler of [...(this.#handlers.get(type) ?? [])]) handler({ elementType: "payment", ...data });
  }
}
