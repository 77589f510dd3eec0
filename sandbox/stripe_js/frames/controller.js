/** Calls to the API that no Element makes. */

import { confirm, retrieve } from "/stripe_js/api.js";
import { serve } from "/stripe_js/port.js";

serve({
  retrieve,
  confirm: ({ parameters, ...access }) => confirm(access, parameters),
});
