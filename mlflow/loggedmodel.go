package mlflow

// LoggedModel is a model that was logged to an experiment. Times are
// milliseconds since the epoch.
type LoggedModel struct {
	ID             string
	ExperimentID   string
	Name           string
	ModelType      string
	SourceRunID    string // "" without one
	Status         LoggedModelStatus
	ArtifactURI    string
	LifecycleStage LifecycleStage
	CreationTime   int64
	LastUpdateTime int64   // of its status or deletion; tags, params and metrics leave it alone, as in MLflow
	Tags           []Tag   // sorted by key
	Params         []Param // sorted by key
	// Metrics are all points of the model, by key, timestamp, step and run.
	Metrics []RunMetric
}

// LoggedModelStatus tells whether a logged model can be used.
type LoggedModelStatus string

// The statuses of MLflow.
const (
	LoggedModelUnspecified LoggedModelStatus = "LOGGED_MODEL_STATUS_UNSPECIFIED"
	LoggedModelPending     LoggedModelStatus = "LOGGED_MODEL_PENDING"
	LoggedModelReady       LoggedModelStatus = "LOGGED_MODEL_READY"
	LoggedModelFailed      LoggedModelStatus = "LOGGED_MODEL_UPLOAD_FAILED"
)

// CreateLoggedModelParams describes a new logged model.
type CreateLoggedModelParams struct {
	ExperimentID string
	Name         string // "": a random one; names need not be unique
	ModelType    string
	SourceRunID  string // need not exist
	Params       []Param
	Tags         []Tag
}

// SearchLoggedModelsParams selects logged models that are not deleted.
type SearchLoggedModelsParams struct {
	ExperimentIDs []string // none: no models
	Filter        string   // MLflow's grammar of searches for logged models; "": all
	// Datasets, if any, restrict comparisons of metrics to points of one of
	// them; without such a comparison models need a point of one.
	Datasets   []DatasetFilter
	OrderBy    []LoggedModelOrder // none: newest first
	MaxResults int                // 0: 50; no most
	PageToken  string
}

// DatasetFilter names datasets.
type DatasetFilter struct {
	Name   string
	Digest string // "": any
}

// LoggedModelOrder is one part of an order of logged models.
type LoggedModelOrder struct {
	// Field is an attribute such as name or creation_timestamp, or metrics.
	// and the key of a metric, whose latest point counts.
	Field      string
	Descending bool
	// Dataset restricts a metric to points of a dataset; each part may be "".
	Dataset DatasetFilter
}

// DatasetSummary says that runs of an experiment have used a dataset.
type DatasetSummary struct {
	ExperimentID string
	Name         string
	Digest       string
	Context      *string // of the use, such as training; nil without one
}
