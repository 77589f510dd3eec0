// A shop's own page, as Stripe's documentation tells it to be written: nothing in it knows of the sandbox.
export function pay(stripe) {
  const query = new URLSearchParams(location.search);
  const clientSecret = query.get("secret");
  const theme = query.get("theme") ?? "stripe";
  if (theme === "night") document.body.classList.add("dark");
  const deferred = query.get("amount") && { mode: "payment", amount: Number(query.get("amount")), currency: "gbp" };
  const appearance = { theme, variables: { colorPrimary: "#0b7a75" } };
  const elements = stripe.elements(deferred ? { ...deferred, appearance } : { clientSecret, appearance });
  const element = elements.create("payment", { layout: "tabs" });
  window.told = [];
  for (const type of ["loaderstart", "ready", "change", "focus", "blur", "escape", "loaderror"]) {
    element.on(type, (event) => window.told.push({ type, ...event }));
  }
  element.mount("#payment-element");
  const form = document.getElementById("payment-form");
  const say = (text) => (document.getElementById("message").textContent = text);
  const result = document.getElementById("result");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.textContent = "";
    if (!query.has("unsubmitted")) {
      const { error } = await elements.submit();
      if (error) return finish({ error });
    }
    const redirect = query.get("redirect") ?? "always";
    const confirmParams = { return_url: `${location.origin}/done?order=7` };
    try {
      finish(await stripe.confirmPayment({ elements, clientSecret, confirmParams, redirect }));
    } catch (thrown) {
      finish({ error: { type: thrown.name, message: thrown.message } });
    }
  });

  function finish({ error, paymentIntent }) {
    result.textContent = JSON.stringify(error ? { error } : { paymentIntent });
    say(error ? error.message : paymentIntent.status);
  }
  Object.assign(window, { stripe, elements, element });
}
