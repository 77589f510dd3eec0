// What the scripts take for granted: the page is HTML throughout, and Stripe.js has been loaded where it is used.
import type { StripeConstructor } from "@stripe/stripe-js";

declare global {
  interface Element extends HTMLOrSVGElement {}
  interface Window { Stripe: StripeConstructor }
}
