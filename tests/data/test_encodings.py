"""A text is read in the encoding that it was written in; where that is a guess, the import says which and shows it."""

import zipfile
from pathlib import Path

import pytest

from fmstudio import cli
from fmstudio.data.documents import open_documents
from fmstudio.errors import StudioError

SMITHS = {
    "Finnish": "Olipa kerran vanha seppä, joka asui pienessä punaisessa mökissä järven rannalla. Yöt pimenivät. ",
    "Swedish": "Det var en gång en gammal smed som bodde i en röd stuga vid sjön, och läste för barnen. ",
    "Italian": "C'era una volta un fabbro che viveva da solo. La città era lontana, però giovedì andava là perché. ",
    "French": "Il était une fois un forgeron qui vivait près d'ici. Sa sœur se levait tôt et faisait des œufs",
    "German": "Es war einmal ein alter Schmied, der am Fluß lebte. Jeden Morgen stand er früh auf und arbeitete müde. ",
    "Spanish": "Érase una vez un viejo herrero que vivía junto al río. ¿Qué hacía cada mañana? Encendía el fuego. ",
    "Hungarian": "Egyszer volt egy öreg kovács, aki egy házban élt. Korán felkelt, tüzet gyújtott, főzött",
    "Polish": "Był sobie raz stary kowal, który mieszkał nad rzeką. Każdego ranka wstawał, a wnuki śpiewały pieśni. ",
    "Czech": "Byl jednou jeden starý kovář, který žil v domku u řeky. Každé ráno rozdělal oheň a ještě dlouho zpíval. ",
    "Romanian": "A fost odată un fierar bătrân care trăia lângă râu. În fiecare dimineaţă aprindea focul şi muncea. ",
    "Croatian": "Bio jednom jedan stari kovač koji je živio u kući kraj rijeke. Djeca su šutjela i čekala đaka. ",
    "Turkish": "Bir zamanlar nehrin kıyısında yaşlı bir demirci yaşarmış. Her sabah kalkar, çalışırmış. İyi. ",
    "Greek": "Μια φορά κι έναν καιρό ζούσε ένας γέρος σιδεράς κοντά στο ποτάμι. Όταν γύριζε, άναβε τη φωτιά. ",
    "Latvian": "Reiz dzīvoja vecs kalējs mazā mājiņā pie upes. Katru rītu viņš cēlās agri un strādāja līdz vakaram. ",
    "Russian": "Жил-был старый кузнец в маленьком доме у реки. Каждое утро он вставал и работал до вечера. ",
    "Ukrainian": "Жив собі старий коваль біля річки. Щоранку він вставав, розпалював вогонь і співав їй пісень. ",
    "Hebrew": "היה היה פעם נפח זקן שגר בבית קטן ליד הנהר. בכל בוקר קם מוקדם, הדליק את האש ועבד עד הערב. ",
    "Arabic": "كان يا ما كان حداد عجوز يعيش في بيت صغير قرب النهر. كان ينهض كل صباح ويشعل النار ويعمل حتى المساء. ",
    "Thai": "กาลครั้งหนึ่งนานมาแล้ว มีช่างตีเหล็กชราอาศัยอยู่ในบ้านหลังเล็กริมแม่น้ำ ทุกเช้าเขาก่อไฟและทำงาน ",
    "Chinese": "从早上开始就下着大雨，所以孩子们整天都坐在屋子里，一边喝着热茶，一边听奶奶讲故事。",
    "Japanese": "朝から強い雨が降っていたので、子どもたちは家の中でおばあさんの昔話を聞いていました。",
    "Korean": "아침부터 비가 많이 내려서 아이들은 집 안에 앉아 할머니의 오래된 이야기를 들었습니다. ",
}  # fmt: skip
MET = {
    "Finnish": "cp1252 latin1 cp850 mac_roman", "Swedish": "cp1252 latin1 cp850", "Italian": "cp1252 latin1 cp850",
    "French": "cp1252 iso8859_15", "German": "cp1252 latin1 cp437", "Spanish": "cp1252 latin1 mac_roman",
    "Hungarian": "cp1250 iso8859_2 cp852", "Polish": "cp1250 iso8859_2 cp852", "Czech": "cp1250 iso8859_2 cp852",
    "Romanian": "cp1250 iso8859_2", "Croatian": "cp1250 iso8859_2", "Turkish": "cp1254 iso8859_9 cp857",
    "Greek": "cp1253 iso8859_7 cp737", "Latvian": "cp1257 iso8859_13", "Russian": "cp1251 koi8_r cp866 iso8859_5",
    "Ukrainian": "cp1251 koi8_u", "Hebrew": "cp1255 iso8859_8", "Arabic": "cp1256 iso8859_6", "Thai": "cp874",
    "Chinese": "gb18030", "Japanese": "cp932 euc_jp", "Korean": "cp949",
}  # fmt: skip
PAIRS = [(language, encoding) for language, encodings in MET.items() for encoding in encodings.split()]


