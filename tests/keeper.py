"""A circle's meeting, and presses in it, for tests of the agenda keeper."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.circles.formats import Format
from bot.circles.keeper import Meeting, state_at
from bot.circles.presses import FORMAT_ACTS, Act, Press
from bot.clock import datetime_to_micros

AT = datetime(2026, 12, 1, 14, tzinfo=UTC)
ANA, BEN, CHI, DEV, EVA, FAY = PEOPLE = ("UANA", "UBEN", "UCHI", "UDEV", "UEVA", "UFAY")
NAMES = dict(zip(PEOPLE, ("Ana", "Ben", "Chi", "Dev", "Eva", "Fay"), strict=True))


def meeting(**changes):
    """Return a meeting of an hour that Ana facilitates."""
    return Meeting(
        **{
            "planned_at": AT,
            "minutes": 60,
            "format": Format.TURNS,
            "rota": PEOPLE,
            **changes,
        }
    )


def press(act, member=ANA, after=0.0, position=0, extensions=0, other=""):
    """Return a press so many minutes after the planned start."""
    at = AT + timedelta(minutes=after)
    return Press(datetime_to_micros(at), member, Act(act), position, extensions, other)


def after(minutes):
    return AT + timedelta(minutes=minutes)


def state(*presses, at=0.0, **changes):
    """Return the state so many minutes after the planned start."""
    return state_at(meeting(**changes), presses, after(at))


def running(*presses, at=0.0, **changes):
    """Return the state of a meeting that Ana started on time; Ben wants a turn."""
    begin = (press("want_turn", BEN, -60), press("start"))
    return state(*begin, *presses, at=at, **changes)


# Presses of anyone, close together and at any step, so that many of them collide.
any_press = st.builds(
    press,
    st.sampled_from(Act),
    st.sampled_from(PEOPLE[:3]),
    st.integers(-20, 100),
    st.integers(0, 8),
    st.integers(0, 2),
    st.sampled_from(PEOPLE[:3]),
)
# Presses that fit the meeting: most of them take effect.
_fitting = st.tuples(
    st.sampled_from(
        [Act.NEXT] * 4
        + [Act.EXTEND, Act.SKIP, Act.PAUSE, Act.RESUME, Act.LEAD, Act.END]
    ),
    st.sampled_from(PEOPLE[:3]),
    st.floats(0.01, 25),
)


_rota_presses = st.tuples(
    st.sampled_from([Act.CAN, Act.CANNOT, Act.SWAP, *FORMAT_ACTS]),
    st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE),
)


@st.composite
def stories(draw):
    """Draw presses that people make as they see the message, some of them twice."""
    wanting = draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=5))
    presses = [press("want_turn", member, -30) for member in wanting]
    for act, member, other in draw(st.lists(_rota_presses, max_size=4)):
        presses.append(press(act, member, -20 + len(presses) / 10, other=other))
    minutes = 0.0
    presses.append(press("start", state(*presses).facilitator))
    for act, member, pause in draw(st.lists(_fitting, max_size=25)):
        minutes += pause
        now = state(*presses, at=minutes)
        by = member if act == Act.LEAD or draw(st.booleans()) else now.facilitator
        shown = now.agenda
        place = (shown.position, shown.extensions) if shown else (0, 0)
        presses.append(press(act, by, minutes, *place))
        if draw(st.booleans()):
            presses.append(press(act, by, minutes + 0.02, *place))
    return presses + draw(st.lists(any_press, max_size=4))
