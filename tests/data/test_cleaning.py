"""Cleaning shows exactly what it then does."""

import json
import unicodedata

import numpy as np
import pytest

from fmstudio.data import cleaning
from fmstudio.data.cleaning import apply, review
from fmstudio.data.documents import Document, open_documents
from fmstudio.data.duplicates import NearDuplicates, shingle_hashes
from fmstudio.data.letters import symbol_share, words
from fmstudio.data.text_intake import keep
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Progress, Sample

NONE = {
    "repair_encoding": False, "minimum_characters": 0, "maximum_characters": 0, "maximum_symbols": 1.0,
    "exact_duplicates": False, "near_duplicates": False,
}  # fmt: skip


@pytest.fixture
def messy(workspace, prose):
    long = prose(3000)
    texts = {
        "story": long,
        "the story again": long.replace("\n\n", "\n"),
        "another story": prose(3000, 1),
        "the story with a new end": long + "And they lived happily ever after, as far as anyone knows.",
        "a note": "Too short.",
        "a table": "+-----+-----+\n|  1  |  2  |\n" * 20,
        "wrongly decoded": prose(500, 2) + "\nIt was schÃ¶n there.\nAll right here – schön.",
        "a story by heart": prose(3000, 3),
    }
    keep(workspace, "messy", (Document(text, title) for title, text in texts.items()), {"licence": "CC0"})
    return texts


def reviewed(run, workspace, **rules):
    return run(review(JobContext(), workspace, "messy", {**NONE, **rules})).of(Sample)[-1].data


def hit(found) -> dict[str, list[str]]:
    return {rule: [e["title"] for e in entry["examples"]] for rule, entry in found.items() if entry["count"]}


def test_all_rules_together(workspace, run, messy):
    found = run(review(JobContext(), workspace, "messy")).of(Sample)[-1].data
    assert hit(found) == {
        "length": ["a note"],
        "symbols": ["a table"],
        "exact_duplicates": ["the story again"],
        "near_duplicates": ["the story with a new end"],
        "encoding": ["wrongly decoded"],
    }
    assert found["length"]["bytes"] == len("Too short.")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, {}),
        ({"minimum_characters": 11}, {"length": ["a note"]}),
        ({"maximum_characters": 12, "minimum_characters": 0}, None),
        ({"maximum_symbols": 0.5}, {"symbols": ["a table"]}),
        ({"exact_duplicates": True}, {"exact_duplicates": ["the story again"]}),
        ({"near_duplicates": True}, {"near_duplicates": ["the story again", "the story with a new end"]}),
        ({"repair_encoding": True}, {"encoding": ["wrongly decoded"]}),
    ],
)
def test_each_rule_alone(workspace, run, messy, rules, expected):
    found = hit(reviewed(run, workspace, **rules))
    if expected is None:
        assert len(found["length"]) == 7
    else:
        assert found == expected


def test_examples_say_why_with_before_and_after(workspace, run, messy):
    found = run(review(JobContext(), workspace, "messy")).of(Sample)[-1].data
    repair = found["encoding"]["examples"][0]
    assert "schÃ¶n there" in repair["before"]
    assert "It was schön there" in repair["after"]
    assert "here – schön" in repair["after"]
    near = found["near_duplicates"]["examples"][0]
    assert near["why"].endswith("like document 1 (story), which stays")
    assert near["after"] == messy["story"][:400]
    assert found["length"]["examples"][0]["why"] == "it has 10 characters, fewer than 50"


def test_review_changes_nothing(workspace, run, messy):
    run(review(JobContext(), workspace, "messy"))
    assert [record.name for record in workspace.datasets()] == ["messy"]
    with open_documents(workspace, "messy") as documents:
        assert [document.text for document in documents] == list(messy.values())


