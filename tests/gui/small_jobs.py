"""What `recorded` asks the jobs of the program: each in the small workspace, with little to do."""

from collections.abc import Callable
from typing import Any

from fmstudio.gui.data import jobs as data
from fmstudio.gui.playground.inside import jobs as inside
from fmstudio.gui.playground.retrieval import jobs as retrieval
from fmstudio.gui.widgets.jobs.tidying import DELETE, NEEDED, RENAME
from fmstudio.jobs.request import array_to_plain
from fmstudio.workspace import Workspace
from tests.gui import small_workspace as small
from tests.gui.small_workspace import (
    answered,
    articles,
    attributed,
    chatty,
    codes,
    collection,
    diffusion,
    documents,
    files,
    gan,
    job,
    remembered,
    roomy,
    shapes,
    spare,
    spare_vocabulary,
    table,
    talks,
    trained,
    vae,
    vocabulary,
)
from tests.pictures import shape

OF_PICTURES = f"{data.IMPORT} of pictures"
OF_CODES = "fmstudio.laboratory.vae:survey of codes"
CONTINUED = "fmstudio.adapt.generation:generate continued"
OF_BAD = "fmstudio.training.estimate:estimate of a bad recipe"
OF_DRAWINGS = "fmstudio.training.estimate:objective of drawings"
CONTINUING = "fmstudio.training.pretraining:pretrain of a model that is there"
OF_A_GAN = "fmstudio.training.pretraining:pretrain of a GAN"
OF_A_VAE = "fmstudio.training.pretraining:pretrain of a VAE"
OF_AN_ADAPTER = "fmstudio.training.pretraining:pretrain of an adapter"
OF_REWARDS = "fmstudio.training.pretraining:pretrain by rules"
OF_A_DIFFUSION = "fmstudio.training.pretraining:pretrain of diffusion"
OF_ALL_LAYERS = f"{inside.ATTENTION} of all layers"
DRAWN_BY = "fmstudio.training.sampling:sample of pictures"
ALONE = f"{retrieval.ASK} and no answer without passages"
IRRELEVANT = f"{retrieval.ASK} of nothing there"

QUESTION = "How long does the warranty last?"
TEXT = "The name is bound."
FEW_TOKENS = {"maximum_tokens": 4}
FEW_STEPS = {"steps": 3, "count": 2}

