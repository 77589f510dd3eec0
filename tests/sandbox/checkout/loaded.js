import { loadStripe } from "/vendor/pure.mjs";
import { pay } from "/pay.js";

pay(await loadStripe("pk_test_ana"));
