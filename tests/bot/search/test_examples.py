"""What people ask, in their words, and the ask that they should find."""

from collections.abc import Iterator

import pytest

from bot.search.index import Document, SearchIndex
from bot.search.query import SearchQuery

HELP = 1

TRACE = """```java.lang.NullPointerException: Cannot invoke "Address.getStreet()"
\tat com.acme.users.UserService.getAddressLine(UserService.java:42)
\tat com.acme.web.UserController.show(UserController.java:17)```"""

# Name: title, details, an answer that helped.
ASKS = {
    "lock": (
        "Which lock does my migration wait for?",
        "ALTER TABLE hangs on the orders table in production.",
        "Join `pg_locks` with `pg_stat_activity`; the oldest transaction blocks it.",
    ),
    "migration order": (
        "In which order do migrations run?",
        "Two branches both added one.",
        "By their down revision; merge the heads first.",
    ),
    "docker restart": (
        "How do I restart a Docker container without losing its logs?",
        "",
        "`docker restart` keeps them; only `docker rm` drops logs.",
    ),
    "docker disk": (
        "Docker fills up my disk",
        "`docker system df` shows 80 GB of build cache.",
        "`docker builder prune` once a week.",
    ),
    "k8s pending": (
        "Pods stay in Pending on the staging cluster",
        "`kubectl describe pod` says 0/3 nodes are available: Insufficient cpu",
        "Lower the requests in the Helm chart, or ask platform for another node.",
    ),
    "k8s crash": (
        "Kubernetes: CrashLoopBackOff after a config change",
        "",
        "`kubectl logs --previous` shows the trace of the run before.",
    ),
    "npe": (
        "NullPointerException when a user has no address",
        TRACE,
        "Address is optional since May; use `findAddress()`.",
    ),
    "cors": (
        "CORS error in the browser, but curl works",
        "No 'Access-Control-Allow-Origin' header is present",
        "The gateway strips it for OPTIONS; add the origin to its allow list.",
    ),
    "oracle": (
        "Oracle says ORA-00942 for a table that exists",
        "",
        "You lack the grant; ask the owner of the schema for SELECT.",
    ),
    "windows update": (
        "Windows update fails with 0x80070005",
        "",
        "Run it as administrator, the code means access denied.",
    ),
    "python import": (
        "ModuleNotFoundError: No module named 'acme_core.settings'",
        "Only in CI, never on my laptop.",
        "The package is not installed in editable mode there.",
    ),
    "python version": (
        "Can we use Python 3.11 features in the workers?",
        "",
        "Yes, all images are on 3.11 since March.",
    ),
    "tls": (
        "curl: SSL certificate problem: unable to get local issuer certificate",
        "From inside the office network",
        "Install the company's root certificate, see the proxy page.",
    ),
    "vpn": (
        "VPN drops every ten minutes",
        "Mac, since the update to 15.2",
        "Turn off 'limit IP address tracking' for that network.",
    ),
    "git rebase": (
        "How do I undo a bad rebase?",
        "I force-pushed already :scream:",
        "`git reflog`, then `git reset --hard HEAD@{5}`.",
    ),
    "git lfs": (
        "git push is rejected: file exceeds 100 MB",
        "",
        "Track it with git lfs migrate.",
    ),
    "c++ linker": (
        "C++: undefined reference to vtable",
        "g++ 13, after adding a virtual destructor",
        "Define the destructor in the .cpp file.",
    ),
    "c# async": (
        "C# deadlock with async and .Result",
        "ASP.NET, old framework",
        "Await all the way up, or ConfigureAwait(false).",
    ),
    "dotnet version": (
        "Which .NET version do we target?",
        "",
        "net8.0 for services, netstandard2.0 for shared libraries.",
    ),
    "go modules": (
        "go mod tidy can't reach our private repository",
        "",
        "Set GOPRIVATE, and use ssh in the git config.",
    ),
    "camel": (
        "Where is parseInvoiceLines defined?",
        "",
        "In billing-core, InvoiceParser.",
    ),
    "snake": (
        "max_retry_count is ignored by the queue worker",
        "",
        "It is read from the environment in upper case.",
    ),
    "flaky": (
        "A test fails once in twenty runs",
        "It waits for a timer.",
        "Inject the clock, do not sleep.",
    ),
    "redis": (
        "Redis: OOM command not allowed when used memory > 'maxmemory'",
        "",
        "Set an eviction policy; sessions may go.",
    ),
    "kafka": (
        "Kafka consumer lags behind after a deploy",
        "",
        "Rebalancing; use cooperative-sticky.",
    ),
    "expenses": (
        "How do I hand in travel expenses?",
        "Train and hotel",
        "In the finance portal, at the latest by the 5th.",
    ),
    "parental leave": (
        "Who do I talk to about parental leave?",
        "",
        "People team, two months before.",
    ),
    "printer": (
        "The printer on the third floor jams",
        "",
        "Use tray 2; a technician comes on Tuesday.",
    ),
    "meeting room": (
        "How to book the large meeting room?",
        "",
        "In the calendar, as a resource named Everest.",
    ),
    "feedback": (
        "How do I give feedback to a senior colleague?",
        "They interrupt people in reviews.",
        "Ask first; describe one situation and its effect.",
    ),
    "dashboard": (
        "Grafana shows no data for one panel",
        "Others are fine: <https://grafana.example/d/abc/checkout-latency|dashboard>",
        "The metric was renamed to checkout_latency_seconds.",
    ),
    "de container": (
        "Container startet nach Neustart des Servers nicht",
        "Die Datenbankverbindung schlägt fehl.",
        "`restart: unless-stopped` fehlt in der Compose-Datei.",
    ),
    "de urlaub": (
        "Wie trage ich Urlaub für das nächste Jahr ein?",
        "",
        "Im Portal unter Abwesenheiten; Übertragung bis März.",
    ),
    "de größe": (
        "Größe der Anhänge in E-Mails",
        "Anhänge über 20 MB kommen nicht an.",
        "Lege die Datei in die Ablage und schicke den Verweis.",
    ),
    "es contraseña": (
        "¿Cómo restablezco la contraseña del correo?",
        "",
        "En el portal de identidad, con el código del móvil.",
    ),
    "es instalación": (
        "Error durante la instalación de la aplicación móvil",
        "Falta espacio según Android",
        "Borra la caché de la tienda.",
    ),
    "ja search": (
        "日本語の検索ができません",
        "英語では動きます",
        "索引を作り直してください。",
    ),
    "ja deploy": ("デプロイ後にサーバーが起動しない", "", "環境変数が足りません。"),
    "ko server": ("서버가 갑자기 죽었어요", "메모리 부족 같아요", "힙을 늘리세요."),
    "ko login": ("로그인 화면이 하얗게 나와요", "", "캐시를 지우면 됩니다."),
    "ru deploy": ("Не запускается сборка после обновления", "", "Очистите кэш."),
    "zh build": ("构建失败:找不到依赖", "", "请先运行安装脚本。"),
}
NUMBERS = {name: number for number, name in enumerate(ASKS, 1)}

