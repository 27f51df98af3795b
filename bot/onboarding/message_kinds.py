"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

ONBOARDING_GREETING = MessageKind("onboarding.greeting")
ONBOARDING_INTRODUCTION = MessageKind("onboarding.introduction")
ONBOARDING_NOT_POSTED = MessageKind("onboarding.not_posted")
ONBOARDING_PREVIEW = MessageKind("onboarding.preview")
ONBOARDING_UPDATE_PREVIEW = MessageKind("onboarding.update_preview")