@pytest.fixture
def read(workspace, add):
    """Import one file whole; returns its text and what was said."""

    def read(path: Path, **options) -> tuple[str, str]:
        name = f"set-{len(workspace.datasets())}"
        ran = add(path, name=name, **{"documents": "file", **options})
        with open_documents(workspace, name) as documents:
            return "\n".join(document.text for document in documents), ran.notes

    return read


@pytest.mark.parametrize(("language", "encoding"), PAIRS)
def test_a_language_is_read_in_its_encoding_and_told_as_a_guess(read, tmp_path, language, encoding):
    text = SMITHS[language]
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    found, notes = read(tmp_path / "a.txt")
    assert found.split() == text.split()
    assert "a.txt: its encoding was guessed to be " in notes
    shown = notes.partition("as in “")[2].partition("”")[0]
    assert 20 < len(shown) <= 80
    assert shown in text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "namn;ort;antal\nÅsa Öberg;Malmö;12\nPär Sjöström;Göteborg;7\nMärta Lindström;Örebro;44\n"),
        ("cp1250", "jméno;město\nJiří Novák;Plzeň\nTomáš Dvořák;Děčín\nŽaneta Šímová;Žďár\n"),
        ("cp1254", "ad;şehir\nAyşe Yıldız;Eskişehir\nÇağlar Öztürk;Muğla\nİpek Işık;İzmir\n"),
    ],
)
def test_a_table_of_names_is_read_too(read, tmp_path, encoding, text):
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert read(tmp_path / "a.txt")[0] == text.strip()


ROMANIAN = "Bunica spunea: „Și mâine ține-ți firea”, apoi așeza pâinea pe masă și tăcea. Satul dormea încă."


@pytest.mark.parametrize("encoding", ["cp1250", "iso8859_16", "mac_romanian"])
@pytest.mark.parametrize("times", [1, 20])
def test_romanian_in_all_its_encodings(read, tmp_path, encoding, times):
    """Only the two newer ones have its letters with a comma below; the older ones have them with a cedilla."""
    text = ROMANIAN if encoding != "cp1250" else ROMANIAN.translate(str.maketrans("șțȘȚ", "şţŞŢ"))
    (tmp_path / "a.txt").write_bytes(" ".join([text] * times).encode(encoding))
    assert read(tmp_path / "a.txt")[0] == " ".join([text] * times)


def test_what_is_certain_is_not_told_as_a_guess(read, tmp_path):
    for name, content in (("utf8", "Größe".encode()), ("mark", "Größe".encode("utf-16")), ("plain", b"plain")):
        (tmp_path / f"{name}.txt").write_bytes(content)
        assert read(tmp_path / f"{name}.txt")[1] == ""


def test_a_guess_can_be_overruled(read, tmp_path):
    (tmp_path / "a.txt").write_bytes("Ğ".encode("cp1254") * 3)
    assert read(tmp_path / "a.txt", encoding="windows-1254") == ("ĞĞĞ", "")
    with pytest.raises(StudioError, match="the encoding 'zip' is not known"):
        read(tmp_path / "a.txt", encoding="zip")


def test_the_command_line_takes_an_encoding(workspace, tmp_path, capsys):
    (tmp_path / "a.txt").write_bytes("Größe".encode("cp850"))
    arguments = ["--workspace", str(workspace.path), "datasets", "add", str(tmp_path / "a.txt"), "--name", "dos"]
    assert cli.main([*arguments, "--encoding", "cp850"]) == 0
    with open_documents(workspace, "dos") as documents:
        assert documents.text(0) == "Größe"


def test_encodings_that_switch_by_escapes(read, tmp_path):
    (tmp_path / "a.txt").write_bytes(SMITHS["Japanese"].encode("iso2022_jp"))
    assert read(tmp_path / "a.txt") == (SMITHS["Japanese"], "")


def test_few_zero_bytes_are_left_out_and_told(read, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"A line of plain text.\n" * 30 + b"\0and on\n" + b"More of the text.\n" * 30)
    found, notes = read(tmp_path / "a.txt")
    assert "text.\nand on\nMore" in found
    assert "a.txt: NUL characters left out, which no text has: 1." in notes


def page(body: str, head: str = "", encoding: str = "utf-8") -> bytes:
    return f"<html><head>{head}</head><body><p>{body}</p></body></html>".encode(encoding)


