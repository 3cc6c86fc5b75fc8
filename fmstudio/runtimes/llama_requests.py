"""What one llama.cpp server is asked, one request after the other, with what it read of the last prompt kept.

A conversation is sent whole for every answer, so most of a prompt has been read before. But numbers that were computed
in another grouping of tokens differ in their last digits, and with them now and then a word: the same request would
not give the same text. Two groupings give the same bits in llama.cpp on a processor where

- pieces of a prompt begin at a multiple of BLOCK tokens, as its products take tokens by fours or one by one
- no piece is shorter than BLOCK, as its attention takes fewer tokens another way (a short prompt is one piece, always)

So only whole blocks of an earlier *prompt* are used again, never the tokens of an answer, which were computed one by
one, and where the last piece would be short, it begins a block earlier (`pieces`). What is kept is then to the last bit
what reading it anew would give.

A server has threads that stand ready as long as it lives, and slow torch down (see `nn.threads`). Where torch computes
and the server has been idle, it is closed, and opened anew by the next request.
"""

import queue
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

from fmstudio.nn import threads
from fmstudio.runtimes.memory import BLOCK

PATIENCE = 0.02
"""Seconds after which one who waits for a message is given none."""

IDLE = 3.0
"""Seconds without a request after which a server is closed for torch's sake."""

Request = dict[str, Any]
_BEGUN, _END = "begun", "end"


class LlamaRequests:
    """The requests to one server. Several may be under way; they get their turn in the order of arrival."""

    def __init__(
        self, open_server: Callable[[], Any], vocabulary_size: int, at_once: int = BLOCK, keep: bool = False
    ) -> None:
        """open_server: makes the server, now and again. at_once: tokens that it reads at once, a multiple of BLOCK.
        keep: never close it before the end.
        """
        self._open, self._vocabulary_size, self._at_once = open_server, vocabulary_size, at_once
        self.server: Any = open_server()
        self._turn, self._used = threading.Lock(), time.monotonic()
        self._kept: list[int] = []
        """The last prompt that was read to its end: its whole blocks are still in the server's memory."""
        if not keep:
            threads.hold(self)

    def let_go(self) -> None:
        """Close the server where it has been idle for a while; the next request opens it anew."""
        if self.server is None or time.monotonic() - self._used < IDLE or not self._turn.acquire(blocking=False):
            return
        try:
            self.server, self._kept = None, []
        finally:
            self._turn.release()

    def messages(self, request: Request) -> Generator[list[Any] | None, None, None]:
        """What the server has said to a request since it was last asked: None before its turn, then lists.

        The server works on a thread of its own, which ends with the request. Closing stops it before this returns.
        """
        heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        closed = threading.Event()
        thread = threading.Thread(target=self._ask, args=(request, heard, closed), name="llama.cpp", daemon=True)
        thread.start()
        try:
            found: list[Any] = []
            begun = False
            while _END not in found:
                threads.make_way_for_others()  # between two of these steps, torch may have computed something
                found = _waiting(heard)
                begun = begun or bool(found)
                yield [message for message in found if message not in (_BEGUN, _END)] if begun else None
        finally:
            closed.set()
            thread.join()

    def _ask(self, request: Request, heard: "queue.SimpleQueue[Any]", closed: threading.Event) -> None:
        """Runs on the request's thread, and always puts _END last."""
        try:
            while not self._turn.acquire(timeout=PATIENCE):
                if closed.is_set():
                    return
            heard.put(_BEGUN)
            try:
                if self.server is None:
                    self.server = self._open()
                self._run(request, heard, closed)
            finally:
                self._used = time.monotonic()
                self._turn.release()
        except Exception as error:  # noqa: BLE001 - whatever it is, the side that waits must hear of it
            heard.put({"error": {"message": str(error)}})
        finally:
            heard.put(_END)

    def _run(self, request: Request, heard: "queue.SimpleQueue[Any]", closed: threading.Event) -> None:
        prompt: list[int] = request["prompt"]
        begin, middle = pieces(len(prompt), self._blocks_in(prompt), self._at_once)
        use_kept = self._forget_all_but(begin, prompt)
        self._kept = []
        if middle > begin:  # from the beginning: there is nothing to be kept before
            self._read_until(middle, prompt, closed)
            use_kept = True

        def hear(message: Any) -> bool:
            if "choices" in message and "prompt_progress" not in message:
                self._kept = prompt  # it writes, so the prompt has been read
            heard.put(message)
            return closed.is_set()

        if not closed.is_set():
            self.server.handle_completions({**request, "cache_prompt": use_kept}, hear)

    def _blocks_in(self, prompt: list[int]) -> int:
        """Tokens of the whole blocks that the prompt shares with the one before; at least one token is left to read."""
        shared = min(len(prompt) - 1, len(self._kept)) // BLOCK
        while shared and prompt[: shared * BLOCK] != self._kept[: shared * BLOCK]:
            shared -= 1
        return shared * BLOCK

    def _forget_all_but(self, kept: int, prompt: list[int]) -> bool:
        """Make the server drop all that it has read after the first `kept` tokens; returns whether those are there.

        It keeps what a new prompt shares with the last, token by token. So it is given the kept ones and one that
        does not follow in this prompt.
        """
        if not kept:
            return False
        said: list[Any] = []
        self.server.handle_completions(self._up_to(kept, prompt) | {"cache_prompt": True}, said.append)
        usage = said[-1].get("usage", {}) if said else {}
        return bool(usage.get("prompt_tokens_details", {}).get("cached_tokens") == kept)

    def _read_until(self, end: int, prompt: list[int], closed: threading.Event) -> None:
        """Read the first `end` tokens anew, and no more, so that the next request goes on from there."""
        request = self._up_to(end, prompt) | {"cache_prompt": False, "return_progress": True}
        self.server.handle_completions(request, lambda _: closed.is_set())

    def _up_to(self, end: int, prompt: list[int]) -> Request:
        other = (prompt[end] + 1) % self._vocabulary_size
        return {"prompt": [*prompt[:end], other], "n_predict": 0, "stream": True}


def pieces(length: int, kept: int, at_once: int) -> tuple[int, int]:
    """Where the reading of a prompt begins, and a place to make a break at (the same where there is none to make).

    From there on it is read in pieces of `at_once` tokens. kept: tokens that need not be read, whole blocks.
    """
    last = (length - kept) % at_once
    if at_once == BLOCK or last == 0 or last >= BLOCK or length < BLOCK:
        return kept, kept
    return (kept - BLOCK, kept - BLOCK) if kept else (0, at_once // 2)


def _waiting(heard: "queue.SimpleQueue[Any]") -> list[Any]:
    """All that is in the queue, once something is; nothing where nothing comes in time."""
    found: list[Any] = []
    try:
        found.append(heard.get(timeout=PATIENCE))
        while True:
            found.append(heard.get_nowait())
    except queue.Empty:
        return found
