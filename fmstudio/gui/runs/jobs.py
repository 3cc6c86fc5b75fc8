"""The jobs that begin, continue and describe runs."""

DESCRIBE = "fmstudio.training.describe:describe"
ESTIMATE = "fmstudio.training.estimate:estimate"
PROBE = "fmstudio.training.estimate:probe"
OBJECTIVE = "fmstudio.training.estimate:objective"

PRETRAIN = "fmstudio.training.pretraining:pretrain"
RESUME = "fmstudio.training.pretraining:resume"
