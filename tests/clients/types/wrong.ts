// The types refuse what the API does not have; each line below is an error that the compiler must find.
import type { components } from "./api";

declare const booked: components["schemas"]["Booked"];

// @ts-expect-error there is no such field
booked.seat;
// @ts-expect-error null until it is paid
booked.paid_at.length;
// @ts-expect-error no way to pay
export const asked: components["schemas"]["BookRequest"] = { pay_with: "cash" };
