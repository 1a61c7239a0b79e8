"""600 English sentences for benchmarks: written for this purpose, lengths as in everyday prose.

Some were written as they stand, the others are put together from hand-written parts by a fixed
rule, so that every run on every machine translates the same text. Lengths follow a log-normal
distribution: about 17 words on average, a tenth of them 7 or fewer, a tenth 32 or more.

`python -m benchmarks.sentences` prints them with their figures.
"""

import math
import random
import re
import statistics
import sys
from typing import Final

COUNT: Final = 600
SEED: Final = 20_260_101
WORDS_MEDIAN: Final = 14.0
WORDS_SPREAD: Final = 0.64
"""Standard deviation of the logarithm of the number of words."""

_PROSE: Final = """
The kettle began to sing.
Nobody had asked the gardener.
We missed the last ferry by two minutes.
Please leave your shoes at the door.
The invoice is wrong again.
Snow fell on the empty stadium all night.
Is there a quieter room on another floor?
She repaired the clock without looking at the manual.
Our new colleague starts on the first of March.
The bakery opens before the sun comes up.
I would rather walk than wait for another taxi.
Her answer was short, polite and completely useless.
The old printer only works when nobody is watching it.
Who moved the ladder that was leaning against the shed?
They painted the hallway yellow, which nobody had expected.
The river rises every spring, yet the village refuses to move.
My grandfather kept a notebook in which he wrote down the price of bread.
The committee will meet on Thursday, unless the chair is still travelling by then.
You can borrow the drill as long as you bring it back before the weekend.
The museum has bought a collection of maps that were drawn by sailors who never left the harbour.
When the lights went out, the children laughed and the adults reached for their telephones.
A good recipe tells you what to do, and a better one tells you what can go wrong.
The contract ends in June, but either side may leave earlier if the other one agrees in writing.
Every morning the same woman feeds the ducks, reads one page of her book and walks back up the hill.
He had learned to sleep on trains, in airports and once, during a very long speech, standing up.
The survey shows that people who cycle to work arrive later on average but complain about it less.
Although the software was meant to save time, the team spent most of the winter learning how to
avoid it.
The engineer explained that the bridge moves by several centimetres on a windy day, and that this is
exactly what it was built to do.
If the temperature in the storage room rises above eight degrees, the system sends a message to the
person on duty, who has to confirm it within ten minutes.
What began as a small market with a dozen stalls has grown into an event that fills the whole
harbour for three days and keeps half of the town awake.
She told the court that she had noticed nothing unusual on the evening in question, apart from a
white van that stood in front of the pharmacy with its engine running.
Before you replace the battery, switch off the device, wait until the light has gone out, and make
sure that none of the contacts touches anything made of metal.
The library extended its opening hours last autumn, because students kept asking for a warm place to
read, and since then the number of visitors has doubled, even though nothing was spent on
advertising.
Bring a coat.
The soup is cold.
It never rains here in July.
Turn left after the chapel.
The dog would not come back.
Two of the eggs were broken.
That was not what we agreed.
The lift is out of order until Monday.
All visitors must sign in at the front desk.
Somebody has eaten the cake that was meant for tomorrow.
The paint needs a full day to dry.
Her brother teaches chemistry at a school near the border.
There is a small crack in the left window of the kitchen.
The orchestra played so softly that we could hear the rain.
Nothing in the report explains why the pump failed twice in one week.
The patient should drink plenty of water and avoid bright light.
I forgot to tell you that the key is under the blue flower pot.
The price includes breakfast, a towel and the use of the sauna.
After the storm the fishermen counted their boats and found that only one was missing.
The teacher asked us to describe the picture without using the word red.
We were told to expect delays, although nobody could say how long they would last.
The new law protects tenants whose rent has been raised more than once in the same year.
Between the two houses there is a narrow path that leads down to the beach.
Please check the address carefully, because parcels that come back cannot be sent a second time.
The company makes machines that sort glass by colour, and it sells most of them abroad.
As soon as the results have been confirmed, we will publish them on our website and inform everyone
who took part.
The hotel had promised a view of the sea, but the only window opened onto a wall with a painted palm
tree.
In the first chapter the author argues that cities grow around wells rather than around castles, and
he gives four examples from the coast.
Researchers have followed the same group of families for thirty years, and they still do not know
why some children learn to read so much earlier than others.
The driver, who had been awake since four o'clock in the morning, decided to rest for an hour at the
next station rather than continue through the mountains in the dark.
You do not need an account to read the articles, but if you want to leave a comment, you have to
give a name and an address that we can reach you at.
Because the harbour was frozen, the supplies had to be carried across the ice on sledges, a method
that the older islanders still remembered and the younger ones had only seen in photographs.
"""

_OPENERS: Final = """
In the meantime,
After a long discussion,
To everyone's surprise,
Since last summer,
On most working days,
According to the latest figures,
For reasons that nobody remembers,
During the first weeks of the project,
Whenever the weather allows it,
Before the doors were opened,
As the manager had feared,
Without telling anybody,
At the end of the second meeting,
If everything goes according to plan,
Although it was getting late,
In a village not far from the border,
""".strip().split("\n")

