import { pay } from "/pay.js";

pay(Stripe("pk_test_ana"));
