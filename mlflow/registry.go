package mlflow

// RegisteredModel is a name under which versions of a model, or of a prompt,
// are kept. Times are milliseconds since the epoch.
type RegisteredModel struct {
	Name           string
	CreationTime   int64
	LastUpdateTime int64
	Description    string
	Tags           []Tag           // sorted by key
	Aliases        []ModelAlias    // sorted by alias
	LatestVersions []*ModelVersion // the latest of each stage that has any
}

// ModelAlias is another name for one version of a registered model.
type ModelAlias struct {
	Alias   string
	Version int
}

// ModelStage is the stage of a model version.
type ModelStage string

// The stages of MLflow.
const (
	StageNone       ModelStage = "None"
	StageStaging    ModelStage = "Staging"
	StageProduction ModelStage = "Production"
	StageArchived   ModelStage = "Archived"
)

// ModelVersion is one version of a registered model. Times are milliseconds
// since the epoch.
type ModelVersion struct {
	Name           string // of the registered model
	Version        int    // counted from 1, never given out again
	CreationTime   int64
	LastUpdateTime int64
	Stage          ModelStage
	Description    string
	// Undescribed says that the description was removed, which MLflow's API
	// tells apart from an empty one.
	Undescribed   bool
	Source        string
	RunID         string // "" without a run
	RunLink       string
	ModelID       string // of the logged model, "" without one
	Status        ModelVersionStatus
	StatusMessage string
	Tags          []Tag    // sorted by key
	Aliases       []string // sorted
}

// ModelVersionStatus tells whether a version can be used.
type ModelVersionStatus string

// VersionReady is the status of every version that this store makes.
const VersionReady ModelVersionStatus = "READY"

// CreateRegisteredModelParams describes a new registered model.
type CreateRegisteredModelParams struct {
	Name        string
	Description string
	Tags        []Tag // of a key given twice the last one counts
}

// UpdateRegisteredModelParams changes a registered model.
type UpdateRegisteredModelParams struct {
	Name        string
	Description string
}

// CreateModelVersionParams describes a new version.
type CreateModelVersionParams struct {
	Name        string // of the registered model
	Source      string // where its artifacts are: a URI, or models:/<name>/<version> or models:/<model id>
	RunID       string
	RunLink     string
	Description string
	ModelID     string
	Tags        []Tag
	// StorageLocation is where the artifacts lie when Source names another
	// model instead of a place; "" if it is Source.
	StorageLocation string
}

// UpdateModelVersionParams changes a version.
type UpdateModelVersionParams struct {
	Name        string
	Version     int
	Description *string // nil removes it
}

// TransitionModelVersionParams moves a version to another stage.
type TransitionModelVersionParams struct {
	Name    string
	Version int
	Stage   string // of any case
	// ArchiveExisting moves all other versions of that stage to Archived.
	ArchiveExisting bool
}

// SearchRegisteredModelsParams searches registered models.
type SearchRegisteredModelsParams struct {
	Filter     string
	MaxResults int // 0: 100; at most 1,000
	OrderBy    []string
	PageToken  string
}

// SearchModelVersionsParams searches model versions.
type SearchModelVersionsParams struct {
	Filter     string
	MaxResults int // 0: 10,000; at most 200,000
	OrderBy    []string
	PageToken  string
}
