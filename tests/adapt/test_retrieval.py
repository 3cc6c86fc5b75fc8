"""What is found, by words and by meaning, with both scores; and how well, on questions whose source is known."""

import csv
import sqlite3
from contextlib import closing

import pytest

from fmstudio.adapt import word_search
from fmstudio.adapt.answering import nothing_found
from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.collection_tables import document_of
from fmstudio.adapt.opened_collections import close_all
from fmstudio.adapt.quality import measure
from fmstudio.adapt.questions import questions_from_table
from fmstudio.adapt.retrieval import search
from fmstudio.adapt.terms import telling_words
from fmstudio.adapt.word_search import WordQuery
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Note, Sample
from fmstudio.recipe import RecipeError
from fmstudio.workspace import WorkspaceError
from tests.driving import of_kind, run_job


@pytest.fixture
def find(workspace, add, folder):
    """Ask a collection of two documents."""
    add(folder)

    def find(question, **settings):
        events, _ = run_job(search(JobContext(), workspace, "shelf", question, settings))
        return of_kind(events, Sample)[-1].data

    return find


def test_the_passage_is_found_with_both_scores(find):
    data = find("How long does the warranty last?")
    first = data["rows"][0]
    assert first["headings"] == ["Mixer handbook", "Warranty"]
    assert first["rank"] == first["words_rank"] == first["vector_rank"] == 1
    assert first["words_score"] > 0
    assert data["best"] == pytest.approx(first["vector_score"])
    assert first["fused"] == pytest.approx(2 / 61)
    assert [row["rank"] for row in data["rows"]] == list(range(1, len(data["rows"]) + 1))
    assert data["milliseconds"].keys() == {"embed", "words", "vectors", "all"}


def test_scores_are_there_for_what_only_one_ranking_found(find):
    rows = find("warranty", candidates=1, threshold=-1.0)["rows"]
    for row in rows:
        assert row["vector_score"] is not None
        assert (row["words_score"] is None) == ("arrant" not in row["text"] + "".join(row["headings"]))


def test_each_method_orders_by_its_own_rank(find):
    by_words, by_vectors = (find("the bowl and the moon", method=method) for method in ("words", "vectors"))
    assert [row["words_rank"] for row in by_words["rows"]] == list(range(1, len(by_words["rows"]) + 1))
    assert [row["vector_rank"] for row in by_vectors["rows"]] == list(range(1, len(by_vectors["rows"]) + 1))


def test_only_passages_that_reach_the_threshold_are_used(find):
    data = find("How long does the warranty last?", threshold=0.3, passages=2)
    used = [row for row in data["rows"] if row["used"]]
    assert data["relevant"]
    assert 1 <= len(used) <= 2
    assert all(row["vector_score"] >= 0.3 for row in used)
    nothing = find("xylophone quartz", threshold=0.9)
    assert not nothing["relevant"]
    assert nothing["threshold"] == 0.9 > nothing["best"]
    assert not any(row["used"] for row in nothing["rows"])


def test_diversity_changes_what_comes_second(find):
    plain = [row["id"] for row in find("warranty bowl moon", threshold=-1.0)["rows"]]
    diverse = [row["id"] for row in find("warranty bowl moon", threshold=-1.0, diversity=0.2)["rows"]]
    assert diverse[0] == plain[0]
    assert diverse != plain
    assert set(diverse) == set(plain)


def test_words_in_quotes_are_meant():
    assert telling_words('What does the "for" statement do?') == ["for", "statement"]
    assert telling_words("what is it") == ["what", "is", "it"]
    assert telling_words('"; DROP TABLE -- AND NEAR(') == ["drop", "table", "near"]
    assert telling_words("?!") == []


def test_the_rarest_words_count_where_there_are_too_many(workspace, add, folder, monkeypatch):
    (folder / "many.txt").write_text("\n\n".join(f"Common words, number {n}." for n in range(100)), "utf-8")
    add(folder, size=16, overlap=0)
    with CollectionStore(workspace.collection_folder("shelf")) as store:
        everything = WordQuery(store, "common blades").best(100)
        monkeypatch.setattr(word_search, "MOST_MATCHES", 10)
        rarest = WordQuery(store, "common blades").best(100)
        assert list(rarest) == list(everything)[: len(rarest)]
        assert len(rarest) < 10 < len(everything)
        assert WordQuery(store, "common").best(5).keys() <= everything.keys()


def test_any_question_can_be_asked(find):
    for question in ('"unbalanced', "NEAR(a b)", "a AND OR NOT", "col:umn", "*", "日本語", "?"):
        assert isinstance(find(question)["rows"], list)


