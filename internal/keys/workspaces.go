package keys

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// workspacesPK is the partition of the documents of workspaces. Stored, must not
// change.
const workspacesPK = "WORKSPACES"

// WorkspaceDocument is the document of a workspace, by its name.
func WorkspaceDocument(name string) table.Key { return table.Key{PK: workspacesPK, SK: name} }

// WorkspaceDocuments returns the bounds of the documents of all workspaces, in the
// order of their names.
func WorkspaceDocuments() (pk, from, to string) { return workspacesPK, "0", Last }
