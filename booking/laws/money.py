"""Laws 6 to 8: no money is lost, kept or returned twice."""

from booking.laws.law import Law

# What a payment has been or will be given back.
RETURNING = "('due', 'submitted', 'succeeded')"

CARD_BOOKINGS = Law(
    "card_bookings",
    "A paid card booking has one paid payment; price and member are those agreed; no payment serves two.",
    """
    SELECT 'booking ' || b.reference AS subject, 'is ' || b.status || ' for ' || b.amount || ' ' || b.currency
        || ', its payment is ' || COALESCE(p.status || ' with ' || p.amount_received || ' of ' || p.amount || ' '
        || p.currency || ' for ' || p.subject || ' of member ' || p.member_id, 'not there') AS wrong
    FROM booking_booking b LEFT JOIN payments_payment p ON p.id = b.payment_id
    WHERE (b.payment_id IS NOT NULL OR (b.status = 'paid' AND b.paid_with = 'card'))
      AND (p.id IS NULL OR p.amount <> b.amount OR p.currency <> b.currency OR p.member_id <> b.member_id
           OR p.subject <> 'booking:' || b.reference
           OR (b.status = 'paid' AND (p.status <> 'paid' OR p.amount_received <> b.amount)))
    UNION ALL
    SELECT 'payment ' || payment_id, 'serves ' || COUNT(*) || ' bookings' FROM booking_booking
    WHERE payment_id IS NOT NULL GROUP BY payment_id HAVING COUNT(*) > 1
    """,
)
PAYMENTS = Law(
    "payments",
    "A paid payment has what it was for, or refunds that add up to it, never both, or stands under unmatched money.",
    f"""
    SELECT 'payment ' || p.subject AS subject, p.amount_received || ' received, ' || COALESCE(r.returned, 0)
        || ' returned, what it was for is '
        || COALESCE(b.status, (SELECT u.status FROM payments_packpurchase u WHERE u.payment_id = p.id), 'not there')
        AS wrong
    FROM payments_payment p
    LEFT JOIN booking_booking b ON b.payment_id = p.id
    LEFT JOIN (SELECT payment_id, SUM(amount) AS returned, MAX(CASE WHEN reason = 'late_payment' THEN 1 END) AS late
               FROM payments_refund WHERE status IN {RETURNING} GROUP BY payment_id) r ON r.payment_id = p.id
    WHERE p.status = 'paid' AND (
        (b.status = 'paid' AND r.late = 1)
        OR (COALESCE(b.status, '') NOT IN ('paid', 'cancelled') AND COALESCE(r.returned, 0) < p.amount_received
            AND NOT EXISTS (SELECT 1 FROM payments_packpurchase u WHERE u.payment_id = p.id AND u.status = 'paid')
            AND NOT EXISTS (SELECT 1 FROM payments_unmatchedmoney u WHERE u.payment_id = p.id)))
    UNION ALL
    SELECT 'payment ' || p.subject, p.amount_received || ' received in review, and in no queue'
    FROM payments_payment p
    WHERE p.status = 'review' AND p.amount_received > 0
      AND NOT EXISTS (SELECT 1 FROM payments_unmatchedmoney u
                      WHERE u.payment_id = p.id OR u.stripe_id = p.stripe_intent_id)
    """,
)
# A refund that failed for good is left to staff, who see it. One that the dashboard was quicker to make counts as well,
# and may be of more: then it has taken the place of a debt that Stripe was never asked for.
CANCELLED = Law(
    "cancelled",
    "Of a cancelled card booking goes back what its cancellation returned, and no more for it.",
    f"""
    SELECT 'booking ' || b.reference AS subject, 'returns ' || b.returned_amount || ', of its payment '
        || COALESCE(r.returned, 0) || ' goes back, ' || COALESCE(r.for_it, 0) || ' of it for this' AS wrong
    FROM booking_booking b
    LEFT JOIN (SELECT payment_id, SUM(CASE WHEN status IN {RETURNING} THEN amount ELSE 0 END) AS returned,
                   SUM(CASE WHEN status IN {RETURNING} AND reason = 'cancelled'
                            AND (status = 'due' OR asked_at IS NOT NULL) THEN amount ELSE 0 END) AS for_it,
                   MAX(CASE WHEN status = 'failed' AND reason = 'cancelled' THEN 1 ELSE 0 END) AS failed
               FROM payments_refund GROUP BY payment_id) r ON r.payment_id = b.payment_id
    WHERE b.status = 'cancelled' AND b.paid_with = 'card'
      AND (COALESCE(r.for_it, 0) > b.returned_amount
           OR (COALESCE(r.returned, 0) < b.returned_amount AND COALESCE(r.failed, 0) = 0))
    """,
)
# News of a refund may come before that of the payment. A debt that Stripe was asked for is Stripe's to refuse: while it
# is, somebody may have returned the money in the dashboard; half_done sees a debt that stays.
REFUNDS = Law(
    "refunds",
    "The refunds of a payment never pass what it received; each is in its currency and known at Stripe by one name.",
    """
    SELECT 'payment ' || p.subject AS subject, r.returned || ' returned or owed of ' || p.amount_received AS wrong
    FROM payments_payment p
    JOIN (SELECT payment_id, SUM(amount) AS returned, MIN(created_at) AS since FROM payments_refund
          WHERE status IN ('submitted', 'succeeded') OR (status = 'due' AND asked_at IS NULL)
          GROUP BY payment_id) r ON r.payment_id = p.id
    WHERE r.returned > p.amount_received AND (p.status = 'paid' OR r.since <= :half_done)
    UNION ALL
    SELECT 'refund of ' || p.subject, 'is ' || r.status || ' with ' || r.currency || ' as '
        || COALESCE(r.stripe_refund_id, 'nothing at Stripe')
    FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
    WHERE r.currency <> p.currency OR (r.status IN ('submitted', 'succeeded') AND r.stripe_refund_id IS NULL)
    UNION ALL
    SELECT 'refund ' || stripe_refund_id, 'is recorded ' || COUNT(*) || ' times' FROM payments_refund
    WHERE stripe_refund_id IS NOT NULL GROUP BY stripe_refund_id HAVING COUNT(*) > 1
    """,
)
LAWS = (CARD_BOOKINGS, PAYMENTS, CANCELLED, REFUNDS)
