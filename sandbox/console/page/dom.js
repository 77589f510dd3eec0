/** Building elements, and making a part of the page look like what was built while keeping focus and what was typed. */

/** @typedef {Node | string | number | false | null | undefined} Child */
/** @typedef {Child | Child[]} Children */

/**
 * An element. Text goes in as text, never as markup; `true` sets an empty attribute, `false`, null and undefined none.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...Children} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.flat().filter(there).map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** @param {Child} child @returns {child is Node | string | number} */
function there(child) {
  return child !== false && child !== null && child !== undefined && child !== '';
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no #${id} in the page`);
  return element;
}

/**
 * Show these children in the target. An element that was there stays the same element; if the one with the focus had
 * to go, the nearest `data-refocus` gets it.
 * @param {HTMLElement} target
 * @param {...Children} children
 */
export function show(target, ...children) {
  const focused = target.contains(document.activeElement) ? document.activeElement : null;
  const home = focused?.closest('[data-refocus]');
  const wanted = document.createDocumentFragment();
  wanted.append(...children.flat().filter(there).map((child) => (child instanceof Node ? child : String(child))));
  matchChildren(target, wanted);
  if (focused && !focused.isConnected) {
    const next = home?.isConnected ? home : (target.querySelector('[data-refocus]') ?? target.closest('section'));
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  }
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset.key : undefined;
}

/** @param {Node} one @param {Node} other */
function alike(one, other) {
  return one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}

/** @param {Element} have @param {Element | DocumentFragment} wanted */
function matchChildren(have, wanted) {
  const staying = new Set([...wanted.childNodes].map(keyOf));
  /** @type {Map<string, Node>} */
  const keyed = new Map();
  for (const child of [...have.childNodes]) {
    const key = keyOf(child);
    if (key && !staying.has(key)) child.remove();
    else if (key) keyed.set(key, child);
  }
  let place = have.firstChild;
  for (const child of [...wanted.childNodes]) {
    const key = keyOf(child);
    const found = key ? keyed.get(key) : place;
    if (!found || !alike(found, child)) {
      have.insertBefore(child, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else have.insertBefore(found, place);
    matchNode(found, child);
  }
  while (place) {
    const following = place.nextSibling;
    place.remove();
    place = following;
  }
}

/** @param {Node} have @param {Node} wanted */
function matchNode(have, wanted) {
  if (have.isEqualNode(wanted)) return;
  if (have instanceof Element && wanted instanceof Element) {
    matchAttributes(have, wanted);
    matchChildren(have, wanted);
  } else {
    have.nodeValue = wanted.nodeValue;
  }
}

/** @param {Element} have @param {Element} wanted */
function matchAttributes(have, wanted) {
  for (const { name } of [...have.attributes]) {
    if (name === 'open') continue; // whoever unfolded it wants to read on
    if (!wanted.hasAttribute(name)) have.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
}
