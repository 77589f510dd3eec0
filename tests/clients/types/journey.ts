// A member's frontend, written against the generated types alone: it is compiled, never run.
import type { components, operations, paths } from "./api";

type Booked = components["schemas"]["Booked"];
type Refusal = components["schemas"]["Refusal"];
type Body<Operation, Status extends number> = Operation extends {
  responses: Record<Status, { content: { "application/json": infer Json } }>;
} ? Json : never;

declare function send<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
declare function pay(secret: string, publishableKey: string): Promise<void>;

const sessions: keyof paths = "/api/booking/sessions/";

async function book(session: number): Promise<Booked> {
  const asked: components["schemas"]["BookRequest"] = { pay_with: "card" };
  const booked = await send<Body<operations["booking_sessions_book_create"], 200 | 201>>(
    "POST", `${sessions}${session}/book/`, asked,
  );
  if (booked.stripe_client_secret && booked.stripe_publishable_key) {
    await pay(booked.stripe_client_secret, booked.stripe_publishable_key);
  }
  return booked;
}

async function cancel(booking: Booked): Promise<components["schemas"]["BookingStatusEnum"]> {
  const path = `/api/booking/bookings/${booking.reference}/`;
  const quote = await send<Body<operations["booking_bookings_cancellation_retrieve"], 200>>("GET", `${path}cancellation/`);
  const returns: "card" | "credits" | "desk" | "nothing" = quote.returns;
  const asked: components["schemas"]["CancelRequest"] = { quote: quote.quote };
  const cancelled = await send<Body<operations["booking_bookings_cancel_create"], 200>>("POST", `${path}cancel/`, asked);
  return returns === "nothing" ? booking.status : cancelled.status;
}

async function wait(session: number): Promise<number> {
  const place = await send<Body<operations["booking_sessions_waitlist_create"], 201>>("POST", `${sessions}${session}/waitlist/`);
  return place.position;
}

async function buy(pack: components["schemas"]["Pack"]): Promise<components["schemas"]["PurchaseStatusEnum"]> {
  const path: keyof paths = "/api/payments/packs/{id}/buy/";
  const bought = await send<Body<operations["payments_packs_buy_create"], 201>>("POST", path.replace("{id}", `${pack.id}`));
  const credits: number = bought.credits;
  return credits > 0 ? bought.status : "pending";
}

function reason(refusal: Refusal): string {
  const [first] = refusal.errors;
  return first === undefined ? refusal.type : `${first.code}: ${first.detail} (${first.attr ?? "the whole request"})`;
}

export const journey = { book, cancel, wait, buy, reason };
