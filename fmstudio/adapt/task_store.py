"""What models answered to the questions of tasks, on the disk: tasks/<version of the base>/<model>/<task>.json.

Answers are kept as they come, so that what was answered is not asked again. They count as long as the model is the same
to the byte, and the questions are those that are asked now.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmstudio.data.tasks import Question, Task
from fmstudio.errors import StudioError
from fmstudio.workspace import Workspace, write_atomically

FOLDER, BASE = "tasks", "base"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with a model's answer. fault: what is wrong with that, "" where it is right."""

    asked: str
    expected: str
    answer: str
    ended: bool
    fault: str


class TaskStore:
    """The answers of one base and its adapters."""

    def __init__(self, workspace: Workspace, version: str) -> None:
        """version: of the base."""
        self._folder = workspace.path / FOLDER / version

    def answers(self, who: str, version: str, task: Task, questions: Sequence[Question]) -> list[Answered]:
        """What a model has answered of some questions, from the first on, judged as the task judges now.

        who: the task that it learnt, or `BASE`. version: of the model.
        """
        kept = self._read(who, f"{task.name}.json")
        if kept.get("version") != version:
            return []
        found = []
        for question, (asked, answer, ended) in zip(questions, kept["answers"], strict=False):
            if asked != question.asked:
                break
            found.append(Answered(asked, question.expected, answer, ended, task.judge(question, answer, ended)))
        return found

    def keep_answers(self, who: str, version: str, task: Task, answers: Sequence[Answered]) -> None:
        """Put a model's answers in the place of those there are."""
        plain = [(each.asked, each.answer, each.ended) for each in answers]
        self._write(who, f"{task.name}.json", {"version": version, "answers": plain})

    def seconds(self, who: str, run: str) -> dict[str, float]:
        """How long the training of an adapter took so far: "wall", and "cpu" on all cores together."""
        kept = self._read(who, "training.json")
        return {name: float(kept.get(name, 0.0)) if kept.get("run") == run else 0.0 for name in ("wall", "cpu")}

    def add_seconds(self, who: str, run: str, wall: float, cpu: float) -> None:
        """Count the time of a training, or of what it went on with."""
        before = self.seconds(who, run)
        self._write(who, "training.json", {"run": run, "wall": before["wall"] + wall, "cpu": before["cpu"] + cpu})

    def _read(self, who: str, file: str) -> dict[str, Any]:
        path = self._folder / who / file
        try:
            kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StudioError(f"{path} cannot be read ({error}); delete it, and it is made again.") from error
        return kept

    def _write(self, who: str, file: str, content: Mapping[str, Any]) -> None:
        write_atomically(self._folder / who / file, json.dumps(content, ensure_ascii=False, indent=1))
