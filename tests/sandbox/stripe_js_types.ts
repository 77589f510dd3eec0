// What the sandbox's Stripe.js gives must be what @stripe/stripe-js says the real one gives, member by member.
import type {
  Stripe, StripeConstructor, StripeElements, StripeElementsOptionsClientSecret, StripeElementsOptionsMode,
  StripePaymentElement, StripePaymentElementOptions,
} from "@stripe/stripe-js";

// Not offered, of Stripe: the confirm… and collect… calls of other payment methods than cards, setup intents, sources,
// payment requests, checkout, confirmation tokens, ephemeral keys, identity and radar sessions.
type OfferedByStripe =
  | "confirmPayment" | "retrievePaymentIntent" | "handleNextAction" | "confirmCardPayment" | "createPaymentMethod"
  | "createToken" | "registerAppInfo";
// Not offered, of StripeElements: create() and getElement() of any Element but "payment".
type OfferedByElements = "submit" | "fetchUpdates" | "update" | "on";
type OfferedByPaymentElement = keyof StripePaymentElement;

type PaymentElementOnly = Pick<StripeElements, OfferedByElements> & {
  create(type: "payment", options?: StripePaymentElementOptions): Pick<StripePaymentElement, OfferedByPaymentElement>;
  getElement(type: "payment"): Pick<StripePaymentElement, OfferedByPaymentElement> | null;
};
type Offered = Pick<Stripe, OfferedByStripe> & {
  elements(options?: StripeElementsOptionsClientSecret): PaymentElementOnly;
  elements(options?: StripeElementsOptionsMode): PaymentElementOnly;
};

const offered: (...given: Parameters<StripeConstructor>) => Offered = makeStripe;
const version: string = makeStripe.version;
export { offered, version };
