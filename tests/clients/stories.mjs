// Stories told to the sandbox by Stripe's client for Node: `node stories.mjs <story> <address>`; the outcome is JSON.
import Stripe from "stripe";
import { readFileSync } from "node:fs";

const [story, address] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const stripe = new Stripe("sk_test_node", {
  host: hostname,
  port,
  protocol: "http",
  maxNetworkRetries: 0,
  telemetry: false,
});
const CARDS_ONLY = { amount: 1500, currency: "gbp", allowed_payment_method_types: ["card"], metadata: { booking: "7" } };

const open = (more = {}, options = {}) => stripe.paymentIntents.create({ ...CARDS_ONLY, ...more }, options);
const pay = (intent, card = "pm_card_visa") => stripe.paymentIntents.confirm(intent.id, { payment_method: card });

async function refusal(act) {
  try {
    await act();
  } catch (error) {
    const { type, code, decline_code, statusCode, payment_intent } = error;
    return { type, code, decline_code, statusCode, intent: payment_intent?.id, status: payment_intent?.status };
  }
  return null;
}

const stories = {
  async create() {
    return await open();
  },

  async replay() {
    const options = { idempotencyKey: "node-replay" };
    const [first, again] = [await open({}, options), await open({}, options)];
    const other = await refusal(() => open({ amount: 1600 }, options));
    return {
      first: first.id,
      again: again.id,
      replayed: [first, again].map((each) => each.lastResponse.headers["idempotent-replayed"] ?? null),
      other,
    };
  },

  async decline_and_retry() {
    const intent = await open();
    const declined = await refusal(() => pay(intent, "pm_card_visa_chargeDeclinedInsufficientFunds"));
    const between = await stripe.paymentIntents.retrieve(intent.id);
    const paid = await pay(intent);
    return { intent: intent.id, declined, between: between.status, paid };
  },

  async cancel_conflict() {
    const intent = await open();
    await pay(intent);
    return { intent: intent.id, refused: await refusal(() => stripe.paymentIntents.cancel(intent.id)) };
  },

  async refund() {
    const intent = await open();
    await pay(intent);
    const part = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
    const rest = await stripe.refunds.create({ payment_intent: intent.id });
    const nothing_left = await refusal(() => stripe.refunds.create({ payment_intent: intent.id }));
    const after = await stripe.paymentIntents.retrieve(intent.id, { expand: ["latest_charge"] });
    return { intent: intent.id, part, rest, nothing_left, after };
  },

  async pages() {
    const made = [];
    for (let number = 0; number < 7; number += 1) made.push((await open()).id);
    const seen = [];
    for await (const event of stripe.events.list({ limit: 3, types: ["payment_intent.created"] })) {
      seen.push(event.data.object.id);
    }
    return { made, seen };
  },

  async webhook() {
    const { body, header, secret } = JSON.parse(readFileSync(0, "utf8"));
    const event = stripe.webhooks.constructEvent(body, header, secret);
    const refused = await refusal(() => stripe.webhooks.constructEvent(body + " ", header, secret));
    return { event, refused };
  },
};

console.log(JSON.stringify(await stories[story]()));
