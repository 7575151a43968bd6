package access

// DefaultWorkspace is the workspace of requests that name none, and the only one
// where there are no others.
const DefaultWorkspace = "default"

// Policy is what holds on a server for all its users. The zero value is a server
// without workspaces on which nobody may do anything without a grant, but create.
type Policy struct {
	// Workspaces says that the server has more than one.
	Workspaces bool
	// Default is default_permission of MLflow's configuration, there LevelRead
	// unless something else is set. Without workspaces it is what holds where there is
	// no grant; and no positive grant counts for less.
	Default Level
	// OpenDefault is grant_default_workspace_access of MLflow's configuration:
	// Default holds without a grant in [DefaultWorkspace] too if there are others.
	OpenDefault bool
}

// opens reports whether [Policy.Default] holds in a workspace without a grant.
//
// Source: MLflow 3.18, server/auth/__init__.py, _absent_permission.
func (p Policy) opens(workspace string) bool {
	return !p.Workspaces || p.OpenDefault && workspace == DefaultWorkspace
}