def test_apply_does_what_review_showed(workspace, run, messy):
    ran = run(apply(JobContext(), workspace, "messy", {}, "tidy"))
    assert (ran.result["documents"], ran.result["removed"], ran.result["changed"]) == (4, 4, 1)
    with open_documents(workspace, "tidy") as documents:
        found = {document.title: document.text for document in documents}
    assert list(found) == ["story", "another story", "wrongly decoded", "a story by heart"]
    assert found["wrongly decoded"] == messy["wrongly decoded"].replace("Ã¶", "ö")
    lines = (workspace.dataset_folder("tidy") / "removed.jsonl").read_text("utf-8").splitlines()
    gone = [json.loads(line) for line in lines]
    assert [(entry["title"], entry["rule"]) for entry in gone] == [
        ("the story again", "exact_duplicates"),
        ("the story with a new end", "near_duplicates"),
        ("a note", "length"),
        ("a table", "symbols"),
    ]
    details = workspace.dataset("tidy").details
    assert (details["made_from"], details["licence"], details["complete"]) == ("messy", "CC0", True)
    assert details["rules"]["similarity"] == 0.8
    assert workspace.lineage() == [(("dataset", "messy"), ("dataset", "tidy"))]


def test_apply_without_a_name_and_with_a_taken_one(workspace, run, messy):
    assert run(apply(JobContext(), workspace, "messy")).result["dataset"] == "messy-clean"
    with pytest.raises(StudioError, match="There is a dataset named 'messy' already"):
        run(apply(JobContext(), workspace, "messy", {}, "messy"))


def test_rules_that_leave_nothing(workspace, run, messy):
    with pytest.raises(StudioError, match="These rules leave no document of 'messy'; loosen them"):
        run(apply(JobContext(), workspace, "messy", {"minimum_characters": 10**6}, "none"))
    assert not workspace.dataset_folder("none").exists()


def test_a_wrong_rule(workspace, run, messy):
    with pytest.raises(StudioError, match=r"rules\.similarity is 2, but it must be a number from 0\.3 to 1\.0"):
        run(review(JobContext(), workspace, "messy", {"similarity": 2}))


def test_a_cancelled_cleaning_leaves_nothing(workspace, messy, monkeypatch):
    monkeypatch.setattr(cleaning, "Pace", lambda *_: type("Always", (), {"due": lambda self: True})())
    job = apply(JobContext(), workspace, "messy", {}, "tidy")
    assert isinstance(next(job), Progress)
    job.close()
    assert [path.name for path in (workspace.path / "datasets").iterdir()] == ["messy"]


def test_a_stopped_cleaning_keeps_its_part_and_says_so(workspace, run, messy, monkeypatch):
    monkeypatch.setattr(cleaning, "Pace", lambda *_: type("Always", (), {"due": lambda self: True})())
    context = JobContext()
    job = apply(context, workspace, "messy", {}, "tidy")
    next(job)
    context.stop()
    assert run(job).result["documents"] == 1
    assert workspace.dataset("tidy").details["complete"] is False


def test_the_similarity_is_close_to_the_true_one(prose):
    """MinHash with 128 permutations has a standard error of at most 0.045 (Broder 1997)."""
    text = prose(20_000)
    errors = []
    for share in (0.95, 0.9, 0.8, 0.7):
        other = text[: int(len(text) * share)] + prose(20_000, 9)[: int(len(text) * (1 - share))]
        first, second = set(shingle_hashes(text).tolist()), set(shingle_hashes(other).tolist())
        near = NearDuplicates(0.3)
        assert near.find(0, text) is None
        errors.append(near.find(1, other).similarity - len(first & second) / len(first | second))
    assert np.abs(errors).max() < 0.15


def test_languages_without_blanks_have_near_duplicates_too():
    text = "".join(chr(0x4E00 + (number * number * 7919) % 5000) for number in range(2000))
    near = NearDuplicates(0.8)
    assert near.find(0, text) is None
    assert near.find(1, text[:1000] + "新" + text[1000:]).index == 0
    assert near.find(2, text[::-1]) is None
    assert near.find(3, "") is None


def test_symbol_share():
    assert symbol_share("ab1 ß") == 0
    assert symbol_share("a_-! ") == 0.75
    assert symbol_share(" ") == 1


