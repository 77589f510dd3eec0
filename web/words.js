/** Words, money and times for the visitor: texts from `texts.js`, formats of the browser's locale, the studio's zone. */

import { studio } from "./studio.js";
import { texts as english } from "./texts.js";

/** The languages the page speaks beside English; the first that the visitor reads is spoken. */
const translations = { de: () => import("./texts.de.js") };
const read = navigator.languages.map((tag) => tag.slice(0, 2));
const language = read.find((tag) => tag === "en" || tag in translations) ?? "en";
export const texts = language === "en" ? english : (await translations[language]()).texts;

document.documentElement.lang = language;
const locale = navigator.language;
const plural = new Intl.PluralRules(language);
const made = new Map();

/** A text by its name, `t("seats.left", { count: 3 })`; one with several forms is chosen by `count`. */
export function t(name, values = {}) {
  let text = name.split(".").reduce((part, key) => part?.[key], texts);
  if (text && typeof text === "object") text = text[plural.select(values.count)] ?? text.other;
  return (text ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** Why something was refused: our own words for its code, else the API's. */
export function refusal(error) {
  const ours = error.code && texts.refused[error.code];
  if (ours) return ours;
  if (error.errors?.length) return error.errors.map(({ detail }) => detail).join(" ");
  return navigator.onLine ? texts.refused.unknown : texts.refused.offline;
}

function format(kind, options) {
  const key = JSON.stringify(options);
  if (!made.has(key)) made.set(key, new kind(locale, options));
  return made.get(key);
}

/** An amount in minor units as people write it. */
export function money(amount, currency) {
  const written = format(Intl.NumberFormat, { style: "currency", currency: currency.toUpperCase() });
  return written.format(amount / 10 ** written.resolvedOptions().maximumFractionDigits);
}

/** A number of credits. */
export const credits = (count) => t("credits", { count });

/** A moment in the studio's zone. */
const moment = (options) => (at) =>
  format(Intl.DateTimeFormat, { ...options, timeZone: studio.time_zone }).format(new Date(at));
export const time = moment({ hour: "2-digit", minute: "2-digit" });
export const day = moment({ weekday: "short", day: "numeric", month: "short" });
export const weekday = moment({ weekday: "short" });
export const dayNumber = moment({ day: "numeric" });
export const longDay = moment({ weekday: "long", day: "numeric", month: "long" });
export const fullDay = moment({ dateStyle: "long" });
export const when = (at) => `${day(at)}, ${time(at)}`;

/** What is left of some milliseconds: 4:07, or hours and minutes. */
export function left(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? t("hours", { hours, minutes }) : `${minutes}:${two(seconds % 60)}`;
}
