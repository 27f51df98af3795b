"""Messages that contain a question: its mark, its openings, its endings."""

import pytest

from bot.asks.capture_rules import is_question


@pytest.mark.parametrize(
    "text",
    [
        "Should I use `map` or `filter`?",
        "Is it the one at <https://example.org/a?b=c|this page>?",
        "Is that right <@U0ANA>?",
        "Who can go :wink: ?",
        "May I add :tada:?",
        "Why does this fail ```x = 1```?",
        "Have you seen https://example.org ?",
        "Is it in <#C0HELP|help>?!",
        "Does it work now...?",
        "Is it this one?:thinking_face:",
        "Conflicts:\n```\n>>>>>>> d152 (mine)```\nWasn't that solved?",
        "So simply\n`chown -R`\n?",
        "Can you see <!subteam^S0OPS|@ops>?",
    ],
)
def test_a_question_may_end_in_code_a_link_a_mention_or_an_emoji(text: str):
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "`what?` is printed",
        "See <https://example.org/?q=a|the list>.",
        "```is it?```",
        "&gt; is it?\nYes.",
        "Look at `?lm` and ?glm",
        "https://example.org/?a",
        "The emoji :question: is red",
        "<@U0ANA> has the answer",
        "Press `a`?x and `b`",
        "It starts at 12:30:45",
    ],
)
def test_a_mark_inside_code_links_or_mentions_is_no_question(text: str):
    assert not is_question(text)


QUESTIONS = {
    "ja": [
        "ビルドを始めるにはどのコマンドを使いますか",
        "この関数の使い方がわかる方はいますか。",
        "リリースは来週でしょうか",
        "設定ファイルはどこですか",
        "このエラーの直し方を教えてください。",
        "誰かこの警告を見たことはありませんか",
        "おすすめの本があれば教えていただけると嬉しいです",
        "一緒に確認しましょうか",
        "この方法で合っているのかな",
        "もう直りましたか:pray:",
    ],
    "de": [
        "Weiß jemand, wie man den Build startet",
        "Hallo zusammen, kann mir jemand mit dem Test helfen",
        "Wie kann ich die Sprache umstellen",
        "Wo finde ich die Liste der Aufgaben",
        "Warum funktioniert der Link auf der Seite nicht mehr",
        "Gibt es eine Vorlage für den Bericht",
        "Hat jemand Erfahrung mit großen Tabellen",
        "Ich komme nicht weiter. Wie löse ich den Konflikt",
        "Kennt jemand ein gutes Werkzeug dafür",
        "Wie muss man das Paket bauen",
    ],
    "fr": [
        "Est-ce que le serveur est en panne",
        "Bonjour, quelqu'un sait comment lancer les tests",
        "Comment puis-je changer la langue",
        "Savez-vous où se trouve la documentation",
        "Y a-t-il un modèle pour le rapport",
        "Pourquoi est-ce que la page reste vide",
        "Salut tous, auriez-vous un exemple",
        "Où peut-on trouver les notes de la réunion",
        "Quelqu’un pourrait relire ma traduction",
        "Je suis bloqué : comment faire pour annuler",
    ],
    "es": [
        "Alguien sabe cómo se lanza la prueba",
        "Hola a todos, alguien puede revisar mi parche",
        "Cómo puedo cambiar el idioma",
        "Dónde encuentro la lista de tareas",
        "Por qué no carga la página",
        "Hay alguna forma de deshacer el cambio",
        "Alguna idea sobre este error",
        "Tengo un problema. Como hago para instalarlo",
        "¿Me ayudan con esto",
        "Saben si la reunión es hoy",
    ],
    "pt": [
        "Alguém sabe como rodar os testes",
        "Oi pessoal, alguém pode revisar a tradução",
        "Como faço para mudar o idioma",
        "Onde encontro a lista de tarefas",
        "Por que não abre a página",
        "Existe alguma forma de desfazer isso",
        "Alguma ideia sobre este erro",
        "Estou perdido. Como posso instalar o pacote",
        "Vocês conhecem uma boa ferramenta",
        "Olá, alguém consegue abrir o arquivo",
    ],
}
NONE = {
    "ja": [
        "ビルドが終わりました。",
        "そうですか。",
        "使い方を読んでください。",
        "明日リリースします",
        "できるかどうか確認します",
        "ありがとうございました！",
        "質問があれば聞いてください",
        "何か困ったらここに書いてください。",
        "直せますか、と聞かれました",
        "さすがですかさずの対応",
    ],
    "de": [
        "Ich weiß, wie ich den Build starte.",
        "Jemand hat den Test repariert.",
        "So kann man die Sprache umstellen.",
        "Ich zeige dir, wo die Liste ist.",
        "Es gibt eine Vorlage für den Bericht.",
        "Das ist, warum der Link nicht funktioniert.",
        "Danke, das kann ich machen.",
        "Niemand kennt das Werkzeug.",
        "Wie besprochen ist der Text fertig.",
        "Als ich kam, hat jemand den Test repariert.",
    ],
    "fr": [
        "Voici comment faire les tests.",
        "Quelqu'un a réparé le serveur.",
        "Je sais où trouver la documentation.",
        "Il y a un modèle pour le rapport.",
        "C'est pourquoi la page reste vide.",
        "Merci, vous avez raison.",
        "Vous pouvez relire la traduction.",
        "Comme prévu, la réunion est demain.",
        "Personne ne sait encore.",
        "J'ai compris comment annuler.",
    ],
    "es": [
        "Te explico cómo se hace la prueba.",
        "Alguien tiene que revisar el parche.",
        "Ya sé dónde está la lista.",
        "Como siempre, la reunión es hoy.",
        "Hay una lista de tareas nueva.",
        "Por eso no carga la página.",
        "Gracias, me ayudó mucho.",
        "Alguien arregló el servidor ayer.",
        "Si alguien sabe algo, lo escribe aquí.",
        "Hay una manera de deshacerlo.",
    ],
    "pt": [
        "Este guia mostra como fazer os testes.",
        "Alguém tem que revisar a tradução.",
        "Já sei onde fica a lista.",
        "Como sempre, a reunião é hoje.",
        "Por isso a página não abre.",
        "Obrigado, ajudou muito.",
        "Se alguém sabe a resposta, escreva aqui.",
        "Alguém consertou o servidor ontem.",
        "Tem uma lista nova de tarefas.",
        "Como fazemos sempre, a ata vem depois.",
    ],
}


@pytest.mark.parametrize(
    "text", [text for texts in QUESTIONS.values() for text in texts]
)
def test_a_question_without_a_mark(text: str):
    assert is_question(text)


@pytest.mark.parametrize("text", [text for texts in NONE.values() for text in texts])
def test_text_that_only_looks_like_a_question(text: str):
    assert not is_question(text)


def test_ten_of_each_language():
    for texts in (QUESTIONS, NONE):
        assert {len(of_one) for of_one in texts.values()} == {10}
