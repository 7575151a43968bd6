package mlflow

// LifecycleStage tells whether an experiment or run is deleted.
type LifecycleStage string

// The two stages.
const (
	StageActive  LifecycleStage = "active"
	StageDeleted LifecycleStage = "deleted"
)

// ViewType chooses entities by lifecycle stage. The zero value is active
// ones only.
type ViewType int

// The views, numbered as MLflow's ViewType less one.
const (
	ViewActiveOnly ViewType = iota
	ViewDeletedOnly
	ViewAll
)

// RunStatus is the status of a run.
type RunStatus string

// The statuses of MLflow.
const (
	StatusRunning   RunStatus = "RUNNING"
	StatusScheduled RunStatus = "SCHEDULED"
	StatusFinished  RunStatus = "FINISHED"
	StatusFailed    RunStatus = "FAILED"
	StatusKilled    RunStatus = "KILLED"
)

// Terminal reports whether a run of this status has ended.
func (s RunStatus) Terminal() bool {
	return s == StatusFinished || s == StatusFailed || s == StatusKilled
}

// Tag is a key and value that can be changed.
type Tag struct{ Key, Value string }

// Param is a key and value that is written once.
type Param struct{ Key, Value string }

// Metric is one point of a metric. Times are milliseconds since the epoch.
type Metric struct {
	Key   string
	Value float64 // NaN is kept; infinities are kept as ±math.MaxFloat64, as MLflow does
	// Timestamp is now if it is 0 when it is logged. Set it where a call may be
	// repeated: a point with another time is another point.
	Timestamp int64
	Step      int64

	// The logged model and dataset that the metric is of. As in MLflow they
	// are no part of a run's metric; the logged model keeps them. A dataset has
	// both a name and a digest.
	ModelID       string
	DatasetName   string
	DatasetDigest string
}

// Experiment groups runs. Times are milliseconds since the epoch.
type Experiment struct {
	ID               string
	Name             string
	ArtifactLocation string
	LifecycleStage   LifecycleStage
	CreationTime     int64
	LastUpdateTime   int64
	Tags             []Tag  // sorted by key
	Workspace        string // one of a server's; "" of the default one, or that a program knows by itself
}

// RunInfo is what a run is, without its data. Times are milliseconds since
// the epoch.
type RunInfo struct {
	RunID          string
	ExperimentID   string
	Name           string
	UserID         string
	Status         RunStatus
	StartTime      int64
	EndTime        *int64
	ArtifactURI    string
	LifecycleStage LifecycleStage
}

// Run is one run with its latest metrics, params, tags and inputs, each
// sorted by key.
type Run struct {
	Info    RunInfo
	Metrics []Metric // the latest point of each key, by step, timestamp, value
	Params  []Param
	Tags    []Tag
	Inputs  RunInputs
	Outputs []ModelOutput
}

// RunInputs is what a run used.
type RunInputs struct {
	Datasets []DatasetInput
	Models   []string // model ids
}

// ModelOutput is a model that a run made.
type ModelOutput struct {
	ModelID string
	Step    int64
}

// DatasetInput is a dataset that a run used, with tags such as its context.
type DatasetInput struct {
	Dataset Dataset
	Tags    []Tag
}

// Dataset describes a dataset; its name and digest identify it within an
// experiment.
type Dataset struct {
	Name       string // at most 500 characters
	Digest     string // at most 36 characters
	SourceType string
	Source     string // at most 65,535 characters
	Schema     string // at most 1,048,575 characters
	Profile    string // at most 16,777,215 characters
}

// Page is one page of a listing. NextPageToken is "" on the last one.
type Page[T any] struct {
	Items         []T
	NextPageToken string
}
