# SPDX-License-Identifier: Apache-2.0
"""Stages: one file each. A stage reads finished artefact folders and writes one.

An entry defines

    wanted(recipe)   whether the recipe has this stage
    method(recipe)   name of what does the work, for people
    needs(recipe)    names of the stages whose artefacts it reads; their hashes enter its key
    depends(recipe)  the parts of the recipe that its result depends on, JSON-able
    run(context, draft)  does the work: files below draft.path, numbers into draft.metrics
"""

KIND = "stage"
REQUIRED = ("wanted", "method", "needs", "depends", "run")
