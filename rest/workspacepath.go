package rest

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// workspacesDir is the directory of the destination that has one for each workspace.
const workspacesDir = "workspaces"

// inScope returns where in the destination a path lies that a request names: below
// the directory of its workspace. Paths of the default workspace are as they are on
// a server without workspaces, but none leads to another workspace. A path may begin
// with the directory of its own workspace, as locations of experiments do. The
// directory is recognised in any case, since some storage does not tell cases apart.
func (c *config) inScope(ctx context.Context, name string) (string, error) {
	if c.workspaces == nil {
		return name, nil
	}
	own := workspaceOf(ctx)
	first, rest, _ := strings.Cut(blobKey(name), "/")
	switch of, _, _ := strings.Cut(rest, "/"); {
	case !strings.EqualFold(first, workspacesDir) && own == mlflow.DefaultWorkspace:
		return name, nil
	case !strings.EqualFold(first, workspacesDir):
		return path.Join(workspacesDir, own) + "/" + name, nil
	case of == "":
		return "", invalid("Artifact paths prefixed with 'workspaces/' must include a workspace name.")
	case of != own:
		return "", invalid("Artifact path targets workspace '" + of + "' but the workspace specified in the request is '" + own + "'.")
	}
	return name, nil
}

// withoutWorkspaces leaves the directory of all workspaces out of a listing of the
// root.
func (c *config) withoutWorkspaces(dir string, entries []entry) []entry {
	if c.workspaces == nil || blobKey(dir) != "" {
		return entries
	}
	return slices.DeleteFunc(entries, func(e entry) bool { return e.dir && strings.EqualFold(e.path, workspacesDir) })
}
