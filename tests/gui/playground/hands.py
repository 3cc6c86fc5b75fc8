"""The answers that models would give in the playground, and the panel with them at hand."""

from fmstudio.gui.models.model_choice import DESCRIBE, LISTING
from fmstudio.gui.panel import find_panels
from fmstudio.gui.playground.panel import PlaygroundPanel
from fmstudio.gui.playground.reply import GENERATE
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Failed, Finished, Progress, Sample, Started, TextDelta
from tests.gui import recorded
from tests.gui.recorded import changed

STARTER, PLAYS = "smollm2-135m-instruct", "plays"
"""References of the models that a listing has: one that chats, and one trained here."""


def description():
    """What can be trained, as the window is told."""
    return recorded.answer(DESCRIBE)


def model(reference, **changes):
    """A model as the listing tells it: like the real one that it lists of those trained here."""
    told = next(row for row in recorded.answer(LISTING) if row["reference"] == "tiny")
    usual = {
        "reference": reference, "title": reference, "size": 8_800_000, "parameters": 2_200_000, "context": 256,
        "memory": 24_000_000, "available": 6_400_000_000, "chat": False, "loaded": False, "loaded_in": [],
    }  # fmt: skip
    return changed(told, **usual | changes)


def starter(**changes):
    """The model of the starter set."""
    usual = {
        "reference": STARTER, "title": "SmolLM2 135M Instruct", "source": "catalogue", "format": "gguf",
        "size": 93_000_000, "parameters": 135_000_000, "licence": "Apache-2.0", "context": 8192, "memory": 210_000_000,
        "chat": True, "backends": ["llama.cpp", "torch"],
    }  # fmt: skip
    return model(**usual | changes)


def models():
    """A model of the starter set, one that is too large, one that is damaged, and one trained here."""
    return [
        starter(),
        starter(reference="/models/Qwen3-8B-Q8_0.gguf", title="Qwen3 8B Q8_0", source="linked", size=8_700_000_000,
                parameters=8_190_000_000, context=40960, memory=11_200_000_000, fits=False),
        model("/models/broken.gguf", title="broken.gguf", source="linked", format="gguf", parameters=0, context=0,
              memory=0, problem="broken.gguf ends in the middle of its tensors; fetch the file again."),
        model(PLAYS),
    ]  # fmt: skip


def result(text, prompt="<|im_start|>user\nHi<|im_end|>\n", **changes):
    """What the job that generates returns. changes: None for what it was not asked with."""
    usual = {
        "text": text, "tokens": len(text.split()), "prompt_tokens": 31, "context": 8192,
        "seconds_to_first_token": 0.083, "tokens_per_second": 92.4, "finish": "end", "model": STARTER,
        "model_version": "5a1395", "backend": "llama.cpp", "prompt": prompt, "feedback": "",
    }  # fmt: skip
    return changed(recorded.result(GENERATE), **usual | changes)


class Hands:
    """The panel in its page, and the answers to what it asks."""

    def __init__(self, studio, engine, show, rows=None):
        self.studio, self.engine = studio, engine
        self.page = show(page_with_panel(studio))
        self.panel.shown()
        studio.know_families(description())
        self.list_models(rows)

    @property
    def panel(self):
        return self.page.panel

    @property
    def chat(self):
        return self.panel.views["chat"]

    def tell(self, job, *events):
        self.studio.jobs.deliver([(job, event) for event in events])

    def list_models(self, rows=None):
        """Answer the latest question for the models there are."""
        told = models() if rows is None else rows
        self.tell(self.engine.latest(LISTING), Started(), Sample("models", "models", told), Finished())

    def asked(self, target=GENERATE):
        """The arguments of all jobs of a target."""
        return [each.arguments for each in self.engine.requests.values() if each.target == target]

    def begin_answer(self, *pieces, job=""):
        """The latest question is being answered; returns its job."""
        job = job or self.engine.latest(GENERATE)
        usual = recorded.answer(GENERATE, "prompt")
        prompt = changed(usual, text="<|im_start|>user\nHi<|im_end|>\n", tokens=31, context=8192)
        self.tell(job, Started(), Sample("prompt", "prompt", prompt))
        for number, piece in enumerate(pieces):
            self.tell(job, TextDelta(piece), Progress(number + 1, 200, "tokens", "", 92.4, "tokens/s"))
        return job

    def answer(self, text, job="", **changes):
        """The latest question is answered in full."""
        job = self.begin_answer(job=job)
        asked = self.engine.requests[job].arguments
        known = {key: asked[key] for key in ("messages", "model") if key in asked}
        known["settings"] = recorded.result(GENERATE)["settings"] | asked["settings"]
        self.tell(job, TextDelta(text), Finished("completed", result(text, **known | changes)))
        return job

    def fail(self, reason):
        """The latest question fails."""
        self.tell(self.engine.latest(GENERATE), Started(), Failed(reason, "Traceback …"))

    def say(self, text):
        """Write a message and send it as a person does."""
        self.chat.composer.field.setPlainText(text)
        self.panel.primary_action.trigger()


def page_with_panel(studio):
    """The panel in its frame. A page that nobody holds is deleted with its panel."""
    page = Page(next(info for info in find_panels() if info.name == "playground"), studio.theme)
    page.fill(PlaygroundPanel(studio))
    return page
