/** Building the page: elements without markup in strings, what is said aloud, and buttons that wait for an answer. */

import { refusal } from "./words.js";

/**
 * Make an element: `h("p", { class: "quiet" }, "text", child)`. A function under `on…` listens, `false` and `null` leave out.
 * Text is always text: nothing a server or a visitor sends can become markup.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Put something in place of what a part of the page shows; whoever was in it with the keyboard stays near. */
export function show(part, ...children) {
  const inside = part !== document.activeElement && part.contains(document.activeElement);
  part.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false));
  if (inside) part.closest("[tabindex]")?.focus({ preventScroll: true });
}

/** Say something to everyone: shown for some seconds, and read aloud by a screen reader. */
export function say(...words) {
  const said = document.getElementById("said");
  show(said, ...words);
  said.classList.add("shown");
  clearTimeout(saying);
  saying = setTimeout(() => said.classList.remove("shown"), 8000);
}
let saying;

/** A box that tells something important where it happens; `alert` is read aloud at once. */
export const notice = (text, { kind = "info", actions = [] } = {}) =>
  h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, h("p", {}, text), ...actions);

/** A button that does something which takes time: it cannot be pressed twice, and shows why it could not. */
export function act(label, does, { kind = "", describe = null, within = null } = {}) {
  const button = h("button", { type: "button", class: kind, "aria-label": describe, onclick: run }, label);
  async function run() {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      await does();
    } catch (error) {
      if (error.name !== "AbortError") complain(within ?? button, error);
    } finally {
      button.ariaBusy = "false";
    }
  }
  return button;
}

/** Tell of an error beside a part of the page, once; the next one takes its place. A part that is gone is told of aloud. */
export function complain(part, error) {
  if (!part.isConnected) return say(refusal(error));
  const told = notice(refusal(error), { kind: "bad" });
  const old = part.nextElementSibling;
  if (old?.matches(".notice.bad")) old.replaceWith(told);
  else part.after(told);
}

/** A form whose answer takes time: `does` gets what was filled in; what a field is refused for stands beside it. */
export function form({ fields, send, does }) {
  const button = h("button", { class: "main" }, send);
  const sending = h("form", { novalidate: true, onsubmit: submit }, ...fields, button);
  async function submit(event) {
    event.preventDefault();
    for (const old of sending.querySelectorAll(".wrong")) old.remove();
    sending.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
    button.disabled = true;
    try {
      await does(Object.fromEntries(new FormData(sending)));
    } catch (error) {
      refuse(sending, button, error);
    } finally {
      button.disabled = false;
    }
  }
  return sending;
}

function refuse(sending, button, error) {
  const inputs = (error.errors ?? []).map(({ attr }) => attr && sending.elements[attr]).filter(Boolean);
  const told = h("p", { class: "wrong", role: "alert", id: "wrong" }, refusal(error));
  if (!inputs.length) return button.before(told);
  inputs[0].closest("label").append(told);
  inputs[0].setAttribute("aria-invalid", "true");
  inputs[0].setAttribute("aria-describedby", "wrong");
  inputs[0].focus();
}

/** A field with its label; `hint` stands below. */
export const field = (label, attributes, hint) =>
  h("label", { class: attributes.type === "checkbox" ? "tick" : "" }, h("span", {}, label), h("input", attributes),
    hint && h("small", {}, hint));

/** Do something again and again until the visitor leaves the page; not while nobody looks. */
export function every(milliseconds, does, signal) {
  if (signal.aborted) return; // they left while it was loading
  const timer = setInterval(() => document.hidden || does(), milliseconds);
  const back = () => document.hidden || does();
  document.addEventListener("visibilitychange", back);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", back);
  });
}

/** Wait, unless the visitor leaves. */
export const pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => (clearTimeout(timer), reject(new DOMException("left", "AbortError")));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