GERMAN = "Die Straße – „quer“ – kostet 5 €. Größe, Übung."


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (page(GERMAN, '<meta charset="iso-8859-1">'), GERMAN),
        (page(GERMAN, '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'), GERMAN),
        (page(GERMAN, '<meta charset="iso-8859-1">', "cp1252"), GERMAN),
        (page(GERMAN, "<META content='text/html;charset=US-ASCII' http-equiv=content-type>", "cp1252"), GERMAN),
        (page("Iğdır’da “yaz”", "<meta charset=latin5>", "cp1254"), "Iğdır’da “yaz”"),
        (page("朱镕基说", '<meta charset="gb2312">', "gbk"), "朱镕基说"),
        (page("①髙橋", '<meta charset="shift_jis">', "cp932"), "①髙橋"),
        (page("똠방각하", '<meta charset="euc-kr">', "cp949"), "똠방각하"),
        (page("łąka", '<script charset="gb2312" src="a.js"></script><meta charset="iso-8859-2">', "iso8859_2"), "łąka"),
        (page("łąka", '<link href="a.php?charset=latin1"><meta charset="iso-8859-2">', "iso8859_2"), "łąka"),
        (page("łąka", '<!-- <meta charset="latin1"> --><meta charset="iso-8859-2">', "iso8859_2"), "łąka"),
        (page("łąka", '<meta name="note" content="charset=latin1"><meta charset="iso-8859-2">', "iso8859_2"), "łąka"),
        (b'<?xml version="1.0" encoding="iso-8859-2"?>' + page("łąka", encoding="iso8859_2"), "łąka"),
        (page(SMITHS["Polish"], '<meta charset="utf-8">', "cp1250"), SMITHS["Polish"].strip()),
        (page(SMITHS["Polish"], '<meta charset="klingon">', "cp1250"), SMITHS["Polish"].strip()),
        (page(SMITHS["Greek"], encoding="utf-16-le"), SMITHS["Greek"].strip()),
        (page(SMITHS["Japanese"], '<meta charset="iso-2022-jp">', "iso2022_jp"), SMITHS["Japanese"]),
    ],
)
def test_a_page_is_read_as_browsers_read_it(read, tmp_path, content, text):
    (tmp_path / "a.html").write_bytes(content)
    assert read(tmp_path / "a.html")[0] == text


def write_book(path: Path, pages: list[bytes]) -> None:
    names = [f"p{number}.xhtml" for number in range(len(pages))]
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("META-INF/container.xml", '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
                      '<rootfiles><rootfile full-path="book.opf"/></rootfiles></container>')  # fmt: skip
        book.writestr(
            "book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>B</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for name, content in zip(names, pages, strict=True):
            book.writestr(name, content)


def test_the_pages_of_a_book_are_read_in_their_encodings(read, tmp_path):
    declared = b'<?xml version="1.0" encoding="iso-8859-1"?>'
    pages = [
        page(GERMAN, encoding="utf-16"),
        page(GERMAN, encoding="utf-16-be"),
        page(GERMAN, "<title>c</title>", "utf-8-sig"),
        declared + page(GERMAN, encoding="cp1252"),
        page(SMITHS["Hungarian"], encoding="cp1250"),
    ]
    write_book(tmp_path / "a.epub", pages)
    found, notes = read(tmp_path / "a.epub")
    assert found == "\n\n".join([GERMAN] * 4 + [SMITHS["Hungarian"].strip()])
    assert "in p4.xhtml its encoding was guessed to be cp1250, as in “" in notes
    assert "p3.xhtml" not in notes


@pytest.mark.parametrize("odd", ["", "x"])
@pytest.mark.parametrize(
    ("language", "encoding"),
    [("Chinese", "gb18030"), ("Japanese", "cp932"), ("Japanese", "euc_jp"), ("Korean", "cp949"), ("Taiwanese", "big5")],
)
def test_a_long_text_is_read_wherever_the_sample_of_it_was_cut(read, tmp_path, language, encoding, odd):
    sentence = SMITHS.get(
        language, "從早上開始就下著大雨，所以孩子們整天都坐在屋子裡，一邊喝著熱茶，一邊聽奶奶講故事。"
    )
    text = odd + f"{sentence}\n" * 3_000
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert read(tmp_path / "a.txt")[0] == text.rstrip()


def test_a_text_that_breaks_off_within_a_letter_or_is_damaged_within_is_read(read, tmp_path):
    chinese = SMITHS["Chinese"]
    (tmp_path / "short.txt").write_bytes((chinese * 3).encode("gb18030")[:-1])
    assert read(tmp_path / "short.txt")[0] == (chinese * 3)[:-1] + "\ufffd"
    damaged = (chinese + "\n").encode("gb18030") * 50
    (tmp_path / "damaged.txt").write_bytes(damaged + b"\xff\x20\n" + damaged)
    assert read(tmp_path / "damaged.txt")[0].count(chinese) == 100


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", ["Russian", "Greek", "Hebrew", "Arabic", "Thai", "Chinese", "Japanese", "Korean"])
def test_utf_16_without_its_mark_is_read_in_any_script(read, tmp_path, language, order):
    text = f"id;text\n1;{SMITHS[language]}".strip()
    (tmp_path / "a.txt").write_bytes(text.encode(order))
    found, notes = read(tmp_path / "a.txt")
    assert found == text
    assert f"its encoding was guessed to be {order}, as in “" in notes


def test_the_end_mark_of_dos_makes_no_text_binary(read, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"A short text.\r\n\x1a")
    assert read(tmp_path / "a.txt")[0].startswith("A short text.")
