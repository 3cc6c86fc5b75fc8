"""The jobs that begin, continue and describe runs."""

DESCRIBE = "fmstudio.training.describe:describe"
ESTIMATE = "fmstudio.training.estimate:estimate"
PROBE = "fmstudio.training.estimate:probe"
FIND_RATE = "fmstudio.training.finding_rate:find_rate"
OBJECTIVE = "fmstudio.training.estimate:objective"

PRETRAIN = "fmstudio.training.pretraining:pretrain"
RESUME = "fmstudio.training.pretraining:resume"
