/** Text that keeps its spacing while someone types in it. */

/**
 * Write the value of an input as `spaced` writes it, and leave the caret after the digit it was after.
 * @param {HTMLInputElement} input
 * @param {(text: string) => string} spaced
 */
export function keepSpaced(input, spaced) {
  let before = input.value;
  input.addEventListener("input", (event) => {
    const erased = /** @type {InputEvent} */ (event).inputType?.startsWith("delete");
    const caret = input.selectionStart ?? input.value.length;
    // Whoever erases a separator means the digit before it.
    const wanted = erased && digits(before) === digits(input.value) ? input.value.replace(/\d\D*$/, "") : input.value;
    const after = digits(wanted.slice(0, caret)).length;
    const value = erased && caret >= wanted.length ? trimmed(spaced(wanted)) : spaced(wanted);
    if (value !== input.value) {
      input.value = value;
      const place = caret >= wanted.length ? value.length : placeAfter(value, after);
      input.setSelectionRange(place, place);
    }
    before = value;
  });
}

/** @param {string} text */
function digits(text) {
  return text.replace(/\D/g, "");
}

/** @param {string} text */
function trimmed(text) {
  return text.replace(/\D+$/, "");
}

/**
 * @param {string} text
 * @param {number} count
 */
function placeAfter(text, count) {
  let place = 0;
  for (let seen = 0; seen < count && place < text.length; place++) if (/\d/.test(text[place])) seen++;
  return place;
}