def test_questions_that_are_none(find, workspace):
    with pytest.raises(StudioError, match="The question is empty"):
        find("  ")
    with pytest.raises(StudioError, match="10,000,000 characters"):
        find("a" * 10_000_000)
    with pytest.raises(RecipeError, match=r"settings\.passages is 0"):
        find("warranty", passages=0)
    with pytest.raises(WorkspaceError, match="no collection named 'missing'"):
        run_job(search(JobContext(), workspace, "missing", "warranty"))


# The very words.

RULES = {
    "rules.md": "# House rules\n\nRULE-A001 says that visitors sign the book.\n\nRULE-A002 says that bicycles stay in "
    "the yard.\n\nThe CVE-2021-9931 notice hangs beside the door of the server room.",
    "figures.md": "# Figures\n\nInvoice 20240417-0093 came to 12,480.55 euros.\n\nThe deposit of 1 200 € was paid on "
    "2024-03-05.\n\nThe IBAN is DE12 3456 7890 1234 5678 90.\n\nInvoice 20240417-0039 came to 980.10 euros.",
    "config.md": "# Options\n\nThe checker stops when `--error-on-warnings` is set.\n\nWith --error it stops at once; "
    "-v shows more.\n\nThe folder is $CACHE_HOME and the hook `__exit__`; write `a := 5`.",
    "languages.md": "# Languages\n\nThe kernel module is written in C++.\n\nThe window is written in C#.\n\nThe old "
    "driver is written in C and the tests in .NET languages.",
    "codes.md": "# Codes\n\nError 50051 means that the pump runs dry.\n\nError 50052 means that a valve is shut.\n\n"
    "Call 40917 for help at night.",
}


@pytest.fixture
def ask(workspace, add, tmp_path):
    """Ask a collection of texts that only their own words can find: no cosine ever reaches the threshold."""

    def ask(texts, question, **settings):
        folder = tmp_path / "exact"
        if not folder.exists():
            folder.mkdir()
            for name, text in texts.items():
                (folder / name).write_text(text, "utf-8")
            add(folder, by="paragraphs", size=24, overlap=0)
        chosen = {"threshold": 0.99, **settings}
        events, _ = run_job(search(JobContext(), workspace, "shelf", question, chosen))
        return of_kind(events, Sample)[-1].data

    return ask


def used(data):
    return [row["text"] for row in data["rows"] if row["used"]]


QUESTIONS = {
    "50051": "Error 50051",
    "What does error 50052 mean?": "Error 50052",
    "40917": "Call 40917",
    "CVE-2021-9931": "The CVE-2021-9931 notice",
    "A002": "RULE-A002",
    "what does rule A-001 say": "RULE-A001",
    "--error-on-warnings": "The checker stops",
    "What is --error for?": "With --error it",
    "-v": "With --error it",
    "$cache_home": "The folder is",
    "When is __exit__ called?": "The folder is",
    "What does := do?": "The folder is",
    "Who uses C++?": "The kernel module",
    "c#": "The window",
    ".NET": "The old driver",
    "12480.55": "Invoice 20240417-0093",
    "12 480": "Invoice 20240417-0093",
    "1200 €": "The deposit",
    "20240417-0039": "Invoice 20240417-0039",
    "DE12345678901234567890": "The IBAN",
    "20240305": "The deposit",
    "bicycles": "RULE-A002",
}


@pytest.mark.parametrize("method", ["words", "both"])
def test_what_has_the_very_word_is_used_before_all_else(ask, method):
    found = {question: used(ask(RULES, question, method=method))[:1] for question in QUESTIONS}
    assert {question: texts for question, texts in found.items() if QUESTIONS[question] not in "".join(texts)} == {}


def test_a_question_that_is_a_name_is_answered_by_nothing_else(ask):
    for question, count in (("50051", 1), ("50053", 0), ("C++", 1), ("--warnings", 0), ("20240417-0093", 1)):
        data = ask(RULES, question, threshold=-1.0, passages=5)
        assert len(used(data)) == count, question
        assert data["relevant"] == bool(count)
    assert nothing_found(ask(RULES, "--warnings")) == "Nothing relevant was found: no passage has --warnings."
    assert len(used(ask(RULES, "What does error 50051 mean?", threshold=-1.0, passages=5))) == 5


def test_a_word_in_common_or_a_year_alone_makes_nothing_relevant(ask):
    for question in ("Who won the cup of the world in 2021?", "Which visitors like Italian opera?", "What is it?"):
        assert not ask(RULES, question)["relevant"], question


def test_by_meaning_alone_the_words_do_not_count(ask):
    assert not ask(RULES, "50051", method="vectors")["relevant"]


PRINTED = {
    "order.html": "<title>Haus&shy;ordnung</title><h1>Haus&shy;ordnung</h1><p>Die Treppen&shy;haus&shy;reinigung ist "
    "am Frei&shy;tag.</p>",
    "office.txt": "The o\ufb03ce of the scienti\ufb01c sta\ufb00 has a de\ufb01brillator.\n\n"
    "Ostroz\u0307nos\u0301c\u0301 przede wszystkim, Immo\u00ad\nbilien.",
    "work.txt": "The co-operative cares for well-being.\n\nIts cooperation is long-term and by email.",
}


