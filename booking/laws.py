"""The laws of the house, each as one query that finds what breaks it: portable SQL over one snapshot, no row loaded.

A law names what it finds: the row, and in one sentence what is wrong with it. `:grace` is the moment before which
everything half-done should have been finished by a command.
"""

from dataclasses import dataclass

HOLDING = "('pending', 'paid')"
# What a payment has been or will be given back.
RETURNING = "('due', 'submitted', 'succeeded')"
LEGAL = "('>pending', '>paid', 'pending>paid', 'pending>freed', 'paid>cancelled', 'freed>paid')"


@dataclass(frozen=True)
class Law:
    """`query` answers (subject, what is wrong) of everything that breaks the sentence."""

    name: str
    sentence: str
    query: str


LAWS = (
    Law(
        "seats",
        "The seats taken of a session are its holding bookings, and never above its capacity.",
        f"""
        SELECT 'session ' || s.id,
            s.seats_taken || ' taken, ' || COALESCE(b.held, 0) || ' held, capacity ' || s.capacity
        FROM booking_classsession s
        LEFT JOIN (SELECT session_id, COUNT(*) AS held FROM booking_booking WHERE status IN {HOLDING}
                   GROUP BY session_id) b ON b.session_id = s.id
        WHERE s.seats_taken <> COALESCE(b.held, 0) OR s.seats_taken > s.capacity
        """,
    ),
    Law(
        "one_booking",
        "A member holds at most one booking of a session.",
        f"""
        SELECT 'member ' || member_id, COUNT(*) || ' holding bookings of session ' || session_id
        FROM booking_booking WHERE status IN {HOLDING} GROUP BY member_id, session_id HAVING COUNT(*) > 1
        """,
    ),
    Law(
        "stale_holds",
        "No hold outlives its expiry, or a session that began or was cancelled, by more than the grace.",
        """
        SELECT 'booking ' || b.reference, 'held past ' ||
            CASE WHEN b.expires_at <= :grace THEN 'its expiry' ELSE 'its session' END
        FROM booking_booking b
        JOIN booking_classsession s ON s.id = b.session_id
        LEFT JOIN payments_payment p ON p.id = b.payment_id
        WHERE b.status = 'pending' AND COALESCE(p.status, '') NOT IN ('processing', 'review')
          AND (b.expires_at <= :grace OR s.starts_at <= :grace OR (s.status = 'cancelled' AND b.created_at <= :grace))
        """,
    ),
    Law(
        "lots",
        "The credits left in a lot are the sum of its entries, and never negative.",
        """
        SELECT 'lot ' || l.id, l.remaining || ' left of ' || l.granted || ', entries add up to ' || COALESCE(e.sum, 0)
        FROM payments_creditlot l
        LEFT JOIN (SELECT lot_id, SUM(credits) AS sum,
                       SUM(CASE WHEN kind = 'granted' THEN credits ELSE 0 END) AS granted
                   FROM payments_creditentry GROUP BY lot_id) e ON e.lot_id = l.id
        WHERE l.remaining <> COALESCE(e.sum, 0) OR l.remaining < 0 OR l.granted <> COALESCE(e.granted, 0)
        """,
    ),
    Law(
        "spends",
        "A paid credit booking has one unreturned spend of its price; a spend belongs to a booking.",
        """
        SELECT 'booking ' || COALESCE(b.reference, x.subject), 'costs ' || COALESCE(b.credits_spent, 0)
            || ' credits, spent ' || COALESCE(x.spent, 0)
        FROM payments_creditspend x0
        JOIN (SELECT c.id, c.subject, c.credits, COALESCE(SUM(-e.credits), 0) AS spent
              FROM payments_creditspend c LEFT JOIN payments_creditentry e ON e.spend_id = c.id
              GROUP BY c.id, c.subject, c.credits) x ON x.id = x0.id
        LEFT JOIN booking_booking b ON b.credit_spend_id = x.id
        WHERE b.id IS NULL OR (b.status = 'paid' AND (x.spent <> b.credits_spent OR x.credits <> b.credits_spent))
        """,
    ),
    Law(
        "card_bookings",
        "A paid card booking has one paid payment of its amount and currency.",
        """
        SELECT 'booking ' || b.reference,
            'is paid by card, its payment is ' || p.status || ' with ' || p.amount_received
            || ' ' || p.currency || ' of ' || b.amount || ' ' || b.currency
        FROM booking_booking b JOIN payments_payment p ON p.id = b.payment_id
        WHERE b.status = 'paid' AND b.paid_with = 'card'
          AND (p.status <> 'paid' OR p.amount <> b.amount OR p.currency <> b.currency OR p.amount_received <> b.amount)
        """,
    ),
    Law(
        "payments",
        "A paid payment has its paid booking, or refunds that add up to it, or stands under unmatched money.",
        f"""
        SELECT 'payment ' || p.subject, p.amount_received || ' received, ' || COALESCE(r.returned, 0)
            || ' returned, its booking is ' || COALESCE(b.status, 'not there')
        FROM payments_payment p
        LEFT JOIN booking_booking b ON b.payment_id = p.id
        LEFT JOIN (SELECT payment_id, SUM(amount) AS returned FROM payments_refund WHERE status IN {RETURNING}
                   GROUP BY payment_id) r ON r.payment_id = p.id
        WHERE p.status = 'paid' AND COALESCE(b.status, '') NOT IN ('paid', 'cancelled')
          AND COALESCE(r.returned, 0) < p.amount_received
          AND NOT EXISTS (SELECT 1 FROM payments_unmatchedmoney u WHERE u.payment_id = p.id)
        """,
    ),
    Law(
        "refunds",
        # A debt that is on its way keeps its amount, whatever is returned beside it, until Stripe has refused it.
        "The refunds of a payment never pass what it received.",
        f"""
        SELECT 'payment ' || p.subject, r.returned || ' returned or owed of ' || p.amount_received
        FROM payments_payment p
        JOIN (SELECT payment_id, SUM(amount) AS returned FROM payments_refund
              WHERE status IN {RETURNING} AND (status <> 'due' OR asked_at IS NULL)
              GROUP BY payment_id) r ON r.payment_id = p.id
        WHERE r.returned > p.amount_received AND p.status = 'paid'
        """,
    ),
    Law(
        "transitions",
        "The transitions of a booking replay to its status along legal edges.",
        f"""
        SELECT 'booking ' || b.reference,
            'is ' || b.status || ', its transitions say ' || COALESCE(MAX(t.last), 'nothing')
        FROM booking_booking b
        LEFT JOIN (
            SELECT booking_id, from_status, to_status,
                LAG(to_status, 1, '') OVER (PARTITION BY booking_id ORDER BY id) AS previous,
                CASE WHEN LEAD(id) OVER (PARTITION BY booking_id ORDER BY id) IS NULL THEN to_status END AS last
            FROM booking_bookingtransition) t ON t.booking_id = b.id
        GROUP BY b.id, b.reference, b.status
        HAVING COALESCE(MAX(t.last), '') <> b.status
            OR SUM(CASE WHEN t.from_status <> t.previous OR t.from_status || '>' || t.to_status NOT IN {LEGAL}
                        THEN 1 ELSE 0 END) > 0
        """,
    ),
    Law(
        "confirmations",
        "A paid booking has its confirmation, sent, or failed or skipped for a stated reason.",
        """
        SELECT 'booking ' || b.reference, CASE WHEN m.id IS NULL THEN 'has no confirmation'
            ELSE 'its confirmation is ' || m.status || ' without a reason' END
        FROM booking_booking b
        LEFT JOIN notifications_message m ON m.kind = 'booking_paid' AND m.subject = 'booking:' || b.reference
        WHERE b.status = 'paid' AND (m.id IS NULL OR (m.status IN ('failed', 'skipped') AND m.reason = ''))
        """,
    ),
    Law(
        "half_done",
        "Nothing stands half-done for longer than the grace.",
        """
        SELECT 'payment ' || p.subject, 'is ' || p.status || ' since ' || p.created_at FROM payments_payment p
        WHERE p.status IN ('creating', 'voiding') AND p.created_at <= :half_done
        UNION ALL
        SELECT 'booking ' || b.reference, 'is held, its payment is ' || p.status
        FROM booking_booking b JOIN payments_payment p ON p.id = b.payment_id
        WHERE b.status = 'pending' AND p.status IN ('paid', 'void')
        UNION ALL
        SELECT 'refund of ' || p.subject, 'is due since ' || r.due_at
        FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
        WHERE r.status = 'due' AND r.due_at <= :grace AND NOT EXISTS (
            SELECT 1 FROM payments_dispute d
            WHERE d.payment_id = p.id AND d.status NOT IN ('won', 'warning_closed'))
        UNION ALL
        SELECT 'message ' || m.kind || ' of ' || m.subject, 'is ' || m.status || ', due since ' || m.due_at
        FROM notifications_message m WHERE m.status IN ('queued', 'sending', 'unknown') AND m.due_at <= :grace
        """,
    ),
)
