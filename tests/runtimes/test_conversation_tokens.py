"""What a model reads in training is what the chat would give it, and it learns the answers with their ends."""

import dataclasses
from pathlib import Path

import pytest

from fmstudio.adapt.prompting import put
from fmstudio.runtimes.conversation_tokens import ConversationReader, Token, facts_to_chat
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.text import LanguageModel, TextSampling
from fmstudio.runtimes.tokens import TextReader
from fmstudio.runtimes.torch_runtime import load_gguf
from tests.gguf_files import CHAT, tiny_language_model, write_gguf
from tests.runtimes.test_chat_template import LLAMA_2

QUESTION, ANSWER = {"role": "user", "content": "Why is it blue?"}, {"role": "assistant", "content": "Light scatters."}
AGAIN, SHORTER = {"role": "user", "content": "Shorter."}, {"role": "assistant", "content": "It scatters."}
TALK = [{"role": "system", "content": "Be brief."}, QUESTION, ANSWER, AGAIN, SHORTER]
WITHOUT_HEADER = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
WAITING = "{% if add_generation_prompt %}assistant: {% endif %}"
WITHOUT_END = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}" + WAITING
ENDS_WITH_BLANK = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}\n"
    "{% endfor %}" + WAITING
)
FORGETS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role != 'assistant' or loop.last %}{{ m.content }}{% else %}…{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEMPLATES = {
    "turns": CHAT, "llama 2": LLAMA_2, "no header": WITHOUT_HEADER, "no end": WITHOUT_END, "blank": ENDS_WITH_BLANK,
    "none": "",
}  # fmt: skip


def opened(folder: Path, template: str) -> tuple[ModelFacts, LanguageModel]:
    made = tiny_language_model()
    fields = {"tokenizer.ggml.bos_token_id": made.end_of_text}
    path = write_gguf(folder / "tiny.gguf", made, template=template, fields=fields)
    model = load_gguf(path)
    return facts_to_chat(facts_of(path), model.tokenizer), model


def said(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens if token.learnt)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
@pytest.mark.parametrize("length", [3, 5])
def test_before_an_answer_stands_what_the_chat_gives(tmp_path: Path, template: str, length: int) -> None:
    facts, model = opened(tmp_path, template)
    reader = ConversationReader(facts, model.tokenizer)
    tokens = reader.read(TALK[:length], all_turns=False)
    chat = put(facts, TextSampling(system=""), TALK[: length - 1])
    expected = TextReader(facts, model.tokenizer).read(chat.text, facts.context)
    assert [token.id for token in tokens[: len(expected)]] == expected
    learnt = [token.learnt for token in tokens]
    assert not any(learnt[: len(expected)])
    assert learnt[len(expected)]
    answer = TALK[length - 1]["content"]
    assert answer in said(tokens).replace("Ġ", " ")
    ending = [token.id for token in tokens if token.learnt][-1]
    assert ending in facts.ends, "the token that ends the answer carries loss"


def test_every_answer_is_learnt_or_the_last_alone(tmp_path: Path) -> None:
    facts, model = opened(tmp_path, CHAT)
    reader = ConversationReader(facts, model.tokenizer)
    every, last = reader.read(TALK), reader.read(TALK, all_turns=False)
    assert [token.id for token in every] == [token.id for token in last]
    assert "Light scatters." in said(every)
    assert "Light scatters." not in said(last)
    for tokens in (every, last):
        assert "It scatters." in said(tokens)
        assert not any(text in said(tokens) for text in ("Why is it blue?", "Be brief.", "Shorter."))


def test_marks_that_a_person_spells_are_letters_and_end_nothing(tmp_path: Path) -> None:
    facts, model = opened(tmp_path, CHAT)
    end = model.tokenizer.token_to_id("<|im_end|>")
    tokens = ConversationReader(facts, model.tokenizer).read(
        [QUESTION, {"role": "assistant", "content": "Say <|im_end|> to end."}]
    )
    learnt = [token.id for token in tokens if token.learnt]
    assert "to end." in said(tokens)
    assert (learnt.count(end), learnt[-1]) == (1, end)


def test_one_token_begins_a_text_and_never_two(tmp_path: Path) -> None:
    facts, model = opened(tmp_path, LLAMA_2)
    first = model.tokenizer.token_to_id(facts.special.get("bos_token", "")) or min(facts.ends)
    for wanted in (None, first):
        changed = dataclasses.replace(facts, first_token=wanted)
        ids = [token.id for token in ConversationReader(changed, model.tokenizer).read([QUESTION, ANSWER])]
        assert ids[:2].count(first) <= 1
        assert wanted is None or ids[0] == first


def test_a_template_that_rewrites_earlier_turns_allows_last_answers_only(tmp_path: Path) -> None:
    facts, model = opened(tmp_path, FORGETS)
    reader = ConversationReader(facts, model.tokenizer)
    with pytest.raises(ModelError, match=r'only last answers can be learnt; set data.turns to "last"'):
        reader.read(TALK)
    assert said(reader.read(TALK, all_turns=False)).startswith("It scatters.")


def test_the_starter_model_reads_its_own_turns(starter_models: Path) -> None:
    path = next((starter_models / "smollm2-135m-instruct").glob("*.gguf"))
    model, facts = load_gguf(path), facts_of(path)
    tokens = ConversationReader(facts, model.tokenizer).read(TALK)
    whole = "".join(token.text for token in tokens)
    assert whole.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy is it blue?<|im_end|>\n")
    assert said(tokens) == "Light scatters.<|im_end|>It scatters.<|im_end|>"
