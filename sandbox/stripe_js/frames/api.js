/** The Stripe API with a publishable key, at the address this frame came from. */

/**
 * @typedef {{ key: string, version?: string, secret: string }} Access
 * @typedef {{ paymentIntent?: any, error?: any }} Outcome
 */

/**
 * @param {Access} access
 * @returns {Promise<Outcome>}
 */
export function retrieve(access) {
  return ask(access, "GET", "", { client_secret: access.secret });
}

/**
 * @param {Access} access
 * @param {Record<string, any>} parameters
 * @returns {Promise<Outcome>}
 */
export function confirm(access, parameters) {
  return ask(access, "POST", "/confirm", { ...parameters, client_secret: access.secret, use_stripe_sdk: true });
}

/**
 * Answer the issuer's question for the payer.
 * @param {Access} access
 * @param {boolean} ok
 * @returns {Promise<Outcome>}
 */
export async function authenticate({ secret }, ok) {
  const body = new URLSearchParams({ client_secret: secret, ok: String(ok) });
  const headers = { Accept: "application/json" };
  const outcome = await fetched(`/stripe_js/challenge/${identifier(secret)}`, { method: "POST", headers, body });
  const intent = outcome.paymentIntent;
  return intent?.last_payment_error ? { error: { ...intent.last_payment_error, payment_intent: intent } } : outcome;
}

/** @param {string} secret */
function identifier(secret) {
  return secret.split("_secret_")[0];
}

/**
 * @param {Access} access
 * @param {string} method
 * @param {string} act
 * @param {Record<string, any>} parameters
 */
function ask({ key, version, secret }, method, act, parameters) {
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${key}`, ...(version && { "Stripe-Version": version }) };
  const path = `/v1/payment_intents/${identifier(secret)}${act}`;
  const form = encoded(parameters);
  if (method === "GET") return fetched(`${path}?${form}`, { headers });
  // A browser sends a request again by itself when a connection it had kept open is reset: that must not pay twice.
  headers["Idempotency-Key"] = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
  return fetched(path, { method, headers, body: form });
}

/**
 * @param {string} path
 * @param {RequestInit} request
 * @returns {Promise<Outcome>}
 */
async function fetched(path, request) {
  let answer;
  try {
    answer = await fetch(path, { ...request, cache: "no-store" });
  } catch {
    return { error: { type: "api_connection_error", message: "We are having trouble reaching Stripe. Try again." } };
  }
  try {
    const thing = await answer.json();
    return thing.error ? { error: thing.error } : { paymentIntent: thing };
  } catch {
    return { error: { type: "api_error", message: `Stripe answered ${answer.status} with something unreadable.` } };
  }
}

/**
 * Nested values as Stripe's forms write them: a[b][c]=d.
 * @param {Record<string, any>} parameters
 */
function encoded(parameters) {
  const form = new URLSearchParams();
  const add = (/** @type {string} */ name, /** @type {any} */ value) => {
    if (value === undefined || value === null) return;
    if (typeof value !== "object") form.append(name, String(value));
    else for (const [key, inner] of Object.entries(value)) add(`${name}[${key}]`, inner);
  };
  for (const [name, value] of Object.entries(parameters)) add(name, value);
  return form;
}