PROSE = {
    "Devanagari": "सुबह से तेज़ बारिश हो रही थी, इसलिए बच्चे घर के भीतर बैठकर दादी से पुरानी कहानियाँ सुनते रहे।",
    "Bengali": "সকাল থেকে খুব বৃষ্টি হচ্ছিল, তাই ছেলেমেয়েরা ঘরে বসে দিদিমার কাছে পুরোনো গল্প শুনছিল।",
    "Gurmukhi": "ਸਵੇਰ ਤੋਂ ਬਹੁਤ ਮੀਂਹ ਪੈ ਰਿਹਾ ਸੀ, ਇਸ ਲਈ ਬੱਚੇ ਘਰ ਵਿੱਚ ਬੈਠ ਕੇ ਦਾਦੀ ਤੋਂ ਪੁਰਾਣੀਆਂ ਕਹਾਣੀਆਂ ਸੁਣਦੇ ਰਹੇ।",
    "Gujarati": "સવારથી ખૂબ વરસાદ પડતો હતો, તેથી બાળકો ઘરમાં બેસીને દાદી પાસે જૂની વાર્તાઓ સાંભળતાં હતાં.",
    "Odia": "ସକାଳୁ ବହୁତ ବର୍ଷା ହେଉଥିଲା, ତେଣୁ ପିଲାମାନେ ଘରେ ବସି ଜେଜେମାଙ୍କଠାରୁ ପୁରୁଣା କାହାଣୀ ଶୁଣୁଥିଲେ।",
    "Tamil": "காலையிலிருந்து நல்ல மழை பெய்தது, அதனால் குழந்தைகள் வீட்டில் அமர்ந்து பாட்டியிடம் பழைய கதைகளைக் கேட்டார்கள்.",
    "Telugu": "ఉదయం నుండి బాగా వర్షం పడింది, అందుకే పిల్లలు ఇంట్లో కూర్చుని అమ్మమ్మ దగ్గర పాత కథలు విన్నారు.",
    "Kannada": "ಬೆಳಿಗ್ಗೆಯಿಂದ ತುಂಬಾ ಮಳೆ ಬಂತು, ಆದ್ದರಿಂದ ಮಕ್ಕಳು ಮನೆಯಲ್ಲಿ ಕುಳಿತು ಅಜ್ಜಿಯಿಂದ ಹಳೆಯ ಕಥೆಗಳನ್ನು ಕೇಳಿದರು.",
    "Malayalam": "രാവിലെ മുതൽ നല്ല മഴ പെയ്തു, അതുകൊണ്ട് കുട്ടികൾ വീട്ടിലിരുന്ന് മുത്തശ്ശിയുടെ പഴയ കഥകൾ കേട്ടു.",
    "Sinhala": "උදේ සිට තද වැසි ඇද හැලුණු නිසා ළමයි ගෙදර ඉඳගෙන ආච්චිගෙන් පැරණි කතා අසමින් සිටියහ.",
    "Burmese": "မနက်ကတည်းက မိုးသည်းထန်စွာရွာနေသောကြောင့် ကလေးများသည် အိမ်ထဲတွင်ထိုင်၍ အဘွား၏ပုံပြင်များကို နားထောင်ကြသည်။",
    "Khmer": "តាំងពីព្រឹកមក ភ្លៀងធ្លាក់ខ្លាំងណាស់ ដូច្នេះក្មេងៗអង្គុយក្នុងផ្ទះ ស្តាប់រឿងចាស់ៗពីជីដូន។",
    "Thai": "ตั้งแต่เช้าฝนตกหนักมาก เด็ก ๆ จึงนั่งอยู่ในบ้านและฟังนิทานเก่า ๆ ที่คุณยายเล่าให้ฟังจนถึงค่ำ",
    "Lao": "ຕັ້ງແຕ່ເຊົ້າຝົນຕົກໜັກຫຼາຍ ເດັກນ້ອຍຈຶ່ງນັ່ງຢູ່ໃນເຮືອນ ແລະ ຟັງນິທານເກົ່າທີ່ແມ່ເຖົ້າເລົ່າໃຫ້ຟັງຈົນຮອດຄ່ຳ",
    "Tibetan": "ཞོགས་པ་ནས་ཆར་པ་ཆེན་པོ་བབས་པས་བྱིས་པ་ཚོ་ཁང་པའི་ནང་དུ་བསྡད་ནས་རྨོ་མོས་སྒྲུང་རྙིང་པ་བཤད་པ་ཉན།",
    "Ethiopic": "ከጠዋት፡ጀምሮ፡ከባድ፡ዝናብ፡ስለዘነበ፡ልጆቹ፡በቤት፡ውስጥ፡ተቀምጠው፡የአያታቸውን፡ተረት፡ይሰሙ፡ነበር።",
    "Arabic with vowel signs": "مُنْذُ الصَّبَاحِ نَزَلَ مَطَرٌ كَثِيرٌ، فَجَلَسَ الْأَوْلَادُ فِي الْبَيْتِ وَسَمِعُوا مِنْ جَدَّتِهِمْ قِصَصًا قَدِيمَةً.",
    "Hebrew with points": "מֵהַבֹּקֶר יָרַד גֶּשֶׁם חָזָק, וְלָכֵן יָשְׁבוּ הַיְלָדִים בַּבַּיִת וְשָׁמְעוּ מִסָּבְתָא סִפּוּרִים יְשָׁנִים.",
    "Greek": "Από το πρωί έβρεχε δυνατά, κι έτσι τα παιδιά κάθονταν "
        "στο σπίτι και άκουγαν τη γιαγιά να λέει παλιές ιστορίες.",
    "Cyrillic": "С утра шёл сильный дождь, поэтому дети сидели дома и слушали, как бабушка рассказывает старые сказки.",
    "Armenian": "Առավոտից ուժեղ անձրև էր գալիս, ուստի երեխաները նստել էին տանը և լսում էին տատիկի հին հեքիաթները։",
    "Georgian": "დილიდან ძლიერი წვიმა მოდიოდა, ამიტომ ბავშვები სახლში ისხდნენ და ბებიის ძველ ზღაპრებს უსმენდნენ.",
    "Chinese": "从早上开始就下着大雨，所以孩子们整天都坐在屋子里，"
        "一边喝着热茶，一边听奶奶讲很久很久以前的故事，直到天黑才去睡觉。",
    "Japanese": "朝から強い雨が降っていたので、子どもたちは家の中に座って、"
        "日が暮れるまでおばあさんの昔話をゆっくり聞いていました。",
    "Korean": "아침부터 비가 많이 내려서 아이들은 집 안에 "
        "앉아 할머니가 들려주는 오래된 이야기를 저녁때까지 귀 기울여 들었습니다.",
    "Latin in pieces": unicodedata.normalize(
        "NFD", "Từ sáng trời mưa rất to, nên bọn trẻ ngồi trong nhà và nghe bà kể những chuyện cổ tích cho đến tối."
    ),
}  # fmt: skip


def test_the_default_rules_leave_prose_of_any_script(workspace, run):
    keep(workspace, "scripts", (Document(text, script) for script, text in PROSE.items()), {})
    found = run(review(JobContext(), workspace, "scripts")).of(Sample)[-1].data
    assert hit(found) == {}


@pytest.mark.parametrize("script", PROSE)
def test_marks_belong_to_their_letters_and_words(script):
    assert symbol_share(PROSE[script]) < 0.12
    assert not any(unicodedata.combining(word[0]) for word in words(PROSE[script]))


def test_words_keep_their_marks():
    assert words("पुरानी कहानियाँ, सुनते!") == ["पुरानी", "कहानियाँ", "सुनते"]
    assert words("e\u0301te\u0301 \U0001e921\U0001e944\U0001e922") == [
        "e\u0301te\u0301",
        "\U0001e921\U0001e944\U0001e922",
    ]
