package mlflow

// DefaultWorkspace is the workspace of whoever names none. It is always there.
const DefaultWorkspace = "default"

// Workspace is a part of a table that has experiments, models and names of its own.
type Workspace struct {
	Name        string
	Description *string // nil: none was given
	// DefaultArtifactRoot is the URI or absolute path under which new experiments of
	// the workspace keep their artifacts; "": workspaces/<name> of the server's root.
	DefaultArtifactRoot string
	TraceArchival       TraceArchival
}

// TraceArchival says where and when traces of a workspace are archived; what is ""
// is as the server has it.
type TraceArchival struct {
	Location  string // URI
	Retention string // such as 30d, 12h or 90m
}

// UpdateWorkspaceParams change a workspace; what is nil stays, "" clears. Of
// Description "" stays as a text.
type UpdateWorkspaceParams struct {
	Name                string
	Description         *string
	DefaultArtifactRoot *string
	ArchivalLocation    *string
	ArchivalRetention   *string
}

// WorkspaceDeletion says what a deletion of a workspace does with what is in it.
type WorkspaceDeletion string

// The ways to delete a workspace.
const (
	// DeleteRestrict refuses while there is anything in the workspace.
	DeleteRestrict WorkspaceDeletion = "RESTRICT"
	// DeleteCascade deletes all that is in it, for good. Artifacts stay.
	DeleteCascade WorkspaceDeletion = "CASCADE"
	// DeleteSetDefault moves it to the default workspace.
	DeleteSetDefault WorkspaceDeletion = "SET_DEFAULT"
)
