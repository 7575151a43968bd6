package dynamodbstore

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