def test_words_are_found_however_they_were_printed(ask):
    for question, word in {
        "Hausordnung": "Hausordnung", "Treppenhausreinigung": "Treppenhausreinigung", "Immobilien": "Immobilien",
        "Ostrożność": "Ostrożność", "wellbeing": "well-being", "cooperative": "co-operative", "e-mail": "email",
        "What is co-operation?": "cooperation", "longterm": "long-term", "defibrillator": "defibrillator",
    }.items():  # fmt: skip
        assert word in "".join(used(ask(PRINTED, question))), question
    assert ask(PRINTED, "Hausordnung")["rows"][0]["title"] == "Hausordnung"


CHINESE = {
    "退货.txt": "顾客可以在收到商品后三十天内申请退货。",
    "宠物.txt": "店内不允许携带宠物，导盲犬除外。",
    "停车.txt": "停车场在地下二层，前两小时免费。iPhone手机可以付款。",
    "日本語.txt": "返品は商品到着後三十日以内にお願いします。カメラの保証は二年です。",
    "ไทย.txt": "ร้านเปิดทุกวันเวลาเก้าโมงเช้า สุนัขนำทางเข้าได้",
    "한국어.txt": "안내견을 제외한 반려동물은 들어올 수 없습니다.",
}
PHRASES = {
    "导盲犬": "宠物", "地下二层": "停车", "申请退货": "退货", "犬": "宠物", "。": "", "iPhone": "停车", "天气预报": "",
    "カメラ": "日本語", "ｶﾒﾗ": "日本語", "三十日以内": "日本語", "สุนัขนำทาง": "ไทย", "반려동물": "한국어",
}  # fmt: skip


def test_scripts_without_blanks_are_searched_by_words(ask):
    found = {}
    for phrase in PHRASES:
        rows = ask(CHINESE, phrase, method="words")["rows"]
        found[phrase] = next((row["title"] for row in rows if row["used"]), "")
    assert found == PHRASES


def test_a_cosine_of_what_the_model_cannot_read_makes_nothing_relevant(ask, encoder):
    assert ask(CHINESE, "明天北京的天气怎么样", threshold=-1.0)["relevant"]
    encoder.literate = False
    assert not ask(CHINESE, "明天北京的天气怎么样", threshold=-1.0)["relevant"]
    assert ask(CHINESE, "三十天后还可以退货吗", threshold=-1.0)["relevant"]


SPELT = {
    "Οδός Αθηνών": ["οδος", "ΟΔΟΣ", "αθηνων", "Ἀθηνῶν"],
    "كِتَابٌ جَدِيدٌ": ["كتاب", "جديد", "كِتَابٌ"],
    "שָׁלוֹם עולם": ["שלום", "שָׁלוֹם"],
    "Die Straße nach Öhringen": ["strasse", "STRASSE", "straße", "ohringen", "Öhringen"],
    "İstanbul ve Diyarbakır": ["istanbul", "İSTANBUL", "diyarbakir"],
    "Økland og Paweł": ["okland", "Økland", "pawel"],
    "Ёлка стоит": ["елка", "ёлка"],
    "भारत की राजधानी नई दिल्ली है": ["दिल्ली", "राजधानी"],
}


@pytest.mark.parametrize("written", SPELT)
def test_words_are_found_without_accents_and_vowel_signs(ask, encoder, written):
    encoder.literate = False
    others = {f"{number}.txt": f"{each}." for number, each in enumerate(each for each in SPELT if each != written)}
    for asked in SPELT[written]:
        assert used(ask({"it.txt": f"{written}.", **others}, asked)) == [f"{written}."]


def test_a_word_of_an_indic_script_is_not_its_letters(ask, encoder):
    encoder.literate = False
    data = ask({"a.txt": "दिल्ली एक शहर है.", "b.txt": "लाल दल और दाल."}, "दिल्ली")
    assert [row["text"] for row in data["rows"] if row["words_rank"]] == ["दिल्ली एक शहर है."]


@pytest.mark.parametrize("version", [1, 2])
def test_an_index_of_an_earlier_version_is_brought_up(workspace, ask, version):
    before = ask(CHINESE, "导盲犬")["rows"][0]["id"]
    close_all()
    file = workspace.collection_folder("shelf") / "index.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as old:
        if version == 1:
            old.execute("DROP TABLE words")
            old.execute("ALTER TABLE chunks DROP COLUMN terms")
            old.execute(
                "CREATE VIRTUAL TABLE words USING fts5 (title, place, text, content='chunks', content_rowid='id', "
                "tokenize='porter unicode61 remove_diacritics 2')"
            )
            old.execute("INSERT INTO words (rowid, title, place, text) SELECT id, title, place, text FROM chunks")
        else:
            old.execute("UPDATE chunks SET terms = ''")
            old.execute("INSERT INTO words (words) VALUES ('rebuild')")
        old.execute(f"PRAGMA user_version = {version}")
    data = ask(CHINESE, "导盲犬")
    assert used(data) == [CHINESE["宠物.txt"]]
    assert data["rows"][0]["id"] == before
    assert data["state"]["done"] == data["state"]["total"] > 0


