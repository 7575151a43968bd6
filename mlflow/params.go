package mlflow

// DefaultExperimentID is the id of the experiment "Default", which is always
// there.
const DefaultExperimentID = "0"

// CreateExperimentParams describes a new experiment.
type CreateExperimentParams struct {
	Name             string // 1 to 500 characters, unique, deleted experiments included
	ArtifactLocation string // "": <artifact root of the store>/<experiment id>
	Tags             []Tag
}

// SearchExperimentsParams selects experiments.
type SearchExperimentsParams struct {
	Filter     string   // MLflow's filter grammar; "": all
	OrderBy    []string // such as "name ASC"; empty: newest first
	View       ViewType
	MaxResults int // 1 to 50,000
	PageToken  string
}

// CreateRunParams describes a new run.
type CreateRunParams struct {
	ExperimentID string
	UserID       string
	Name         string // "": the tag mlflow.runName, else a random one
	StartTime    int64  // milliseconds since the epoch; 0: now
	Tags         []Tag
}

// UpdateRunParams changes a run; what is zero stays.
type UpdateRunParams struct {
	RunID  string
	Status RunStatus
	// EndTime is in milliseconds since the epoch; a pointer to 0: now. A run that
	// gets a terminal status, and has no end time and is given none, ends now.
	EndTime *int64
	Name    string
}

// LogBatchParams is a batch of data for one run: at most 1,000 metrics, 100
// params and 100 tags, 1,000 in all.
type LogBatchParams struct {
	RunID   string
	Metrics []Metric
	Params  []Param
	Tags    []Tag
}

// LogInputsParams attaches inputs to a run.
type LogInputsParams struct {
	RunID    string
	Datasets []DatasetInput
	Models   []string // model ids
}

// SearchRunsParams selects runs.
type SearchRunsParams struct {
	ExperimentIDs []string // none: no runs
	Filter        string   // MLflow's filter grammar; "": all
	OrderBy       []string // such as "metrics.loss ASC"; empty: newest first
	View          ViewType
	MaxResults    int // 1 to 50,000
	PageToken     string
}

// MetricHistoryParams selects points of one metric of a run.
type MetricHistoryParams struct {
	RunID      string
	Key        string
	MaxResults int // 0: all
	PageToken  string
}

// MetricHistoryBulkParams selects points of one metric of several runs.
type MetricHistoryBulkParams struct {
	RunIDs     []string
	Key        string
	MaxResults int // most points over all runs, 1 to 25,000; 0: 25,000
}

// MetricHistoryIntervalParams selects sampled points of one metric of several
// runs.
type MetricHistoryIntervalParams struct {
	RunIDs     []string // at most 100
	Key        string
	StartStep  *int64 // nil: from the first step
	EndStep    *int64 // nil: to the last step
	MaxResults int    // most points of one run, 1 to 2,500; 0: 2,500
}

// RunMetric is a point of a metric with its run.
type RunMetric struct {
	Metric
	RunID string
}

// RunNameTag is the tag that carries a run's name.
const RunNameTag = "mlflow.runName"

// DatasetContextTag is the tag of an input that searches call its context.
const DatasetContextTag = "mlflow.data.context"

// DescriptionTag is the tag that carries the description of a run or an
// experiment.
const DescriptionTag = "mlflow.note.content"