_SUBJECTS: Final = """
the night nurse
our supplier
a retired captain
the city council
the younger engineer
my neighbour's daughter
the landlord
a group of students
the maintenance team
the caretaker
every second customer
the owner of the vineyard
the training department
a delivery driver
the head of the laboratory
the local football club
the translation service
an insurance company
a family of bakers
the woman at the ticket desk
""".strip().split("\n")

_PREDICATES: Final = """
has ordered forty metres of copper pipe
closed the side entrance
forgot to renew the licence
is looking for a larger office
replaced the cracked tiles with cheaper ones
offered a discount to regular visitors
recorded every call of the past month
lost three parcels in a single week
wants to plant lemon trees behind the garage
checks the pressure of each valve by hand
answered the letter within an hour
refused to sign the second page
borrowed a microscope from the university
will open a branch in the harbour district
keeps spare batteries in the bottom drawer
described the accident in great detail
tested the alarm on a quiet Sunday
sold the last copy to a tourist
learned the melody by heart
moved the meeting to the ground floor
measured the noise in the machine room
has improved the quality of the water
missed the deadline for the application
prepared a simple meal for sixty guests
found an error in the annual accounts
built a raft out of empty barrels
""".strip().split("\n")

_TAILS: Final = """
with the help of two volunteers
for less than half of the usual price
on the third floor of the old post office
in spite of the heavy rain
at the request of the families
without a single complaint
within the limits of the budget
just before the holidays
for the second time this year
near the railway station
with great care
in front of the whole class
""".strip().split("\n")

_CLAUSES: Final = """
because the old one had become too expensive
although nobody had asked for it
so that the doctors could work in peace
while the rest of the building was being cleaned
even if the result was hard to measure
and the neighbours noticed it at once
but the documents were never found
which made the following week much easier
after the first attempt had failed completely
until somebody explained how the lock works
as long as the temperature stays below zero
and most of the money came from private donors
whereas the other department still waits for an answer
because the instructions had been printed in the wrong order
and it took nearly a month to find out why
unless the insurance refuses to pay for the damage
though the sign on the door said something different
since the road through the valley is closed in winter
""".strip().split("\n")


_OBJECTS: Final = """
key
ladder
second file
coffee machine
garden gate
blue folder
spare tyre
front door
price list
water pump
main switch
train ticket
lunch menu
window frame
safety valve
car park
left drawer
paper tray
""".strip().split("\n")

_SHORT: Final = """
Where is the {object}?
Please check the {object} again before noon.
The {object} is broken and dirty.
Who needs the {object} today?
Do not touch the {object} during the break.
The {object} was cleaned this morning.
Is the {object} still under guarantee?
Somebody has taken the {object}.
We have to replace the {object} soon.
""".strip().split("\n")

SHORT_WORDS_MAX: Final = 7.5


def _written() -> list[str]:
    """Return the prose by sentences; a line that ends otherwise goes on in the next one."""
    return re.findall(r"[^\s].*?[.?]$", _PROSE, flags=re.DOTALL | re.MULTILINE)


def _sentences() -> list[str]:
    chance = random.Random(SEED)
    chosen = dict.fromkeys(" ".join(sentence.split()) for sentence in _written())
    while len(chosen) < COUNT:
        words = chance.lognormvariate(math.log(WORDS_MEDIAN), WORDS_SPREAD)
        chosen.setdefault(_composed(chance, words))
    mixed = list(chosen)
    chance.shuffle(mixed)
    return mixed


def _composed(chance: random.Random, words: float) -> str:
    """Return a sentence of about so many words."""
    if words < SHORT_WORDS_MAX:
        return chance.choice(_SHORT).format(object=chance.choice(_OBJECTS))
    parts = [f"{chance.choice(_SUBJECTS)} {chance.choice(_PREDICATES)}"]
    if chance.random() < 0.3 and words > 12:
        parts.insert(0, chance.choice(_OPENERS))
    additions = chance.sample(_TAILS, chance.randint(0, 2)) + chance.sample(_CLAUSES, 4)
    for addition in additions:
        missing = words - _words(" ".join(parts))
        if missing <= 0 or abs(missing - _words(addition)) > missing:
            break
        joint = " " if addition in _TAILS else ", "
        parts[-1] += f"{joint}{addition}"
    text = " ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _words(text: str) -> int:
    return len(text.split())


SENTENCES: Final = _sentences()
"""Always the same, in an order that mixes long and short ones."""


def main() -> None:
    """Print the sentences, then what they are like."""
    print("\n".join(SENTENCES))
    lengths = sorted(map(_words, SENTENCES))
    print(
        f"{COUNT} sentences: {statistics.fmean(lengths):.1f} words on average, "
        f"p10 {lengths[COUNT // 10]}, p50 {lengths[COUNT // 2]}, p90 {lengths[COUNT * 9 // 10]}; "
        f"{sum(map(len, SENTENCES))} characters",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
