"""Chat templates from anywhere: rendered as Hugging Face does, and never a danger to who renders them."""

from pathlib import Path

import pytest

from fmstudio.runtimes.chat_template import ChatTemplate, template_of
from fmstudio.runtimes.errors import ModelError
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": " Hello "},
    {"role": "assistant", "content": "Hi."},
    {"role": "user", "content": "Why?"},
]
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}

LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
    "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
    "'\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
BLOCKS = """{%- if tools %}
    {{- 'Tools: ' + tools | tojson }}
{%- endif %}
{%- set ns = namespace(last=-1) %}
{% for message in messages %}
    {%- if message.role == 'assistant' %}{% continue %}{% endif %}
    {%- set ns.last = loop.index0 %}
    {{ message.role | upper }}: {{ message | tojson(indent=2) }}
{% endfor %}
{{ ns.last }}{% if add_generation_prompt is defined and add_generation_prompt %}>>{% endif %}
{% generation %}é{% endgeneration %}"""


@pytest.mark.parametrize("source", [CHAT, LLAMA_2, BLOCKS], ids=["turns", "llama 2", "blocks"])
def test_the_text_is_what_hugging_face_renders(source: str) -> None:
    utilities = pytest.importorskip("transformers.utils.chat_template_utils")
    rendered, _ = utilities.render_jinja_template(
        [TALK], chat_template=source, add_generation_prompt=True, tools=None, documents=None, **SPECIAL
    )
    assert ChatTemplate(source, SPECIAL).render(TALK) == rendered[0]


PARTS = [
    "{% for message in messages %}{{ message.role }}:{% for part in message['content'] %}{% if part.type == 'text' %}"
    "{{ part['text'] }}{% endif %}{% endfor %};{% endfor %}",
    "{% for message in messages %}{{ message.role }}:{{ message['content'][0]['text'] }};{% endfor %}",
    "{% for message in messages %}{{ message.role }}:{% if message['content'][0]['type'] == 'image' %}<image>"
    "{% else %}{{ message['content'] | map(attribute='text') | join('') }}{% endif %};{% endfor %}",
]


@pytest.mark.parametrize("source", PARTS)
def test_a_template_that_reads_parts_is_given_parts(source: str) -> None:
    assert ChatTemplate(source).render(TALK) == "system:Be brief.;user: Hello ;assistant:Hi.;user:Why?;"
    assert ChatTemplate(source).takes_system()


def test_a_template_that_raises_is_one_sentence() -> None:
    with pytest.raises(
        ModelError, match=r"The chat template of Odd failed: Conversation roles must alternate.*; change"
    ):
        ChatTemplate(LLAMA_2, SPECIAL, "Odd").render([*TALK, TALK[-1]])


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ raise_exception.__globals__['json'] }}",
        "{{ (messages | map(attribute='__class__') | list)[0].mro() }}",
        "{{ '{0.__class__.__mro__}'.format(messages) }}",
        "{% set _ = messages.append(1) %}",
        "{% set _ = messages[0].update({'content': 'changed'}) %}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_pythons_internals_are_out_of_reach(source: str) -> None:
    with pytest.raises(ModelError, match=r"failed: [^\n]*; change the messages"):
        ChatTemplate(source).render(TALK)
    assert TALK[0]["content"] == "Be brief."


@pytest.mark.parametrize(
    "source",
    [
        "{% for x in range(99999) %}{% for y in range(99999) %}a{% endfor %}{% endfor %}",
        "{% for x in range(1000000000) %}a{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(99) }}",
        "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ 9 ** 999999 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'a'.center(1000000000) }}",
        "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = ns.s | replace('a', 'aa') %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = ns.s.replace('a', 'aaaa') %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set t %}{{ ns.s }}{{ ns.s }}{% endset %}"
        "{% set ns.s = t %}{% endfor %}",
        "{{ ('a' * 90000) | list | join('b' * 90000) }}",
    ],
)
def test_a_template_without_end_ends(source: str) -> None:
    with pytest.raises(ModelError, match=r"failed: [^\n]*; change the messages"):
        ChatTemplate(source).render(TALK)


def test_templates_come_with_their_files(tmp_path: Path) -> None:
    chat = write_gguf(tmp_path / "chat.gguf", tiny_language_model(), template=CHAT)
    found = template_of(chat)
    assert found is not None
    assert found.render([{"role": "user", "content": "Hi"}]).endswith("<|im_start|>assistant\n")
    assert found.takes_system()
    assert template_of(write_gguf(tmp_path / "base.gguf", tiny_language_model())) is None
