"""Laws 4 and 5: no credit is lost, kept or spent twice."""

from booking.laws.law import Law

LOTS = Law(
    "lots",
    "The credits left in a lot are the sum of its entries, never negative, and all add up over the studio.",
    """
    SELECT 'lot ' || l.id AS subject,
        l.remaining || ' left of ' || l.granted || ', entries add up to ' || COALESCE(e.sum, 0) AS wrong
    FROM payments_creditlot l
    LEFT JOIN (SELECT lot_id, SUM(credits) AS sum,
                   SUM(CASE WHEN kind = 'granted' THEN credits ELSE 0 END) AS granted
               FROM payments_creditentry GROUP BY lot_id) e ON e.lot_id = l.id
    WHERE l.remaining <> COALESCE(e.sum, 0) OR l.remaining < 0 OR l.granted <> COALESCE(e.granted, 0)
    UNION ALL
    SELECT 'entry ' || e.id, 'moves ' || e.credits || ' as ' || e.kind || ', for '
        || COALESCE(c.subject, 'nothing') || ' of member ' || COALESCE(c.member_id, l.member_id)
    FROM payments_creditentry e
    LEFT JOIN payments_creditlot l ON l.id = e.lot_id
    LEFT JOIN payments_creditspend c ON c.id = e.spend_id
    WHERE (e.kind = 'granted' AND (e.credits <= 0 OR e.spend_id IS NOT NULL))
       OR (e.kind = 'spent' AND (e.credits >= 0 OR e.spend_id IS NULL))
       OR (e.kind = 'returned' AND (e.credits <= 0 OR e.spend_id IS NULL))
       OR (e.kind IN ('expired', 'refunded', 'corrected') AND (e.credits >= 0 OR e.spend_id IS NOT NULL))
       OR c.member_id <> l.member_id
    UNION ALL
    SELECT 'the studio',
        granted || ' granted, ' || used || ' spent, expired, refunded or corrected, ' || remaining || ' left'
    FROM (SELECT (SELECT COALESCE(SUM(granted), 0) FROM payments_creditlot) AS granted,
              (SELECT COALESCE(SUM(remaining), 0) FROM payments_creditlot) AS remaining,
              (SELECT COALESCE(-SUM(credits), 0) FROM payments_creditentry WHERE kind <> 'granted') AS used) studio
    WHERE granted - used <> remaining
    UNION ALL
    SELECT 'lot ' || l.id, 'stands for ' || l.granted || ' expired of ' || COALESCE(r.returned, 0) || ' returned'
    FROM payments_creditlot l
    LEFT JOIN (SELECT spend_id, SUM(credits) AS returned FROM payments_creditentry WHERE kind = 'returned'
               GROUP BY spend_id) r ON r.spend_id = l.grace_of_id
    WHERE (l.source = 'grace' OR l.grace_of_id IS NOT NULL)
      AND (l.source <> 'grace' OR l.granted > COALESCE(r.returned, 0))
    UNION ALL
    SELECT 'the studio', expired || ' credits expired as they came back, ' || replaced || ' stand in their place'
    FROM (SELECT (SELECT COALESCE(-SUM(credits), 0) FROM payments_creditentry WHERE kind = 'expired') AS expired,
              (SELECT COALESCE(SUM(granted), 0) FROM payments_creditlot WHERE source = 'grace') AS replaced) grace
    WHERE expired <> replaced
    """,
)
SPENDS = Law(
    "spends",
    "A paid credit booking has one spend of its price, an ended one what was not returned; a spend has one booking.",
    """
    SELECT 'booking ' || b.reference AS subject, 'is ' || b.status || ' and costs ' || b.credits_spent
        || ' credits, promised ' || COALESCE(c.credits, 0) || ', spent ' || COALESCE(e.spent, 0) AS wrong
    FROM booking_booking b
    LEFT JOIN payments_creditspend c ON c.id = b.credit_spend_id
    LEFT JOIN (SELECT spend_id, -SUM(credits) AS spent FROM payments_creditentry GROUP BY spend_id) e
        ON e.spend_id = b.credit_spend_id
    WHERE (b.credits_spent > 0 OR b.credit_spend_id IS NOT NULL)
      AND (b.paid_with <> 'credits' OR c.id IS NULL OR c.credits <> b.credits_spent OR c.member_id <> b.member_id
           OR (b.status = 'paid' AND COALESCE(e.spent, 0) <> b.credits_spent)
           OR (b.status <> 'paid' AND COALESCE(e.spent, 0) <> b.credits_spent - b.returned_credits))
    UNION ALL
    SELECT 'spend ' || c.id, 'of ' || c.subject || ' since ' || c.created_at || ' has no booking'
    FROM payments_creditspend c
    WHERE NOT EXISTS (SELECT 1 FROM booking_booking b WHERE b.credit_spend_id = c.id)
    UNION ALL
    SELECT 'spend ' || credit_spend_id, 'pays for ' || COUNT(*) || ' bookings' FROM booking_booking
    WHERE credit_spend_id IS NOT NULL GROUP BY credit_spend_id HAVING COUNT(*) > 1
    """,
)
LAWS = (LOTS, SPENDS)
