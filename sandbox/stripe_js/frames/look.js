/** The appearance the page asks for, as far as the sandbox follows it. */

const VARIABLES = {
  colorPrimary: "--primary",
  colorBackground: "--background",
  colorText: "--text",
  colorTextSecondary: "--muted",
  colorDanger: "--danger",
  borderRadius: "--radius",
  fontFamily: "--font",
  fontSizeBase: "--size",
};

/** @param {{ appearance?: { theme?: string, variables?: Record<string, string> }, locale?: string }} setting */
export function dress({ appearance = {} }) {
  const root = document.documentElement;
  root.dataset.theme = appearance.theme ?? "stripe";
  for (const [name, property] of Object.entries(VARIABLES)) {
    const value = appearance.variables?.[name];
    if (value) root.style.setProperty(property, value);
    else root.style.removeProperty(property);
  }
}