JOBS: dict[str, Callable[[Workspace], dict[str, Any]]] = {
    # Data.
    data.DESCRIBE: job(),
    data.LISTING: job(),
    data.SAMPLES: job(),
    data.IMPORT: job(files, sources=["{files}/articles"], name="imported"),
    OF_PICTURES: job(files, sources=["{files}/shapes"], name="drawn", kind="images", options={"size": 16}),
    data.PREVIEW: job(articles, dataset="articles", start=0, count=3),
    data.STATISTICS: job(articles, dataset="articles"),
    data.REVIEW: job(articles, dataset="articles"),
    data.APPLY: job(articles, dataset="articles", name="articles-clean"),
    data.TOKENIZERS: job(vocabulary),
    NEEDED: job(vocabulary, kind="tokenizer", name="words"),
    DELETE: job(spare_vocabulary, kind="tokenizer", name="spare"),
    data.EXPLAIN: job(text="Now is", tokenizer={"kind": "byte"}),
    data.LEARN: job(articles, datasets=["articles"], vocabulary_size=300, name="articles-300"),
    data.PICTURES: job(shapes, dataset="shapes", start=0, count=256),
    data.PICTURE: job(shapes, dataset="shapes", index=4),
    data.SOME_PICTURES: job(shapes, dataset="shapes", indices=[0, 1]),
    data.COLUMNS: job(table, source="{files}/reviews.csv"),
    data.FITTING: job(files, source="{files}/shapes/circle/00.png", options={"size": 16}),
    data.PICTURE_STATISTICS: job(shapes, dataset="shapes"),
    data.DUPLICATES: job(shapes, dataset="shapes"),
    data.WITHOUT_DUPLICATES: job(shapes, dataset="shapes", which="exact", name="shapes-unique"),
    data.DRAWN: job(style="bottts"),
    data.DRAW: job(style="bottts", count=5, name="robots"),
    # Train.
    "fmstudio.training.describe:describe": job(),
    "fmstudio.training.estimate:estimate": job(articles, recipe=small.LANGUAGE),
    OF_BAD: job(articles, recipe={**small.LANGUAGE, "model": {"context": 1}}),
    "fmstudio.training.estimate:probe": job(articles, recipe=small.LANGUAGE),
    "fmstudio.training.finding_rate:find_rate": job(articles, recipe=small.LANGUAGE),
    "fmstudio.training.estimate:objective": job(articles, recipe=small.LANGUAGE),
    OF_DRAWINGS: job(shapes, recipe=small.diffusion_recipe()),
    "fmstudio.training.pretraining:pretrain": job(articles, recipe={**small.LANGUAGE, "name": "plays"}),
    CONTINUING: job(articles, trained, recipe={**small.LANGUAGE, "name": "further", "init": "small"}),
    OF_A_GAN: job(shapes, recipe={**small.GAN, "name": "gan-again"}),
    OF_A_VAE: job(shapes, recipe={**small.vae_recipe("gaussian"), "name": "vae-again"}),
    OF_AN_ADAPTER: job(roomy, talks, recipe=small.ADAPTER),
    OF_REWARDS: job(roomy, talks, recipe=small.REWARDED),
    OF_A_DIFFUSION: job(shapes, recipe={**small.diffusion_recipe(), "name": "diffusion-again"}),
    "fmstudio.training.sampling:sample": job(trained, model="small", prompt="The ", settings=FEW_TOKENS),
    DRAWN_BY: job(diffusion, model="diffusion", settings=FEW_STEPS),
    "fmstudio.deployment.exporting:export": job(
        trained, model="small", to="{files}/exported", format="huggingface"
    ),
    "fmstudio.deployment.exporting:offered": job(trained, model="small"),
    # Models, and talking to them.
    "fmstudio.adapt.models:listing": job(chatty, trained),
    "fmstudio.adapt.models:load": job(chatty, model="tiny"),
    "fmstudio.adapt.models:link": job(chatty, path="{files}/../models/tiny"),
    "fmstudio.adapt.generation:generate": job(
        chatty, model="tiny", messages=[{"role": "user", "content": "Hi"}], settings=FEW_TOKENS, log=True
    ),
    CONTINUED: job(trained, model="small", prompt="The name ", settings=FEW_TOKENS),
    "fmstudio.adapt.prompts:preview": job(chatty, model="tiny", prompt="The name "),
    # Looking inside.
    inside.SURPRISAL: job(chatty, model="tiny", text=TEXT),
    inside.ATTENTION: job(chatty, model="tiny", text=TEXT, layer=0),
    OF_ALL_LAYERS: job(chatty, model="tiny", text=TEXT, layer=-1),
    inside.LENS: job(chatty, model="tiny", text=TEXT),
    inside.CONTINUE: job(chatty, model="tiny", text=TEXT, settings=FEW_TOKENS),
    inside.NEIGHBOURS: job(chatty, model="tiny", token=" name"),
    inside.COMPLETE: job(chatty, model="tiny", typed="na"),
    inside.COMPARE: job(chatty, model="tiny", items=["name", "value", "class"]),
    # A prompt over a table.
    "fmstudio.adapt.batch_views:inspect": job(table, path="{files}/reviews.csv"),
    "fmstudio.adapt.batch:run": job(chatty, table, source="{files}/reviews.csv", **small.ASKED_OVER),
    "fmstudio.adapt.batch_views:listing": job(answered),
    "fmstudio.adapt.batch_views:results": job(answered, batch="{batch}", start=0, count=10),
    "fmstudio.adapt.batch_dataset:make": job(answered, batch="{batch}", name="answers", answers="expected"),
    "fmstudio.adapt.batch_export:export": job(answered, batch="{batch}", to="{files}/answers.csv"),
    # Documents.
    retrieval.DESCRIBE: job(collection),
    retrieval.ADD: job(documents, name="others", sources=["{files}/documents"], **small.COLLECTION),
    retrieval.REFRESH: job(collection, collection="manuals"),
    retrieval.DOCUMENTS: job(collection, collection="manuals", start=0, count=10),
    retrieval.DOCUMENT: job(collection, collection="manuals", source="{files}/documents/mixer.md"),
    retrieval.PREVIEW: job(
        documents, path="{files}/documents/mixer.md", **small.COLLECTION
    ),
    retrieval.SEARCH: job(collection, collection="manuals", question=QUESTION),
    retrieval.ASK: job(roomy, collection, collection="manuals", question=QUESTION, model="roomy", log=True,
                       settings={"threshold": 0.0}, sampling={"maximum_tokens": 12}),
    IRRELEVANT: job(chatty, collection, collection="manuals", question="Zürich?", model="tiny", sampling=FEW_TOKENS),
    ALONE: job(collection, collection="manuals", question="Zürich?", model="tiny", compare=False),
    retrieval.MEASURE: job(collection, collection="manuals", questions="{files}/questions.csv"),
    # Feedback.
    "fmstudio.feedback.pictures:keep": job(
        gan, picture=array_to_plain(shape(0).pixels), model="gan", target="fmstudio.laboratory.gan:generate",
        arguments={"model": "gan", "seeds": [0]},
    ),
    RENAME: job(spare, kind="dataset", name="spare", new="spared"),
    "fmstudio.feedback.replay:replay": job(remembered, entry="{entry}"),
    # The laboratories of pictures.
    "fmstudio.laboratory.diffusion:about": job(diffusion, model="diffusion"),
    "fmstudio.laboratory.picture_source:source": job(shapes, dataset="shapes", index=0),
    "fmstudio.laboratory.diffusion_forward:dissolve": job(picture=array_to_plain(shape(0).pixels), times=5),
    "fmstudio.laboratory.diffusion:walk": job(diffusion, model="diffusion", settings=FEW_STEPS),
    "fmstudio.laboratory.diffusion:between": job(diffusion, model="diffusion", frames=3, settings={"steps": 3}),
    "fmstudio.laboratory.gan:open": job(gan, model="gan"),
    "fmstudio.laboratory.gan:generate": job(gan, model="gan", seeds=[0, 1]),
    "fmstudio.laboratory.gan:walk": job(gan, model="gan", seeds=[0, 1], frames=3),
    "fmstudio.laboratory.gan:steps": job(gan, source="gan", count=2),
    "fmstudio.laboratory.vae:open": job(vae, model="gaussian"),
    "fmstudio.laboratory.vae:survey": job(vae, attributed, model="gaussian", dataset="attributed"),
    OF_CODES: job(codes, model="vector-quantised", dataset="shapes"),
    "fmstudio.laboratory.vae:decode": job(vae, model="gaussian", latents=[[0.0] * 4]),
    "fmstudio.laboratory.vae:reconstruct": job(vae, model="gaussian", dataset="shapes", indices=[0, 1]),
    "fmstudio.laboratory.vae:interpolate": job(vae, model="gaussian", dataset="shapes", first=0, second=1, frames=3),
    "fmstudio.laboratory.vae:prior": job(vae, model="gaussian", count=2),
}  # fmt: skip
"""The jobs that panels ask for: the parts of the workspace that they need, and what they are asked. Where one job is
asked for different things, words after its target tell which."""
