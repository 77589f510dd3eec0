/** Frames of the sandbox inside the page: what needs the API or the card happens in them, never in the page. */

/** The address this script was loaded from, and with it everything else. */
const ORIGIN = (() => {
  const tag = document.currentScript;
  if (tag instanceof HTMLScriptElement && tag.src) return new URL(tag.src).origin;
  throw new Error("The sandbox's Stripe.js is a classic script: load it with a script tag that has its address.");
})();
const PATIENCE = 10_000;

/** A mistake in how Stripe.js is used, thrown where Stripe.js throws it. */
class IntegrationError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

/**
 * @typedef {import("@stripe/stripe-js").StripeError} StripeError
 * @typedef {import("@stripe/stripe-js").PaymentIntent} PaymentIntent
 * @typedef {import("@stripe/stripe-js").PaymentIntentResult} PaymentIntentResult
 * @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Pending
 */

/** One iframe served by the sandbox, and the calls between the page and it. */
class Frame {
  static #count = 0;
  #calls = 0;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  /** @type {Promise<MessagePort>} */
  #port;

  /**
   * @param {string} page
   * @param {string} title
   * @param {Record<string, string>} style
   * @param {(event: string, data: any) => void} [onEvent]
   */
  constructor(page, title, style, onEvent = () => {}) {
    this.onEvent = onEvent;
    this.iframe = document.createElement("iframe");
    this.iframe.name = `__privateStripeFrame${++Frame.#count}`;
    this.iframe.title = title;
    this.iframe.src = `${ORIGIN}/stripe_js/${page}`;
    this.styled(style);
    this.#port = this.#connected();
    this.#port.catch(() => {}); // told to whoever calls
  }

  /**
   * Set styles of the iframe one by one: the page's policy may forbid style attributes.
   * @param {Record<string, string>} style
   */
  styled(style) {
    for (const [name, value] of Object.entries(style)) this.iframe.style.setProperty(name, value);
  }

  /**
   * Ask the frame to do something.
   * @param {string} action
   * @param {object} [data]
   * @returns {Promise<any>}
   */
  async call(action, data = {}) {
    const port = await this.#port;
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      port.postMessage({ id, action, data });
    });
  }

  /** Take the frame out of the page; what was asked of it fails. */
  remove() {
    this.iframe.remove();
    for (const { reject } of this.#pending.values()) reject(new IntegrationError("The Element was unmounted."));
    this.#pending.clear();
  }

  /** @returns {Promise<MessagePort>} */
  #connected() {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`The sandbox at ${ORIGIN} did not serve ${this.iframe.src}.`));
      this.iframe.addEventListener("load", () => {
        const timer = setTimeout(late, PATIENCE);
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => {
          clearTimeout(timer);
          if (data.event === "connected") resolve(port1);
          else this.#receive(data);
        };
        this.iframe.contentWindow?.postMessage("connect", ORIGIN, [port2]);
      });
    });
  }

  /** @param {{ id?: number, result?: any, event?: string, data?: any }} message */
  #receive({ id, result, event, data }) {
    if (event) return this.onEvent(event, data);
    if (id === undefined) return;
    this.#pending.get(id)?.resolve(result);
    this.#pending.delete(id);
  }
}

/** The frame without a face, for calls to the API that no Element makes. */
class Controller {
  /** @type {Promise<Frame> | undefined} */
  #frame;

  /**
   * @param {string} action
   * @param {object} data
   * @returns {Promise<any>}
   */
  async call(action, data) {
    this.#frame ??= Controller.#open();
    try {
      return await (await this.#frame).call(action, data);
    } catch (error) {
      return { error: unreachable(error) };
    }
  }

  /** @returns {Promise<Frame>} */
  static async #open() {
    if (!document.body) await new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
    const frame = new Frame("controller.html", "Stripe.js of the sandbox", { display: "none" });
    frame.iframe.setAttribute("aria-hidden", "true");
    document.body.append(frame.iframe);
    return frame;
  }
}

/**
 * The error of a call that never reached the API.
 * @param {unknown} error
 * @returns {StripeError}
 */
function unreachable(error) {
  return { type: "api_connection_error", message: error instanceof Error ? error.message : String(error) };
}

/**
 * Ask the payer the issuer's question in a dialog over the page; answers the intent as it is then, or the error.
 * @param {object} question
 * @returns {Promise<{ paymentIntent: PaymentIntent, error?: undefined } | { error: StripeError, paymentIntent?: undefined }>}
 */
async function challenge(question) {
  const whole = { width: "100%", height: "100%", "max-width": "none", "max-height": "none", border: "0" };
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "3-D Secure");
  const style = { ...whole, position: "fixed", inset: "0", margin: "0", padding: "0", background: "transparent" };
  for (const [name, value] of Object.entries(style)) dialog.style.setProperty(name, value);
  const frame = new Frame("challenge.html", "3-D Secure", { ...whole, "color-scheme": "light", display: "block" });
  dialog.append(frame.iframe);
  // Escape in the page means the same as Escape in the frame, where the focus should be.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    frame.call("fail");
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    return await frame.call("ask", question);
  } catch (error) {
    return { error: unreachable(error) };
  } finally {
    frame.remove();
    dialog.remove();
  }
}
