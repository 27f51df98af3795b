"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

PROGRAM_CHAMPION_QUESTION = MessageKind("program.champion_question")
PROGRAM_WITHOUT_CHANNEL = MessageKind("program.without_channel")
PROGRAM_LEAD_LEFT = MessageKind("program.lead_left")
PROGRAM_LEAD_PROMPT = MessageKind("program.lead_prompt")
PROGRAM_WITHOUT_LEAD = MessageKind("program.without_lead")
PROGRAM_INVITATION = MessageKind("program.invitation")
PROGRAM_POST_INVITATION = MessageKind("program.post_invitation")
PROGRAM_UPDATE_INVITATION = MessageKind("program.update_invitation")
PROGRAM_NOT_POSTED = MessageKind("program.not_posted")
PROGRAM_QUESTION = MessageKind("program.question")
PROGRAM_UPDATE_QUESTION = MessageKind("program.update_question")
PROGRAM_ANSWER = MessageKind("program.answer")
PROGRAM_STAY = MessageKind("program.stay")
