/**
 * Every call this page makes, in one file. All of it is the public API: `/api/docs/` draws the bodies.
 *
 * A browser signs in with cookies: the session's is kept by the browser, and every request that changes something
 * repeats the `csrftoken` cookie in a header. All paths are of this site; another host puts a proxy in front.
 */

/** A request that was refused: `code` says why, `errors` has all reasons with the field each is about. */
export class Refusal extends Error {
  constructor(status, errors, wait) {
    super(errors[0]?.detail ?? `HTTP ${status}`);
    this.code = errors[0]?.code;
    Object.assign(this, { name: "Refusal", status, errors, wait });
  }
}

// What is on.
export const config = () => get("/api/booking/config/");
export const sessions = (query) => all("/api/booking/sessions/", query);
export const oneSession = (id) => get(`/api/booking/sessions/${id}/`);

// Booking a seat. The same key means the same booking, so a request whose answer was lost is simply sent again.
export const book = (id, payWith) =>
  insist(`/api/booking/sessions/${id}/book/`, { pay_with: payWith });
export const bookings = (query) => get("/api/booking/bookings/", query);
export const booking = (reference) => get(`/api/booking/bookings/${reference}/`);
export const history = (reference) => all(`/api/booking/bookings/${reference}/history/`);
export const sync = (reference) => send("POST", `/api/booking/bookings/${reference}/sync/`);
export const cancellation = (reference) => get(`/api/booking/bookings/${reference}/cancellation/`);
export const cancel = (reference, quote) => send("POST", `/api/booking/bookings/${reference}/cancel/`, { quote });

// Waiting for a full session.
export const waitlist = () => all("/api/booking/waitlist/");
export const join = (id) => send("POST", `/api/booking/sessions/${id}/waitlist/`);
export const leave = (id) => send("DELETE", `/api/booking/sessions/${id}/waitlist/`);

// Credits, and packs of them.
export const credits = () => get("/api/payments/credits/");
export const packs = () => all("/api/payments/packs/");
export const buy = (pack) => insist(`/api/payments/packs/${pack}/buy/`);
export const purchase = (reference) => get(`/api/payments/purchases/${reference}/`);
export const syncPurchase = (reference) => send("POST", `/api/payments/purchases/${reference}/sync/`);

// The member.
export const me = () => get("/api/members/me/");
export const change = (values) => send("PATCH", "/api/members/me/", values);
export const erase = () => send("DELETE", "/api/members/me/");
export const calendar = () => get("/api/booking/calendar/");
export const newCalendar = () => send("POST", "/api/booking/calendar/");
export const endCalendar = () => send("DELETE", "/api/booking/calendar/");

// Signing in: django-allauth's browser client. Its 401 is an answer: nobody is signed in. Whoever has no cookie of
// this site needs not ask.
const allauth = "/_allauth/browser/v1";
const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1];
export const signedIn = async () => Boolean(token()) && (await get(`${allauth}/auth/session`, {}, [401])).meta.is_authenticated;
/** Whoever works here may be asked for a code as well: the page that asks for it, else nothing. */
export const signIn = async (email, password) => {
  const { data } = await send("POST", `${allauth}/auth/login`, { email, password }, [401]);
  return data.flows?.some((flow) => flow.id === "mfa_authenticate" && flow.is_pending) ? "/accounts/2fa/authenticate/" : null;
};
export const signUp = (email, password) => send("POST", `${allauth}/auth/signup`, { email, password });
export const signOut = () => send("DELETE", `${allauth}/auth/session`, undefined, [401]);
export const askReset = (email) => send("POST", `${allauth}/auth/password/request`, { email });
export const reset = (key, password) => send("POST", `${allauth}/auth/password/reset`, { key, password }, [401]);
export const confirmEmail = (key) => send("POST", `${allauth}/auth/email/verify`, { key }, [401]);
export const changePassword = (current, next) =>
  send("POST", `${allauth}/account/password/change`, { current_password: current, new_password: next });

const get = (path, query = {}, fine = []) => {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null && value !== ""));
  return request("GET", asked.size ? `${path}?${asked}` : path, undefined, {}, fine);
};
const send = (method, path, body, fine = []) => request(method, path, body, {}, fine);

/** All pages of a list. */
async function all(path, query = {}) {
  const rows = [];
  for (let page = await get(path, { ...query, page_size: 100 }); ; page = await get(new URL(page.next).pathname + new URL(page.next).search)) {
    rows.push(...page.results);
    if (!page.next) return rows;
  }
}

/** Send a request that must happen once, again under the same key while no answer comes. */
async function insist(path, body) {
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  for (let tries = 2; ; tries--) {
    try {
      return await request("POST", path, body, headers);
    } catch (error) {
      const lost = !(error instanceof Refusal) || error.code === "service_unavailable";
      if (!lost || tries === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }
}

async function request(method, path, body, headers = {}, fine = []) {
  const sent = { ...headers };
  if (method !== "GET") sent["X-CSRFToken"] = token() ?? (await get(`${allauth}/config`), token());
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers: sent, body: body && JSON.stringify(body) });
  const read = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok || fine.includes(answer.status)) return read;
  if (answer.status === 401 && path.startsWith("/api/")) dispatchEvent(new Event("signedout"));
  throw new Refusal(answer.status, reasons(read), Number(answer.headers.get("Retry-After")) || 0);
}

/** The reasons in one shape: allauth names the field `param` and the sentence `message`. */
const reasons = (read) =>
  (read?.errors ?? []).map(({ code, detail, attr, message, param }) => ({
    code, detail: detail ?? message, attr: attr ?? param,
  }));
