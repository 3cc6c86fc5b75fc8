"""What the templates of well-known models do, each idiom rendered exactly as Hugging Face renders it."""

from typing import Any

import pytest

from fmstudio.runtimes.template_sandbox import render

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": 'Tells the <weather> of a "city".',
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Where", "enum": ["Köln", "Wien"]},
                    "days": {"type": ["integer", "null"]},
                },
                "required": ["city"],
            },
        },
    }
]
CALL = {
    "id": "abcdefghi",
    "type": "function",
    "function": {"name": "weather", "arguments": {"city": "Köln", "days": 2}},
}
TALK: list[dict[str, Any]] = [
    {"role": "system", "content": " Be brief.\n"},
    {"role": "user", "content": "Which weather?"},
    {"role": "assistant", "content": "<think>\nI ask.\n</think>\n\nWait.", "tool_calls": [CALL]},
    {"role": "tool", "name": "weather", "tool_call_id": "abcdefghi", "content": "<tool_response>rain</tool_response>"},
    {"role": "user", "content": [{"type": "text", "text": "And this? "}, {"type": "image"}]},
]

THINKING = """{%- if messages[0].role == 'system' %}{{- messages[0].content.strip() + '\\n' }}{% endif %}
{%- set ns = namespace(multi_step_tool=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and
           not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}{%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == 'assistant' and '</think>' in message.content %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {%- set reasoning = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {{- (loop.index0 > ns.last) ~ ':' ~ reasoning.strip('\\n') ~ '|' ~ content }}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
            {{- '{"name": "' ~ tool_call.name ~ '", "arguments": ' ~ tool_call.arguments | tojson ~ '}' }}
        {%- endfor %}
    {%- elif message.role == 'tool' and (loop.last or messages[loop.index0 + 1].role != 'tool') %}
        {{- message.content[15:-16] | trim }}
    {%- endif %}
{%- endfor %}"""

ALTERNATING = """{%- set loop_messages = messages[1:] if messages[0]['role'] == 'system' else messages %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set kept = [] %}
{%- for message in loop_messages %}
    {%- if message["role"] not in ["tool", "tool_results"] and not message.get("tool_calls") %}
        {%- set kept = kept + [message] %}
    {%- endif %}
{%- endfor %}
{%- for message in loop_messages %}
    {%- if message == user_messages[-1] and tools is not none %}
        {%- for tool in tools | map(attribute='function') %}
            {%- for key, value in tool.items() if key != "return" %}
                {{- '"' + key + '": ' + (value if value is string else value|tojson) }}
                {{- ", " if not loop.last else "]" }}
            {%- endfor %}
        {%- endfor %}
    {%- endif %}
    {%- for tool_call in message.tool_calls | default([]) %}
        {%- set out = tool_call.function|tojson %}
        {{- out[:-1] + ', "id": "' + tool_call.id[-9:] + '"}' + eos_token }}
    {%- endfor %}
{%- endfor %}{{ message | default('none') }}{{ kept | length % 2 == 0 }}"""

DECLARING = """{%- macro argument(value, escape=True) -%}
    {%- if value is string -%}{{ '<|' + value + '|>' if escape else value }}
    {%- elif value is boolean -%}{{ 'true' if value else 'false' }}
    {%- elif value is mapping -%}
        {%- set ns = namespace(first=true) -%}{{ '{' }}
        {%- for key, item in value | dictsort -%}
            {{ '' if ns.first else ',' }}{{ key | upper }}:{{ argument(item, escape=escape) }}
            {%- set ns.first = false -%}
        {%- endfor -%}{{ '}' }}
    {%- elif value is sequence -%}[{% for item in value %}{{ argument(item) }}{{ ',' if not loop.last }}{% endfor %}]
    {%- elif value is none -%}null
    {%- else -%}{{ value }}
    {%- endif -%}
{%- endmacro -%}
{%- for tool in tools %}{{ argument(tool.function.parameters.properties, escape=loop.first) | trim }}{% endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{{ message.content | replace('rain', 'sun') | capitalize }}
    {%- elif message.content is iterable %}
        {%- for part in message.content | selectattr('type', 'equalto', 'text') | map(attribute='text') %}
            {{- part.rstrip() | indent(2) | title }}
        {%- endfor %}
        {{- message.content | rejectattr('text', 'defined') | list | length }}
        {{- message.content | map(attribute='type') | join(', ') }}
    {%- endif %}
{%- endfor %}"""

SYSTEM_OBJECT = """{%- set system = namespace(role='system', content='') %}
{%- for message in messages if message.role == 'user' and message.content is string %}
    {%- set system.content = system.content + message.content %}
{%- endfor %}
{%- for message in [system] + messages[:2] %}{{ message.role ~ ': ' ~ message['content'] }}{% endfor %}
{{- '%s has %d letters; {} of {n}' % ('It', system.content | length) }}{{ '{}/{n}'.format(1, n=2) }}
{{- (1.0 / 3) | round(2) }}{{ {'a': 1, 'b': [true, none]} | tojson(indent=2, sort_keys=true) }}
{{- [3, 1] | sort | first }}{{ {'a': {'b': 1}}.items() | list }}{{ dict(a=1).keys() | list }}
{{- 'a,b'.split(',', 1) | last }}{{ 'x-y'.rsplit('-')[0] }}"""


@pytest.mark.parametrize(
    "source",
    [THINKING, ALTERNATING, DECLARING, SYSTEM_OBJECT],
    ids=["thinking", "alternating", "declaring", "system object"],
)
@pytest.mark.parametrize("rounds", [1, 40])
def test_idioms_render_as_hugging_face_renders_them(source: str, rounds: int) -> None:
    utilities = pytest.importorskip("transformers.utils.chat_template_utils")
    talk = TALK[:1] + TALK[1:] * rounds
    values = {"tools": TOOLS, "documents": None, "bos_token": "<s>", "eos_token": "</s>"}
    rendered, _ = utilities.render_jinja_template([talk], chat_template=source, add_generation_prompt=True, **values)
    assert len(rendered[0]) > 40
    assert render(source, {"messages": talk, "add_generation_prompt": True, **values}) == rendered[0]


def test_a_long_paste_comes_through() -> None:
    paste = "word " * 200_000
    source = (
        "{% for m in messages %}{% if '</think>' in m.content %}{% set c = m.content.split('</think>')[-1] %}{% else %}"
        "{% set c = m.content %}{% endif %}"
        "{{ '<' + m.role + '>' + c.strip() | replace('word', 'Word') + '\\n' }}{% endfor %}"
    )
    written = render(source, {"messages": [{"role": "user", "content": paste}, {"role": "user", "content": "Why?"}]})
    assert written == f"<user>{paste.strip().replace('word', 'Word')}\n<user>Why?\n"
