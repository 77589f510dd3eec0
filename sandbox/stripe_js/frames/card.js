/** What can be said of a card number, an expiry date and a security code while they are typed. */

/**
 * @typedef {{ name: string, starts: RegExp, lengths: number[], groups: number[], code: number }} Brand
 * @typedef {{ code: string, message: string } | null} Fault
 */

/** @type {Brand[]} */
const BRANDS = [
  { name: "Visa", starts: /^4/, lengths: [16], groups: [4, 4, 4, 4], code: 3 },
  { name: "Mastercard", starts: /^(5[1-5]|2[2-7])/, lengths: [16], groups: [4, 4, 4, 4], code: 3 },
  { name: "Amex", starts: /^3[47]/, lengths: [15], groups: [4, 6, 5], code: 4 },
  { name: "Diners", starts: /^3[0689]/, lengths: [14, 16], groups: [4, 4, 4, 4], code: 3 },
  { name: "JCB", starts: /^35/, lengths: [16], groups: [4, 4, 4, 4], code: 3 },
  { name: "Discover", starts: /^6(011|4[4-9]|5)/, lengths: [16], groups: [4, 4, 4, 4], code: 3 },
  { name: "UnionPay", starts: /^62/, lengths: [16, 17, 18, 19], groups: [4, 4, 4, 4, 3], code: 3 },
];
/** @type {Brand} */
const UNKNOWN = { name: "", starts: /^/, lengths: [16], groups: [4, 4, 4, 4], code: 3 };

/** @param {string} text */
export function digits(text) {
  return text.replace(/\D/g, "");
}

/**
 * @param {string} number
 * @returns {Brand}
 */
export function brandOf(number) {
  return BRANDS.find((brand) => brand.starts.test(number)) ?? UNKNOWN;
}

/** @param {string} text */
export function spacedNumber(text) {
  const number = digits(text);
  const { lengths, groups } = brandOf(number);
  let at = 0;
  const parts = groups.map((size) => number.slice(at, (at += size)));
  return parts.filter(Boolean).join(" ").slice(0, Math.max(...lengths) + groups.length - 1);
}

/** @param {string} text */
export function spacedExpiry(text) {
  let typed = text.replace(/^\s*([2-9])/, "0$1").replace(/^\s*(\d)\s*\//, "0$1/");
  typed = typed.replace(/(\d{2})\D*20(\d{2})$/, "$1$2");
  const number = digits(typed).slice(0, 4);
  return number.length > 2 || /^\d{2}\s*\/\s*$/.test(typed) ? `${number.slice(0, 2)} / ${number.slice(2)}` : number;
}

/**
 * Whether the last digit checks the others (Luhn).
 * @param {string} number
 */
export function addsUp(number) {
  const sum = [...number].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/**
 * @param {string} text
 * @returns {Fault}
 */
export function faultOfNumber(text) {
  const number = digits(text);
  const { lengths } = brandOf(number);
  if (!lengths.includes(number.length)) return { code: "incomplete_number", message: "Your card number is incomplete." };
  return addsUp(number) ? null : { code: "invalid_number", message: "Your card number is invalid." };
}

/**
 * @param {string} text
 * @param {Date} today
 * @returns {Fault}
 */
export function faultOfExpiry(text, today) {
  const number = digits(text);
  const [month, year] = [Number(number.slice(0, 2)), 2000 + Number(number.slice(2))];
  if (number.length < 4) return { code: "incomplete_expiry", message: "Your card's expiration date is incomplete." };
  if (month < 1 || month > 12) {
    return { code: "invalid_expiry_month", message: "Your card's expiration month is invalid." };
  }
  const past = year < today.getFullYear() || (year === today.getFullYear() && month <= today.getMonth());
  if (past) return { code: "invalid_expiry_year_past", message: "Your card's expiration year is in the past." };
  const far = year > today.getFullYear() + 50;
  return far ? { code: "invalid_expiry_year", message: "Your card's expiration year is invalid." } : null;
}

/**
 * @param {string} text
 * @param {string} number the card it belongs to
 * @returns {Fault}
 */
export function faultOfCode(text, number) {
  if (digits(text).length >= brandOf(digits(number)).code) return null;
  return { code: "incomplete_cvc", message: "Your card's security code is incomplete." };
}

/**
 * @param {string} text
 * @param {string} country
 * @returns {Fault}
 */
export function faultOfPostcode(text, country) {
  if (!asksPostcode(country)) return null;
  const enough = country === "US" ? /^\d{5}(-?\d{4})?$/ : /^[a-z0-9][a-z0-9 -]{3,9}$/i;
  return enough.test(text.trim()) ? null : { code: "incomplete_zip", message: "Your postal code is incomplete." };
}

/**
 * Where the issuer compares the postcode.
 * @param {string} country
 */
export function asksPostcode(country) {
  return ["US", "GB", "CA"].includes(country);
}
