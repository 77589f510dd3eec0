/** The sandbox's state as the page knows it: asked for once a second while somebody looks. */

/** @typedef {{code?: string, decline_code?: string, message?: string, type?: string}} PaymentError */
/** @typedef {{id: string, amount: number, amount_refunded: number, disputed: boolean, failure_code: string | null,
 *   failure_message: string | null, refunded: boolean, status: string, created: number}} Charge */
/** @typedef {{id: string, amount: number, status: string, failure_reason?: string, reason?: string}} Refund */
/** @typedef {{id: string, amount: number, status: string, reason: string}} Dispute */
/** @typedef {{id: string, amount: number, amount_received: number, cancellation_reason: string | null,
 *   canceled_at: number | null, created: number, currency: string, description: string | null,
 *   receipt_email: string | null, metadata: Record<string, string>, status: string,
 *   last_payment_error: PaymentError | null, charges: Charge[], refunds: Refund[], disputes: Dispute[]}} Intent */
/** @typedef {{attempt: number, at: number, as: string, state: string, status: number | null,
 *   error: string | null}} Delivery */
/** @typedef {{id: string, type: string, created: number, object: string, intent: string | null,
 *   pending_webhooks: number, deliveries?: Delivery[]}} StripeEvent */
/** @typedef {{sid: string, body: string, date_created: string, direction: string, error_code: number | null,
 *   error_message: string | null, from: string | null, to: string, status: string, kind: string | null}} Message */
/** @typedef {Record<string, unknown> & {fault: string, times: number | null}} Fault */
/** @typedef {{at: number, method: string, path: string, status: number | null, replayed: boolean,
 *   fault: string | null, request_id: string, idempotency_key: string | null,
 *   parameters?: Record<string, unknown>}} Request */
/** @typedef {{moved: number, webhook_url: string | null, inbound_url?: string | null, twilio_callbacks: boolean,
 *   totals: Record<string, number>}} Settings */
/** @typedef {{settings: Settings, intents: Intent[], events: StripeEvent[], messages: Message[], faults: Fault[],
 *   requests: Request[]}} State */

const EVERY_MS = 1000;

/** @type {State} */
export const state = {
  settings: { moved: 0, webhook_url: null, twilio_callbacks: true, totals: {} },
  intents: [],
  events: [],
  messages: [],
  faults: [],
  requests: [],
};

let version = 0;
let timer = 0;
/** @type {Promise<void> | null} */
let asking = null;
/** @type {(changed: Set<string>) => void} */
let tell = () => {};
/** @type {(alive: boolean) => void} */
let tellAlive = () => {};

/**
 * Begin to follow the sandbox.
 * @param {(changed: Set<string>) => void} changed
 * @param {(alive: boolean) => void} alive
 */
export function follow(changed, alive) {
  tell = changed;
  tellAlive = alive;
  document.addEventListener('visibilitychange', () => void look());
  void look();
}

/** Ask now; the next time is a second later. A call while one is under way asks once more after it. */
export async function look() {
  clearTimeout(timer);
  if (asking) await asking;
  asking ??= ask().finally(() => {
    asking = null;
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, EVERY_MS);
  });
  return asking;
}

async function ask() {
  let parts;
  try {
    const answer = await fetch(`/_sandbox/state?since=${version}`);
    if (!answer.ok) throw new Error(String(answer.status));
    parts = answer.status === 204 ? null : await answer.json();
    tellAlive(true);
  } catch {
    tellAlive(false);
    return;
  }
  if (!parts) return;
  const { version: newest, ...changed } = parts;
  version = newest;
  Object.assign(state, changed);
  tell(new Set(Object.keys(changed)));
}

/** The sandbox's present moment in Unix seconds; the page runs on the same machine. */
export function now() {
  return Date.now() / 1000 + state.settings.moved;
}
