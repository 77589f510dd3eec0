// What `web/api.js` answers, by the paths of docs/openapi.yaml: a field that is renamed there is missed in the frontend.
import type { paths } from "./openapi";

type Json<Answer> = Answer extends { content: { "application/json": infer Body } } ? Body : never;
type Good<Responses> = Json<Responses[keyof Responses & (200 | 201)]>;
type Answer<Path extends keyof paths, Method extends keyof paths[Path]> =
  paths[Path][Method] extends { responses: infer Responses } ? Promise<Good<Responses>> : never;
type Rows<Path extends keyof paths> =
  Awaited<Answer<Path, "get" & keyof paths[Path]>> extends { results: infer All } ? Promise<All> : never;
type Query<Path extends keyof paths> =
  paths[Path] extends { get: { parameters: { query?: infer Asked } } } ? Asked : never;
type Sent<Path extends keyof paths, Method extends keyof paths[Path]> =
  paths[Path][Method] extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never;

export class Refusal extends Error {
  status: number;
  code?: string;
  errors: { code: string; detail: string; attr: string | null }[];
  wait: number;
  constructor(status: number, errors: Refusal["errors"], wait?: number);
}

export function config(): Answer<"/api/booking/config/", "get">;
export function sessions(query: Omit<NonNullable<Query<"/api/booking/sessions/">>, "ids"> & { ids?: string }): Rows<"/api/booking/sessions/">;
export function oneSession(id: number | string): Answer<"/api/booking/sessions/{id}/", "get">;

type Book = Sent<"/api/booking/sessions/{id}/book/", "post">;
export function book(id: number, payWith: NonNullable<Book["pay_with"]>): Answer<"/api/booking/sessions/{id}/book/", "post">;
export function bookings(query: Query<"/api/booking/bookings/">): Answer<"/api/booking/bookings/", "get">;
export function booking(reference: string): Answer<"/api/booking/bookings/{reference}/", "get">;
export function history(reference: string): Rows<"/api/booking/bookings/{reference}/history/">;
export function sync(reference: string): Answer<"/api/booking/bookings/{reference}/sync/", "post">;
export function cancellation(reference: string): Answer<"/api/booking/bookings/{reference}/cancellation/", "get">;
export function cancel(
  reference: string, quote?: Sent<"/api/booking/bookings/{reference}/cancel/", "post">["quote"],
): Answer<"/api/booking/bookings/{reference}/cancel/", "post">;

export function waitlist(): Rows<"/api/booking/waitlist/">;
export function join(id: number): Answer<"/api/booking/sessions/{id}/waitlist/", "post">;
export function leave(id: number): Promise<null>;

export function credits(): Answer<"/api/payments/credits/", "get">;
export function packs(): Rows<"/api/payments/packs/">;
export function buy(pack: number): Answer<"/api/payments/packs/{id}/buy/", "post">;
export function purchase(reference: string): Answer<"/api/payments/purchases/{reference}/", "get">;
export function syncPurchase(reference: string): Answer<"/api/payments/purchases/{reference}/sync/", "post">;

export function me(): Answer<"/api/members/me/", "get">;
export function change(values: Sent<"/api/members/me/", "patch">): Answer<"/api/members/me/", "patch">;
export function erase(): Promise<null>;
export function calendar(): Answer<"/api/booking/calendar/", "get">;
export function newCalendar(): Answer<"/api/booking/calendar/", "post">;
export function endCalendar(): Promise<null>;

// django-allauth draws these in a document of its own.
export function signedIn(): Promise<boolean>;
export function signIn(email: string, password: string): Promise<unknown>;
export function signUp(email: string, password: string): Promise<unknown>;
export function signOut(): Promise<unknown>;
export function askReset(email: string): Promise<unknown>;
export function reset(key: string, password: string): Promise<unknown>;
export function confirmEmail(key: string): Promise<unknown>;
export function changePassword(current: string, next: string): Promise<unknown>;
