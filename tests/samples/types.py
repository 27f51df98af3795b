"""The types of samples."""

from collections.abc import Callable

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.home.row_blocks import RowList

Rendered = View | RowList | list[Block] | tuple[str, list[Block]]
# For each render function, calls that cover all of its branches.
Samples = dict[Callable[..., Rendered], list[Callable[[], Rendered]]]
