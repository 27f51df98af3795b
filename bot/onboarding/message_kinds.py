"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

ONBOARDING_GREETING = MessageKind("newcomer.greeting")
ONBOARDING_INTRODUCTION = MessageKind("newcomer.introduction")
ONBOARDING_NOT_POSTED = MessageKind("newcomer.not_posted")
ONBOARDING_PREVIEW = MessageKind("newcomer.preview")
ONBOARDING_UPDATE_PREVIEW = MessageKind("newcomer.previewed")
