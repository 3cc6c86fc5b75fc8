"""What one llama.cpp server is asked, one request after the other, with what it read of the last prompt kept.

A conversation is sent whole for every answer, so most of a prompt has been read before. But numbers that were computed
in another grouping of tokens differ in their last digits, and with them now and then a word: the same request would
not give the same text. So prompts are read in blocks of BATCH tokens counted from the beginning, and only whole blocks
of an earlier *prompt* are used again, never the tokens of an answer, which were computed one by one. What is kept is
then to the last bit what reading it anew would give.
"""

import queue
import threading
from collections.abc import Generator
from typing import Any

from fmstudio.runtimes.memory import BATCH

PATIENCE = 0.02
"""Seconds after which one who waits for a message is given none."""

Request = dict[str, Any]
_END = "end"


class LlamaRequests:
    """The requests to one server. Several may be under way; they get their turn in the order of arrival."""

    def __init__(self, server: Any, vocabulary_size: int) -> None:
        self._server, self._vocabulary_size = server, vocabulary_size
        self._turn = threading.Lock()
        self._kept: list[int] = []
        """The last prompt that was read to its end: its whole blocks are still in the server's memory."""

    def messages(self, request: Request) -> Generator[list[Any], None, None]:
        """What the server has said to a request since it was last asked; empty lists while there is nothing.

        The server works on a thread of its own, which ends with the request. Closing stops it before this returns.
        """
        heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        closed = threading.Event()
        thread = threading.Thread(target=self._ask, args=(request, heard, closed), name="llama.cpp", daemon=True)
        thread.start()
        try:
            found: list[Any] = []
            while _END not in found:
                found = _waiting(heard)
                yield [message for message in found if message is not _END]
        finally:
            closed.set()
            thread.join()

    def _ask(self, request: Request, heard: "queue.SimpleQueue[Any]", closed: threading.Event) -> None:
        """Runs on the request's thread, and always puts _END last."""
        try:
            while not self._turn.acquire(timeout=PATIENCE):
                if closed.is_set():
                    return
            try:
                self._run(request, heard, closed)
            finally:
                self._turn.release()
        except Exception as error:  # noqa: BLE001 - whatever it is, the side that waits must hear of it
            heard.put({"error": {"message": str(error)}})
        finally:
            heard.put(_END)

    def _run(self, request: Request, heard: "queue.SimpleQueue[Any]", closed: threading.Event) -> None:
        prompt: list[int] = request["prompt"]
        use_kept = self._forget_all_but(self._blocks_in(prompt), prompt)
        self._kept = []

        def hear(message: Any) -> bool:
            if "choices" in message and "prompt_progress" not in message:
                self._kept = prompt  # it writes, so the prompt has been read
            heard.put(message)
            return closed.is_set()

        self._server.handle_completions({**request, "cache_prompt": use_kept}, hear)

    def _blocks_in(self, prompt: list[int]) -> int:
        """Tokens of the whole blocks that the prompt shares with the one before; at least one token is left to read."""
        shared = min(len(prompt) - 1, len(self._kept)) // BATCH
        while shared and prompt[: shared * BATCH] != self._kept[: shared * BATCH]:
            shared -= 1
        return shared * BATCH

    def _forget_all_but(self, kept: int, prompt: list[int]) -> bool:
        """Make the server drop all that it has read after the first `kept` tokens; returns whether those are there.

        It keeps what a new prompt shares with the last, token by token. So it is given the kept ones and one that
        does not follow in this prompt.
        """
        if not kept:
            return False
        other = (prompt[kept] + 1) % self._vocabulary_size
        said: list[Any] = []
        short = {"prompt": [*prompt[:kept], other], "n_predict": 0, "cache_prompt": True, "stream": True}
        self._server.handle_completions(short, said.append)
        usage = said[-1].get("usage", {}) if said else {}
        return bool(usage.get("prompt_tokens_details", {}).get("cached_tokens") == kept)


def _waiting(heard: "queue.SimpleQueue[Any]") -> list[Any]:
    """All that is in the queue, once something is; nothing where nothing comes in time."""
    found: list[Any] = []
    try:
        found.append(heard.get(timeout=PATIENCE))
        while True:
            found.append(heard.get_nowait())
    except queue.Empty:
        return found
