"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

ROUTING_REQUEST = MessageKind("routing.request")
ROUTING_UPDATE_REQUEST = MessageKind("routing.update_request")
ROUTING_NOTICE = MessageKind("routing.notice")
ROUTING_UPDATE_NOTICE = MessageKind("routing.update_notice")
ROUTING_POST_LINK = MessageKind("routing.post_link")
ROUTING_UPDATE_LINK = MessageKind("routing.update_link")
ROUTING_LINK_FAILED = MessageKind("routing.link_failed")
ROUTING_CHAMPIONS = MessageKind("routing.champions")
