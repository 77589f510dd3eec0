"""What a person reads of a run: one line of numbers, and the findings with the stories of their bookings."""

from collections import Counter
from collections.abc import Sequence

from tests.chaos import sights
from tests.chaos.laws.findings import Finding
from tests.chaos.story import told
from tests.chaos.world import World

STORIES = 5


def line(world: World, findings: Sequence[Finding]) -> str:
    """The run in numbers."""
    ended = Counter(row["status"] for row in world.bookings.values())
    succeeded = sum(intent["status"] == "succeeded" for intent in world.intents)
    answers = Counter(answer.status for answer in world.notebook.answers)
    declined = sum(deed.outcome == "card_declined" for deed in world.notebook.deeds)
    killed = sum(deed.who == "power" for deed in world.notebook.deeds)
    faults, news = sights.faults_met(world), [kind for _, kind in sights.news_spoilt(world)]
    numbers = (
        f"{len(world.bookings):3} bookings",
        f"{ended['paid']:3} paid ({succeeded} by card)",
        f"{ended['freed']:3} freed",
        f"{declined:2} declined",
        f"{len(faults):3} faults met",
        f"{len(news):3} webhooks spoilt ({news.count('webhook: lost')} lost)",
        f"{killed} killed",
        f"{answers[503]:3} told to wait",
        f"{answers[None]:3} without an answer",
        f"{len(world.rows['refunds'])} refunds owed",
    )
    verdict = "ok" if not findings else f"{len(findings)} FINDINGS"
    return f"seed {world.name:>3}: {', '.join(numbers)}; {world.notebook.ended:.0f} s: {verdict}"


def accusation(world: World, findings: Sequence[Finding]) -> str:
    """Every finding, and the stories of the first bookings that they are about."""
    lines = [f"  {finding}" for finding in findings]
    about = list(dict.fromkeys(finding.booking for finding in findings if finding.booking in world.bookings))
    for reference in about[:STORIES]:
        lines += ["", *(f"    {line}" for line in told(world, reference))]
    if len(about) > STORIES:
        lines.append(f"    … and {len(about) - STORIES} bookings more; the database is kept in .run/chaos")
    return "\n".join(lines)
