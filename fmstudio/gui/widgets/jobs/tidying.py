"""The jobs by which what a person has made is deleted, brought back and renamed, by name."""

LISTING = "fmstudio.workspace.tidying:listing"
NEEDED = "fmstudio.workspace.tidying:needed"
DELETE = "fmstudio.workspace.tidying:delete"
RESTORE = "fmstudio.workspace.tidying:restore"
EMPTY = "fmstudio.workspace.tidying:empty"
RENAME = "fmstudio.workspace.tidying:rename"
