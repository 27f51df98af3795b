"""Texts that are long enough for an ask."""

import pytest

from bot.asks.rules import has_enough_words


@pytest.mark.parametrize(
    "text",
    [
        "Docker fails",
        "Почему падает",
        "怎么部署",
        "デプロイ方法は？",
        "Docker 怎么装",
        "어떻게 해요",
        "ทำไมสร้างไม่ได้",
        "कैसे करें यह",
        "x" * 7 + " y",
        "<@U0BEN|ben> why does it fail?",
    ],
)
def test_long_enough(text):
    assert has_enough_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Docker",
        "Don't!",
        "documentation",
        "hi there",
        "怎么办",
        "??? !!! ... --- ===",
        ":tada: :rocket: :white_check_mark:",
        "<@U0BENBENBEN|benjamin> <@U0CHI|christopher>",
        "<https://example.org/a|a long label> why",
        "`` `` ********",
    ],
)
def test_too_short(text):
    assert not has_enough_words(text)
