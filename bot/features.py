"""FEATURES: the only list of features."""

from bot.anonymity.feature import anonymity
from bot.anonymity.keys import AnonymityKeys
from bot.asks.feature import ASKS
from bot.buddies.feature import BUDDIES
from bot.checkins.feature import CHECKINS
from bot.circles.feature import CIRCLES
from bot.config.mentors import MentorSettings
from bot.exchange.feature import EXCHANGE
from bot.feature import Features
from bot.home.feature import HOME
from bot.knowledge.feature import knowledge
from bot.kudos.feature import KUDOS
from bot.mentors.feature import mentors
from bot.onboarding.feature import onboarding
from bot.pairs.feature import PAIRS
from bot.people.feature import PEOPLE
from bot.privacy.feature import PRIVACY
from bot.programs.feature import PROGRAMS
from bot.routing.feature import ROUTING
from bot.settings.feature import SETTINGS
from bot.worklist.feature import worklist


def load_features(
    mentor_settings: MentorSettings,
    *,
    looks_while_typing: bool = False,
    anonymity_keys: AnonymityKeys | None = None,
) -> Features:
    """Return the features, in the order in which a transaction locks their rows."""
    return Features(
        (
            HOME,
            ASKS,
            anonymity(anonymity_keys),
            knowledge(looks_while_typing=looks_while_typing),
            ROUTING,
            KUDOS,
            mentors(mentor_settings),
            CHECKINS,
            PROGRAMS,
            PEOPLE,
            CIRCLES,
            PAIRS,
            EXCHANGE,
            BUDDIES,
            worklist(),
            onboarding(),
            SETTINGS,
            PRIVACY,
        )
    )


# With the default numbers.
FEATURES = load_features(MentorSettings())
