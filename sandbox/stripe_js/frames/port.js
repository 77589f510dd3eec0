/** The line between a frame and the page that holds it. */

/** @type {MessagePort | undefined} */
let port;

/**
 * Answer what the page asks, once it has connected.
 * @param {Record<string, (data: any) => any>} actions
 */
export function serve(actions) {
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent || data !== "connect" || port) return;
    port = ports[0];
    port.onmessage = async ({ data: { id, action, data } }) => {
      port?.postMessage({ id, result: await actions[action]?.(data) });
    };
    tell("connected");
  });
}

/**
 * Tell the page that something happened.
 * @param {string} event
 * @param {object} [data]
 */
export function tell(event, data = {}) {
  port?.postMessage({ event, data });
}
