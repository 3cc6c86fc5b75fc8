"""The answers that models would give in the playground, and the panel with them at hand."""

from fmstudio.families.text import TextSampling
from fmstudio.gui.models.model_choice import LISTING
from fmstudio.gui.panel import find_panels
from fmstudio.gui.playground.panel import PlaygroundPanel
from fmstudio.gui.playground.reply import GENERATE
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Failed, Finished, Progress, Sample, Started, TextDelta
from fmstudio.recipe import settings

DESCRIPTION = {
    "families": [{"name": "language", "title": "Language", "sampling": settings(TextSampling)}],
    "presets": [],
    "devices": [],
}


def model(reference, **changes):
    """A model as the listing tells it."""
    return {
        "reference": reference, "title": reference, "source": "workspace", "format": "folder", "here": True,
        "size": 8_800_000, "parameters": 2_200_000, "licence": "", "context": 256, "memory": 24_000_000, "fits": True,
        "available": 6_400_000_000, "chat": False, "backends": ["torch"], "loaded": False, "about": "", "problem": "",
        "family": "language",
    } | changes  # fmt: skip


STARTER = model(
    "smollm2-135m-instruct", title="SmolLM2 135M Instruct", source="catalogue", format="gguf", size=93_000_000,
    parameters=135_000_000, licence="Apache-2.0", context=8192, memory=210_000_000, chat=True,
    backends=["llama.cpp", "torch"],
)  # fmt: skip
PLAYS = model("plays", title="plays")
MODELS = [
    STARTER,
    model("/models/Qwen3-8B-Q8_0.gguf", title="Qwen3 8B Q8_0", source="linked", format="gguf", size=8_700_000_000,
          parameters=8_190_000_000, licence="Apache-2.0", context=40960, memory=11_200_000_000, fits=False, chat=True,
          backends=["llama.cpp", "torch"]),
    model("/models/broken.gguf", title="broken.gguf", source="linked", format="gguf", parameters=0, context=0, memory=0,
          problem="broken.gguf ends in the middle of its tensors; fetch the file again."),
    PLAYS,
]  # fmt: skip


def result(text, prompt="<|im_start|>user\nHi<|im_end|>\n", **changes):
    """What the job that generates returns."""
    return {
        "text": text, "tokens": len(text.split()), "prompt_tokens": 31, "context": 8192,
        "seconds_to_first_token": 0.083, "tokens_per_second": 92.4, "finish": "end",
        "model": "smollm2-135m-instruct", "model_version": "5a1395", "backend": "llama.cpp", "prompt": prompt,
        "feedback": "",
    } | changes  # fmt: skip


class Hands:
    """The panel in its page, and the answers to what it asks."""

    def __init__(self, studio, engine, show, models=None):
        self.studio, self.engine = studio, engine
        self.page = show(page_with_panel(studio))
        self.panel.shown()
        studio.know_families(DESCRIPTION)
        self.list_models(MODELS if models is None else models)

    @property
    def panel(self):
        return self.page.panel

    @property
    def chat(self):
        return self.panel.views["chat"]

    def tell(self, job, *events):
        self.studio.jobs.deliver([(job, event) for event in events])

    def list_models(self, models):
        """Answer the latest question for the models there are."""
        self.tell(self.engine.latest(LISTING), Started(), Sample("models", "models", models), Finished())

    def asked(self, target=GENERATE):
        """The arguments of all jobs of a target."""
        return [each.arguments for each in self.engine.requests.values() if each.target == target]

    def begin_answer(self, *pieces, job=""):
        """The latest question is being answered; returns its job."""
        job = job or self.engine.latest(GENERATE)
        prompt = {"text": "<|im_start|>user\nHi<|im_end|>\n", "tokens": 31, "context": 8192, "kind": "chat"}
        self.tell(job, Started(), Sample("prompt", "prompt", prompt))
        for number, piece in enumerate(pieces):
            self.tell(job, TextDelta(piece), Progress(number + 1, 200, "tokens", "", 92.4, "tokens/s"))
        return job

    def answer(self, text, job="", **changes):
        """The latest question is answered in full."""
        job = self.begin_answer(job=job)
        asked = self.engine.requests[job].arguments
        known = {key: asked[key] for key in ("messages", "settings", "model") if key in asked}
        self.tell(job, TextDelta(text), Finished("completed", result(text, **{**known, **changes})))
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
