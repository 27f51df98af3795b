"""What people write, as words to search for."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search.tokens import (
    MAX_LENGTH,
    subject_words,
    tokenize,
    without_unfinished_word,
)
from bot.slack.text import escape
from tests.strategies import ANY_TEXT, HARMFUL_TEXT

HASH = "9e107d9d372bb6826bd81d3542a419d6"
SPACED_TEXT = st.text(st.characters(categories=["L", "N", "P", "Z"]))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # Prose: stop words, contractions and punctuation go.
        ("How do I restart a service?", "restart service"),
        ("I can't log in, it isn’t working!", "log working"),
        ("hello", ""),
        ("help!!!", ""),
        ("", ""),
        ("\n\t …", ""),
        # Accents, ligatures, wide and half-width letters, any case.
        (
            "Größe der Übertragung",
            "grosse groesse der ubertragung uebertragung",
        ),
        ("Groesse LÖSCHEN", "groesse loschen loeschen"),
        ("user_größe getGröße", "user_grosse user grosse groesse getgrosse getgroesse"),
        ("¿Cómo instalo la aplicación?", "como instalo la aplicacion"),
        ("Łódź SMØRREBRØD İstanbul", "lodz smorrebrod istanbul"),
        ("ﬁle ＨＴＴＰ ﾃｽﾄ", "file http テス スト"),
        ("Привет ёлка", "привет елка"),
        ("שָׁלוֹם עולם", "שלום עולם"),
        ("فَتَحَ", "فتح"),
        ("हिन्दी में", "हिन्दी में"),
        ("Donau\u00addampf", "donaudampf"),
        # Scripts without spaces, by pairs.
        ("日本語の検索", "日本 本語 語の の検 検索"),
        ("サーバー・エラー", "サー ーバ バー エラ ラー"),
        ("서버가 죽었어요", "서버 버가 죽었 었어 어요"),
        ("鍵", "鍵"),
        ("部署失败 nginx配置", "部署 署失 失败 nginx 配置"),
        # Names in code stay whole, and are split.
        ("getUserById()", "getuserbyid user id"),
        ("XMLHttpRequest", "xmlhttprequest xml http request"),
        ("retry_count MAX_RETRIES", "retry_count retry count max_retries max retries"),
        ("self.user_name", "self user_name user name"),
        ("__init__ std::vec::Vec", "init std vec vec"),
        ("List&lt;String&gt;", "list string"),
        (
            "ModuleNotFoundError: No module named 'foo.bar'",
            "modulenotfounderror module found error module named foo bar",
        ),
        ("`kubectl get pods -n prod`", "kubectl pods n prod"),
        ("C++ c++17 C# F# .NET ASP.NET", "c++ c++ 17 c# f# dotnet asp dotnet"),
        ("count++ #general", "count general"),
        # Codes and versions.
        ("ORA-00942 ora00942", "ora 00942 ora00942 ora00942"),
        ("error 404 E1234 0x80070005", "error 404 e1234 0x80070005"),
        ("v2.3.1 2.3.1 3.11", "2.3.1 2 2.3.1 2 3.11 3"),
        ("2024-01-02 10:30", "2024 01 02 10 30"),
        # What nobody would search for.
        (HASH, ""),
        ("1772442000.123456 +49 15112345678", "49"),
        ("a" * 41, ""),
        ("a" * 40, "a" * 40),
        ("4f66ad9a0b29", ""),
        # Slack's markup.
        ("<@U0ANA> ask <@U0BEN|ben>", "ask"),
        ("<!here> <!subteam^S0TEAM|@team> <!date^1^{date}|Monday> x", "x"),
        ("see <#C0HELP|help-desk> or <#C0HELP>", "see desk"),
        (":tada: done :+1::skin-tone-2: 🎉", "done"),
        ("*bold* _it_ ~old~ &amp; &lt;b&gt;", "bold old b"),
        ("<mailto:ana@peers.example|ana@peers.example>", "ana peers example"),
        # Of links, the label and the words of the path.
        ("<https://a.example/deploy/guide|our runbook>", "deploy guide runbook"),
        ("https://a.example/acme/api/issues/12", "acme api issues 12"),
        ("<https://a.example/x1/y1|https://a.example/x1/y1>", "x1 y1"),
        ("<https://a.example/p?token=secret#part>", "p"),
        ("https://a.example/K%C3%BCche%20neu", "kuche kueche neu"),
        ("https://a.example", ""),
        ("www.example.org/setup", "example setup"),
        # Signs that elsewhere are operators are none.
        ('"lock" wait* -NEAR title:x (a OR b)^2', "lock wait near title x b 2"),
    ],
)
def test_what_is_a_word(text, tokens):
    assert sorted(tokenize(text)) == sorted(tokens.split())


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("How do I renew the VPN certificate?", "renew vpn certificate"),
        ("VPN, the vpn and a VPN", "vpn"),
        # A name is one word, whatever it is made of.
        ("the en_GB translation", "en_gb translation"),
        ("getUserById in self.user_name", "getuserbyid self.user_name"),
        ("r-devel re-run", "r-devel re-run"),
        ("input/output and the user's std::vec", "input output user std vec"),
        # The words of an address are not the asker's; those on a link are.
        ("See https://a.example/acme/issues", ""),
        ("<https://a.example/acme/issues>", ""),
        ("<https://a.example/acme/issues|a.example/acme/issues>", ""),
        ("<https://a.example/acme|our runbook>", "runbook"),
        ("<mailto:ana@a.example|ana@a.example> <@U0ANA|ana> <!here>", ""),
        ("<#C0HELP|deploys> :rocket: rollback", "deploys rollback"),
        # A title may be the beginning of a text.
        ("Deploy a container inclu…", "deploy container"),
        ("日本語の検…", "日本 本語 語の の検"),
        # What may be said of everything.
        ("Does anyone know if this is the right place to ask?", ""),
        ("Quick question: 1. what 2. why", ""),
        ("R 4.3.0, C or C++? Port 5432", "4.3.0 c++ port"),
        ("Größe GROESSE", "grosse groesse"),
        ("鍵", "鍵"),
        ("", ""),
    ],
)
def test_some_words_say_what_a_title_is_about(title, words):
    assert subject_words(title) == words.split()


@given(st.one_of(ANY_TEXT, HARMFUL_TEXT))
@pytest.mark.deep
def test_words_of_the_subject_are_short_too_and_come_once(text):
    words = subject_words(text)
    assert len(words) == len(set(words))
    assert all(word == word.casefold() and len(word) <= MAX_LENGTH for word in words)


@given(st.one_of(ANY_TEXT, HARMFUL_TEXT))
def test_words_are_short_folded_and_without_space(text):
    for token in tokenize(text):
        assert 0 < len(token) <= MAX_LENGTH
        assert token.split() == [token]
        assert token == token.casefold()


@given(SPACED_TEXT, SPACED_TEXT)
def test_lines_are_independent(first, second):
    first, second = escape(first), escape(second)
    assert tokenize(f"{first}\n{second}") == tokenize(first) + tokenize(second)


@given(SPACED_TEXT)
def test_the_form_in_which_accents_are_typed_does_not_matter(text):
    # An emoji's name is as Slack writes it.
    text = escape(text.replace(":", " "))
    assert tokenize(unicodedata.normalize("NFD", text)) == tokenize(
        unicodedata.normalize("NFC", text)
    )


@given(st.lists(st.sampled_from(["deploy", "kubernetes", "lock", "queue"])))
def test_plain_words_are_kept_in_order_as_often_as_they_come(words):
    assert tokenize(" ".join(words)) == words
    assert tokenize(", ".join(words).title()) == words


@given(ANY_TEXT)
def test_nothing_comes_of_a_mention(text):
    label = "".join(c for c in text if c not in "<>\n")
    assert tokenize(f"<@U0ANA|{label}> <!subteam^S0TEAM|{label}>") == []


def test_a_long_paste_is_split_like_a_short_one():
    line = "at com.acme.UserService.getUserById(UserService.java:42)\n"
    assert tokenize(line * 5000) == tokenize(line) * 5000


@pytest.mark.parametrize(
    ("typed", "finished"),
    [
        ("", ""),
        ("VPN", ""),
        ("VPN ", "VPN "),
        ("VPN certif", "VPN "),
        ("VPN certificate?", "VPN certificate?"),
        ("Why, oh wh", "Why, oh "),
        ("In self.user_id", "In "),
        ("Learn C++", "Learn "),
        ("Learn C++ ", "Learn C++ "),
        ("प्रमाणपत्र", ""),
        # Scripts without spaces.
        ("証明書が切", "証明書が切"),
        ("VPNの証明書", "VPNの証明書"),
        ("証明書 VPN", "証明書 "),
        ("인증서", "인증서"),
    ],
)
def test_a_word_that_is_being_typed_does_not_count_yet(typed: str, finished: str):
    assert without_unfinished_word(typed) == finished