PAIRS = [
    # Other words, other endings.
    ("migrations waiting for locks", "lock"),
    ("alter table hangs", "lock"),
    ("order of migration", "migration order"),
    ("restarting docker containers", "docker restart"),
    ("disk is full of docker build cache", "docker disk"),
    ("pods pending insufficient cpu", "k8s pending"),
    ("see the logs of a crashed pod, CrashLoopBackOff", "k8s crash"),
    ("undo rebase", "git rebase"),
    ("book a meeting room", "meeting room"),
    ("giving feedback to someone more senior", "feedback"),
    ("travel expense deadline", "expenses"),
    ("paper jam printer", "printer"),
    ("test is flaky, fails sometimes, timer", "flaky"),
    # Only an answer or a link has the words.
    ("reflog", "git rebase"),
    ("eviction policy", "redis"),
    ("checkout latency", "dashboard"),
    # Code.
    ("java.lang.NullPointerException at UserService.getAddressLine", "npe"),
    ("getStreet", "npe"),
    ("ORA00942", "oracle"),
    ("error code 0x80070005", "windows update"),
    ("no module named acme_core", "python import"),
    ("python v3.11", "python version"),
    ("undefined reference c++", "c++ linker"),
    ("C# deadlock", "c# async"),
    ("dotnet version", "dotnet version"),
    (".NET target", "dotnet version"),
    ("GOPRIVATE", "go modules"),
    ("parse invoice lines", "camel"),
    ("InvoiceParser", "camel"),
    ("MAX_RETRY_COUNT worker", "snake"),
    ("Access-Control-Allow-Origin", "cors"),
    ("unable to get local issuer certificate", "tls"),
    # Typing errors.
    ("kuberntes crashloop", "k8s crash"),
    ("grafana shows no dtaa for a pannel", "dashboard"),
    ("certifcate problem", "tls"),
    ("pritner", "printer"),
    # Signs that are operators elsewhere.
    ('"kafka" AND lag* -redis', "kafka"),
    # Other languages.
    ("Docker-Container nach Server-Neustart", "de container"),
    ("Datenbankverbindung schlaegt fehl", "de container"),
    ("urlaub eintragen naechstes jahr", "de urlaub"),
    ("Grosse von Anhangen", "de größe"),
    ("Groesse Anhaenge", "de größe"),
    ("Serverneustart", "de container"),
    ("restablecer contrasena correo", "es contraseña"),
    ("instalacion aplicacion", "es instalación"),
    ("検索", "ja search"),
    ("サーバーが起動しません", "ja deploy"),
    ("서버 죽음", "ko server"),
    ("로그인이 안 돼요", "ko login"),
    ("сборка не запускается", "ru deploy"),
    ("找不到依赖", "zh build"),
]

PASTE = """```
Traceback (most recent call last):
  File "/srv/app/worker.py", line 311, in run
    self.queue.process(job, retries=self.settings.max_retry_count)
  File "/srv/app/queue.py", line 88, in process
    raise JobFailed(job_id="9e107d9d372bb6826bd81d3542a419d6")
acme.errors.JobFailed: 9e107d9d372bb6826bd81d3542a419d6 at 1772442000.123456
```"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    index = SearchIndex(tmp_path_factory.mktemp("examples") / "search")
    documents = [
        Document(NUMBERS[name], HELP, title, details, [answer])
        for name, (title, details, answer) in ASKS.items()
    ]
    index.apply(documents, followed=1)
    yield index
    index.close()


def best(index: SearchIndex, title: str, details: str = "") -> str | None:
    hits = index.search(SearchQuery(title, details), [HELP], 3)
    return list(ASKS)[hits[0].ask_id - 1] if hits else None


@pytest.mark.parametrize(("words", "name"), PAIRS)
def test_the_ask_that_is_meant_comes_first(index, words, name):
    assert best(index, words) == name


@pytest.mark.parametrize("name", ASKS)
def test_an_ask_finds_itself(index, name):
    assert best(index, *ASKS[name][:2]) == name


def test_the_rare_words_of_a_pasted_trace_decide(index):
    assert best(index, "The worker fails", PASTE) == "snake"
    assert best(index, "", PASTE * 20) == "snake"


@pytest.mark.parametrize("words", ["hello", "help!!!", "thanks", "xyzzy", ":tada:"])
def test_what_is_about_nothing_finds_nothing(index, words):
    assert best(index, words) is None
