/** Stripe's Payment Element: load Stripe.js, show the form, and confirm. The card never touches this page. */

import { studio } from "./studio.js";

// A script or a frame that somebody holds up fails no less than one that is refused.
const PATIENCE = 20_000;
const soon = (steps) =>
  new Promise((resolve, reject) => {
    setTimeout(reject, PATIENCE, new Error("Stripe.js does not answer"));
    steps(resolve, reject);
  });

let loading;

/** Stripe.js, loaded once from where `config/` says; a load that failed is tried anew the next time. */
async function stripeJs() {
  loading ??= soon((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: studio.stripe_js_url, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  try {
    await loading;
    return window.Stripe(studio.stripe_publishable_key);
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

/** Mount the card form in a part of the page; answers when it is ready, with what confirms the payment. */
export async function cardForm(part, clientSecret) {
  const stripe = await stripeJs();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const variables = { colorPrimary: dark ? "#5eead4" : "#0f766e", borderRadius: "10px" };
  const elements = stripe.elements({ clientSecret, appearance: { theme: dark ? "night" : "stripe", variables } });
  const element = elements.create("payment");
  await soon((resolve, reject) => {
    element.on("ready", resolve);
    element.on("loaderror", ({ error }) => reject(error));
    element.mount(part);
  });
  return {
    /** Ask the bank. Answers `{ error }` or `{ paymentIntent }`; or the browser leaves, and comes back to `returnUrl`. */
    async confirm(returnUrl) {
      const { error } = await elements.submit();
      if (error) return { error };
      return stripe.confirmPayment({ elements, clientSecret, confirmParams: { return_url: returnUrl }, redirect: "if_required" });
    },
    remove: () => element.destroy(),
  };
}
