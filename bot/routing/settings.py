"""The settings of routing: of a channel, and of a member."""

from collections.abc import Sequence

from bot.forms.setting import MemberSetting, Setting
from models import Channel

CHANNEL_SETTINGS: Sequence[Setting[Channel]] = ()
MEMBER_SETTINGS: Sequence[MemberSetting] = ()
