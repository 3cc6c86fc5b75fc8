"""The jobs that the Retrieval view asks for: collections of documents, what is found in them, and answers from it."""

DESCRIBE = "fmstudio.adapt.collections:describe"
ADD = "fmstudio.adapt.collections:add"
REFRESH = "fmstudio.adapt.collections:refresh"
REMOVE = "fmstudio.adapt.collections:remove"
DOCUMENTS = "fmstudio.adapt.collections:documents"
DOCUMENT = "fmstudio.adapt.collections:document"
PREVIEW = "fmstudio.adapt.collections:preview"
SEARCH = "fmstudio.adapt.retrieval:search"
ASK = "fmstudio.adapt.answering:ask"
MEASURE = "fmstudio.adapt.quality:measure"
FETCH = "fmstudio.data.catalogue:fetch"

INDEXING = (ADD, REFRESH)
PYTHON_REFERENCE = "python-reference"
