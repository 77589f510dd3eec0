/** The schedule: seven days at a glance, kept fresh while somebody looks at it. */

import { Refusal } from "./api.js";
import { around, DAYS } from "./first.js";
import { every, h, notice, act, show } from "./page.js";
import { mark, mine, minutes, price, quick, seatsLeft, standing } from "./seat.js";
import { addDays, dateOf, midnight, now, studio } from "./studio.js";
import { day, dayNumber, t, time, weekday } from "./words.js";

const FRESH = 20_000;
const wanted = { search: "", instructor: "", available: false };

export default async function schedule({ main, parameters: [date], signal }) {
  if (date && Number.isNaN(Date.parse(date))) throw new Refusal(404, []);
  const today = dateOf(now());
  const from = date ?? today;
  const dates = Array.from({ length: DAYS }, (_, day) => addDays(from, day));
  const list = h("div", { class: "week", "aria-busy": "true" }, h("p", { class: "quiet" }, t("loading")));
  const choice = filters(() => draw());
  const strip = h("div", { class: "strip", role: "group", "aria-label": t("schedule.days") });
  show(main, heading(from, today), choice.element, strip, list, h("p", { class: "quiet" }, t("schedule.zone", { zone: studio.time_zone })));
  let sessions = [];
  let own;
  let drawn = "";

  async function load() {
    const [found, claims] = await Promise.all([around(from), mine()]);
    [sessions, own] = [found.filter(({ starts_at: at }) => dates.includes(dateOf(at))), claims];
    choice.offer(sessions);
    draw();
  }
  function draw() {
    const seen = JSON.stringify([sessions, [...own.booked], [...own.waiting], wanted, dateOf(now())]);
    if (seen === drawn || signal.aborted) return;
    drawn = seen;
    const byDate = Map.groupBy(sessions.filter(fits), ({ starts_at: at }) => dateOf(at));
    keepingFocus(strip, () => show(strip, dates.map((date) => jump(date, byDate.get(date)?.length ?? 0))));
    keepingFocus(list, () => show(list, week(dates, byDate, own, refresh)));
    list.ariaBusy = "false";
  }
  const refresh = () => load().catch(() => {}); // the next round asks again
  try {
    await load();
    every(FRESH, refresh, signal);
  } catch {
    show(list, notice(t("failed"), { kind: "bad", actions: [act(t("again"), () => schedule({ main, parameters: [date], signal }))] }));
  }
}

function heading(from, today) {
  const to = (date, text) => h("a", { class: "button", href: date === today ? "#/" : `#/week/${date}` }, text);
  const days = { from: day(midnight(from)), to: day(midnight(addDays(from, DAYS - 1))) };
  const earlier = addDays(from, -DAYS) < today ? today : addDays(from, -DAYS);
  return h("div", { class: "bar" }, h("h1", {}, t("schedule.title"), " ", h("small", {}, t("schedule.week", days))),
    h("div", { class: "row" }, from > today && to(earlier, t("schedule.earlier")), to(addDays(from, DAYS), t("schedule.later"))));
}

/** The filters: what is wanted stays so while the visitor turns the pages. */
function filters(changed) {
  const set = (name, read) => (event) => ((wanted[name] = read(event.target)), changed());
  const search = h("input", { type: "search", value: wanted.search, oninput: set("search", ({ value }) => value) });
  const who = h("select", { onchange: set("instructor", ({ value }) => value) });
  const free = h("input", { type: "checkbox", checked: wanted.available, onchange: set("available", ({ checked }) => checked) });
  let offered;
  const offer = (sessions) => {
    const names = [...new Set([wanted.instructor, ...sessions.map(({ instructor }) => instructor)])].filter(Boolean).sort();
    if (offered === (offered = names.join("\n"))) return; // somebody may be choosing just now
    show(who, h("option", { value: "" }, t("schedule.anyone")), names.map((name) => h("option", { value: name }, name)));
    who.value = wanted.instructor;
  };
  offer([]);
  const element = h("form", { class: "filters", role: "search", "aria-label": t("schedule.filters"), onsubmit: (event) => event.preventDefault() },
    h("label", {}, h("span", {}, t("schedule.search")), search), h("label", {}, h("span", {}, t("schedule.instructor")), who),
    h("label", { class: "tick" }, free, h("span", {}, t("schedule.available"))));
  return { element, offer };
}

/** @param {import("./seat.js").Session} session */
const fits = ({ title, description, instructor, location, bookable }) =>
  (!wanted.available || bookable) && (!wanted.instructor || instructor === wanted.instructor) &&
  `${title} ${description} ${instructor} ${location}`.toLowerCase().includes(wanted.search.trim().toLowerCase());

/** On a phone the days stand below each other: the strip shows all of them, and leads to each. */
function jump(date, count) {
  const go = () => {
    const heading = document.getElementById(`d${date}`);
    heading.scrollIntoView({ block: "start" });
    heading.focus({ preventScroll: true });
  };
  return h("button", { type: "button", "data-id": date, disabled: !count, onclick: go }, weekday(midnight(date)), h("b", {}, dayNumber(midnight(date))),
    h("small", { "aria-label": count && t("schedule.classes", { count }) }, count || t("schedule.nothing")));
}

function week(dates, byDate, own, changed) {
  if (!byDate.size) {
    const filtered = wanted.search || wanted.instructor || wanted.available;
    return h("div", { class: "empty" }, h("p", {}, t(filtered ? "schedule.emptyFiltered" : "schedule.empty")),
      h("a", { class: "button", href: `#/week/${addDays(dates.at(-1), 1)}` }, t("schedule.next")));
  }
  return dates.map((date) => h("section", { class: "day", "aria-labelledby": `d${date}` },
    h("h2", { id: `d${date}`, tabindex: -1 }, day(midnight(date))),
    byDate.get(date)?.map((session) => card(session, standing(session, own), changed)) ?? h("p", { class: "quiet" }, t("schedule.nothing"))));
}

/** @param {import("./seat.js").Session} session */
function card(session, stand, changed) {
  const over = stand.kind === "closed" || stand.kind === "called";
  return h("article", { class: `card ${stand.kind}`, "data-id": session.id },
    h("p", { class: "time" }, h("time", { datetime: session.starts_at }, time(session.starts_at)), h("small", {}, t("session.minutes", { count: minutes(session) }))),
    h("div", { class: "what" }, h("h3", {}, h("a", { href: `#/session/${session.id}` }, session.title)),
      h("p", { class: "quiet" }, [session.instructor, session.location].filter(Boolean).join(" · ")),
      h("p", { class: "facts" }, mark(stand), !over && h("span", { class: `seats ${session.seats_available ? "" : "none"}` }, seatsLeft(session)), !over && h("span", {}, price(session)))),
    !over && h("div", { class: "do" }, quick(session, stand, changed)));
}

/** Draw a part anew and leave the focus where it was: on the same day, or on the same link or button of the same session. */
function keepingFocus(part, draw) {
  const focused = part.contains(document.activeElement) && document.activeElement;
  const holder = focused && focused.closest("[data-id]");
  const inside = holder === focused ? "" : focused && focused.closest(".do") ? ".do > *" : "a";
  const place = holder ? `[data-id="${holder.dataset.id}"] ${inside}` : focused && focused.id && `#${focused.id}`;
  draw();
  if (place) part.querySelector(place)?.focus({ preventScroll: true });
}
