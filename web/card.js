/** Stripe's Payment Element: load Stripe.js, show the form, and confirm. The card never touches this page. */

import { studio } from "./studio.js";

let loading;

/** Stripe.js, loaded once from where `config/` says; a load that failed is tried anew the next time. */
function stripeJs() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = studio.stripe_js_url;
    script.onload = () => resolve(window.Stripe(studio.stripe_publishable_key));
    script.onerror = () => {
      script.remove();
      loading = undefined;
      reject(new Error("Stripe.js could not be loaded"));
    };
    document.head.append(script);
  });
  return loading;
}

/** Mount the card form in a part of the page; answers when it is ready, with what confirms the payment. */
export async function cardForm(part, clientSecret) {
  const stripe = await stripeJs();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const appearance = { theme: dark ? "night" : "stripe", variables: { colorPrimary: dark ? "#5eead4" : "#0f766e", borderRadius: "10px" } };
  const elements = stripe.elements({ clientSecret, appearance });
  const element = elements.create("payment");
  await new Promise((resolve, reject) => {
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