# Quality.


def quality(workspace, questions):
    events, result = run_job(measure(JobContext(), workspace, "shelf", str(questions)))
    return of_kind(events, Sample)[-1].data, result, [note.text for note in of_kind(events, Note)]


def test_titles_are_questions(workspace, find):
    data, result, _ = quality(workspace, "titles")
    assert data["questions"] == 2
    assert [row["method"] for row in data["rows"]] == ["words", "vectors", "both"]
    assert result["both"] == {"recall_at_1": 1.0, "recall_at_5": 1.0, "recall_at_10": 1.0, "mrr": 1.0}
    assert data["misses"] == []


def test_a_table_of_questions(workspace, find, tmp_path):
    (tmp_path / "questions.csv").write_text(
        "question,source,remark\n"
        "How long does the warranty last?,mixer.md,\n"
        "How many days does the moon take?,moon,x\n"
        "Which planet is this?,mixer,wrong on purpose\n"
        "Too few cells\n"
        "a,b,c,d\n"
        "Who knows?,elsewhere.pdf,\n"
        ",moon.txt,\n",
        "utf-8",
    )
    data, result, notes = quality(workspace, tmp_path / "questions.csv")
    assert data["questions"] == 3
    assert data["source"] == "questions.csv"
    assert notes == data["notes"] == [
        "questions.csv: rows left out because they have no two cells, at line 5, 6, 8.",
        "questions.csv: rows left out because 'shelf' has no such source: elsewhere.pdf.",
    ]  # fmt: skip
    # By hand: two at rank 1, the last at rank 2 or not at all.
    ranks = [1, 1, data["misses"][0]["rank"]] if data["misses"] else [1, 1, 1]
    assert result["both"]["mrr"] == pytest.approx(sum(1 / rank for rank in ranks if rank) / 3)
    assert result["both"]["recall_at_1"] == pytest.approx(sum(rank == 1 for rank in ranks) / 3)


def test_a_table_may_name_the_topics_of_pythons_reference(tmp_path):
    (tmp_path / "questions.csv").write_text("question,source\nHow is a file closed?,with\n", "utf-8")
    topics = [document_of((number, f"help({topic!r})", f'The "{topic}" statement', 9, 0, "", "", "[]"))
              for number, topic in enumerate(("with", "while"))]  # fmt: skip
    found = questions_from_table(str(tmp_path / "questions.csv"), topics, "reference")
    assert found.rows == [("How is a file closed?", ["help('with')"])]


@pytest.mark.parametrize(
    "text",
    ["sep=;\nquestion;source\nWho, and why?;a.md\n", "# mine\nquestion,source\n\"Who, and why?\",a.md,\n",
     'question, source\n"Who, and why?", "a.md"\n'],
)  # fmt: skip
def test_a_table_of_questions_is_read_as_datasets_are(tmp_path, text):
    (tmp_path / "questions.csv").write_text(text, "utf-8")
    document = document_of((1, "a.md", "A", 9, 0, "", "", "[]"))
    assert questions_from_table(str(tmp_path / "questions.csv"), [document], "shelf").rows == [
        ("Who, and why?", ["a.md"])
    ]


def test_a_first_line_that_csv_cannot_read_is_told(tmp_path):
    path = tmp_path / "questions.csv"
    path.write_text(f"question,source,{'x' * 5000}\nWho?,mixer.md,x\n", "utf-8")
    before = csv.field_size_limit(1000)  # Python's own is 131,072; other readers raise it for the whole process
    try:
        with pytest.raises(StudioError, match=r"is not a table of comma-separated values .*field limit"):
            questions_from_table(str(path), [], "shelf")
    finally:
        csv.field_size_limit(before)


def test_tables_that_ask_nothing(workspace, find, tmp_path):
    path = tmp_path / "questions.csv"
    for content, message in (
        (b"text,label\na,b\n", "needs the columns question and source"),
        (b"", "it is empty"),
        (b"\x89PNG\r\n" + bytes(100), "it is not text but a PNG picture"),
        (b"question,source\nWho?,nowhere\n", "has no question that can be asked"),
    ):
        path.write_bytes(content)
        with pytest.raises(StudioError, match=message):
            quality(workspace, path)
    with pytest.raises(StudioError, match="cannot be read"):
        quality(workspace, tmp_path / "missing.csv")
