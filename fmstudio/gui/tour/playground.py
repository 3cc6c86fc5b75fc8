"""The tour's third part: a model is talked to, compared, asked about documents, seen from inside, and judged."""

import csv
from collections.abc import Iterator
from typing import Any

from fmstudio.gui.tour.tour import Tour, Wait

STARTER = "smollm2-135m-instruct"
COLLECTION = "python-reference"
REVIEWS = (
    ("The kettle boils in a minute and looks lovely.", "positive"),
    ("It broke on the second day and nobody answers my letters.", "negative"),
    ("Best purchase of the year, my whole family uses it.", "positive"),
    ("Far too loud, and the lid does not close.", "negative"),
    ("A wonderful present, she was delighted.", "positive"),
    ("The colour peels off and the water tastes of plastic.", "negative"),
)


def life_with_models(tour: Tour) -> Iterator[Wait]:
    """The playground with the starter model, or without a network with what was trained here, and the feedback log."""
    play = tour.panel("playground")
    yield Wait("the models", lambda: play.state.listed and bool(play.state.settings))
    yield from _fetch_starter(tour, play)
    play.state.set_sampling({"temperature": 0.0, "maximum_tokens": 80})
    yield from _chat(tour, play)
    yield from _compare(tour, play)
    yield from _prompts(tour, play)
    yield from _retrieval(tour, play)
    yield from _inside(tour, play)
    yield from _feedback(tour)


def _fetch_starter(tour: Tour, play: Any) -> Iterator[Wait]:
    if not play.state.record(STARTER).get("here"):
        play.jobs.fetch(STARTER)
        yield tour.at_rest("the starter model, or word that there is no network")
    if play.state.record(STARTER).get("here"):
        play.state.choose(STARTER)
    yield tour.at_rest("the chosen model")


def _act(tour: Tour, play: Any, what: str) -> Iterator[Wait]:
    """Press the primary action, where the view can be asked (a model that completes does not chat)."""
    yield tour.at_rest(f"what comes before {what}")
    if play.primary_action.isEnabled():
        play.primary_action.trigger()
        yield tour.at_rest(what)


def _chat(tour: Tour, play: Any) -> Iterator[Wait]:
    play.look_at("chat")
    chat = play.view
    for text in ("What is the capital of France?", "Name three things that one can see there."):
        chat.look(prompt=text)
        yield from _act(tour, play, "the answer")
    for message in chat.messages.views:
        if message.feedback is not None:
            message.feedback.up.click()
    yield tour.at_rest("the judgement")
    yield tour.picture("playground-chat")


def _compare(tour: Tour, play: Any) -> Iterator[Wait]:
    play.look_at("compare", prompt="Why is the sky blue?")
    freer = play.view.columns[1]
    freer.variant.sampling["temperature"] = 1.0
    freer.changed.emit()
    yield from _act(tour, play, "two answers")
    play.view.columns[0].best.click()
    yield tour.at_rest("the preference")
    yield tour.picture("playground-compare")


def _prompts(tour: Tour, play: Any) -> Iterator[Wait]:
    play.look_at("prompt", prompt="Classify", values={"review": REVIEWS[0][0]})
    yield from _act(tour, play, "the answer to a prompt")
    yield tour.picture("playground-prompt")
    table = tour.window.studio.workspace.path / "reviews.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("review", "expected"), *REVIEWS])
    play.look_at("batch", prompt="Classify", path=str(table))
    yield from _act(tour, play, "the batch")
    yield tour.picture("playground-batch")


def _retrieval(tour: Tour, play: Any) -> Iterator[Wait]:
    play.look_at("retrieval")
    yield tour.at_rest("the collections")
    known = {record.name for record in tour.window.studio.workspace.collections()}
    if COLLECTION not in known:
        play.view.use_python()
        yield tour.at_rest("the index")
    if COLLECTION not in {record.name for record in tour.window.studio.workspace.collections()}:
        yield tour.picture("playground-retrieval")  # it says what is missing
        return
    play.view.look(collection=COLLECTION, tab="ask", question="What does the break statement do?")
    yield from _act(tour, play, "an answer from documents")
    yield tour.picture("playground-retrieval")
    play.view.look(tab="documents")
    yield tour.at_rest("the documents")
    yield tour.picture("playground-documents")
    play.view.look(tab="quality")
    yield from _act(tour, play, "the quality of retrieval")
    yield tour.picture("playground-quality")


def _inside(tour: Tour, play: Any) -> Iterator[Wait]:
    play.look_at("inside", text="The capital of France is")
    for view in ("tokens", "next", "attention", "layers", "embeddings"):
        play.view.look_at(view)
        if view == "next":
            yield from _act(tour, play, "the tokens that come next")
        yield tour.at_rest(f"the view {view}")
        yield tour.picture(f"playground-{view}")


def _feedback(tour: Tour) -> Iterator[Wait]:
    panel = tour.panel("feedback")
    yield tour.at_rest("the feedback log")
    yield tour.picture("feedback")
    panel.look_at("statistics")
    yield tour.at_rest("the statistics of the log")
    yield tour.picture("feedback-statistics")
