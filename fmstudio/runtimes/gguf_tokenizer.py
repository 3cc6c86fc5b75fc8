"""Rebuilds a `tokenizers` tokenizer from the vocabulary in a GGUF file, so that both runtimes read the same tokens."""

from collections.abc import Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import GgufHeader

CONTROL, USER_DEFINED, _UNKNOWN, _BYTE = 3, 4, 2, 6
_TOKENS, _TYPES, _MERGES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.merges"
_SCORES = "tokenizer.ggml.scores"

_DIGITS_APART = ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b")
_GPT_2 = ("gpt-2", "phi-2", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "gigachat", "mpt", "olmo",
          "jais", "trillion", "granite-docling")  # fmt: skip
_LLAMA_3 = ("llama-bpe", "llama3", "llama-v3", "dbrx", "smaug-bpe", "falcon3", "lfm2")
_QWEN_2 = ("qwen2", "stablelm2", "deepseek-r1-qwen", "hunyuan", "megrez")
KNOWN_SPLITS = (*_DIGITS_APART, *_GPT_2, *_LLAMA_3, *_QWEN_2)

_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def gguf_tokenizer(header: GgufHeader) -> Tokenizer:
    """The tokenizer of a GGUF file; raises ModelError where it has none, or one that cannot be rebuilt exactly."""
    check_rebuildable(header)
    tokens = vocabulary_of(header)
    is_byte_level = header.text("tokenizer.ggml.model") == "gpt2"
    try:
        tokenizer = _byte_level(header, tokens) if is_byte_level else _sentence_pieces(header, tokens)
    except Exception as error:  # the library has no narrower one
        raise ModelError(
            f"{header.path.name} has a vocabulary that does not fit together ({error}); copy or download it again."
        ) from error
    _add_special(tokenizer, tokens, token_types(header))
    return tokenizer


def check_rebuildable(header: GgufHeader) -> None:
    """Raise ModelError where `gguf_tokenizer` would, without building anything."""
    _check_lengths(header, len(vocabulary_of(header)))
    kind, split = header.text("tokenizer.ggml.model"), header.text("tokenizer.ggml.pre")
    if kind not in ("gpt2", "llama"):
        raise ModelError(
            f"{header.path.name} has a vocabulary of the kind {kind!r}, which the torch decoder cannot read; "
            "use llama.cpp for it."
        )
    if kind == "gpt2" and split not in KNOWN_SPLITS:
        raise ModelError(
            f"{header.path.name} splits text in a way named {split or '(none)'!r}, which the torch decoder does not "
            "know; use llama.cpp for it."
        )


def vocabulary_of(header: GgufHeader) -> list[str]:
    """The tokens of a GGUF file in order of their ids; raises ModelError where there are none."""
    tokens: list[str] = header.list_of(str, _TOKENS)
    if not tokens or not header.text("tokenizer.ggml.model"):
        raise ModelError(
            f"{header.path.name} has no tokenizer, so no text can be given to it; choose a GGUF file of a whole model."
        )
    return tokens


def token_types(header: GgufHeader) -> list[int]:
    """What kind of token each is, by its id; empty in a file that does not tell."""
    return header.list_of(int, _TYPES)


def _check_lengths(header: GgufHeader, tokens: int) -> None:
    """Types and scores are given token by token, or not at all; a merge is two parts with a blank between them."""
    for key, count in (_TYPES, len(token_types(header))), (_SCORES, len(header.list_of((int, float), _SCORES))):
        if count not in (0, tokens):
            raise ModelError(
                f"{header.path.name} is damaged: its {key} are {count:,} for {tokens:,} tokens; copy or download it "
                "again."
            )
    if not all(" " in merge[1:] for merge in header.list_of(str, _MERGES)):
        raise header.wrong(_MERGES, "a list of pairs with a blank between them")


def _byte_level(header: GgufHeader, tokens: Sequence[str]) -> Tokenizer:
    """Byte-level BPE, as GPT-2, Llama 3, Qwen and SmolLM have it; they differ in how text is first split."""
    split = header.text("tokenizer.ggml.pre")
    merges = [_pair(merge) for merge in header.list_of(str, _MERGES)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    # Llama 3 takes a word that is a token as it is, even where the merges would not build it.
    model = models.BPE(vocab=vocabulary, merges=merges, ignore_merges=split in _LLAMA_3)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(_splitting(split))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _pair(merge: str) -> tuple[str, str]:
    # A part may begin with a blank, never hold one within, so the blank between the parts is the first after a letter.
    left, _, right = merge[1:].partition(" ")
    return merge[0] + left, right


def _splitting(split: str) -> list[pre_tokenizers.PreTokenizer]:
    if split in _GPT_2:
        return [pre_tokenizers.ByteLevel(add_prefix_space=False)]
    if split in _DIGITS_APART:
        return [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    words = Regex(_WORDS % ("{1,3}" if split in _LLAMA_3 else ""))
    return [pre_tokenizers.Split(words, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


def _sentence_pieces(header: GgufHeader, tokens: Sequence[str]) -> Tokenizer:
    """SentencePiece's BPE with byte fallback, as Llama 2, Mistral and TinyLlama have it.

    SentencePiece joins the two neighbours whose union has the highest score. A table of merges in order of that score
    does the same.
    """
    scores = header.list_of((int, float), _SCORES) or [0.0] * len(tokens)
    vocabulary = {token: number for number, token in enumerate(tokens)}
    unknown = next(iter(_of_type(header, _UNKNOWN)), None)
    merges = _merges(tokens, scores, _pieces(header, vocabulary))
    model = models.BPE(
        vocab=vocabulary, merges=merges, byte_fallback=True, fuse_unk=True,
        unk_token=None if unknown is None else tokens[unknown],
    )  # fmt: skip
    tokenizer = Tokenizer(model)
    blank = normalizers.Replace(" ", "▁")
    prefixed = bool(header.metadata.get("tokenizer.ggml.add_space_prefix", True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), blank] if prefixed else [blank])
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)] if prefixed else parts)
    return tokenizer


def _pieces(header: GgufHeader, vocabulary: dict[str, int]) -> dict[str, int]:
    """What neighbours may be joined to: no token with a meaning of its own is made of letters that spell it."""
    barred = {number for kind in (CONTROL, _UNKNOWN, _BYTE) for number in _of_type(header, kind)}
    return {token: number for token, number in vocabulary.items() if number not in barred}


def _merges(tokens: Sequence[str], scores: Sequence[float], vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    found = [
        (-scores[number], number, token[:cut], token[cut:])
        for number, token in enumerate(tokens)
        for cut in range(1, len(token))
        if vocabulary.get(token) == number and token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    return [(left, right) for _, _, left, right in sorted(found)]


def _of_type(header: GgufHeader, kind: int) -> list[int]:
    return [number for number, each in enumerate(token_types(header)) if each == kind]


def _add_special(tokenizer: Tokenizer, tokens: Sequence[str], types: Sequence[int]) -> None:
    """Tokens that are found in text as a whole: control tokens, which are not shown, and those of the user."""
    found = [(tokens[number], kind) for number, kind in enumerate(types) if kind in (CONTROL, USER_DEFINED)]
    tokenizer.add_special_tokens([_whole(text, special=True) for text, kind in found if kind == CONTROL])
    tokenizer.add_tokens([_whole(text, special=False) for text, kind in found if kind == USER_DEFINED])


def _whole(text: str, *, special: bool) -> AddedToken:
    return AddedToken(text, normalized=False, special=special)
