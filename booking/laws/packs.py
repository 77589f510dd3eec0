"""Laws 4, 6 and 7 for packs: what was bought is paid for once, and its credits granted once."""

from booking.laws.law import Law
from booking.laws.money import RETURNING

# A pack that was never paid for, as a comparison found, may have had credits spent: staff are told, and what those
# bookings give back goes to the lot again.
PURCHASES = Law(
    "purchases",
    "A paid purchase has one paid payment and one lot of its credits; one that ended has neither money nor credits.",
    f"""
    SELECT 'purchase ' || u.reference AS subject, 'is ' || u.status || ' for ' || u.amount || ' ' || u.currency
        || ' by member ' || u.member_id || ', its payment is ' || COALESCE(p.status || ' with ' || p.amount_received
        || ' of ' || p.amount || ' ' || p.currency || ' for ' || p.subject || ' of member ' || p.member_id, 'not there')
        || ', its lot is ' || COALESCE(l.remaining || ' left of ' || l.granted || ' by ' || l.source || ' of member '
        || l.member_id, 'not there') AS wrong
    FROM payments_packpurchase u
    LEFT JOIN payments_payment p ON p.id = u.payment_id
    LEFT JOIN payments_creditlot l ON l.id = u.lot_id
    WHERE p.id IS NULL OR p.amount <> u.amount OR p.currency <> u.currency OR p.member_id <> u.member_id
       OR p.subject <> 'purchase:' || u.reference
       OR (u.status = 'paid' AND (p.status <> 'paid' OR p.amount_received <> u.amount))
       OR (u.status IN ('pending', 'freed') AND u.lot_id IS NOT NULL)
       OR (u.status IN ('paid', 'refunded')
           AND (l.id IS NULL OR l.granted <> u.credits OR l.member_id <> u.member_id OR l.source <> 'pack'))
       OR (u.status = 'refunded' AND u.ended_reason <> 'payment_canceled' AND l.remaining <> 0)
    UNION ALL
    SELECT 'purchase ' || u.reference, 'is ' || u.status || ', of its credits ' || e.credits || ' went back'
    FROM payments_packpurchase u JOIN payments_creditentry e ON e.lot_id = u.lot_id
    WHERE e.kind = 'refunded' AND (u.status <> 'refunded' OR e.credits >= 0 OR e.spend_id IS NOT NULL)
    UNION ALL
    SELECT 'purchase ' || u.reference, 'is paid, and its late payment goes back'
    FROM payments_packpurchase u JOIN payments_refund r ON r.payment_id = u.payment_id
    WHERE u.status = 'paid' AND r.reason = 'late_payment' AND r.status IN {RETURNING}
    UNION ALL
    SELECT 'lot ' || l.id, 'is of a pack that nobody bought' FROM payments_creditlot l
    WHERE l.source = 'pack' AND NOT EXISTS (SELECT 1 FROM payments_packpurchase u WHERE u.lot_id = l.id)
    UNION ALL
    SELECT 'payment ' || payment_id, 'serves ' || COUNT(*) || ' purchases' FROM payments_packpurchase
    GROUP BY payment_id HAVING COUNT(*) > 1
    UNION ALL
    SELECT 'lot ' || lot_id, 'serves ' || COUNT(*) || ' purchases' FROM payments_packpurchase
    WHERE lot_id IS NOT NULL GROUP BY lot_id HAVING COUNT(*) > 1
    """,
)
# The same of a purchase as of a hold: see `stale_holds`.
STALE_PURCHASES = Law(
    "stale_purchases",
    "No purchase that nobody paid outlives its expiry by more than the grace.",
    """
    SELECT 'purchase ' || u.reference AS subject, 'waits past its expiry' AS wrong
    FROM payments_packpurchase u JOIN payments_payment p ON p.id = u.payment_id
    WHERE u.status = 'pending' AND u.expires_at <= :grace AND p.status NOT IN ('processing', 'review')
      AND (p.void_claimed_at IS NULL OR p.void_claimed_at <= :grace)
    """,
)
LAWS = (PURCHASES, STALE_PURCHASES)
